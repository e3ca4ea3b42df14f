"""The recorded text of one iteration, and which event holds it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from domain.event_log import Head, Record, Told
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import Step
from domain.times import rfc3339
from projections.people import Person, person
from projections.places import Place
from projections.redactions import ErasedBy
from projections.step_status import Quality, quality

if TYPE_CHECKING:  # the latest text is found without the event classes
    from domain.events import DomainEvent


class DerivedFrom(TypedDict):
    """An iteration that lines of the text were derived from."""

    step: Step
    iteration: int
    digest: str


class DocumentText(TypedDict):
    """One iteration of a document; `text` is None once it was erased."""

    phase: str
    step: Step
    iteration: int
    digest: str
    author: Person
    source: str
    position: int
    recorded_at: str
    text: str | None
    erased: bool
    erased_by: ErasedBy | None
    quality: Quality | None
    derived_from: list[DerivedFrom]


def place_of_latest(head: Head, step: Step) -> Place | None:
    """Return where the latest iteration is told, or None before the first."""
    drafted = PhaseState.from_facts(head.facts).documents[step].drafted
    return (head.stream, drafted) if drafted else None


def place_of_iteration(happenings: "Iterable[tuple[Record, DomainEvent]]", step: Step, iteration: int) -> Place | None:
    """Return where an iteration is told, or None when the history of the phase has none of that number."""
    from domain.document_events import DocumentDrafted

    for record, event in happenings:
        if isinstance(event, DocumentDrafted) and (event.step, event.iteration) == (step, iteration):
            return record.stream, record.version
    return None


def document_text(
    phase: str, told: Told, erased_by: ErasedBy | None = None, *, policy: PolicyState | None = None
) -> DocumentText:
    """Return the iteration that a `phase.document_drafted` event holds, or held before it was erased.

    With a policy its quality says what that asks for.
    """
    step = Step(told.facts["step"])
    required = policy.minimum_quality(step) if policy else None
    return {
        "phase": phase,
        "step": step,
        "iteration": told.facts["iteration"],
        "digest": told.facts["digest"],
        "author": person(told.by),
        "source": told.facts["source"],
        "position": told.position,
        "recorded_at": rfc3339(told.recorded_at),
        "text": None if told.texts is None else told.texts["text"],
        "erased": told.erased,
        "erased_by": erased_by,
        "quality": quality(step, told.facts.get("quality"), told.facts.get("missing", ()), required=required),
        "derived_from": list(told.facts.get("derived_from", ())),
    }
