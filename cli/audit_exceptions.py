"""orch audit exceptions: what an auditor looks at first."""

from cli.answers import answer
from cli.audit_filters import filtered, scope_of
from cli.options import Asked, reading
from cli.progress import watched
from cli.project import opened
from cli.screen import one_line, paint
from projections.audit_exceptions import ExceptionKind, ExceptionRow
from projections.counts import counted
from usecases.auditing import exceptions as exceptions_of
from usecases.exception_words import WORDS
from usecases.trail import Filters


@reading
@filtered
def exceptions(asked: Asked, filters: Filters) -> None:
    """List what an auditor looks at first: forced actions, verdicts by the author, by a program or not by a person.

    Also requests that expired and stale steps that were reconfirmed.

    An event that stands out in two ways is listed twice.

    Example: orch audit exceptions --phase st01-audio-engine

    Next: orch audit population
    """
    with opened() as project:
        scope = scope_of(project, asked, filters)
        data = exceptions_of(project, scope, watched=watched)
    rows = data["rows"]
    counts = {row["exception"]: row["count"] for row in data["counts"]}
    answer("audit.exceptions", data, as_json=asked.json, show=lambda: _show(rows, counts, scope.moment.position))


def _show(rows: list[ExceptionRow], counts: dict[ExceptionKind, int], position: int) -> None:
    for row in rows:
        actor = row["actor"]
        place = "/".join(part for part in (row["phase"], row["step"]) if part)
        time = row["recorded_at"][:19].replace("T", " ")
        who = one_line(f"{actor['name']} ({actor['kind']})")
        print(f"{row['position']:>7}  {time}  {paint(WORDS[row['exception']], 'yellow')}  {place}")
        print(f"{'':9}{who} {one_line(row['summary'])}{' (text erased)' if row['erased'] else ''}")
        print(f"{'':9}{why(row)}")
    print(f"{counted(len(rows), 'exception')} up to position {position}:")
    for kind in ExceptionKind:
        print(f"{counts[kind]:>7}  {WORDS[kind]}")


def why(row: ExceptionRow) -> str:
    """Return the reason that was given, or say plainly that there is none."""
    if row["reason"]:
        return f"“{one_line(row['reason'])}”"
    return "the reason was erased" if row["erased"] else "no reason was given"
