"""Take over phases of the predecessor, spec-kit, OpenSpec or Kiro, or say what would be recorded."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict

from adapters.import_plan import plan_of
from domain.commands import Meta
from domain.digest import digest_of
from domain.errors import InvalidInput, NothingChanged, Refusal, Unavailable
from domain.import_claims import judges
from domain.importers import Importer
from domain.steps import STEPS, Step
from projections.import_differences import ImportDifference
from projections.moments import AsOf, as_of
from usecases.gate import is_edited
from usecases.import_planning import Decided, ImportEvent, decided
from usecases.project import Project
from usecases.publish import publish

FORBIDDEN = "FORBIDDEN"
"""The code of a service for a token that lacks a scope: that is no matter of one phase."""
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


def imported(
    project: Project,
    meta: Meta,
    folder: Path,
    names: Mapping[str, str],
    *,
    place: str,
    called: str,
    yes: bool,
    asks_git: bool = True,
    judging: Callable[[], None] | None = None,
) -> ImportAnswer:
    """Take over the phases of a folder, or say what that would record.

    `place` is what the record calls the folder, `called` what whoever asks does. `judging` is called before anything is
    recorded that holds a verdict about a text, and refuses whoever may give none.
    """
    plan = plan_of(folder, names, asks_git=asks_git)
    if not plan.phases:
        raise InvalidInput(
            f"{called} holds no phase of the predecessor (.orch-state.json), spec-kit (specs/NAME/spec.md),"
            " OpenSpec (openspec/changes/NAME) or Kiro (.kiro/specs/NAME).",
            fix=("orch import --help",),
        )
    rows: list[ImportedPhase] = []
    found = decided(project, meta, plan.phases, place, called)
    if yes and judging is not None and any(map(_judges, found)):
        judging()
    for one in found:
        row = _row(project, one)
        if yes and row["result"] in ("new", "grown"):
            row = _record(project, one, row, rows)
        rows.append(row)
    return {
        "folder": place,
        "dry_run": not yes,
        "phases": sorted(rows, key=lambda row: (row["phase"], row["folder"])),
        "left_out": [{"path": path, "reason": reason} for path, reason in plan.left_out],
        "other_files": plan.others,
        "as_of": as_of(project.log.moment()),
    }


def _judges(one: Decided) -> bool:
    return one.command is not None and bool(one.events) and judges(one.command.claims)


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


def _record(project: Project, one: Decided, row: ImportedPhase, before: Sequence[ImportedPhase]) -> ImportedPhase:
    """Record one phase, wholly or not at all; what is refused now leaves the others alone."""
    assert one.command is not None
    phase = row["phase"]
    try:
        with project.files.locked(phase):
            receipt = project.handle(one.command)
            _publish(project, phase, row)
    except NothingChanged:
        return {**row, "result": "unchanged", "events": []}
    except Refusal as refusal:
        if isinstance(refusal, Unavailable) or refusal.code == FORBIDDEN:
            done = [it["phase"] for it in before if it["position"] is not None]
            more = f"Recorded before that: {', '.join(done) or 'no phase'}; importing again goes on from there."
            refusal.message += f" {more}"
            raise
        if refusal.code == NothingChanged.code:  # as a service says it
            return {**row, "result": "unchanged", "events": []}
        return {**row, "result": "refused", "refusal": _refusal(refusal), "events": [], "command_id": None}
    return {**row, "position": receipt.last}


def _publish(project: Project, phase: str, row: ImportedPhase) -> None:
    drafted = {event["step"] for event in row["events"] if event["topic"] == "phase.document_drafted"}
    for step in STEPS:
        if step in drafted and project.files.shown(phase, step) not in row["kept_files"]:
            publish(project, phase, Step(step))
    publish(project, phase)
