"""Where the tasks of a phase stand: numbers, what each waits for, and progress. Facts only, no titles."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

Listed = tuple[str, ...]
"""A task as a document lists it: its number, then the numbers of those it waits for."""


class TaskState(StrEnum):
    """How far a task is."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"


class Outline(NamedTuple):
    """The tasks of one iteration of the tasks document, in its order."""

    iteration: int = 0
    drafted: int = 0
    """The event that holds the text."""
    tasks: tuple[Listed, ...] = ()

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """What each task waits for, by number."""
        return {number: tuple(needs) for number, *needs in self.tasks}

    def to_facts(self) -> list[Any]:
        """Return the outline as JSON-able values."""
        return [self.iteration, self.drafted, [list(task) for task in self.tasks]]

    @classmethod
    def from_facts(cls, facts: list[Any]) -> "Outline":
        """Return the outline that `to_facts` described."""
        iteration, drafted, tasks = facts
        return cls(iteration, drafted, tuple(tuple(task) for task in tasks))


class Progress(NamedTuple):
    """What was done about one task. Versions name events of the phase's stream; 0 means none."""

    state: TaskState = TaskState.OPEN
    changed: int = 0
    """The event that made the state what it is."""
    started_by: str = ""
    assignee: str = ""
    assigned: int = 0
    """The event that gave it to somebody, or took it away."""


class TaskBook(NamedTuple):
    """All that is known about a phase's tasks."""

    latest: Outline = Outline()
    """The latest iteration whose numbers were recorded, whatever became of it."""
    in_force: Outline = Outline()
    """The latest approved iteration: what is worked on."""
    told: Mapping[str, int] = MappingProxyType({})
    """Every number ever used, and the document event that said last what it stands for."""
    progress: Mapping[str, Progress] = MappingProxyType({})
    """The tasks that something happened to, also those that no iteration lists any more."""

    def of(self, number: str) -> Progress:
        """Return the progress of a task."""
        return self.progress.get(number, UNTOUCHED)

    def waits_for(self, number: str) -> tuple[str, ...]:
        """Return which tasks must be done before this one, and are not."""
        needs = self.in_force.needs.get(number, ())
        return tuple(other for other in needs if self.of(other).state is not TaskState.DONE)

    def counted(self) -> tuple[int, int]:
        """Return how many tasks in force are done, and how many there are."""
        return sum(self.of(number).state is TaskState.DONE for number, *_ in self.in_force.tasks), len(
            self.in_force.tasks
        )

    def with_progress(self, number: str, **changes: Any) -> "TaskBook":
        """Return the book with the progress of one task changed."""
        return self._replace(progress={**self.progress, number: self.of(number)._replace(**changes)})

    def with_outline(self, outline: Outline) -> "TaskBook":
        """Return the book with the numbers of one more iteration."""
        told = {**self.told, **dict.fromkeys((number for number, *_ in outline.tasks), outline.drafted)}
        return self._replace(latest=outline, told=told)

    def approved(self, iteration: int) -> "TaskBook":
        """Return the book once an iteration is approved; of one whose numbers are not recorded nothing is known."""
        if self == NO_TASKS:
            return self
        return self._replace(in_force=self.latest if self.latest.iteration == iteration else Outline())

    def to_facts(self) -> dict[str, Any]:
        """Return what there is to keep, as JSON-able values; numbers in their order."""
        facts: dict[str, Any] = {"latest": self.latest.to_facts(), "told": dict(sorted(self.told.items()))}
        if self.in_force.iteration:
            same = self.in_force == self.latest
            facts["in_force"] = None if same else self.in_force.to_facts()
        if self.progress:
            facts["progress"] = {number: _progress_facts(self.progress[number]) for number in sorted(self.progress)}
        return facts

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "TaskBook":
        """Return the book that `to_facts` described."""
        latest = Outline.from_facts(facts["latest"])
        in_force = Outline()
        if "in_force" in facts:
            in_force = latest if facts["in_force"] is None else Outline.from_facts(facts["in_force"])
        progress = {number: _progress(found) for number, found in facts.get("progress", {}).items()}
        return cls(latest, in_force, facts["told"], progress)


UNTOUCHED = Progress()
NO_TASKS = TaskBook()


def in_order(outline: Outline, numbers: Iterable[str]) -> list[str]:
    """Return numbers so that a task comes after those it waits for; else as the document lists them."""
    wanted = set(numbers)
    needs = outline.needs
    left = [number for number, *_ in outline.tasks if number in wanted]
    ordered: list[str] = []
    while left:
        free = [number for number in left if not (set(needs[number]) & wanted - {*ordered})]
        ordered += free or left  # a circle cannot be recorded; should one be read, the order of the document holds
        left = [number for number in left if number not in ordered]
    return ordered


def _progress_facts(progress: Progress) -> dict[str, Any]:
    return {name: value for name, value in progress._asdict().items() if value != UNTOUCHED._asdict()[name]}


def _progress(facts: dict[str, Any]) -> Progress:
    return Progress(**{**facts, "state": TaskState(facts.get("state", TaskState.OPEN))})
