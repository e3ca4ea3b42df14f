"""orch audit verify: check the whole log, and what an auditor holds against it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, one_line, paint
from cli.way_out import way_out
from domain.errors import Damaged, InvalidInput, NotFound
from projections.counts import counted
from usecases.project import Project

if TYPE_CHECKING:
    from cli.verifying import Options
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
    from cli.verifying import Options

    options = Options(from_position, envelopes_only)
    with opened() as project:
        found = verification(project, against or [], vkey or [], options)
    answer("audit.verification", found, as_json=asked.json, show=lambda: _show(found))
    raise typer.Exit(exits.VERDICT[found["verdict"]])


def verification(project: Project, files: list[Path], vkeys: list[str], options: "Options") -> "Verification":
    """Verify a project, and what an auditor holds against it."""
    from adapters.signed_notes import VerifierKey
    from cli.documents_on_disk import documents_on_disk
    from cli.held import held, kept, notes_in
    from cli.progress import Progress
    from cli.verifying import Verifier
    from projections.verification import AbandonedRange, Coverage, Findings, gaps, limits, verdict_of

    first = options.first
    notes = notes_in(files)
    for key in vkeys:
        VerifierKey.parse(key)
    findings = Findings()
    verifier = Verifier(project.log, findings, options, address=None if project.far else project.places.address)
    if first > max(1, verifier.size):
        raise NotFound(
            f"The log ends at position {verifier.size}; there is no position {first}.", fix=("orch audit verify",)
        )
    keys = vkeys or _keys(project)
    left: list[AbandonedRange] = []
    lineage = verifier.forks.lineage
    good, bad = held(notes, keys, origin=project.log.origin, findings=findings, lineage=lineage, abandoned=left)
    files_here = project.checkpoints
    own = kept(files_here, _keys(project), origin=project.log.origin, lineage=lineage, findings=findings)
    with Progress(verifier.size - first + 1) as progress:
        verifier.run([one.checkpoint.size for one in (*good, *own)], done=progress.advance)
    told = [(one, verifier.hold(one)) for one in good]
    kept_ones = [verifier.hold(one) for one in own]
    covered = max((one.checkpoint.size for one, holds in told if holds), default=0)
    rows, size = verifier.rows, verifier.size
    coverage = Coverage(first, size, options.envelopes_only, rows.erased, covered, own_keys=not vkeys, abandoned=left)
    coverage = coverage._replace(carried=verifier.redacted.carried, given=len(notes))
    return {
        "verdict": verdict_of(findings, coverage),
        "origin": project.log.origin,
        "range": {"first": first, "last": size},
        "size": size,
        "root": verifier.root.hex(),
        "events": rows.events,
        "payloads": rows.payloads,
        "erased": rows.erased,
        "commands": verifier.commands.count,
        "streams": len(rows.last),
        "keys": keys,
        "checkpoints": [*(one.told(holds=holds) for one, holds in told), *bad],
        "covered": covered,
        "kept_checkpoints": len(kept_ones),
        "abandoned": left,
        "first_problem": findings.first,
        "problems": findings.problems,
        "problem_counts": dict(findings.counts),
        "not_proved": [*gaps(coverage), *limits(coverage)],
        "documents": documents_on_disk(project.files, verifier.kept.heads or {}, project.log),
    }


def _keys(project: Project) -> list[str]:
    """Return the keys that the log itself names, without those that are none."""
    from adapters.signed_notes import VerifierKey
    from usecases.signed_head import keys_of

    found = []
    try:
        keys = keys_of(project)
        for key in (keys.current, *keys.replaced):
            VerifierKey.parse(str(key))
            found.append(key)
    except (Damaged, NotFound, InvalidInput):  # the verification itself finds out what is wrong with the heads
        pass
    return found


COLOURS = {"verified": "green", "incomplete": "yellow", "damaged": "red"}
SAYS = {
    "verified": "verified: all of it, and all of it under a checkpoint you hold",
    "incomplete": "what was checked holds; not everything is proved",
    "damaged": "damaged: do not trust this store",
}
SHOWN = 10


def _show(found: "Verification") -> None:
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
        _show_problems(found)
    print()
    for sentence in found["not_proved"]:
        print(f"  not proved: {sentence}")
    _show_documents(found)


def _show_problems(found: "Verification") -> None:
    first = found["first_problem"]
    others = [problem for problem in found["problems"] if problem != first]
    print()
    for problem in ([first] if first else []) + others[: SHOWN - 1]:
        print(f"  {_place(problem)}: {problem['what']}")
        print(f"      expected {one_line(problem['expected'] or '—')}")
        print(f"      found    {one_line(problem['found'] or '—')}")
    print(f"  → {way_out(found['problem_counts'].keys())}")
    counts = ", ".join(f"{count} × {what}" for what, count in sorted(found["problem_counts"].items()))
    print(f"  in all: {counts}")


def _place(problem: "Problem") -> str:
    return "the log" if problem["position"] is None else f"position {problem['position']}"


def _show_documents(found: "Verification") -> None:
    documents = found["documents"]
    print()
    print(f"  documents on disk: {documents['checked']} looked at, {len(documents['other'])} not as recorded")
    for other in documents["other"]:
        print(f"      {one_line(other['document'])} {other['state']}")


def _span(first: int, last: int) -> str:
    return f"position {first}" if first == last else f"positions {first} to {last}"
