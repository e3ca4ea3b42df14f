"""Where a phase stands: its five documents, dependencies and blockers. The head of its stream."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.documents import Document
from domain.errors import Damaged
from domain.steps import STEPS, Step, StepState
from domain.tasks import NO_TASKS, TaskBook

START = {Step.SPEC: "start_specification"} | {step: f"start_{step}" for step in STEPS[1:]}
UNTOUCHED: Mapping[Step, Document] = MappingProxyType({step: Document() for step in STEPS})


class Blocker(NamedTuple):
    """What stands in the way of a phase; its description is read from its event."""

    id: str
    type: str
    version: int
    resolved: int = 0
    """The event that resolved it; 0 while it is open."""


class PhaseState(NamedTuple):
    """All facts of a phase. Versions name events of its own stream; 0 means none."""

    phase: str
    titled: int
    """The event that holds the title."""
    documents: Mapping[Step, Document] = UNTOUCHED
    depends_on: tuple[str, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    handed_off: int = 0
    archived: int = 0
    tasks: TaskBook = NO_TASKS

    def at(self, now: int) -> "PhaseState":
        """Return the state at a time in µs, with what ran out by then: readers see it before its event is written."""
        ran_out = {step: d for step, d in self.documents.items() if d.state_at(now) is not d.state}
        if not ran_out:  # as nearly always
            return self
        expired = {step: document._replace(state=StepState.EXPIRED) for step, document in ran_out.items()}
        return self._replace(documents={**self.documents, **expired})

    def gap_before(self, step: Step) -> Step | None:
        """Return the first earlier step that lacks a valid approval, or None."""
        return next((s for s in step.earlier if self.documents[s].state is not StepState.APPROVED), None)

    @property
    def under_glass(self) -> Step | None:
        """The first step whose approval others have to ratify, or None."""
        return next((s for s in STEPS if self.documents[s].under_glass), None)

    @property
    def current(self) -> Step | None:
        """The first step that is not approved, or None when all are."""
        return next((s for s in STEPS if self.documents[s].state is not StepState.APPROVED), None)

    @property
    def current_step(self) -> str | None:
        """The step to work on, `handoff` when all are approved, None when there is nothing left to do."""
        if self.handed_off or self.archived:
            return None
        return self.current or "handoff"

    @property
    def completed(self) -> tuple[Step, ...]:
        """The approved steps."""
        return tuple(s for s in STEPS if self.documents[s].state is StepState.APPROVED)

    @property
    def next_action(self) -> str:
        """What the phase waits for, in the words of the state file."""
        if self.handed_off or self.archived:
            return "completed"
        step = self.current
        if step is None:
            return "ready_for_handoff"
        if self.documents[step].state in (StepState.AWAITING_APPROVAL, StepState.EXPIRED):
            return f"await_{step}_approval"
        return START[step]

    @property
    def open_blockers(self) -> tuple[Blocker, ...]:
        """The blockers nobody has resolved."""
        return tuple(b for b in self.blockers if not b.resolved)

    def with_document(self, step: Step, **changes: Any) -> "PhaseState":
        """Return the state with one document changed."""
        documents = dict(self.documents)
        documents[step] = documents[step]._replace(**changes)
        return self._replace(documents=documents)

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values; tasks only where there are any, as heads were before there were."""
        facts: dict[str, Any] = {
            "phase": self.phase,
            "titled": self.titled,
            "documents": {step.value: self.documents[step].to_facts() for step in STEPS},
            "depends_on": list(self.depends_on),
            "blockers": [b._asdict() for b in self.blockers],
            "handed_off": self.handed_off,
            "archived": self.archived,
        }
        if self.tasks != NO_TASKS:
            facts["tasks"] = self.tasks.to_facts()
        return facts

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "PhaseState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            return cls(
                phase=facts["phase"],
                titled=facts["titled"],
                documents={step: Document.from_facts(facts["documents"][step]) for step in STEPS},
                depends_on=tuple(facts["depends_on"]),
                blockers=tuple(Blocker(**b) for b in facts["blockers"]),
                handed_off=facts["handed_off"],
                archived=facts["archived"],
                tasks=TaskBook.from_facts(facts["tasks"]) if "tasks" in facts else NO_TASKS,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Damaged(f"The head of a phase does not say where it stands: {error!r}.") from None
