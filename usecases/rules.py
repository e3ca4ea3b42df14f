"""The rules in force, and who holds which role."""

from typing import TYPE_CHECKING, Any

from domain.errors import NotFound
from domain.event_log import Head
from domain.policy_state import PolicyState
from usecases.project import Project
from usecases.reads import POLICY, heads_at

if TYPE_CHECKING:
    from usecases.answers import PolicyAnswer, RoleListAnswer, RoleRow


def policy_of(project: Project) -> PolicyState:
    """Return the rules in force now, as those who decide have them."""
    head = project.log.heads([POLICY])[1].get(POLICY)
    return PolicyState.from_facts(head.facts) if head else PolicyState()


def policy(project: Project, at: str | None = None) -> "PolicyAnswer":
    """Return the rules in force and the version that verdicts record."""
    head = _head(project, at)
    rules: Any = PolicyState.from_facts(head.facts).shown()
    found: PolicyAnswer = rules | {"version": head.version}
    return found


def roles(project: Project, at: str | None = None) -> "RoleListAnswer":
    """Return who holds which role, and which steps ask for it."""
    head = _head(project, at)
    state = PolicyState.from_facts(head.facts)
    asked_for = state.approver_roles or {}
    names = sorted({*(state.members or {}), *asked_for.values()})
    rows: list[RoleRow] = [
        {
            "role": role,
            "holders": state.holders(role),
            "steps": [step for step, needed in asked_for.items() if needed == role],
        }
        for role in names
    ]
    return {"rows": rows, "version": head.version}


def _head(project: Project, at: str | None) -> Head:
    from usecases.moments import resolved

    moment = resolved(at, project.log)[0] if at else None
    head = heads_at(project, [POLICY], moment).get(POLICY)
    if head is None and moment is not None:
        raise NotFound("The log held no project then, and no rules.", fix=("orch policy show",))
    if head is None:
        raise NotFound("The log holds no project yet.", fix=("orch init",))
    return head
