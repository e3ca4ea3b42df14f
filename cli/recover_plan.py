"""orch recover plan, orch recover diff: what going back to a moment takes and would lose. Both change nothing."""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from cli.answers import answer
from cli.backup_options import FromBackups, Identities, Moment
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint, print_table
from domain.errors import NotFound, Refusal
from projections.counts import counted

if TYPE_CHECKING:
    from adapters.places import Places
    from cli.recover_sources import Kind, Source
    from projections.task_moves import TaskMove
    from usecases.recover_answers import LossAnswer, PlanAnswer, Resolution, SourceState

SAMPLE = 2000
"""So many events are recovered for trial, to tell how long all of them will take."""


@plain
def plan(asked: Asked, to: Moment, from_backups: FromBackups = None, identity: Identities = None) -> None:
    """Show what a recovery to T would do: which position that is, where the events come from, what is lost after it.

    Example: orch recover plan --to point:before-review

    Next: orch recover run --to T --out recovered
    """
    from cli.recover_moments import moment_to, resolution
    from cli.recover_sources import source_of
    from projections.recovery_loss import loss

    with source_of(from_backups, identity) as source:
        moment = moment_to(source, to)
        found: PlanAnswer = {
            **resolution(source, to, moment),
            "sources": _sources(source, moment.position),
            "checkpoints": _kept(source, moment.position),
            "lost": loss(source.records(moment.position + 1)),
            "seconds": _seconds(source, moment.position),
        }
    answer("recover.plan", found, as_json=asked.json, show=lambda: _show_plan(found))


@plain
def diff(asked: Asked, to: Moment, from_backups: FromBackups = None, identity: Identities = None) -> None:
    """Show, phase by phase, what would be lost by going back to T: verdicts, documents, whole phases.

    Example: orch recover diff --to point:before-review

    Next: orch recover run --to T --out recovered
    """
    from cli.progress import watched
    from cli.recover_moments import moment_to, resolution
    from cli.recover_sources import source_of
    from projections.recovery_loss import going_back
    from usecases.reads import decoded

    with source_of(from_backups, identity) as source:
        moment = moment_to(source, to)
        rows = going_back(watched(decoded(source.records(1)), source.size), moment.position)
        found: LossAnswer = {**resolution(source, to, moment), "rows": rows}
    answer("recover.diff", found, as_json=asked.json, show=lambda: _show_diff(found))


def _sources(source: "Source", position: int) -> "list[SourceState]":
    """Return every place that holds events, and what it lacks of those up to a position."""
    other = _store(source.places, position) if source.kind == "backup" else _backups(source.places, position)
    return [_state(source.kind, source.where, source.size, position), *([other] if other else [])]


def _state(kind: "Kind", where: str, size: int, position: int, problem: str | None = None) -> "SourceState":
    if problem is None and size < position:
        problem = f"It ends at position {size}; positions {size + 1} to {position} are not there."
    return {"kind": kind, "where": where, "size": size, "usable": problem is None, "problem": problem}


def _store(places: "Places", position: int) -> "SourceState":
    from adapters.stores import open_log

    try:
        with open_log(places, read_only=True) as log:
            return _state("store", str(places.state), log.tree().size, position)
    except Refusal as refusal:
        return _state("store", str(places.state), 0, position, refusal.message)


def _backups(places: "Places", position: int) -> "SourceState | None":
    """Return how far the backups reach; their events are not opened, so no key is needed.

    None where nobody has made any, or said where they go.
    """
    from adapters.backup_reading import open_backups
    from cli.backup_project import is_said, target_of

    storage = target_of(places, None)
    try:
        backups = open_backups(storage)
        problem = None if backups.can_open else "It is encrypted: --identity FILE has to open it."
        return _state("backup", storage.where, backups.head.last, position, problem)
    except NotFound as refusal:
        return _state("backup", storage.where, 0, position, refusal.message) if is_said(places) else None
    except Refusal as refusal:
        return _state("backup", storage.where, 0, position, refusal.message)


def _kept(source: "Source", position: int) -> list[str]:
    """Return the kept checkpoints that the recovered store will be held against."""
    files = source.parent().checkpoints
    return [str(file) for file in files if file.stem.isdecimal() and int(file.stem) <= position]


def _seconds(source: "Source", position: int) -> float:
    """Recover the first events for trial and return how long all of them would take."""
    from cli.recover_checks import check
    from cli.refilling import refill

    size = min(position, SAMPLE)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        began = monotonic()
        refill(path, source.origin_at(size), source.events(size))
        check(path, parent=None)
        return round((monotonic() - began) * position / size, 3)


def _show_resolution(data: "Resolution") -> None:
    moment = data["as_of"]
    print(f"{paint('T', 'bold')} is position {moment['position']}, recorded {moment['recorded_at']}")
    print(f"  next event {moment['next_recorded_at'] or 'none: this is the end of the log'}")
    if data["splits_command"]:
        print(paint("  Only a part of the command at this position lies before it.", "yellow"))


def _show_plan(data: "PlanAnswer") -> None:
    _show_resolution(data)
    for each in data["sources"]:
        mark = paint("✓", "green") if each["usable"] else paint("✗", "red")
        print(f"  {mark} {each['kind']:<8} {one_line(each['where'])} ({counted(each['size'], 'event')})")
        if each["problem"]:
            print(f"      {one_line(each['problem'])}")
    print(f"  checkpoints to hold it against: {len(data['checkpoints'])}")
    lost = data["lost"]
    print()
    if not lost["events"]:
        print("  nothing comes after it")
    else:
        events = f"{counted(lost['events'], 'event')} of {counted(lost['commands'], 'command')}"
        print(f"  after it   {events}, until {lost['last_recorded_at']}")
        texts = f"{counted(lost['documents'], 'document')}, in {counted(len(lost['phases']), 'phase')}"
        print(f"  lost       {counted(lost['verdicts'], 'verdict')}, {texts}")
        print_table([(f"  {each['topic']}", str(each["count"])) for each in lost["by_topic"]])
        if lost["opened_later"]:
            print(f"  these phases were opened later: {clean(', '.join(lost['opened_later']))}")
    print()
    print(f"  takes about {data['seconds']:.1f} s; nothing was changed")


def _show_diff(data: "LossAnswer") -> None:
    _show_resolution(data)
    if not data["rows"]:
        print("  no phase would lose anything")
    for row in data["rows"]:
        print()
        gone = paint("  vanishes: it was opened later", "red") if row["vanishes"] else ""
        print(f"{paint(row['phase'], 'bold')}  {counted(row['events'], 'event')}{gone}")
        for verdict in row["verdicts"]:
            by = f"{one_line(verdict['by']['name'])} ({verdict['by']['kind']})"
            print(f"  lost       {verdict['step']} {verdict['iteration']} {verdict['verdict']} by {by}")
        for document in row["documents"]:
            print(
                f"  {document['step']:<10} {_stand(document['iteration'], document['state'])}"
                f" → {_stand(document['iteration_then'], document['state_then'])}"
            )
        undone = [each["task"] for each in row["tasks"] if each["undone"]]
        if undone:
            print(f"  undone     {', '.join(undone)}")
        moved = [_moved(each) for each in row["tasks"] if not each["undone"]]
        if moved and not row["vanishes"]:
            print(f"  tasks      {', '.join(moved)}")
        if row["others"]:
            print(f"  also       {', '.join(row['others'])}")


def _stand(iteration: int, state: str) -> str:
    """Return where a document stands, in words."""
    return f"iteration {iteration}, {state.replace('_', ' ')}" if iteration else "not started"


def _moved(task: "TaskMove") -> str:
    """Return what going back makes of a task that was not done."""
    if task["after"] is None:
        return f"{task['task']} unlisted"
    if task["before"] == task["after"]:
        before, after = (one_line(task[name] or "nobody") for name in ("assignee_before", "assignee_after"))
        return f"{task['task']} {before} → {after}"
    return f"{task['task']} {task['before']} → {task['after']}"
