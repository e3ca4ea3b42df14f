"""orch import: take over phases of the predecessor, spec-kit, OpenSpec or Kiro; only shown unless --yes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli import exits
from cli.answers import answer
from cli.options import ActorKindName, ActorName, Asked, plain
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from usecases.import_planning import ImportEvent
    from usecases.importing import ImportAnswer, ImportedPhase

DIR = Annotated[Path, typer.Argument(metavar="DIR", help="The folder: a repository, or one that holds phases.")]
Names = Annotated[
    Optional[list[str]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--phase", metavar="OLD=NEW", help="The name here of a phase there; give it once for every phase."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Record it; without, it is only said what would be recorded.")]


@plain
def import_folder(
    asked: Asked,
    folder: DIR,
    names: Names = None,
    yes: Yes = False,
    actor: ActorName = None,
    actor_kind: ActorKindName = None,
) -> None:
    """Import phases made by the predecessor, spec-kit, OpenSpec or Kiro; says what it would record unless --yes.

    What they claim is recorded as a claim: their approvals are no verdicts here. Importing again adds what is new.

    Example: orch import legacy --yes

    Next: orch status PHASE
    """
    from usecases.importing import imported

    asked = asked._replace(actor=actor, actor_kind=actor_kind)
    chosen = _names(names or (), folder)
    with opened(to_write=yes) as project:
        place = str(folder.resolve())
        data = imported(project, project.meta(asked), folder, chosen, place=place, called=str(folder), yes=yes)
    answer("import", data, as_json=asked.json, show=lambda: _show(data, folder, names or ()))
    if any(row["result"] == "refused" for row in data["phases"]):
        raise typer.Exit(exits.INCOMPLETE)


def _names(given: Sequence[str], folder: Path) -> dict[str, str]:
    from domain.phase_ids import checked

    found = {}
    for pair in given:
        old, equals, new = pair.rpartition("=")
        if not old or not equals:
            fix = (f"orch import {quote(str(folder))} --phase 001-old-name=st01-new-name",)
            raise InvalidInput(f"--phase wants OLD=NEW; got {pair[:60]!r}.", fix=fix)
        found[old.rstrip("/")] = checked(new)
    return found


def _show(data: "ImportAnswer", folder: Path, names: Sequence[str]) -> None:
    for row in data["phases"]:
        _show_phase(row, dry_run=data["dry_run"])
    for file in data["left_out"]:
        print(paint(f"left out  {one_line(file['path'])}: {one_line(file['reason'])}", "dim"))
    if data["other_files"]:
        print(paint(f"left out  {data['other_files']} other files that belong to no phase", "dim"))
    if data["dry_run"] and any(row["result"] in ("new", "grown") for row in data["phases"]):
        print("Nothing was recorded. To record it:")
        words = ["orch", "import", str(folder), *(word for name in names for word in ("--phase", name)), "--yes"]
        print(f"  {clean(join(words))}")
    sys.stdout.flush()


def _show_phase(row: "ImportedPhase", *, dry_run: bool) -> None:
    said = {"new": "imported", "grown": "grown", "unchanged": "nothing new", "refused": "not imported"}[row["result"]]
    if dry_run and row["result"] in ("new", "grown"):
        said = f"would be {said}" if row["result"] == "new" else "would grow"
    colour = {"refused": "red", "unchanged": "dim"}.get(row["result"], "green")
    from usecases.import_planning import importer_words

    where = f"from {importer_words(row['importer'])}, {one_line(row['folder'])}"
    print(f"{paint(row['phase'] or row['name_there'], 'bold')}  {paint(said, colour)}  {where}")
    if row["refusal"]:
        print(f"  {paint('✗', 'red')} {one_line(row['refusal']['message'])}")
        for line in row["refusal"]["fix"]:
            print(f"    → {clean(line)}")
    for event in row["events"]:
        print(f"  {event['occurred_at'][:19].replace('T', ' ')}  {_words(event)}")
    if row["position"] is not None:
        print(f"  recorded  up to position {row['position']}, command {row['command_id']}")
    for difference in row["differences"]:
        print(f"  differs   {difference['field']}: {one_line(difference['there'])} there, {difference['here']} here")
    for path in row["kept_files"]:
        print(paint(f"  kept      {one_line(path)} says something else and stays as it is", "yellow"))
    for note in row["notes"]:
        print(f"  note      {one_line(note)}")
    for file in row["left_out"]:
        print(paint(f"  left out  {one_line(file['path'])}: {one_line(file['reason'])}", "dim"))


def _words(event: "ImportEvent") -> str:
    words = event["topic"].removeprefix("phase.").replace("_", " ")
    if event["step"]:
        words += f": {event['step']}"
    if event["iteration"] is not None:
        words += f" iteration {event['iteration']}"
    if event["claimed_by"]:
        words += f", claimed by {one_line(event['claimed_by'])}"
    if event["counts"] is False:
        words += " (history only)"
    return words
