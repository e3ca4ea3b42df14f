"""Where a phase stands by its own events, each held against its leaf of the tree."""

from itertools import islice

from domain.documents import Document
from domain.errors import Damaged
from domain.event_log import Record
from domain.phase_ids import checked, stream_of
from domain.phase_state import PhaseState
from domain.unknown import unknown_phase
from usecases.project import Project
from usecases.reads import decoded


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
