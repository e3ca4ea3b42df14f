"""orch audit verify: check the whole log, and what an auditor holds against it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, one_line, paint
from projections.counts import counted
from usecases.way_out import ways_out

if TYPE_CHECKING:
    from projections.verification import Problem, Verification

Against = Annotated[
    Optional[list[Path]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--against", metavar="FILE", help="A checkpoint that you hold; once for each file."),
]
Vkey = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--vkey", metavar="KEY", help="The verifier key you were given; otherwise those the log names."),
]
FromPosition = Annotated[int, typer.Option("--from-position", metavar="N", min=1, help="Begin there, not at 1.")]
EnvelopesOnly = Annotated[bool, typer.Option("--envelopes-only", help="Leave the free texts out.")]


@plain
def verify(
    asked: Asked,
    against: Against = None,
    vkey: Vkey = None,
    from_position: FromPosition = 1,
    envelopes_only: EnvelopesOnly = False,
) -> None:
    """Check every event, the tree and what is kept beside them; with --against also that nothing was rewritten.

    Exit 0: verified, all of it under a checkpoint you hold. 6: damaged. 7: verified, but not all of it.

    Example: orch audit verify --against held.txt

    Next: orch audit verify --against held.txt
    """
    from usecases.held import notes_in
    from usecases.verification import verification
    from usecases.verifying import Options

    options = Options(from_position, envelopes_only)
    with opened() as project:
        found = verification(project, notes_in(against or []), vkey or [], options)
        in_database = project.places.database is not None
    answer("audit.verification", found, as_json=asked.json, show=lambda: _show(found, in_database=in_database))
    raise typer.Exit(exits.VERDICT[found["verdict"]])


COLOURS = {"verified": "green", "incomplete": "yellow", "damaged": "red"}
SAYS = {
    "verified": "verified: all of it, and all of it under a checkpoint you hold",
    "incomplete": "what was checked holds; not everything is proved",
    "damaged": "damaged: do not trust this store",
}
SHOWN = 10


def _show(found: "Verification", *, in_database: bool) -> None:
    mark = "✗" if found["verdict"] == "damaged" else "✓"
    print(f"{paint(mark, COLOURS[found['verdict']])} {SAYS[found['verdict']]}")
    print(f"  log        {clean(found['origin'])}")
    print(f"  range      {_span(found['range']['first'], found['range']['last'])}")
    texts = f"{counted(found['payloads'], 'text')}, {counted(found['commands'], 'command')}"
    print(f"  checked    {counted(found['events'], 'event')}, {texts}")
    print(f"  root       {found['root']}")
    for key in found["keys"]:
        print(f"  key        {one_line(key)}")
    for one in found["checkpoints"]:
        size = "nobody known signed it" if one["size"] is None else counted(one["size"], "event")
        print(f"  checkpoint {'holds' if one['holds'] else 'does not hold'}: {one_line(one['file'])} ({size})")
    if found["first_problem"] is not None:
        _show_problems(found, in_database=in_database)
    print()
    for sentence in found["not_proved"]:
        print(f"  not proved: {sentence}")
    _show_documents(found)


def _show_problems(found: "Verification", *, in_database: bool) -> None:
    first = found["first_problem"]
    others = [problem for problem in found["problems"] if problem != first]
    print()
    for problem in ([first] if first else []) + others[: SHOWN - 1]:
        print(f"  {_place(problem)}: {problem['what']}")
        print(f"      expected {one_line(problem['expected'] or '—')}")
        print(f"      found    {one_line(problem['found'] or '—')}")
    for line in ways_out(found["problems"], found["problem_counts"].keys(), in_database=in_database):
        print(f"  → {one_line(line)}")
    counts = ", ".join(f"{count} × {what}" for what, count in sorted(found["problem_counts"].items()))
    print(f"  in all: {counts}")


def _place(problem: "Problem") -> str:
    return "the log" if problem["position"] is None else f"position {problem['position']}"


def _show_documents(found: "Verification") -> None:
    documents = found["documents"]
    print()
    if sum(other["state"] == "missing" for other in documents["other"]) == documents["checked"] > 1:
        print(f"  documents on disk: none; {documents['checked']} are recorded")
        return
    print(f"  documents on disk: {documents['checked']} looked at, {len(documents['other'])} not as recorded")
    for other in documents["other"]:
        print(f"      {one_line(other['document'])} {other['state']}")


def _span(first: int, last: int) -> str:
    return f"position {first}" if first == last else f"positions {first} to {last}"
