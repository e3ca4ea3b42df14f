"""How every write goes: lock the files, pass the gate, handle the command, publish, and say what was recorded."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.errors import FilesUnavailable
from domain.phase_ids import checked
from domain.steps import Step
from usecases.gate import is_edited
from usecases.project import Project
from usecases.publish import publish
from usecases.receipts import ReceiptAfter, receipt_after, wanted_after
from usecases.signing import SignedAfter, signed_after, signing_after

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.event_log import Receipt, Record


class Written(NamedTuple):
    """What was recorded, and what was signed and proven after it."""

    receipt: "Receipt"
    signed: SignedAfter | None = None
    proof: ReceiptAfter | None = None


def written(
    project: Project,
    phase: str,
    command: "Callable[[], Command]",
    *,
    writes: Step | None = None,
    occasion: str | None = None,
    boxes: Sequence[str] = (),
    judged: Step | None = None,
) -> Written:
    """Handle one command about a phase while holding its files, publish, sign and prove.

    As `recorded`, which says what the words mean; `judged` names the step that may be approved now.
    """
    with_receipt = judged is not None and wanted_after(project)
    done = _done(project, phase, command, writes=writes, occasion=occasion, boxes=boxes)
    proof = done.proof
    if judged is not None and project.files.keeps and (with_receipt or (proof and proof["file"])):
        with project.files.locked(phase):
            proof = receipt_after(project, phase, judged)
    return done._replace(proof=proof)


def recorded(
    project: Project,
    phase: str,
    command: "Callable[[], Command]",
    *,
    writes: Step | None = None,
    occasion: str | None = None,
    boxes: Sequence[str] = (),
) -> "tuple[Receipt, SignedAfter | None]":
    """Handle one command about a phase while holding its files, then publish; return what was recorded and signed.

    `command` is called under the lock, so that the gate it passes still holds when the command is decided.
    `writes` names the step whose text the command may have changed, `occasion` what a checkpoint may be signed after,
    `boxes` the tasks whose boxes on disk are to say what the log says now.
    """
    done = _done(project, phase, command, writes=writes, occasion=occasion, boxes=boxes)
    return done.receipt, done.signed


def _done(
    project: Project,
    phase: str,
    command: "Callable[[], Command]",
    *,
    writes: Step | None,
    occasion: str | None,
    boxes: Sequence[str],
) -> Written:
    checked(phase)
    far = project.far is not None  # then what is signed and proven after it is the service's affair
    # settings that are wrong are refused before anything is recorded
    signing = signing_after(project, occasion) if occasion and not far else None
    with project.files.locked(phase):
        receipt, answered = project.decide(command())
        # A repeated command passed no gate: a text edited since stays where it is.
        edited = receipt.repeated and writes is not None and is_edited(project, phase, writes)
        try:
            publish(project, phase, None if edited else writes, boxes=boxes)
        except FilesUnavailable as error:
            error.message = f"This was recorded at position {receipt.last}, but its files are behind: {error.message}"
            raise
    if far:
        return Written(receipt, answered.get("checkpoint"), answered.get("receipt"))
    return Written(receipt, signed_after(project, receipt, signing) if signing else None)


def told(project: Project, done: Written, *, phase: str | None = None, writes: Step | None = None) -> dict[str, Any]:
    """Return what the command's own events say, so that repeating it gives the same answer: `command.outcome`."""
    return told_by(project, done, events_of(project, done.receipt), phase=phase, writes=writes)


def events_of(project: Project, receipt: "Receipt") -> "Sequence[Record]":
    """Return the events of a command."""
    return list(project.log.records(receipt.first, receipt.last))


def told_by(
    project: Project, done: Written, records: "Sequence[Record]", *, phase: str | None, writes: Step | None
) -> dict[str, Any]:
    """Return the same where the command's events have been read already."""
    from adapters.codec import decode
    from projections.outcomes import outcome

    result = outcome([(record, decode(record)) for record in records])
    document = project.files.shown(phase, writes) if phase and writes and project.files.keeps else None
    return {**result, "document": document, "checkpoint": done.signed, "receipt": done.proof}
