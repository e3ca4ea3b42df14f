"""orch recover plan, orch recover diff: what going back to a moment takes and would lose. Both change nothing."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from cli.answers import answer
from cli.asked_there import asked_there, refuse_there
from cli.backup_options import SETTING, FromBackups, Identities, Moment
from cli.given import flags
from cli.moment_there import moment_there
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint, print_table
from projections.counts import counted

if TYPE_CHECKING:
    from projections.task_moves import TaskMove
    from usecases.recover_answers import LossAnswer, PlanAnswer, Resolution


@plain
def plan(asked: Asked, to: Moment, from_backups: FromBackups = None, identity: Identities = None) -> None:
    """Show what a recovery to T would do: which position that is, where the events come from, what is lost after it.

    Without --from-backups, or with --from-backups backup.dir, a service says what it would do.

    Example: orch recover plan --to point:before-review

    Next: orch recover run --to T --out recovered
    """
    from cli.progress import Progress
    from cli.recover_sources import source_of
    from usecases.recovery_plan import planned

    found = _there(to, from_backups, identity) if from_backups in (None, SETTING) else None
    if found is None:
        with source_of(from_backups, identity) as source:
            found = planned(source, to, flags(), metering=Progress)
    answer("recover.plan", found, as_json=asked.json, show=lambda: _show_plan(found))


def _there(to: str, from_backups: str | None, identity: "list[Path] | None") -> "PlanAnswer | None":
    """Return what a service would do, or None where the log is opened here."""
    again = f"orch recover plan --to {quote(to)}"
    refuse_there(
        {"--identity": identity}, "no key is sent to it", again, f"{again} --from-backups PLACE --identity FILE"
    )
    asked = {"to": moment_there(to), "from_backups": from_backups is not None}
    found: PlanAnswer | None = asked_there("GET", "/recover/plan", query=asked)
    return None if found is None else {**found, "to": to}


@plain
def diff(asked: Asked, to: Moment, from_backups: FromBackups = None, identity: Identities = None) -> None:
    """Show, phase by phase, what would be lost by going back to T: verdicts, documents, whole phases.

    Example: orch recover diff --to point:before-review

    Next: orch recover run --to T --out recovered
    """
    from cli.progress import watched
    from cli.recover_sources import source_of
    from projections.recovery_loss import going_back
    from usecases.reads import decoded
    from usecases.recover_moments import moment_to, resolution

    with source_of(from_backups, identity) as source:
        moment = moment_to(source, to)
        rows = going_back(watched(decoded(source.records(1)), source.size), moment.position)
        found: LossAnswer = {**resolution(source, to, moment), "rows": rows}
    answer("recover.diff", found, as_json=asked.json, show=lambda: _show_diff(found))


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
