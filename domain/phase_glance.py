"""What the head of a phase says at a glance: for reads over all phases, which cannot build every state whole.

`PhaseState` says the same in full, at ten times the effort; a test holds that both agree.
"""

from typing import Any, NamedTuple

from domain.documents import NOT_STARTED, Document
from domain.errors import Damaged
from domain.steps import STEPS, Step, StepState
from domain.tasks import TaskState

APPROVED, STALE = StepState.APPROVED.value, StepState.STALE.value
MANY = len(STEPS)
_new = tuple.__new__
NOT_BEGUN = StepState.NOT_STARTED.value
RARE = frozenset(("expires_at", "was_approved", "quality", "missing"))
PLAIN: dict[str, Document] = {state.value: Document(state) for state in StepState}
"""Documents of which only the state is to be known."""
STARTED, DONE, OPEN = TaskState.STARTED.value, TaskState.DONE.value, TaskState.OPEN.value
NAMES = tuple(step.value for step in STEPS)


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
    document: Document
    """Its document, as far as it tells whether it can be judged: without who wrote it and who approved it."""
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
    glass: list[tuple[Step, int]]
    """What was approved under break-glass, and until when others have to ratify it, µs since the epoch."""
    lapsed: int = 0
    """How many approvals nobody ratified in time, the current step left out."""

    def at(self, now: int) -> "Glance":
        """Return what is seen at a time in µs, as `PhaseState.at`: an approval that nobody ratified in time is void."""
        lapsed = [step for step, until in self.glass if now >= until]
        if not lapsed:
            return self
        current, document = self.current, self.document
        if current is None or STEPS.index(lapsed[0]) < STEPS.index(current):
            current, document = lapsed[0], PLAIN[StepState.EXPIRED.value]
        told = self._replace(
            current=current,
            document=document,
            approved=self.approved - len(lapsed),
            glass=[each for each in self.glass if each[0] not in lapsed],
            lapsed=sum(step is not current or self.handed_off for step in lapsed),
        )
        if Step.TASKS in lapsed:
            return told._replace(tasks=self.tasks._replace(ready=0), unrecorded=False)
        return told


def glance(facts: dict[str, Any]) -> Glance:
    """Return what the facts of a phase say at a glance. Raises `Damaged` for those of anything else."""
    try:
        documents = facts["documents"]
        states = [documents[name].get("state") for name in NAMES]
        current = 0
        while current < MANY and states[current] == APPROVED:
            current += 1
        approved = states.count(APPROVED)
        blockers = facts["blockers"]
        in_force = states[-1] == APPROVED
        outline, tasks = None, NO_TASKS_SEEN
        book = facts.get("tasks")
        if book:
            outline = _in_force(book)
            if outline:
                tasks = _tasks(outline[2], book.get("progress") or {})
            if tasks.ready and (not in_force or facts["archived"]):
                tasks = tasks._replace(ready=0)
        told = (  # in the order of its fields
            facts["phase"],
            STEPS[current] if current < MANY else None,
            _to_judge(documents[NAMES[current]]) if current < MANY else NOT_STARTED,
            approved,
            states.count(STALE),
            sum(not blocker["resolved"] for blocker in blockers) if blockers else 0,
            facts["depends_on"],
            bool(facts["handed_off"]),
            bool(facts["archived"]),
            tasks,
            in_force and (outline[0] if outline else 0) != documents["tasks"].get("iteration", 0),
            _glass(documents) if approved else NO_GLASS,
            0,
        )
        return _new(Glance, told)  # half of what the constructor takes, for every phase there is
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Damaged(f"The head of a phase does not say where it stands: {error!r}.") from None


def _to_judge(facts: dict[str, Any]) -> Document:
    plain = PLAIN[facts.get("state", NOT_BEGUN)]
    if RARE.isdisjoint(facts):  # as nearly always
        return plain
    return plain._replace(
        expires_at=facts.get("expires_at"),
        was_approved=facts.get("was_approved", False),
        quality=facts.get("quality"),
        missing=tuple(facts.get("missing", ())),
    )


def _glass(documents: dict[str, Any]) -> list[tuple[Step, int]]:
    return [(step, documents[step]["ratify_by"]) for step in STEPS if "ratify_by" in documents[step]]


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
NO_GLASS: list[tuple[Step, int]] = []
