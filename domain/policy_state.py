"""What the project's policy says. The head of the policy's stream."""

from typing import Any, NamedTuple

from domain.actors import Actor, ActorKind
from domain.documents import Document
from domain.errors import Damaged
from domain.steps import Step

LATER = frozenset(
    (
        "minimum_quality_research",
        "minimum_quality_plan",
        "minimum_quality_tasks",
        "approvers",
        "approver_roles",
        "members",
        "break_glass_seconds",
    )
)
"""So that the head of an older log stays what it was."""


QUALITY_RULES = {
    Step.RESEARCH: "minimum_quality_research",
    Step.PLAN: "minimum_quality_plan",
    Step.TASKS: "minimum_quality_tasks",
}
"""A table, and not a `match`, because reads over thousands of phases ask for each."""


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
    approvers: dict[str, int] | None = None
    """How many people must approve a step, where that is another number than `minimum_approvers`."""
    approver_roles: dict[str, str] | None = None
    """The role that a step's approvers must hold; steps without one may be approved by anybody."""
    members: dict[str, list[str]] | None = None
    """Who holds each role, by name. Names are claims, as everywhere."""
    break_glass_seconds: int | None = None
    """How long an approval by force holds before others must have approved the same text; None: for good."""

    def rules(self) -> dict[str, Any]:
        """Return what the policy asks for, without who holds which role."""
        rules = self._asdict()
        del rules["members"]
        return rules

    def shown(self) -> dict[str, Any]:
        """Return everything as readers get it: a table that is empty is an empty table."""
        tables = {name: getattr(self, name) or {} for name in ("approvers", "approver_roles", "members")}
        return {**self._asdict(), **tables}

    def needed(self, step: Step) -> int:
        """Return how many people must approve a step."""
        return (self.approvers or {}).get(step, self.minimum_approvers)

    def role_for(self, step: Step) -> str | None:
        """Return the role that the approvers of a step must hold."""
        return (self.approver_roles or {}).get(step)

    def holders(self, role: str) -> list[str]:
        """Return who holds a role, by name."""
        return (self.members or {}).get(role, [])

    def with_member(self, name: str, role: str) -> "PolicyState":
        """Return the policy after somebody got a role."""
        return self._replace(members={**(self.members or {}), role: sorted({*self.holders(role), name})})

    def without_member(self, name: str, role: str) -> "PolicyState":
        """Return the policy after somebody lost a role."""
        left = {**(self.members or {}), role: [each for each in self.holders(role) if each != name]}
        return self._replace(members={each: names for each, names in left.items() if names} or None)

    def minimum_quality(self, step: Step) -> int | None:
        """Return how many percent the document of a step needs to be approved."""
        rule = QUALITY_RULES.get(step)
        return None if rule is None else getattr(self, rule)

    def binds(self, actor: Actor) -> bool:
        """Tell whether an actor is no person while only people may approve; force is no way around that (ADR 58)."""
        return self.agents_may_not_approve and actor.kind is not ActorKind.HUMAN

    def broken_by(self, approver: Actor, step: Step, *, author: Actor | None) -> dict[str, str]:
        """Return the rules this approval would break: name to the reason in words."""
        broken = {}
        if self.binds(approver):
            broken["agents_may_not_approve"] = only_people(approver)
        if self.author_may_not_approve and author is not None and approver.name == author.name:
            broken["author_may_not_approve"] = f"{approver.name} wrote this text, so another person must approve it"
        role = self.role_for(step)
        if role is not None and approver.name not in self.holders(role):
            broken["approver_role"] = f"{approver.name} does not hold the role {role}; {self._who_could(role)}"
        return broken

    def unheld_role(self, step: Step) -> str | None:
        """Return the role that a step needs where nobody holds it, so that nobody could approve."""
        role = self.role_for(step)
        return None if role is None or self.holders(role) else role

    def _who_could(self, role: str) -> str:
        holders = self.holders(role)
        if not holders:
            return "nobody does yet"
        return f"{' or '.join(holders)} could approve"

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


def only_people(actor: Actor) -> str:
    """Return why an agent or a service does not approve, in words."""
    kind = "an agent" if actor.kind is ActorKind.AGENT else "a service"
    return f"{actor.name} acts as {kind}, and only people may approve"
