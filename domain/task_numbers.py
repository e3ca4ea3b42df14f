"""Which number a task has: a task that stays keeps its own, a new one gets one that was never used.

A task is recognised by its title, then by the number it was given with, then by a title that is much alike. A number
stands for one task for ever: one that was dropped comes back only with the task it stood for.
"""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from domain.errors import InvalidInput

HIGHEST = 9999
ALIKE = 0.75
"""How much of two titles must agree (0 to 1, as `difflib` counts) to be one task's."""
CLEARLY = 0.1
"""By how much the best pair must lead over the next best."""
MOST_PAIRS = 2_500
"""Titles are compared letter by letter for so many pairs; that costs some 50 µs each."""

Known = Mapping[str, str | None]
"""The latest title of every number ever used; None where it was erased."""


def numbered(tasks: Sequence[Any], known: Known, current: Set[str]) -> list[Any]:
    """Return the tasks of a document's fields with the numbers they have, dependencies included.

    `current` are the numbers of the iteration before. A task without an `id` asks for a number.
    """
    if not all(isinstance(task, dict) for task in tasks):  # no tasks as we know them; the judge of fields says so
        return list(tasks)
    numbers = _numbers(tasks, known, current)
    renamed = {task["id"]: number for task, number in zip(tasks, numbers, strict=True) if "id" in task}
    return [_as(task, number, renamed) for task, number in zip(tasks, numbers, strict=True)]


def plain(title: str) -> str:
    """Return what tells two titles apart: letters and digits, whatever their case and what is between them."""
    return " ".join(re.findall(r"\w+", title.casefold())) or title.strip()


def _as(task: dict[str, Any], number: str, renamed: Mapping[str, str]) -> dict[str, Any]:
    found = {"id": number} | {name: value for name, value in task.items() if name != "id"}
    if task.get("dependencies"):
        found["dependencies"] = [renamed.get(other, other) for other in task["dependencies"]]
    return found


def _numbers(tasks: Sequence[dict[str, Any]], known: Known, current: Set[str]) -> list[str]:
    titles = [plain(str(task.get("title") or "")) for task in tasks]
    given = [task.get("id") for task in tasks]
    found: dict[int, str] = {}
    _same(found, titles, given, known, known.keys() & current)
    _same(found, titles, given, known, known.keys() - current)
    taken = set(found.values())
    for at, number in enumerate(given):
        if at not in found and number is not None and number in current and number not in taken:
            found[at] = number
            taken.add(number)
    _alike(found, titles, known, current)
    return _with_new(found, given, known)


def _same(found: dict[int, str], titles: list[str], given: list[Any], known: Known, among: Set[str]) -> None:
    """Find the tasks whose titles are the same; of several with one title, as many as there were before."""
    before: dict[str, list[str]] = {}
    for number in sorted(among - {*found.values()}, key=_count):
        title = known[number]
        if title is not None:
            before.setdefault(plain(title), []).append(number)
    now: dict[str, list[int]] = {}
    for at, title in enumerate(titles):
        if at not in found:
            now.setdefault(title, []).append(at)
    for title, places in now.items():
        numbers = before.get(title, [])
        for at in list(places):
            if given[at] in numbers:
                found[at] = given[at]
                numbers.remove(given[at])
                places.remove(at)
        if len(numbers) == len(places):
            found.update(zip(places, numbers, strict=True))


def _alike(found: dict[int, str], titles: list[str], known: Known, current: Set[str]) -> None:
    """Find the tasks whose titles were reworded a little: pairs that are clearly each other's best."""
    from difflib import SequenceMatcher  # most drafts never need it

    numbers = {n: plain(title) for n in current - {*found.values()} if (title := known.get(n)) is not None}
    places = [at for at in range(len(titles)) if at not in found]
    if not numbers or len(numbers) * len(places) > MOST_PAIRS:
        return
    rated = {
        (at, number): SequenceMatcher(None, titles[at], was, autojunk=False).ratio()
        for at in places
        for number, was in numbers.items()
    }
    for (at, number), ratio in rated.items():
        if ratio >= ALIKE:
            rivals = [r for (a, n), r in rated.items() if (a == at) != (n == number)]
            if ratio - max(rivals, default=0.0) >= CLEARLY:
                found[at] = number


def _with_new(found: dict[int, str], given: list[Any], known: Known) -> list[str]:
    """Give the others the numbers they came with, where nobody ever had those, or the next ones."""
    used = {*known, *found.values()}
    for at, number in enumerate(given):
        if at not in found and number is not None and number not in used:
            found[at] = number
            used.add(number)
    highest = max(map(_count, used), default=0)
    for at in range(len(given)):
        if at not in found:
            highest += 1
            found[at] = f"T{highest:03d}"
    if highest > HIGHEST:
        raise InvalidInput(f"This phase has used up its numbers for tasks: T{HIGHEST} is the last.")
    return [found[at] for at in range(len(given))]


def _count(number: str) -> int:
    return int(number[1:])


def refuse_reused(tasks: Sequence[tuple[str, str]], known: Known, current: Set[str], *, phase: str) -> None:
    """Refuse a text by hand that gives the number of a dropped task to another one. Tasks are (number, title)."""
    for number, title in tasks:
        was = known.get(number)
        if number in known and number not in current and (was is None or plain(was) != plain(title)):
            free = max(map(_count, {*known, *(given for given, _ in tasks)})) + 1
            raise InvalidInput(
                f"{phase}: {number} was another task before and stays its number; the next free one is T{free:03d}.",
                fix=(f"orch history {phase}",),
            )
