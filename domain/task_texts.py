"""What a tasks document says about its tasks, and the boxes in it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from domain.tasks import Listed

NUMBER = re.compile(r"T[0-9]{3,4}", re.ASCII)
# The number may stand in stars. `[^\S\n]` and not `\s`: a box and its task are on one line.
BOX = re.compile(r"^([^\S\n]*[-*+] \[)([ xX])(\][^\S\n]+\**(T[0-9]{3,4})\b\**[:.)]?[^\S\n]*(.*))$", re.MULTILINE)
ABOUT = re.compile(
    r"\((?=.)(?:(?P<hours>[0-9]+(?:\.[0-9]+)?) h)?(?:, )?(?:(?P<priority>high|medium|low) priority)?(?:, )?"
    r"(?:after (?P<needs>T[0-9]{3,4}(?:, T[0-9]{3,4})*))?\)$"
)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
MOST_FACTS = 48_000
"""Characters that the numbers of one document may take: they are facts of one event, and of every head after it."""


class TaskText(NamedTuple):
    """A task as its document describes it."""

    number: str
    title: str
    hours: float | None = None
    priority: str | None = None
    needs: tuple[str, ...] = ()


def tasks_in(texts: Mapping[str, Any]) -> list[TaskText]:
    """Return the tasks of a recorded document: from its fields; of one written by hand, from the boxes in its text."""
    rows = (texts.get("fields") or {}).get("tasks")
    found = _of_fields(rows) if isinstance(rows, list) else _of_text(texts["text"])
    return list({task.number: task for task in reversed(list(found))}.values())[::-1]


def boxes_in(text: str) -> dict[str, bool]:
    """Return whether the box of each task is ticked; where a number has several, the first counts."""
    found: dict[str, bool] = {}
    for box in BOX.finditer(text):
        found.setdefault(box[4], box[2] != " ")
    return found


def with_boxes(text: str, done: Mapping[str, bool]) -> str:
    """Return the text with the boxes of these tasks ticked or emptied; nothing else changes."""

    def box(found: re.Match[str]) -> str:
        wanted = done.get(found[4])
        if wanted is None or wanted == (found[2] != " "):
            return found[0]
        return f"{found[1]}{'x' if wanted else ' '}{found[3]}"

    return BOX.sub(box, text)


def listed(tasks: Sequence[TaskText]) -> tuple[Listed, ...]:
    """Return the facts about tasks: numbers, and what each waits for as far as it is listed, too.

    Raises `InvalidInput` for tasks that wait for each other, and for more than an event can hold.
    """
    known = {task.number for task in tasks}
    found = tuple((t.number, *(n for n in dict.fromkeys(t.needs) if n in known and n != t.number)) for t in tasks)
    left = {number: set(needs) for number, *needs in found}
    while free := [number for number, needs in left.items() if not needs & left.keys()]:
        for number in free:
            del left[number]
    if left:
        raise InvalidInput(f"These tasks wait for each other: {', '.join(sorted(left)[:8])}.")
    if sum(len(number) + 3 for task in found for number in task) > MOST_FACTS:
        raise InvalidInput(f"{len(found)} tasks are more than one phase can follow; cut it into several phases.")
    return found


def _of_fields(rows: Sequence[Any]) -> Iterator[TaskText]:
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("id"), str) and NUMBER.fullmatch(row["id"]):
            yield TaskText(
                row["id"],
                str(row.get("title") or ""),
                row.get("estimated_hours"),
                row.get("priority"),
                tuple(row.get("dependencies") or ()),
            )


def _of_text(text: str) -> Iterator[TaskText]:
    for box in BOX.finditer(text):
        title, about = box[5].strip(), ABOUT.search(box[5].strip())
        if about is None:
            yield TaskText(box[4], ESCAPED.sub(r"\1", title))
            continue
        hours = float(about["hours"]) if about["hours"] else None
        yield TaskText(
            box[4],
            ESCAPED.sub(r"\1", title[: about.start()].rstrip()),
            int(hours) if hours is not None and hours.is_integer() else hours,
            about["priority"],
            tuple(about["needs"].split(", ")) if about["needs"] else (),
        )
