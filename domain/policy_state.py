"""What the project's policy says. The head of the policy's stream."""

from typing import Any, NamedTuple

from domain.actors import Actor, ActorKind
from domain.documents import Document
from domain.errors import Damaged
from domain.steps import Step

LATER = frozenset(("minimum_quality_research", "minimum_quality_plan", "minimum_quality_tasks"))
"""So that the head of an older log stays what it was."""


class PolicyState(NamedTuple):
    """The rules about verdicts that a project chooses."""

    author_may_not_approve: bool = False
    minimum_approvers: int = 1
    agents_may_not_approve: bool = True
    request_expiry_seconds: int | None = None
    minimum_quality_research: int | None = None
    """In percent; None asks for none."""
    minimum_quality_plan: int | None = None
    minimum_quality_tasks: int | None = None

    def minimum_quality(self, step: Step) -> int | None:
        """Return how many percent the document of a step needs to be approved."""
        match step:
            case Step.RESEARCH:
                return self.minimum_quality_research
            case Step.PLAN:
                return self.minimum_quality_plan
            case Step.TASKS:
                return self.minimum_quality_tasks
            case _:
                return None

    def broken_by(self, approver: Actor, *, author: Actor | None) -> dict[str, str]:
        """Return the rules this approval would break: name to the reason in words."""
        broken = {}
        if self.author_may_not_approve and author is not None and approver.name == author.name:
            broken["author_may_not_approve"] = f"{approver.name} wrote this text, so another person must approve it"
        if self.agents_may_not_approve and approver.kind is not ActorKind.HUMAN:
            kind = "an agent" if approver.kind is ActorKind.AGENT else "a service"
            broken["agents_may_not_approve"] = f"{approver.name} acts as {kind}, and only people may approve"
        return broken

    def lacking(self, step: Step, document: Document) -> str | None:
        """Return what the document of a step lacks for an approval, in words, or None when its quality suffices.

        A quality that is not known does not suffice: the rule was made so that somebody can rely on it.
        """
        needed = self.minimum_quality(step)
        if needed is None or (document.quality is not None and document.quality >= needed):
            return None
        if document.quality is None:
            return f"its quality is not known, and the policy asks for {needed} %; a new draft is scored"
        missing = f"; missing: {', '.join(document.missing)}" if document.missing else ""
        return f"its quality is {document.quality} %, and the policy asks for {needed} %{missing}"

    def to_facts(self) -> dict[str, Any]:
        """Return the policy as JSON-able values; rules that came later are left out while they are off."""
        return {name: value for name, value in self._asdict().items() if name not in LATER or value is not None}

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "PolicyState":
        """Return the policy that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            return cls(**facts)
        except TypeError as error:
            raise Damaged(f"The head of the policy does not say what it is: {error}.") from None
