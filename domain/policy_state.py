"""What the project's policy says. The head of the policy's stream."""

from typing import Any, NamedTuple

from domain.actors import Actor, ActorKind
from domain.errors import Damaged


class PolicyState(NamedTuple):
    """The rules about verdicts that a project chooses."""

    author_may_not_approve: bool = False
    minimum_approvers: int = 1
    agents_may_not_approve: bool = True
    request_expiry_seconds: int | None = None

    def broken_by(self, approver: Actor, *, author: Actor | None) -> dict[str, str]:
        """Return the rules this approval would break: name to the reason in words."""
        broken = {}
        if self.author_may_not_approve and author is not None and approver.name == author.name:
            broken["author_may_not_approve"] = f"{approver.name} wrote this text, so another person must approve it"
        if self.agents_may_not_approve and approver.kind is not ActorKind.HUMAN:
            kind = "an agent" if approver.kind is ActorKind.AGENT else "a service"
            broken["agents_may_not_approve"] = f"{approver.name} acts as {kind}, and only people may approve"
        return broken

    def to_facts(self) -> dict[str, Any]:
        """Return the policy as JSON-able values."""
        return self._asdict()

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "PolicyState":
        """Return the policy that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            return cls(**facts)
        except TypeError as error:
            raise Damaged(f"The head of the policy does not say what it is: {error}.") from None
