"""Where the document of one step stands: facts and digests, never its text."""

from enum import StrEnum
from typing import Any, NamedTuple

from domain.actors import Actor, ActorKind
from domain.steps import StepState


class Withdrawal(StrEnum):
    """How a step lost the approval that later steps rest on."""

    REOPENED = "reopened"
    REJECTED = "rejected"
    """By somebody who judged an approval under break-glass."""
    REDRAFTED = "redrafted"
    """After an approval under break-glass that nobody ratified in time."""


class Approval(NamedTuple):
    """One approval of the latest iteration, and the stream version of its event."""

    by: Actor
    version: int


class Document(NamedTuple):
    """The latest iteration of one step. Versions name events of the phase's own stream; 0 means none."""

    state: StepState = StepState.NOT_STARTED
    iteration: int = 0
    digest: str = ""
    author: Actor | None = None
    drafted: int = 0
    """The event that holds the text."""
    expires_at: int | None = None
    """When the request for approval runs out, µs since the epoch."""
    approvals: tuple[Approval, ...] = ()
    decided: int = 0
    """The verdict that settled this iteration."""
    feedback: tuple[int, ...] = ()
    """The rejections and reopenings that the next iteration answers."""
    was_approved: bool = False
    """Of a stale document: it had been approved and may be reconfirmed."""
    stale_because: str = ""
    stale_since: int = 0
    """The reopening, rejection or draft that made it stale."""
    stale_by: str = Withdrawal.REOPENED.value
    claimed: bool = False
    """The verdict that settled it is an imported claim, which our policy has not judged."""
    quality: int | None = None
    """In percent; None while it is not known."""
    missing: tuple[str, ...] = ()
    """The required parts that are not there."""

    ratify_by: int | None = None
    """Of an approval under break-glass: when others must have approved, µs since the epoch."""
    broke_glass: str = ""
    """Who gave it to this iteration, by name; kept when it lapses: they can neither renew nor ratify it."""

    @property
    def ends(self) -> int | None:
        """When what the step waits for runs out, µs since the epoch: a request for approval, or a ratification."""
        return self.expires_at if self.state is StepState.AWAITING_APPROVAL else self.ratify_by

    def state_at(self, now: int) -> StepState:
        """Return the state at a time in µs: a request nobody answered in time, or a broken glass, has expired."""
        ends = self.ends
        return self.state if ends is None or now < ends else StepState.EXPIRED

    @property
    def under_glass(self) -> bool:
        """It is approved, and others have to ratify that."""
        return self.ratify_by is not None and self.state is StepState.APPROVED

    def overdue(self, now: int) -> bool:
        """Tell whether the time to ratify an approval under break-glass is over at a time in µs."""
        return self.ratify_by is not None and now >= self.ratify_by

    def lapsed(self, now: int) -> bool:
        """Tell whether an approval under break-glass is void at a time in µs because nobody ratified it.

        A request that expires later has its own deadline; so what was asked for again since has lapsed no more.
        """
        recorded = self.state is StepState.EXPIRED and bool(self.broke_glass) and self.expires_at is None
        return recorded or self.overdue(now)

    def to_facts(self) -> dict[str, Any]:
        """Return what differs from a step not started, as JSON-able values."""
        if self == NOT_STARTED:  # as most are
            return {}
        facts: dict[str, Any] = {
            name: value for name, value in self._asdict().items() if value != self._field_defaults[name]
        }
        if self.author:
            facts["author"] = _actor_facts(self.author)
        if self.approvals:
            facts["approvals"] = [{"by": _actor_facts(a.by), "version": a.version} for a in self.approvals]
        if self.feedback:
            facts["feedback"] = list(self.feedback)
        if self.missing:
            facts["missing"] = list(self.missing)
        return facts

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "Document":
        """Return the document that `to_facts` described."""
        if facts == {}:  # as most are; anything else that is empty is no table and refused below
            return NOT_STARTED
        values = dict(facts)
        if "state" in values:
            values["state"] = StepState(values["state"])
        if "author" in values:
            values["author"] = _actor(values["author"])
        if "approvals" in values:
            values["approvals"] = tuple(Approval(_actor(a["by"]), a["version"]) for a in values["approvals"])
        if "feedback" in values:
            values["feedback"] = tuple(values["feedback"])
        if "missing" in values:
            values["missing"] = tuple(values["missing"])
        return cls(**values)


NOT_STARTED = Document()


def _actor_facts(actor: Actor) -> dict[str, str]:
    return {"id": actor.name, "kind": actor.kind.value}


def _actor(facts: dict[str, str]) -> Actor:
    return Actor(facts["id"], ActorKind(facts["kind"]))
