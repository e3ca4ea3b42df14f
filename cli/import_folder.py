"""orch import: take over phases of the predecessor, spec-kit, OpenSpec or Kiro; only shown unless --yes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote
from typing import Annotated, Literal, Optional, TypedDict

import typer

from cli import exits
from cli.answers import answer
from cli.import_planning import Decided, ImportEvent, decided, importer_words
from cli.options import ActorKindName, ActorName, Asked, plain
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput, NothingChanged, Refusal, Unavailable
from domain.importers import Importer
from domain.steps import STEPS, Step
from projections.import_differences import ImportDifference
from projections.moments import AsOf, as_of
from usecases.project import Project

DIR = Annotated[Path, typer.Argument(metavar="DIR", help="The folder: a repository, or one that holds phases.")]
Names = Annotated[
    Optional[list[str]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--phase", metavar="OLD=NEW", help="The name here of a phase there; give it once for every phase."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Record it; without, it is only said what would be recorded.")]
Result = Literal["new", "grown", "unchanged", "refused"]


class FileLeftOut(TypedDict):
    """A file that is not imported."""

    path: str
    reason: str


class ImportRefusal(TypedDict):
    """Why a phase is not imported."""

    code: str
    message: str
    fix: list[str]


class ImportedPhase(TypedDict):
    """One phase. `events` are recorded, or would be; `position` is that of the last one once it is."""

    phase: str
    title: str
    importer: Importer
    name_there: str
    folder: str
    result: Result
    refusal: ImportRefusal | None
    events: list[ImportEvent]
    differences: list[ImportDifference]
    left_out: list[FileLeftOut]
    notes: list[str]
    kept_files: list[str]
    command_id: str | None
    position: int | None


class ImportAnswer(TypedDict):
    """What an import did, or would do; `other_files` belong to none of the layouts."""

    folder: str
    dry_run: bool
    phases: list[ImportedPhase]
    left_out: list[FileLeftOut]
    other_files: int
    as_of: AsOf


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
    from adapters.import_plan import plan_of

    asked = asked._replace(actor=actor, actor_kind=actor_kind)
    chosen = _names(names or (), folder)
    with opened(to_write=yes) as project:
        plan = plan_of(folder, chosen)
        if not plan.phases:
            raise InvalidInput(
                f"{folder} holds no phase of the predecessor (.orch-state.json), spec-kit (specs/NAME/spec.md),"
                " OpenSpec (openspec/changes/NAME) or Kiro (.kiro/specs/NAME).",
                fix=("orch import --help",),
            )
        place = str(folder.resolve())
        rows: list[ImportedPhase] = []
        for one in decided(project, project.meta(asked), plan.phases, place):
            row = _row(project, one)
            if yes and row["result"] in ("new", "grown"):
                row = _record(project, asked, one, row, rows)
            rows.append(row)
        data: ImportAnswer = {
            "folder": place,
            "dry_run": not yes,
            "phases": sorted(rows, key=lambda row: (row["phase"], row["folder"])),
            "left_out": [{"path": path, "reason": reason} for path, reason in plan.left_out],
            "other_files": plan.others,
            "as_of": as_of(project.log.moment()),
        }
    answer("import", data, as_json=asked.json, show=lambda: _show(data, folder, names or ()))
    if any(row["result"] == "refused" for row in rows):
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


def _row(project: Project, one: Decided) -> ImportedPhase:
    there, refusal = one.there, one.refusal
    result: Result = "refused" if refusal else "unchanged" if one.unchanged else "new"
    if result == "new" and one.events and one.events[0]["topic"] != "phase.opened":
        result = "grown"
    return {
        "phase": there.phase,
        "title": there.title,
        "importer": there.importer,
        "name_there": there.name_there,
        "folder": there.folder,
        "result": result,
        "refusal": _refusal(refusal) if refusal else None,
        "events": one.events,
        "differences": one.differences,
        "left_out": [{"path": path, "reason": reason} for path, reason in there.left_out],
        "notes": one.notes,
        "kept_files": [] if refusal else _in_the_way(project, there.phase, one),
        "command_id": one.command.meta.command_id if one.command and not refusal else None,
        "position": None,
    }


def _refusal(refusal: Refusal) -> ImportRefusal:
    return {"code": refusal.code, "message": refusal.message, "fix": list(refusal.fix)}


def _in_the_way(project: Project, phase: str, one: Decided) -> list[str]:
    """Return the documents on disk that say something else than what is imported: they stay as they are."""
    from domain.digest import digest_of
    from usecases.gate import is_edited

    latest = {event["step"]: event["digest"] for event in one.events if event["topic"] == "phase.document_drafted"}
    found = []
    for step, digest in latest.items():
        if step is None or not is_edited(project, phase, step):
            continue
        try:
            text = project.files.read(phase, step)
        except InvalidInput:
            text = None
        if text is None or digest_of(text, step) != digest:
            found.append(project.files.shown(phase, step))
    return found


def _record(
    project: Project, asked: Asked, one: Decided, row: ImportedPhase, before: Sequence[ImportedPhase]
) -> ImportedPhase:
    """Record one phase, wholly or not at all; what is refused now leaves the others alone."""
    assert one.command is not None
    phase = row["phase"]
    try:
        with project.files.locked(phase):
            receipt = project.handle(one.command)
            _publish(project, phase, row)
    except NothingChanged:
        return {**row, "result": "unchanged", "events": []}
    except Unavailable as error:
        done = [it["phase"] for it in before if it["position"] is not None]
        error.message += f" Recorded before that: {', '.join(done) or 'no phase'}; importing again goes on from there."
        raise
    except Refusal as refusal:
        if refusal.code == NothingChanged.code:  # as a service says it
            return {**row, "result": "unchanged", "events": []}
        return {**row, "result": "refused", "refusal": _refusal(refusal), "events": [], "command_id": None}
    return {**row, "position": receipt.last}


def _publish(project: Project, phase: str, row: ImportedPhase) -> None:
    from usecases.publish import publish

    drafted = {event["step"] for event in row["events"] if event["topic"] == "phase.document_drafted"}
    for step in STEPS:
        if step in drafted and project.files.shown(phase, step) not in row["kept_files"]:
            publish(project, phase, Step(step))
    publish(project, phase)


def _show(data: ImportAnswer, folder: Path, names: Sequence[str]) -> None:
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


def _show_phase(row: ImportedPhase, *, dry_run: bool) -> None:
    said = {"new": "imported", "grown": "grown", "unchanged": "nothing new", "refused": "not imported"}[row["result"]]
    if dry_run and row["result"] in ("new", "grown"):
        said = f"would be {said}" if row["result"] == "new" else "would grow"
    colour = {"refused": "red", "unchanged": "dim"}.get(row["result"], "green")
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


def _words(event: ImportEvent) -> str:
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
