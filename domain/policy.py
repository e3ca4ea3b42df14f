"""The project's policy about verdicts: an aggregate of its own, so that its history is auditable."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from domain import roles
from domain.actors import Actor, actor
from domain.aggregates import EventSourced
from domain.errors import InvalidInput, NotFound, NothingChanged, PolicyNeedsPerson
from domain.events import DomainEvent
from domain.policy_state import PolicyState
from domain.quality import MARKS

STREAM = "policy"
MOST_APPROVERS = 50
LONGEST_EXPIRY_SECONDS = 366 * 24 * 3600


class PolicyChanged(DomainEvent):
    """The whole policy from now on, not only what changed: one event says everything."""

    TOPIC: ClassVar[str] = "policy.changed"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    author_may_not_approve: bool
    minimum_approvers: int
    agents_may_not_approve: bool
    request_expiry_seconds: int | None
    reason: str | None
    minimum_quality_research: int | None = None
    minimum_quality_plan: int | None = None
    minimum_quality_tasks: int | None = None
    approvers: dict[str, int] | None = None
    approver_roles: dict[str, str] | None = None
    break_glass_seconds: int | None = None

    def says(self) -> PolicyState:
        """Return the policy in force after this event."""
        return PolicyState(
            author_may_not_approve=self.author_may_not_approve,
            minimum_approvers=self.minimum_approvers,
            agents_may_not_approve=self.agents_may_not_approve,
            request_expiry_seconds=self.request_expiry_seconds,
            minimum_quality_research=self.minimum_quality_research,
            minimum_quality_plan=self.minimum_quality_plan,
            minimum_quality_tasks=self.minimum_quality_tasks,
            approvers=self.approvers,
            approver_roles=self.approver_roles,
            break_glass_seconds=self.break_glass_seconds,
        )

    def mutate(self, aggregate: Any) -> Any:
        if aggregate is None:
            return Policy.begin(self, self.says())
        return super().mutate(aggregate)

    def apply(self, aggregate: "Policy") -> None:
        aggregate.state = self.says()._replace(members=aggregate.state.members)


class RoleGranted(DomainEvent):
    """Somebody holds a role from now on."""

    TOPIC: ClassVar[str] = "policy.role_granted"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    name: str
    role: str
    reason: str | None

    def apply(self, aggregate: "Policy") -> None:
        aggregate.state = aggregate.state.with_member(self.name, self.role)


class RoleRevoked(DomainEvent):
    """Somebody no longer holds a role; verdicts given before stay what they are."""

    TOPIC: ClassVar[str] = "policy.role_revoked"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    name: str
    role: str
    reason: str | None

    def apply(self, aggregate: "Policy") -> None:
        aggregate.state = aggregate.state.without_member(self.name, self.role)


class Policy(EventSourced):
    """The rules about verdicts, in force for every verdict given after they were recorded."""

    if TYPE_CHECKING:
        state: PolicyState

    @classmethod
    def set_up(cls, *, by: Actor, at: datetime) -> Self:
        """Record the rules a project begins with, so that later defaults never change what was judged."""
        return cls.start(
            PolicyChanged(
                originator_id=STREAM,
                originator_version=1,
                timestamp=at,
                by=by,
                **PolicyState().rules(),
                reason="the rules a project begins with",
            )
        )

    def change(self, wanted: PolicyState, *, reason: str, by: Actor, at: datetime) -> None:
        """Put other rules in force. A policy that agents could loosen for themselves would bind nobody."""
        self._refuse_agents(by)
        if not 1 <= wanted.minimum_approvers <= MOST_APPROVERS:
            raise InvalidInput(
                f"The minimum number of approvers is 1 to {MOST_APPROVERS}; got {wanted.minimum_approvers}.",
                fix=("orch policy set --minimum-approvers 2",),
            )
        seconds = wanted.request_expiry_seconds
        if seconds is not None and not 1 <= seconds <= LONGEST_EXPIRY_SECONDS:
            raise InvalidInput(
                f"A request expires after 1 to {LONGEST_EXPIRY_SECONDS} seconds; got {seconds}.",
                fix=("orch policy set --request-expiry 3600",),
            )
        period = wanted.break_glass_seconds
        if period is not None and not 1 <= period <= LONGEST_EXPIRY_SECONDS:
            raise InvalidInput(
                f"An approval under break-glass holds for 1 to {LONGEST_EXPIRY_SECONDS} seconds; got {period}.",
                fix=("orch policy set --break-glass 86400",),
            )
        for step in MARKS:
            percent = wanted.minimum_quality(step)
            if percent is not None and not 1 <= percent <= 100:
                raise InvalidInput(
                    f"The minimum quality of {step} is 1 to 100 percent, or 0 for none; got {percent}.",
                    fix=(f"orch policy set --minimum-quality-{step} {MARKS[step]}",),
                )
        roles.refuse_unlikely_tables(wanted.approvers or {}, wanted.approver_roles or {}, most=MOST_APPROVERS)
        if wanted == self.state:
            raise NothingChanged("The policy says that already.", fix=("orch policy show",))
        self.happen(PolicyChanged, **wanted.rules(), reason=reason, by=by, at=at)

    def grant(self, name: str, role: str, *, reason: str, by: Actor, at: datetime) -> None:
        """Give somebody a role."""
        self._refuse_agents(by)
        role = roles.checked(role)
        actor(name, fix=("orch role grant ada lead",))
        if name in self.state.holders(role):
            raise NothingChanged(f"{name} holds the role {role} already.", fix=("orch role list",))
        self.happen(RoleGranted, name=name, role=role, reason=reason, by=by, at=at)

    def revoke(self, name: str, role: str, *, reason: str, by: Actor, at: datetime) -> None:
        """Take a role from somebody."""
        self._refuse_agents(by)
        role = roles.checked(role)
        if name not in self.state.holders(role):
            raise NotFound(f"{name[:80]} does not hold the role {role}.", fix=("orch role list",))
        self.happen(RoleRevoked, name=name, role=role, reason=reason, by=by, at=at)

    def _refuse_agents(self, by: Actor) -> None:
        if self.state.binds(by):
            raise PolicyNeedsPerson(by.name, by.kind)
