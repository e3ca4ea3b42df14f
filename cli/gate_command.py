"""orch gate: for CI, whether the approved text is exactly what is in the checkout."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Optional

import typer

from adapters.places import places_of
from adapters.workspace import Workspace, receipt_name
from cli.answers import answer
from cli.arguments import PhaseId, StepName
from cli.given import flags
from cli.how_known import CLAIM
from cli.options import Asked, reading
from cli.project import here, opened
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput, NotFound, ReceiptRefused
from domain.phase_ids import checked
from domain.steps import Step
from usecases.gate_answer import GateAnswer, approval, gate_of, refuse_other_text
from usecases.phase_events import approvals_of, phase_then
from usecases.receipts import keep_receipt, pinned

UNSEEN = "a receipt cannot tell whether the approval was withdrawn after it was written"
ByReceipt = Annotated[bool, typer.Option("--receipt", help="Ask the receipt beside the document; needs no store.")]
Keys = Annotated[
    Optional[list[str]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--vkey", metavar="KEY", help="With --receipt: the public key it must be signed with."),
]
KeyFile = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--vkey-file", metavar="FILE", help="With --receipt: a file of such keys, one a line."),
]
Write = Annotated[bool, typer.Option("--write-receipt", help="Write the receipt beside the document, for committing.")]


@reading
def gate(
    asked: Asked,
    phase: PhaseId,
    step: StepName,
    by_receipt: ByReceipt = False,
    vkey: Keys = None,
    vkey_file: KeyFile = None,
    write_receipt: Write = False,
) -> None:
    """Pass only when the text in the checkout is exactly the approved one; for CI. Ticked boxes do not matter.

    Where there is no store, --receipt asks the receipt that was committed beside the document. It proves that the
    text was approved; it cannot tell whether the approval was withdrawn later.

    With --at: whether the text in the checkout was the approved one then.

    Exit 3: it is not, and the command that helps is printed. Exit 4: nobody knows the phase. Exit 6: damage.

    Example: orch gate st01-audio-engine spec

    Next: orch status PHASE
    """
    checked(phase)
    command = f"orch gate {phase} {step} --receipt"
    if by_receipt and write_receipt:
        raise InvalidInput("A receipt is written from the store, or asked instead of it.", fix=(command,))
    if asked.at is not None and (by_receipt or write_receipt):
        raise InvalidInput(
            "A receipt says itself what it is signed for; a moment is asked of the store.",
            fix=(f"orch gate {phase} {step} --at {quote(asked.at)}",),
        )
    if (vkey or vkey_file) and not by_receipt:
        raise InvalidInput("A pinned key goes with --receipt.", fix=(f'{command} --vkey "$ORCH_VKEY"',))
    if by_receipt:
        data = _by_receipt(phase, step, pinned(vkey or [], vkey_file, command=command))
    else:
        data = _by_store(phase, step, asked.at, write_receipt=write_receipt)
    answer("gate", data, as_json=asked.json, show=lambda: _show(data))


def _by_store(phase: str, step: Step, at: str | None, *, write_receipt: bool) -> GateAnswer:
    with opened() as project:
        state, records, now, _ = phase_then(project, phase, at)
        found = gate_of(project, state, records, step, now_us=now)
        if write_receipt:
            document = state.documents[step]
            with project.files.locked(phase):
                file = keep_receipt(project, phase, step, approvals_of(document, records), document)
            return {**found, "receipt_file": file}
        return found


def _by_receipt(phase: str, step: Step, vkeys: list[str]) -> GateAnswer:
    """Ask the receipt in the checkout around the current folder."""
    from adapters.receipts import proven

    start = here()
    root = next((each for each in (start, *start.parents) if (each / "dev" / phase).is_dir()), None)
    if root is None:
        raise NotFound(f"There is no dev/{phase} here or above ({start}).", fix=("orch list",))
    places = places_of(root, flags=flags())
    files = Workspace(places)
    file = files.named(places.phase(phase) / receipt_name(step))
    try:
        data = files.read_receipt(phase, step)
    except InvalidInput as error:
        raise ReceiptRefused(phase, step, why=error.message.rstrip(".")) from None
    if data is None:
        raise ReceiptRefused(phase, step, why=f"{file} is missing")
    found = proven(data, phase=phase, step=step, vkeys=vkeys)
    refuse_other_text(files, phase, step, digest=found.digest, iteration=found.iteration)
    return {
        "phase": phase,
        "step": step.value,
        "iteration": found.iteration,
        "digest": found.digest,
        "document": files.shown(phase, step),
        "approvals": [approval(*each) for each in found.approvals],
        "receipt": {
            "origin": found.checkpoint.origin,
            "size": found.checkpoint.size,
            "signed_by": list(found.signed_by),
            "note": UNSEEN,
        },
        "receipt_file": file,
    }


def _show(data: GateAnswer) -> None:
    said = f"{data['document']} is exactly the approved text of {data['phase']} {data['step']}"
    print(f"{paint('✓', 'green')} {one_line(said)} (iteration {data['iteration']}).")
    print(f"  {paint('digest   ', 'dim')} {clean(data['digest'])}")
    for each in data["approvals"]:
        mark = " (forced)" if each["forced"] else " (own text)" if each["self_approval"] else ""
        known = each["authentication"]
        how = f"known by {one_line(known)}" if known else CLAIM
        by = f"{one_line(each['name'])} ({each['kind']}; {how}){mark}"
        print(f"  {paint('approved ', 'dim')} by {by} at position {each['position']}, {each['recorded_at']}")
    if data["receipt_file"]:
        print(f"  {paint('receipt  ', 'dim')} {clean(data['receipt_file'])}")
    if data["receipt"]:
        print(f"  {paint('signed   ', 'dim')} {', '.join(map(one_line, data['receipt']['signed_by']))}")
        print(paint(f"  {data['receipt']['note']}; who holds the store asks it: orch gate without --receipt", "yellow"))
