"""How long a phase stood where: every moment of its life belongs to one step, or to the way to its handoff."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from domain.documents import Document
from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_state import PhaseState
from domain.steps import StepState
from projections.folding import changes
from projections.ways import HANDOFF


class Stage(StrEnum):
    """What a step waits for."""

    WRITING = "writing"
    """The first text."""
    GATE = "gate"
    """A verdict."""
    REWORK = "rework"
    """Another text, or another request, after a rejection, a reopening or an expiry."""
    HANDOFF = "handoff"
    """All five documents are approved; the phase can be handed over."""


class Ending(StrEnum):
    """What ended a stretch of time."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    """Another draft came before the verdict."""
    REQUESTED = "requested"
    EXPIRED = "expired"
    REOPENED = "reopened"
    """An earlier step was reopened."""
    HANDED_OFF = "handed_off"
    ARCHIVED = "archived"


class Place(NamedTuple):
    """Where a phase stands: a step or `handoff`, its latest iteration, what it waits for."""

    step: str
    iteration: int
    stage: Stage


class Span(NamedTuple):
    """A stretch of time at one place, in µs since the epoch; `ended` is None while it lasts."""

    place: Place
    began: int
    ended: int | None
    ending: Ending | None

    def lasted(self, now: int) -> int:
        """Return how long it was, or is by now, in µs."""
        return max(0, (now if self.ended is None else self.ended) - self.began)


STAGES = {
    StepState.NOT_STARTED: Stage.WRITING,
    StepState.AWAITING_APPROVAL: Stage.GATE,
    StepState.REJECTED: Stage.REWORK,
    StepState.EXPIRED: Stage.REWORK,
    StepState.REOPENED: Stage.REWORK,
    StepState.STALE: Stage.REWORK,
}


def place_of(state: PhaseState, now: int) -> Place | None:
    """Return where a phase stands at a time in µs, or None once it is handed off or archived."""
    if state.handed_off or state.archived:
        return None
    state = state.at(now)
    step = state.current
    if step is None:
        return Place(HANDOFF, 0, Stage.HANDOFF)
    document = state.documents[step]
    return Place(step.value, document.iteration, STAGES[document.state])


def spans(history: Iterable[tuple[Record, DomainEvent]], *, now: int) -> Iterator[Span]:
    """Yield where one phase stood, in order, without gaps; `history` is its whole stream up to a time in µs."""
    place: Place | None = None
    state: PhaseState | None = None
    began = 0
    for change in changes(history):
        at = change.record.recorded_at
        if place is not None and state is not None:
            for ended, following in _expiry(state, place, began, at):
                yield Span(place, began, ended, Ending.EXPIRED)
                place, began = following, ended
        state = change.after
        found = place_of(change.after, at)
        if found != place:
            if place is not None:
                yield Span(place, began, at, _ending(place, change.after))
            place, began = found, at
    if place is not None and state is not None:
        for ended, following in _expiry(state, place, began, now):
            yield Span(place, began, ended, Ending.EXPIRED)
            place, began = following, ended
        yield Span(place, began, None, None)


def _expiry(state: PhaseState, place: Place, began: int, upto: int) -> Iterator[tuple[int, Place]]:
    """Yield when a request or an approval under break-glass ran out by then, and where the phase stood from then on.

    Its event is written with the next command only, which may be much later.
    """
    ends = {document.ends for document in state.documents.values() if document.ends is not None}
    for at in sorted(ends):
        following = place_of(state, at)
        if began < at <= upto and following is not None and following != place:
            place = following
            yield at, following


def _ending(place: Place, after: PhaseState) -> Ending:
    """Return what an event did that led away from a place."""
    if after.archived:
        return Ending.ARCHIVED
    if place.stage is Stage.HANDOFF:
        return Ending.HANDED_OFF if after.handed_off else Ending.REOPENED
    document = next(d for step, d in after.documents.items() if step.value == place.step)
    return _of_document(place, document)


def _of_document(place: Place, document: Document) -> Ending:
    match document.state:
        case StepState.APPROVED:
            return Ending.APPROVED
        case StepState.REJECTED:
            return Ending.REJECTED
        case StepState.EXPIRED:
            return Ending.EXPIRED
        case StepState.AWAITING_APPROVAL if document.iteration == place.iteration:
            return Ending.REQUESTED
        case StepState.AWAITING_APPROVAL:
            return Ending.SUPERSEDED if place.stage is Stage.GATE else Ending.DRAFTED
        case _:
            return Ending.REOPENED
