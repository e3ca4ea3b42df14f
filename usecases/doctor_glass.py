"""What `orch doctor` says of emergencies: approvals under break-glass that nobody ratified in time."""

from collections.abc import Iterator
from time import time_ns

from domain import hints
from domain.documents import Document
from domain.event_log import EventLog, Head
from domain.phase_ids import PREFIX, stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.glass import lapsed
from usecases.patient import Found, Patient


def break_glass(patient: Patient) -> Iterator[Found]:
    """Look for approvals that are void because nobody ratified them, and that nobody asked for again."""
    log = patient.log
    if log is None:
        yield patient.not_looked_at()
        return
    heads = log.heads([stream_of(patient.phase)])[1] if patient.phase else log.heads_below(PREFIX)[1]
    found = [overdue for head in heads.values() for overdue in _overdue(log, head)]
    yield from found or [Found("ok", "No approval under break-glass is overdue.")]


def _overdue(log: EventLog, head: Head) -> Iterator[Found]:
    if head.facts["archived"] or not any("broke_glass" in facts for facts in head.facts["documents"].values()):
        return
    now = time_ns() // 1000
    state = PhaseState.from_facts(head.facts).at(now)
    for step, document in state.documents.items():
        if document.lapsed(now):
            known = document if document.ratify_by is not None else _with_deadline(log, head, step, document)
            said = lapsed(f"{step} iteration {document.iteration}", known)
            fix = hints.approval(state.phase, step, document, document.state)
            yield Found("warning", f"{state.phase}: {said}.", (fix,))


def _with_deadline(log: EventLog, head: Head, step: Step, document: Document) -> Document:
    """Return the document with the deadline that its approval had: once it is written down as void, only that knows."""
    from adapters.envelope import envelope_of

    for record in log.stream(head.stream):
        if record.topic in ("phase.document_approved", "phase.document_reconfirmed"):
            facts = envelope_of(record)["facts"]
            if facts["step"] == step and facts.get("ratify_by") is not None:
                document = document._replace(ratify_by=facts["ratify_by"])
    return document
