"""History event by event: what happened, the state of its stream after it, and what changed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

from domain.access_token import TokenState
from domain.errors import UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.importers import Importer
from domain.ledger_events import PayloadRedacted, Reviewed
from domain.ledger_state import LedgerState
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.project import ProjectInitialised
from domain.project_state import ProjectState
from domain.restore_point import PointState
from domain.times import rfc3339
from projections.differences import Difference, differences
from projections.folding import Change, changes
from projections.history import HistoryRow, history
from projections.imports import Imports
from projections.outcomes import PolicyRules, ReviewedRange
from projections.phase_facts import PhaseFacts, Recalled, phase_facts


class PolicyFacts(PolicyRules):
    """The rules in force, and the version that verdicts record."""

    version: int
    members: dict[str, list[str]]


class LedgerFacts(TypedDict):
    """The log as a thing: its key (None: the one it began with), how many it replaced, erased texts, reviews."""

    key: str | None
    replaced_keys: int
    erased_texts: int
    last_erased: int | None
    reviews: int
    last_reviewed: ReviewedRange | None


class ProjectFacts(TypedDict):
    """The project; its name is None once it was erased. Directives in force are told by number and level."""

    origin: str
    name: str | None
    key: str
    directives: list[str]


class PointFacts(TypedDict):
    """A restore point: the position it names."""

    position: int


class TokenFacts(TypedDict):
    """A token of the service: who it speaks for, and the event that revoked it, or 0."""

    name: str
    kind: str
    scopes: list[str]
    sha256: str
    expires_at: str
    revoked: int


class ReplayRow(HistoryRow):
    """One event and what it changed. Of the six states, the one of its stream is there; the others are None."""

    changes: list[Difference]
    phase_state: PhaseFacts | None
    policy_state: PolicyFacts | None
    ledger_state: LedgerFacts | None
    project_state: ProjectFacts | None
    point_state: PointFacts | None
    token_state: TokenFacts | None


class _Counted(NamedTuple):
    """What the state of the ledger leaves out."""

    erased: int = 0
    last_erased: int | None = None
    reviews: int = 0
    last_reviewed: ReviewedRange | None = None


def replay(happenings: Iterable[tuple[Record, DomainEvent]], *, first: int = 1) -> Iterator[ReplayRow]:
    """Yield a row for each event of whole streams from a position on; what was before it is folded in silence.

    Memory grows with the number of streams, not of events.
    """
    memory, imports = _Memory(), Imports()
    for change in changes(happenings):
        wanted = change.record.position >= first
        before = memory.facts(change, change.before) if wanted else {}
        memory.add(change)
        importer = imports.importer_of(change.record, change.event)
        if wanted:
            yield _row(change, before, memory.facts(change, change.after), importer)


def _row(change: Change, before: Mapping[str, Any], after: Any, importer: Importer | None) -> ReplayRow:
    (row,) = history([(change.record, change.event)])
    state = change.after
    return {
        **row,
        "imported": importer,
        "changes": list(differences(before, after)),
        "phase_state": after if isinstance(state, PhaseState) else None,
        "policy_state": after if isinstance(state, PolicyState) else None,
        "ledger_state": after if isinstance(state, LedgerState) else None,
        "project_state": after if isinstance(state, ProjectState) else None,
        "point_state": after if isinstance(state, PointState) else None,
        "token_state": after if isinstance(state, TokenState) else None,
    }


class _Memory:
    """What goes by and is in no state: one small value for each stream."""

    def __init__(self) -> None:
        self._phases: dict[str, Recalled] = {}
        self._counted = _Counted()
        self._name: str | None = None

    def add(self, change: Change) -> None:
        """Remember what an event says."""
        match change.event:
            case PayloadRedacted(position=position):
                self._counted = self._counted._replace(erased=self._counted.erased + 1, last_erased=position)
            case Reviewed(first=first, last=last, root=root):
                seen: ReviewedRange = {"first": first, "last": last, "root": root}
                self._counted = self._counted._replace(reviews=self._counted.reviews + 1, last_reviewed=seen)
            case ProjectInitialised(name=name):
                self._name = name
            case event if isinstance(change.after, PhaseState):
                known = self._phases.get(change.record.stream, Recalled())
                self._phases[change.record.stream] = known.after(change.record, event, change.after)
            case _:
                pass  # the state says it all

    def facts(self, change: Change, state: Any) -> Mapping[str, Any]:
        """Return a state of the change's stream as facts; None is the state before its first event."""
        match change.after:
            case PhaseState(phase=phase):
                known = self._phases.get(change.record.stream, Recalled())
                return phase_facts(state or PhaseState(phase, titled=0), known)
            case PolicyState():
                version = change.record.version - (state is change.before)
                return {**state.shown(), "version": version} if state else {}
            case LedgerState():
                return self._ledger(state or LedgerState())
            case ProjectState():
                return self._project(state) if state else {}
            case PointState():
                return {"position": state.position} if state else {}
            case TokenState():
                return _token(state) if state else {}
            case other:
                raise UnknownEvent(f"No reader has words for a {type(other).__name__}.")

    def _project(self, state: ProjectState) -> ProjectFacts:
        return {
            "origin": state.origin,
            "name": self._name,
            "key": state.public_key,
            "directives": [f"{directive.number} ({directive.level})" for directive in state.directives],
        }

    def _ledger(self, state: LedgerState) -> LedgerFacts:
        return {
            "key": state.public_key or None,
            "replaced_keys": len(state.replaced),
            "erased_texts": self._counted.erased,
            "last_erased": self._counted.last_erased,
            "reviews": self._counted.reviews,
            "last_reviewed": self._counted.last_reviewed,
        }


def _token(state: TokenState) -> TokenFacts:
    return {
        "name": state.name,
        "kind": state.kind.value,
        "scopes": [scope.value for scope in state.scopes],
        "sha256": state.sha256,
        "expires_at": rfc3339(state.expires_at),
        "revoked": state.revoked,
    }
