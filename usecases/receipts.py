"""Receipts beside the documents: written where the store is, checked where it is not."""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from adapters.workspace import receipt_name
from domain.errors import FilesUnavailable, InvalidInput, ReceiptRefused, Refusal
from domain.steps import Step, StepState
from usecases.phase_events import approvals_of, folded_phase, phase_then
from usecases.project import Project

if TYPE_CHECKING:
    from domain.documents import Document
    from domain.event_log import Record

SHOW = ("orch audit key show",)
LARGEST = 64 * 1024


class ReceiptAfter(TypedDict):
    """The receipt written after an approval; `warning` says what failed, `fix` how to do it again."""

    file: str | None
    warning: str | None
    fix: list[str]


def wanted_after(project: Project) -> bool:
    """Tell whether the settings ask for a receipt of every approval. Raises `InvalidInput`."""
    from adapters.settings_file import settings_of

    (value,) = settings_of(("receipts.write",), project.places.settings, flags=project.given).values()
    return value.value is True


def receipt_after(project: Project, phase: str, step: Step) -> ReceiptAfter | None:
    """Write the receipt of an approval that was just recorded; None while more approvals are needed.

    Call it while holding the files' lock. The verdict stands in any case.
    """
    try:
        state, records = folded_phase(project, phase)
        document = state.documents[step]
        if document.state is not StepState.APPROVED or document.claimed or document.under_glass:
            return None
        file = keep_receipt(project, phase, step, approvals_of(document, records), document)
    except (Refusal, OSError) as error:
        why = error.message if isinstance(error, Refusal) else f"{error.filename}: {error.strerror}."
        warning = f"This was recorded, but its receipt could not be written: {why}"
        return {"file": None, "warning": warning, "fix": [f"orch gate {phase} {step} --write-receipt"]}
    return {"file": file, "warning": None, "fix": []}


def receipt_of(project: Project, phase: str, step: Step, at: str | None = None) -> bytes:
    """Return the receipt of the approval in force; nothing is written beside the documents.

    That of a moment is signed for the log as it was by then: nobody can take it for one of now.
    """
    from projections.gate import approved

    state, records, now, size = phase_then(project, phase, at)
    return _made(project, approvals_of(approved(state, step, now_us=now), records), size)


def keep_receipt(project: Project, phase: str, step: Step, approvals: "list[Record]", document: "Document") -> str:
    """Make sure that the receipt of an approval lies beside its document, and return its path as people name it.

    One that proves this very approval already stays as it is: a later checkpoint would only be noise in git.
    """
    from adapters.receipts import proven
    from usecases.signed_head import keys_of

    name = receipt_name(step)
    shown = project.files.named(project.places.phase(phase) / name)
    try:
        there = project.files.read_receipt(phase, step)
        known = proven(there, phase=phase, step=step, vkeys=[keys_of(project).current]) if there else None
    except (ReceiptRefused, InvalidInput):
        known = None
    same = known is not None and [said.position for said in known.approvals] == [each.position for each in approvals]
    if not same or known is None or known.digest != document.digest:
        project.files.write(phase, name, _made(project, approvals).decode())
    return shown


def _made(project: Project, approvals: "list[Record]", size: int | None = None) -> bytes:
    from adapters.envelope import entry_of
    from adapters.receipts import Proof, written
    from domain.proofs import inclusion_proof
    from domain.tree_ranges import range_root_of
    from usecases.signed_head import signed_head

    head = signed_head(project, size)
    range_root = range_root_of(project.log)
    proofs = [
        Proof(
            record.position - 1,
            entry_of(record.position, record.recorded_at, record.clock, record.envelope),
            inclusion_proof(record.position - 1, head.size, range_root),
        )
        for record in approvals
    ]
    if size is None:
        project.checkpoints.keep(head.size, head.note)
    return written(proofs, head.note)


def pinned(vkeys: list[str], file: Path | None, *, command: str) -> list[str]:
    """Return the keys that a receipt has to be signed with, from the command line and from a file with one a line."""
    keys = list(vkeys)
    if file is not None:
        try:
            with file.open("rb") as opened:
                lines = opened.read(LARGEST).decode().splitlines()
        except OSError as error:
            raise FilesUnavailable(f"{file}: {error.strerror}.") from error
        except ValueError:
            raise InvalidInput(f"{file} is not a file of verifier keys, one a line.", fix=SHOW) from None
        keys += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not keys:
        raise InvalidInput(
            "A receipt is checked with the public key of the project, pinned outside of what is checked.",
            fix=(*SHOW, f'{command} --vkey "$ORCH_VKEY"'),
        )
    from adapters.signed_notes import VerifierKey

    for key in keys:
        VerifierKey.parse(key)
    return keys
