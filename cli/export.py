"""orch export: the state and the documents of phases, in one file."""

from pathlib import Path
from typing import Annotated, Optional, TypedDict

import typer

from cli.answers import answer, answer_in_pieces
from cli.arguments import phases_known
from cli.options import Asked, reading
from cli.output_file import Output, Yes, refuse_inside, refuse_nameless, write_whole
from cli.project import opened
from cli.screen import clean, one_line
from domain.errors import InvalidInput
from projections.counts import counted
from usecases.export import export as exported_from
from usecases.export_formats import SUFFIXES, ExportFormat, written

Phases = Annotated[
    Optional[list[str]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[PHASE]...", help="Phases; without one, all of them.", autocompletion=phases_known),
]
FormatName = Annotated[
    Optional[ExportFormat],  # noqa: UP045  # as above
    typer.Option("--format", help="json, yaml, md or csv; otherwise by the name of the file, or json."),
]


class ExportFile(TypedDict):
    """The file that was written, and the SHA-256 of its bytes."""

    file: str
    format: ExportFormat
    phases: int
    bytes: int
    sha256: str


@reading
def export(
    asked: Asked, phases: Phases = None, form: FormatName = None, output: Output = None, yes: Yes = False
) -> None:
    """Write the state and the documents of phases: as JSON, YAML, one Markdown file, or CSV with a row per step.

    The same log gives the same bytes; requests for approval are held against the time of the last event, not the clock.
    A text that was erased is said to be. JSON is as orch schema show export says, and YAML has the same content.

    Example: orch export --format md -o phases.md

    Next: orch schema check export FILE
    """
    form = _form(asked, form, output)
    with opened() as project:
        data = exported_from(project, phases or (), asked.at)
        text = written(data, form)
        if output is None:
            # The exact bytes go into a file: whatever a document holds, it does not move the cursor of a screen.
            answer_in_pieces([clean(text) if form is ExportFormat.MARKDOWN else text])
            return
        refuse_inside(Path(output), project.places.state)
        made = write_whole(Path(output), text.encode(), replace=yes)
    told: ExportFile = {
        "file": output,
        "format": form,
        "phases": len(data["phases"]),
        "bytes": made.bytes,
        "sha256": made.sha256,
    }
    answer("export.file", told, as_json=asked.json, show=lambda: _show(told))


def _form(asked: Asked, form: ExportFormat | None, output: str | None) -> ExportFormat:
    refuse_nameless(output)
    if output is None and asked.json and form not in (None, ExportFormat.JSON):
        raise InvalidInput(f"--json and --format {form} are two forms; leave one out, or name a file with -o.")
    return form or ExportFormat(SUFFIXES.get(Path(output or "").suffix.lower(), "json"))


def _show(told: ExportFile) -> None:
    print(f"{one_line(told['file'])}: {counted(told['phases'], 'phase')}, {counted(told['bytes'], 'byte')}")
    print(f"SHA-256 {told['sha256']}")
