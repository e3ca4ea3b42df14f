"""Where a phase stands, from its head alone: the same effort at ten events and at a million."""

from typing import TypedDict

from domain.event_log import Head, Told
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import Step
from domain.times import rfc3339
from projections.blockers import BlockerRow, blocker_row
from projections.people import Person, person
from projections.places import Place, Tellings, in_stream, words
from projections.step_status import Steps, StepStatus, step_status, versions
from projections.task_list import TaskCounts, counts, next_tasks, outline_places
from projections.titles import title_of
from projections.ways import way_on


class Closing(TypedDict):
    """A handoff or an archiving, with its comments or reason."""

    at: str
    by: Person
    position: int
    words: str | None
    erased: bool


class PhaseStatus(TypedDict):
    """All that is known about a phase at one moment."""

    phase: str
    title: str
    title_erased: bool
    current_step: str | None
    next_action: str
    next_commands: list[str]
    completed_steps: list[Step]
    steps: Steps
    blockers: list[BlockerRow]
    depends_on: list[str]
    handed_off: Closing | None
    archived: Closing | None
    tasks: TaskCounts


def places(head: Head) -> list[Place]:
    """Return the events that a status wants told."""
    state = PhaseState.from_facts(head.facts)
    wanted = [state.titled, state.handed_off, state.archived]
    wanted += [version for document in state.documents.values() for version in versions(document)]
    wanted += [version for blocker in state.blockers for version in (blocker.version, blocker.resolved)]
    return [*in_stream(head.stream, wanted), *outline_places(state)]


def phase_status(head: Head, told: Tellings, *, now_us: int, policy: PolicyState) -> PhaseStatus:
    """Return where a phase stands at a time in µs. `told` holds at least `places(head)`."""
    state = PhaseState.from_facts(head.facts).at(now_us)
    title = title_of(state, told)
    way = way_on(state, now_us, policy)

    def of(step: Step) -> StepStatus:
        return step_status(head.stream, step, state.documents[step], told, now_us=now_us, policy=policy)

    return {
        "phase": state.phase,
        "title": title.words,
        "title_erased": title.erased,
        "current_step": state.current_step,
        "next_action": state.next_action,
        "next_commands": [way.command, *way.instead] if way else next_tasks(state, told),
        "completed_steps": list(state.completed),
        "steps": {
            "spec": of(Step.SPEC),
            "research": of(Step.RESEARCH),
            "plan": of(Step.PLAN),
            "prd": of(Step.PRD),
            "tasks": of(Step.TASKS),
        },
        "blockers": [blocker_row(head.stream, blocker, told) for blocker in state.blockers],
        "depends_on": list(state.depends_on),
        "handed_off": _closing(told[head.stream, state.handed_off], "comments") if state.handed_off else None,
        "archived": _closing(told[head.stream, state.archived], "reason") if state.archived else None,
        "tasks": counts(state, told),
    }


def _closing(told: Told, name: str) -> Closing:
    return {
        "at": rfc3339(told.recorded_at),
        "by": person(told.by),
        "position": told.position,
        "words": words(told, name),
        "erased": told.erased,
    }
