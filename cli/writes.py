"""How every write is carried out and answered."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from cli.answers import answer
from cli.how_known import how_known
from cli.options import Asked
from cli.screen import clean, one_line, paint
from cli.style import Style, style
from domain.phase_ids import PREFIX
from domain.steps import Step
from usecases.project import Project
from usecases.receipts import ReceiptAfter
from usecases.signing import SignedAfter
from usecases.writes import Written, told, written

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.event_log import Receipt


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

    As `written`, which says what the words mean.
    """
    done = written(project, phase, command, writes=writes, occasion=occasion, boxes=boxes, judged=judged)
    report(project, asked, done.receipt, phase=phase, writes=writes, signed=done.signed, proof=done.proof)


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
    kind: str = "command.outcome",
    beside_it: Mapping[str, Any] | None = None,
    aside: bool = False,
) -> None:
    """Answer with what the command's own events say, so that repeating it gives the same answer.

    `also` are more lines for people, each with its name; `then` is what to type next, where that is known.
    `beside_it` is what an answer of another `kind` says beside the outcome. `aside` leaves stdout to the one thing that
    a script takes from there: what people read goes to stderr.
    """
    data = told(project, Written(receipt, signed, proof), phase=phase, writes=writes)
    if receipt.repeated:
        print("This command id was recorded before; nothing was written now.", file=sys.stderr)
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
        kind,
        {**data, **(beside_it or {})},
        as_json=asked.json,
        show=lambda: _show(project, data, phase, also, then, stream=sys.stderr if aside else sys.stdout),
    )


def _show(
    project: Project,
    result: Any,
    phase: str | None,
    also: Sequence[tuple[str, str]],
    then: str | None,
    *,
    stream: TextIO,
) -> None:
    from projections.outcomes import sentence

    chosen = style()
    done = f"{paint('✓', 'green', stream=stream)} {one_line(sentence(result))}"
    if chosen is Style.TERSE:
        print(f"{done} (position {result['position']})", file=stream)
        return
    print(done, file=stream)
    actor = result["actor"]
    claim = f"; {how_known(project)}" if chosen is Style.FRIENDLY else ""
    lines = [
        ("document", result["document"]),
        ("digest", result["digest"]),
        ("by", f"{one_line(actor['name'])} ({actor['kind']}{claim})"),
        ("recorded", f"position {result['position']} at {result['recorded_at']}"),
        ("command", result["command_id"]),
        *also,
    ]
    for name, value in lines:
        if value:
            print(f"  {paint(f'{name:<9}', 'dim', stream=stream)} {clean(value)}", file=stream)
    about_tasks = bool(result["tasks"] or result["reopened_tasks"])
    onward = [then] if then else _next(project, phase, about_tasks=about_tasks)
    for line in onward if chosen is Style.FRIENDLY else onward[:1]:
        print(f"  {paint('next     ', 'dim', stream=stream)} {clean(line)}", file=stream)


def _next(project: Project, phase: str | None, *, about_tasks: bool) -> list[str]:
    """Return what to type next: for the tasks of a phase, for the phase, or for a project without one."""
    if phase and about_tasks:
        from usecases.task_list import next_for_tasks

        onward = next_for_tasks(project, phase)
        if onward:
            return onward
    if phase:
        from usecases.status import next_commands

        return next_commands(project, phase)
    if project.log.heads_below(PREFIX)[1]:
        return ["orch next"]
    return ['orch spec st01-first-phase --objectives "what it must achieve"']
