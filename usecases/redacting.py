"""Erase the free text of an event for good, and what of it lies in the project's own files."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import CommandIdReused, Unavailable
from domain.phase_ids import phase_of
from usecases.project import Project
from usecases.redaction_answers import RedactionAnswer
from usecases.redaction_copies import Copies, beyond_reach, remove_copies, remove_derived

if TYPE_CHECKING:
    from domain.commands import Meta
    from domain.event_log import Receipt, Record
    from projections.outcomes import Outcome
    from projections.redactions import ErasedText
    from projections.same_text import SameText


def redacted(project: Project, meta: "Meta", position: int, reason: str) -> "tuple[Receipt, RedactionAnswer]":
    """Erase a text, or finish what an earlier command began; return what was recorded and what is left to be done."""
    record = next(project.log.records(position, position), None)
    with _held(project, record):
        receipt = _recorded(project, meta, position, reason)
        result = _outcome(project, receipt)
        if record is None or result["redacted"] != position:  # the id of another command, whose fingerprint is gone
            raise CommandIdReused(meta.command_id)
        still_there = _still_there(project, record, reason)
        copies = _without_copies(project, record, receipt)
    _scrub(project, receipt)
    found: RedactionAnswer = {
        **result,
        "erased": what(record),
        "removed": copies.removed,
        "still_there": still_there,
        "out_of_reach": copies.out_of_reach,
    }
    return receipt, found


@contextmanager
def _held(project: Project, record: "Record | None") -> Iterator[None]:
    """Hold the files of the phase that an event belongs to, if it does."""
    phase = phase_of(record.stream) if record is not None else None
    if phase is None:
        yield
        return
    with project.files.locked(phase):
        yield


def _recorded(project: Project, meta: "Meta", position: int, reason: str) -> "Receipt":
    """Record the redaction, or find the one that was recorded before: what is left of the text may still have to go."""
    from domain.commands import RedactPayload
    from usecases.reads import redactions_in

    before = redactions_in(project).get(position)
    if before is not None and project.log.receipt(meta.command_id) is None:
        made = next(project.log.records(before["position"], before["position"]))
        known = project.log.receipt(made.command_id)
        if known is not None:
            return known[0]
    return project.handle(RedactPayload(meta, position, reason))


def _still_there(project: Project, record: "Record", reason: str) -> "list[SameText] | None":
    """Look for the erased text in all that was said about the same phase."""
    from adapters.envelope import told
    from projections.same_text import pieces_of, same_text

    if record.payload is None:
        return None
    gone = told(record)
    quoted = project.log.told([(record.stream, version) for version in gone.facts.get("answers", ())])
    pieces = pieces_of([each.texts for each in (gone, *quoted.values()) if each.texts is not None])
    happenings = (told(other) for other in project.log.stream(record.stream))
    return list(same_text(pieces, happenings, erased=record.position, reason=shlex.quote(reason)))


def _without_copies(project: Project, record: "Record", receipt: "Receipt") -> Copies:
    from adapters.envelope import told

    phase = phase_of(record.stream)
    try:
        if phase is None:
            removed = [project.files.named(path) for path in remove_derived(project, record.position)]
            return Copies(removed, beyond_reach(project, None, record.position))
        return remove_copies(project, phase, told(record), record.position)
    except Unavailable as error:
        error.message = f"The redaction is recorded at position {receipt.last}, but copies are left: {error.message}"
        raise


def _scrub(project: Project, receipt: "Receipt") -> None:
    if project.far is not None:  # done there, before it answered
        return
    try:
        project.log.scrub()
    except Unavailable as error:
        error.message = f"The redaction is recorded at position {receipt.last}, but not finished: {error.message}"
        raise


def _outcome(project: Project, receipt: "Receipt") -> "Outcome":
    from adapters.codec import decode
    from projections.outcomes import outcome

    return outcome([(record, decode(record)) for record in project.log.records(receipt.first, receipt.last)])


def what(record: "Record") -> "ErasedText":
    """Return what is erased with the text of an event."""
    from adapters.envelope import envelope_of, told
    from projections.redactions import erased_text

    size = (envelope_of(record).get("payload") or {}).get("size", 0)
    return erased_text(told(record), stream=record.stream, phase=phase_of(record.stream), size=size)
