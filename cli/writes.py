"""How every write goes: lock the files, pass the gate, handle the command, publish, answer."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cli.answers import answer
from cli.gate import is_edited
from cli.options import Asked
from cli.project import Project
from cli.publish import publish
from cli.receipts import ReceiptAfter, receipt_after, wanted_after
from cli.screen import clean, one_line, paint
from cli.signing import SignedAfter, signed_after, signing_after
from cli.style import Style, style
from domain.errors import FilesUnavailable
from domain.phase_ids import PREFIX, checked
from domain.steps import Step

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.event_log import Receipt
    from projections.outcomes import Outcome


def carry_out(
    project: Project,
    asked: Asked,
    phase: str,
    command: "Callable[[], Command]",
    *,
    writes: Step | None = None,
    occasion: str | None = None,
    boxes: Sequence[str] = (),
    judged: Step | None = None,
) -> None:
    """Handle one command about a phase while holding its files, then publish and answer.

    As `recorded`, which says what the words mean; `judged` names the step that may be approved now.
    """
    with_receipt = judged is not None and wanted_after(project)
    receipt, signed = recorded(project, phase, command, writes=writes, occasion=occasion, boxes=boxes)
    proof = None
    if with_receipt and judged is not None:
        with project.files.locked(phase):
            proof = receipt_after(project, phase, judged)
    report(project, asked, receipt, phase=phase, writes=writes, signed=signed, proof=proof)


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
    checked(phase)
    signing = signing_after(project, occasion) if occasion else None  # settings that are wrong are refused before
    with project.files.locked(phase):
        receipt = project.handle(command())
        # A repeated command passed no gate: a text edited since stays where it is.
        edited = receipt.repeated and writes is not None and is_edited(project, phase, writes)
        try:
            publish(project, phase, None if edited else writes, boxes=boxes)
        except FilesUnavailable as error:
            error.message = f"This was recorded at position {receipt.last}, but its files are behind: {error.message}"
            raise
    return receipt, signed_after(project, receipt, signing) if signing else None


def report(
    project: Project,
    asked: Asked,
    receipt: "Receipt",
    *,
    phase: str | None = None,
    writes: Step | None = None,
    signed: SignedAfter | None = None,
    proof: ReceiptAfter | None = None,
    also: Sequence[tuple[str, str]] = (),
    then: str | None = None,
) -> None:
    """Answer with what the command's own events say, so that repeating it gives the same answer.

    `also` are more lines for people, each with its name; `then` is what to type next, where that is known.
    """
    from adapters.codec import decode
    from projections.outcomes import outcome

    records = list(project.log.records(receipt.first, receipt.last))
    result = outcome([(record, decode(record)) for record in records])
    if receipt.repeated:
        print("This command id was recorded before; nothing was written now.", file=sys.stderr)
    document = project.files.shown(phase, writes) if phase and writes else None
    data = {**result, "document": document, "checkpoint": signed, "receipt": proof}
    for beside in (signed, proof):
        if beside and beside["warning"]:
            print(paint(f"! {one_line(beside['warning'])}", "yellow", stream=sys.stderr), file=sys.stderr)
            for line in beside["fix"]:
                print(f"  → {clean(line)}", file=sys.stderr)
    if proof and proof["file"]:
        also = (*also, ("receipt", one_line(proof["file"])))
    if signed:
        files = ("signed", signed["file"]), ("anchored", signed["anchor"])
        also = (*also, *((name, one_line(file)) for name, file in files if file))
    answer(
        "command.outcome", data, as_json=asked.json, show=lambda: _show(project, result, phase, document, also, then)
    )


def _show(
    project: Project,
    result: "Outcome",
    phase: str | None,
    document: str | None,
    also: Sequence[tuple[str, str]],
    then: str | None,
) -> None:
    from projections.outcomes import sentence

    chosen = style()
    done = f"{paint('✓', 'green')} {one_line(sentence(result))}"
    if chosen is Style.TERSE:
        print(f"{done} (position {result['position']})")
        return
    print(done)
    actor = result["actor"]
    claim = "; a local name is a claim, not a proof" if chosen is Style.FRIENDLY else ""
    lines = [
        ("document", document),
        ("digest", result["digest"]),
        ("by", f"{one_line(actor['name'])} ({actor['kind']}{claim})"),
        ("recorded", f"position {result['position']} at {result['recorded_at']}"),
        ("command", result["command_id"]),
        *also,
    ]
    for name, value in lines:
        if value:
            print(f"  {paint(f'{name:<9}', 'dim')} {clean(value)}")
    about_tasks = bool(result["tasks"] or result["reopened_tasks"])
    onward = [then] if then else _next(project, phase, about_tasks=about_tasks)
    for line in onward if chosen is Style.FRIENDLY else onward[:1]:
        print(f"  {paint('next     ', 'dim')} {clean(line)}")


def _next(project: Project, phase: str | None, *, about_tasks: bool) -> list[str]:
    """Return what to type next: for the tasks of a phase, for the phase, or for a project without one."""
    if phase and about_tasks:
        from cli.task_list import next_for_tasks

        onward = next_for_tasks(project, phase)
        if onward:
            return onward
    if phase:
        from cli.status import next_commands

        return next_commands(project, phase)
    if project.log.heads_below(PREFIX)[1]:
        return ["orch next"]
    return ['orch spec st01-first-phase --objectives "what it must achieve"']
