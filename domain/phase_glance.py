"""What the head of a phase says at a glance: for reads over all phases, which cannot build every state whole.

`PhaseState` says the same in full, at ten times the effort; a test holds that both agree.
"""

from typing import Any, NamedTuple

from domain.documents import Document
from domain.errors import Damaged
from domain.steps import STEPS, Step, StepState
from domain.tasks import TaskState

APPROVED, STALE = StepState.APPROVED.value, StepState.STALE.value
STARTED, DONE, OPEN = TaskState.STARTED.value, TaskState.DONE.value, TaskState.OPEN.value
NAMES = tuple((step, step.value) for step in STEPS)


class TasksSeen(NamedTuple):
    """How far the tasks in force are, as the head tells it."""

    total: int = 0
    done: int = 0
    started: int = 0
    ready: int = 0
    """Open, nothing they wait for is left to do, and their document is approved."""


class Glance(NamedTuple):
    """One phase. What is about the current step is there only while one is worked on."""

    phase: str
    current: Step | None
    """The first step that is not approved, as `PhaseState.current`."""
    facts: dict[str, Any]
    """Those of its document; `document` makes more of them."""
    approved: int
    stale: int
    blockers: int
    """Those that are open."""
    depends_on: list[str]
    handed_off: bool
    archived: bool
    tasks: TasksSeen
    unrecorded: bool
    """The tasks are told by the text of their document alone."""

    @property
    def document(self) -> Document:
        """The document of the current step."""
        return Document.from_facts(self.facts)


def glance(facts: dict[str, Any]) -> Glance:
    """Return what the facts of a phase say at a glance. Raises `Damaged` for those of anything else."""
    try:
        return _glance(facts)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Damaged(f"The head of a phase does not say where it stands: {error!r}.") from None


def _glance(facts: dict[str, Any]) -> Glance:
    documents = facts["documents"]
    current: Step | None = None
    approved = stale = 0
    for step, name in NAMES:
        state = documents[name].get("state")
        if state == APPROVED:
            approved += 1
            continue
        if current is None:
            current = step
        if state == STALE:
            stale += 1
    blockers = facts["blockers"]
    book = facts.get("tasks")
    outline = _in_force(book) if book else None
    last = documents["tasks"]
    in_force = last.get("state") == APPROVED
    tasks = _tasks(outline[2], book.get("progress") or {}) if outline and book else NO_TASKS_SEEN
    if not in_force or facts["archived"]:
        tasks = tasks._replace(ready=0)
    return Glance(
        facts["phase"],
        current,
        documents[current.value] if current is not None else {},
        approved,
        stale,
        sum(not blocker["resolved"] for blocker in blockers) if blockers else 0,
        facts["depends_on"],
        bool(facts["handed_off"]),
        bool(facts["archived"]),
        tasks,
        in_force and (outline[0] if outline else 0) != last.get("iteration", 0),
    )


def _in_force(book: dict[str, Any]) -> Any:
    if "in_force" not in book:
        return None
    return book["latest"] if book["in_force"] is None else book["in_force"]


def _tasks(listed: list[list[str]], progress: dict[str, Any]) -> TasksSeen:
    state = {number: found.get("state", OPEN) for number, found in progress.items()}
    started = done = ready = 0
    for number, *needs in listed:
        found = state.get(number, OPEN)
        if found == DONE:
            done += 1
        elif found == STARTED:
            started += 1
        elif all(state.get(need) == DONE for need in needs):
            ready += 1
    return TasksSeen(len(listed), done, started, ready)


NO_TASKS_SEEN = TasksSeen()
