"""Where a phase stands by its own events, each held against its leaf of the tree."""

from itertools import islice
from time import time_ns
from typing import NamedTuple

from domain.documents import Document
from domain.errors import Damaged
from domain.event_log import Record
from domain.phase_ids import checked, stream_of
from domain.phase_state import PhaseState
from domain.unknown import unknown_phase
from usecases.project import Project
from usecases.reads import decoded, view_of_phase


def folded_phase(project: Project, phase: str) -> tuple[PhaseState, list[Record]]:
    """Return where a phase stands by its own events, and these; the head beside them is only compared.

    A verdict that was altered opens no gate. Raises `Damaged`; an unknown phase is `NotFound`.
    """
    from projections.heads import heads_from

    stream = stream_of(checked(phase))
    kept = project.log.heads([stream])[1].get(stream)
    if kept is None:
        raise unknown_phase(project.log, phase)
    records = list(islice(project.log.stream(stream), kept.version))  # somebody may be writing the next one now
    _refuse_altered(records)
    folded = heads_from(decoded(iter(records))).get(stream)
    if folded is None or kept != folded:
        raise Damaged(f"The head of {phase} says something else than its events.", fix=("orch rebuild",))
    return PhaseState.from_facts(folded.facts), records


class PhaseThen(NamedTuple):
    """Where a phase stood by its own events."""

    state: PhaseState
    records: list[Record]
    now: int
    """The time that approvals are held against, µs since the epoch."""
    size: int | None
    """How long the log was; None where it is about now."""


def phase_then(project: Project, phase: str, at: str | None) -> PhaseThen:
    """Return where a phase stood at a moment, as `folded_phase` does; without one, where it stands now."""
    if at is None:
        return PhaseThen(*folded_phase(project, phase), time_ns() // 1000, None)
    from projections.heads import heads_from

    view, head = view_of_phase(project, phase, at)
    records = list(project.log.stream(head.stream, upto=view.moment.position))
    _refuse_altered(records)
    folded = heads_from(decoded(iter(records))).get(head.stream)
    if folded is None or folded.facts != head.facts:
        raise Damaged(f"The head of {phase} says something else than its events.", fix=("orch rebuild",))
    return PhaseThen(PhaseState.from_facts(folded.facts), records, view.now, view.moment.position)


def approvals_of(document: Document, records: list[Record]) -> list[Record]:
    """Return the events of the approvals that count for a document, the last one last."""
    versions = {approval.version for approval in document.approvals}
    return [record for record in records if record.version in versions]


def _refuse_altered(records: list[Record]) -> None:
    from adapters.envelope import entry_of
    from domain.merkle import leaf_hash

    for record in records:
        entry = entry_of(record.position, record.recorded_at, record.clock, record.envelope)
        if leaf_hash(entry) != record.leaf:
            raise Damaged(f"Position {record.position} is not what its leaf of the tree says.", fix=("orch doctor",))
