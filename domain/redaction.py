"""Which free text may be erased, and which has to stay until something newer stands in its place."""

from domain import commands as c
from domain import hints
from domain.document_events import DocumentDrafted
from domain.errors import LatestTextStays, NotFound, NothingChanged, PolicyNeedsPerson
from domain.event_log import EventLog, Record
from domain.ledger import Ledger
from domain.phase_ids import phase_of
from domain.read_set import ReadSet
from domain.steps import Step, StepState


def redact(command: c.RedactPayload, read: ReadSet, log: EventLog) -> Ledger:
    """Record that the free text of one event goes; the log erases it in the same transaction."""
    by, position = command.meta.by, command.position
    if read.policy().state.binds(by):
        raise PolicyNeedsPerson(by.name, by.kind, may="erase a text")
    record = _record(position, log)
    told = log.told([(record.stream, record.version)])[record.stream, record.version]
    if told.erased:
        raise NothingChanged(f"The text at position {position} was erased before.", fix=("orch audit trail",))
    if told.texts is None:
        raise NothingChanged(
            f"Position {position} ({told.topic}) holds no free text to erase.", fix=("orch audit trail",)
        )
    if told.topic == DocumentDrafted.TOPIC:
        _refuse_latest(record, Step(told.facts["step"]), read)
    ledger = read.ledger()
    ledger.redact(
        position,
        stream=record.stream,
        version=record.version,
        reason=command.reason,
        by=by,
        at=command.meta.at,
    )
    return ledger


def _record(position: int, log: EventLog) -> Record:
    record = next(log.records(position, position), None) if position > 0 else None
    if record is None:
        last = log.moment().position
        raise NotFound(f"The log ends at position {last}; there is no position {position}.", fix=("orch audit trail",))
    return record


def _refuse_latest(record: Record, step: Step, read: ReadSet) -> None:
    """Refuse to erase the text that the next verdict or the handoff rests on; nothing rests on an archived phase."""
    phase = read.phase(phase_of(record.stream) or "")
    document = phase.state.documents[step]
    if document.drafted == record.version and not phase.state.archived:
        name = phase.state.phase
        approved = document.state is StepState.APPROVED
        reopen = (f'orch reopen {name} {step} --reason "a text has to be erased"',) if approved else ()
        raise LatestTextStays(name, step, iteration=document.iteration, fix=(*reopen, hints.draft(name, step)))
