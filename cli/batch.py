"""orch batch: one command for many phases."""

import sys
from typing import Annotated, TypedDict

import typer

from adapters.places import find
from adapters.settings_file import settings_of
from cli import exits
from cli.answers import StoppedAndAnswered, answer
from cli.batch_phases import phases_of
from cli.batch_run import BatchRow, Ran, run_all
from cli.batch_words import template_of
from cli.given import flags
from cli.options import Asked, writing
from cli.project import here, opened
from cli.screen import one_line, paint
from domain.phase_ids import PREFIX

Phases = Annotated[
    str, typer.Option("--phases", metavar="LIST", help="st01-x,st02-y; @FILE; - for standard input; or all.")
]
CommandLine = Annotated[
    str, typer.Option("--command", metavar="LINE", help="A command without its PHASE; {} where that is not first.")
]
Parallel = Annotated[bool, typer.Option("--parallel", help="Several at a time; commits to the log are shared.")]


class BatchAnswer(TypedDict):
    """What happened to each phase, in the order they were named; `stopped` when Ctrl-C came before the end."""

    command: str
    succeeded: int
    failed: int
    not_started: int
    stopped: bool
    rows: list[BatchRow]


@writing
def batch(asked: Asked, phases: Phases, command: CommandLine, parallel: Parallel = False) -> None:
    """Run one command for many phases. One that fails does not stop the others.

    The command is any that takes a PHASE, written without it: "status", "approve spec", "request plan",
    "research --from known.yaml". Options about the actor go behind orch batch. Ctrl-C lets the commands finish that
    are under way and starts no more.

    Exit 0: all succeeded. Otherwise the gravest status of a phase; the answer names each. 130: stopped by Ctrl-C.

    Example: orch batch --phases all --command "status" --json

    Next: orch list
    """
    template = template_of(command)
    named = phases_of(phases, stdin=sys.stdin.buffer, known=_all)
    at_once = _at_once() if parallel else 1
    kind = asked.actor_kind or ("human" if sys.stdin.isatty() and sys.stdout.isatty() else None)
    asked = asked._replace(actor_kind=kind)
    ran, stopped = run_all(
        named,
        lambda phase: template.for_phase(phase, asked, as_json=asked.json),
        as_json=asked.json,
        at_once=at_once,
    )
    rows = [each.row for each in ran]
    data: BatchAnswer = {
        "command": command,
        "succeeded": sum(row["ok"] for row in rows),
        "failed": sum(not row["ok"] and row["exit"] is not None for row in rows),
        "not_started": sum(row["exit"] is None for row in rows),
        "stopped": stopped,
        "rows": rows,
    }
    answer("batch", data, as_json=asked.json, show=lambda: _show(data, ran))
    if stopped:
        raise StoppedAndAnswered
    status = exits.gravest([row["exit"] or exits.DONE for row in rows])
    if status:
        raise typer.Exit(status)


def _at_once() -> int:
    """Return how many may run at a time. Commits are shared: many threads cost the disk little more than one.

    No more than may wait to be recorded, or some would be refused.
    """
    places = find(here(), flags=flags())
    values = settings_of(["max_concurrent", "operation_queue_size"], places.settings, flags=flags())
    return min(int(str(value.value)) for value in values.values())


def _all() -> list[str]:
    """Return every phase of the log."""
    with opened() as project:
        return [stream.removeprefix(PREFIX) for stream in project.log.heads_below(PREFIX)[1]]


def _show(data: BatchAnswer, ran: list[Ran]) -> None:
    for each in ran:
        row = each.row
        mark = paint("✓", "green") if row["ok"] else paint("–", "dim") if row["exit"] is None else paint("✗", "red")
        print(f"{mark} {paint(one_line(row['phase']), 'bold')}" + (f"  exit {row['exit']}" if row["exit"] else ""))
        for line in (each.said.out + each.said.err).splitlines():
            print(f"    {line}".rstrip())
    counts = [f"{data['succeeded']} succeeded", f"{data['failed']} failed"]
    counts += [f"{data['not_started']} not started"] if data["not_started"] else []
    print(", ".join(counts))
