"""What an implementer is handed: the approved documents with their digests, the tasks, and what binds the work."""

from collections.abc import Mapping
from typing import TypedDict

from domain.event_log import Head, Told
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step
from domain.times import rfc3339
from projections.markdown_sections import boxes, sections
from projections.people import Person, person
from projections.places import Place, Tellings, in_stream, words
from projections.step_status import Claim, claim_of
from projections.titles import title_of

BINDING = frozenset(
    (
        "requirements",
        "functional requirements",
        "non-functional requirements",
        "constraints",
        "technical context",
        "acceptance criteria",
        "success criteria",
        "success metrics",
        "external dependencies",
        "performance considerations",
        "out of scope",
        "quality gates",
        "definition of done",
    )
)
"""Headings whose sections an implementer must not miss."""


class PackagedDocument(TypedDict):
    """One approved text; `claim` stands in the place of the verdict where that was only imported."""

    step: Step
    iteration: int
    digest: str
    position: int
    approved_by: list[Person]
    approved_at: str | None
    forced: bool
    claim: Claim | None
    erased: bool


class Constraint(TypedDict):
    """A section of an approved text, word for word."""

    step: Step
    heading: str
    text: str


class HandoffPackage(TypedDict):
    """Everything that one file for the implementer holds. `handed_off_at` is None before the handoff."""

    phase: str
    title: str
    documents: list[PackagedDocument]
    tasks: list[str]
    constraints: list[Constraint]
    depends_on: list[str]
    handed_off_at: str | None
    handed_off_by: Person | None
    comments: str | None
    position: int


def places(head: Head) -> list[Place]:
    """Return the events that a package wants told."""
    state = PhaseState.from_facts(head.facts)
    wanted = [state.titled, state.handed_off]
    for document in state.documents.values():
        wanted += [document.drafted, document.decided]
    return in_stream(head.stream, wanted)


def handoff_package(head: Head, told: Tellings) -> HandoffPackage:
    """Return the package of a phase whose five steps are approved. `told` holds at least `places(head)`."""
    state = PhaseState.from_facts(head.facts)
    texts = {step: words(told[head.stream, state.documents[step].drafted], "text") or "" for step in STEPS}
    handoff = told[head.stream, state.handed_off] if state.handed_off else None
    return {
        "phase": state.phase,
        "title": title_of(state, told).words,
        "documents": [_document(head.stream, state, step, told) for step in STEPS],
        "tasks": boxes(texts[Step.TASKS]),
        "constraints": _constraints(texts),
        "depends_on": list(state.depends_on),
        "handed_off_at": rfc3339(handoff.recorded_at) if handoff else None,
        "handed_off_by": person(handoff.by) if handoff else None,
        "comments": words(handoff, "comments") if handoff else None,
        "position": head.position,
    }


def _document(stream: str, state: PhaseState, step: Step, told: Tellings) -> PackagedDocument:
    document = state.documents[step]
    drafted: Told = told[stream, document.drafted]
    verdict = told[stream, document.decided]
    return {
        "step": step,
        "iteration": document.iteration,
        "digest": document.digest,
        "position": drafted.position,
        "approved_by": [person(approval.by) for approval in document.approvals],
        "approved_at": None if document.claimed else rfc3339(verdict.recorded_at),
        "forced": bool(verdict.facts.get("forced")),
        "claim": claim_of(verdict) if document.claimed else None,
        "erased": drafted.erased,
    }


def _constraints(texts: Mapping[Step, str]) -> list[Constraint]:
    return [
        {"step": step, "heading": found.heading, "text": found.body}
        for step, text in texts.items()
        for found in sections(text, BINDING)
    ]
