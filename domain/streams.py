"""From a head back to the aggregate whose head it is."""

from typing import Any

from domain.access_token import PREFIX as TOKEN
from domain.access_token import AccessToken, TokenState
from domain.aggregates import EventSourced
from domain.errors import Damaged
from domain.event_log import Head
from domain.ledger import STREAM as LEDGER
from domain.ledger import Ledger
from domain.ledger_state import LedgerState
from domain.phase import Phase
from domain.phase_ids import PREFIX
from domain.phase_state import PhaseState
from domain.policy import STREAM as POLICY
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.project import STREAM as PROJECT
from domain.project import Project
from domain.project_state import ProjectState
from domain.restore_point import PREFIX as POINT
from domain.restore_point import PointState, RestorePoint

KINDS: dict[str, tuple[type[EventSourced], Any]] = {
    PROJECT: (Project, ProjectState),
    POLICY: (Policy, PolicyState),
    LEDGER: (Ledger, LedgerState),
}


def aggregate_of(head: Head) -> EventSourced:
    """Return the aggregate as it stood at a head. Raises `Damaged` for a stream that no log of ours has."""
    if head.stream.startswith(PREFIX):
        return Phase.restore(head.stream, head.version, PhaseState.from_facts(head.facts))
    if head.stream.startswith(POINT):
        return RestorePoint.restore(head.stream, head.version, PointState.from_facts(head.facts))
    if head.stream.startswith(TOKEN):
        return AccessToken.restore(head.stream, head.version, TokenState.from_facts(head.facts))
    if head.stream not in KINDS:
        raise Damaged(f"The log is damaged: no stream is called {head.stream[:80]!r}.")
    kind, state = KINDS[head.stream]
    return kind.restore(head.stream, head.version, state.from_facts(head.facts))
