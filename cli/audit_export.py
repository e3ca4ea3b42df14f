"""orch audit export: everything an auditor needs, in one file, to check the log on another machine."""

from hashlib import file_digest
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.audit_filters import TIMES
from cli.audit_tiles import Tiles, export_tiles
from cli.options import Asked, plain
from cli.output_file import Yes, output_file, refuse_inside
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput
from projections.counts import counted
from usecases.project import Project
from usecases.trail import Filters

Output = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--output", "-o", metavar="FILE", help="Where the package goes, whole or not at all."),
]
PhaseName = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--phase", metavar="PHASE", help="Only that phase.", autocompletion=phases_known),
]
Since = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--from", metavar="T", help=f"From a time on: {TIMES}."),
]
Until = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--to", metavar="T", help=f"Up to a time: {TIMES}."),
]
Withhold = Annotated[bool, typer.Option("--withhold", help="Leave all free text out; commitments and digests stay.")]
WithholdPhase = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option(
        "--withhold-phase",
        metavar="PHASE",
        help="Leave the free text of that phase out; once for each.",
        autocompletion=phases_known,
    ),
]


@plain
def export(
    asked: Asked,
    output: Output = None,
    phase: PhaseName = None,
    since: Since = None,
    until: Until = None,
    withhold: Withhold = False,
    withhold_phase: WithholdPhase = None,
    tiles: Tiles = None,
    yes: Yes = False,
) -> None:
    """Write an evidence package: events, proofs, checkpoints, keys, documents, a report, and what checks them.

    Signs a checkpoint of the log as it is and proves everything to it. Whoever gets the file unpacks it and runs
    python3 verify.py, which needs neither orch nor anything else that is not in it.

    With --tiles it writes the log's tree as static files instead (C2SP tlog-tiles): every entry with who, what, when,
    digests and commitments, and no free text. Again into the same folder, it adds what is new.

    Example: orch audit export --phase st01-audio-engine -o evidence.zip

    Next: unzip evidence.zip -d evidence && python3 evidence/verify.py
    """
    if tiles is not None:
        if output or phase or since or until or withhold or withhold_phase:
            raise InvalidInput(
                "--tiles writes the whole tree into a folder and takes no other option.",
                fix=(f"orch audit export --tiles {quote(str(tiles))}",),
            )
        return export_tiles(asked, tiles)
    with opened() as project:
        from usecases.evidence_export import exporter as exporter_of

        path = _path(output, project)
        filters = Filters(None, None, phase, None, None, since, until, forced=False)
        exporter = exporter_of(project, filters, withhold=withhold, phases=withhold_phase or [])
        with output_file(path, replace=yes) as file:
            exporter.write(file, path.parent)
    with path.open("rb") as written:
        digest = file_digest(written, "sha256").hexdigest()
    data = {"file": str(path), "bytes": path.stat().st_size, "sha256": digest, **exporter.told()}
    answer("audit.package", data, as_json=asked.json, show=lambda: _show(data))
    return None


def _path(output: str | None, project: Project) -> Path:
    if not output or "\x00" in output:
        raise InvalidInput(
            "Say where the package goes, or where the tree as tiles.",
            fix=("orch audit export -o evidence.zip", "orch audit export --tiles tiles"),
        )
    path = Path(output)
    state = project.places.state
    refuse_inside(path, state)
    return path


def _show(data: dict[str, Any]) -> None:
    counts = data["counts"]
    print(f"{paint('✓', 'green')} {one_line(data['file'])}: {counted(data['bytes'], 'byte')}")
    print(f"  SHA-256    {data['sha256']}")
    print(f"  checkpoint {counted(data['size'], 'event')}, root {data['root']}")
    print(f"  key        {clean(data['key'])}")
    which = "all of them" if data["whole"] else f"{counts['selected']:,} selected, the rest about keys and policy"
    print(f"  events     {counts['events']:,}, {which}")
    print(f"  documents  {counted(counts['documents'], 'iteration')}, {counted(counts['verdicts'], 'verdict')}")
    texts = {"here": counts["texts"], **{state: counts[state] for state in ("withheld", "redacted", "missing")}}
    print(f"  texts      {', '.join(f'{count:,} {state}' for state, count in texts.items() if count)}")
    print("Tell whoever checks it the key by another way: orch audit key show")
