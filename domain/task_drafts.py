"""The tasks of a draft, held against those of the iterations before: who stays, who is new."""

from typing import Any

from domain.event_log import EventLog
from domain.phase import Phase
from domain.steps import Step
from domain.task_numbers import Known, numbered, refuse_reused
from domain.task_texts import listed, tasks_in
from domain.tasks import Listed


def numbered_fields(fields: dict[str, Any], phase: Phase, log: EventLog) -> dict[str, Any]:
    """Return the fields of a tasks document with the number that each task has."""
    tasks = fields.get("tasks")
    if not isinstance(tasks, list):
        return fields
    known, current = _before(phase, log)
    return {**fields, "tasks": numbered(tasks, known, current)}


def listed_in_fields(fields: dict[str, Any]) -> tuple[Listed, ...]:
    """Return which tasks the fields list."""
    return listed(tasks_in({"fields": fields, "text": ""}))


def listed_in_text(text: str, phase: Phase, log: EventLog) -> tuple[Listed, ...]:
    """Return which tasks a text by hand lists; its numbers stand as they are."""
    tasks = tasks_in({"text": text})
    known, current = _before(phase, log)
    refuse_reused([(task.number, task.title) for task in tasks], known, current, phase=phase.state.phase)
    return listed(tasks)


def _before(phase: Phase, log: EventLog) -> tuple[Known, set[str]]:
    """Return every number ever used with its latest title, and the numbers of the latest iteration.

    What was drafted before numbers were recorded is looked at as far as its latest iteration goes.
    """
    book, document = phase.state.tasks, phase.state.documents[Step.TASKS]
    unrecorded = document.iteration if document.iteration != book.latest.iteration else 0
    versions = {*book.told.values(), *([document.drafted] if unrecorded else [])}
    told = log.told([(phase.id, version) for version in sorted(versions)])
    titles = {
        version: {task.number: task.title for task in tasks_in(found.texts)} if found.texts else {}
        for (_, version), found in told.items()
    }
    known: dict[str, str | None] = {number: titles[version].get(number) for number, version in book.told.items()}
    current = {number for number, *_ in book.latest.tasks}
    if unrecorded:
        current = set(titles[document.drafted])
        known |= titles[document.drafted]
    return known, current
