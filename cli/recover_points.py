"""orch recover point, orch recover points: names for places in the log to come back to."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.answers import answer
from cli.arguments import Reason
from cli.options import Asked, At, reading, writing
from cli.project import opened
from cli.screen import clean, one_line, print_table
from cli.writes import report

if TYPE_CHECKING:
    from projections.restore_points import PointRow

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, dots, hyphens, underscores; 64 at most.")]


@writing
def point(asked: Asked, name: Name, at: At = None, reason: Reason = "") -> None:
    """Give the log as it is now, or as it was at T, a name. It is an event like any other, and never moves.

    Every read takes it: --at point:NAME.

    Example: orch recover point before-release --reason "Version 1.0"

    Next: orch recover points
    """
    from adapters.envelope import told
    from domain.commands import NamePoint
    from usecases.moments import resolved

    with opened(to_write=True) as project:
        known = project.log.receipt(asked.command_id)
        if known is not None and at is None:  # what was named then, not what it would be now
            record = next(project.log.records(known[0].first, known[0].first))
            position = int(told(record).facts.get("position", 0))
        else:
            moment = resolved(at, project.log)[0] if at else project.log.moment()
            position = moment.position
        report(project, asked, project.handle(NamePoint(project.meta(asked), name, position, reason)))


@reading
def points(asked: Asked) -> None:
    """List the restore points in the order of the log.

    Example: orch recover points

    Next: orch recover plan --to point:NAME
    """
    from usecases.points import points as points_of

    with opened() as project:
        data = points_of(project, asked.at)
    rows = data["rows"]
    answer("recover.points", data, as_json=asked.json, show=lambda: _show(rows))


def _show(rows: "list[PointRow]") -> None:
    if not rows:
        print("No restore point yet; orch recover point NAME makes one.")
        return
    head = ("NAME", "POSITION", "RECORDED (UTC)", "NAMED BY", "REASON")
    print_table(
        [
            (
                clean(row["name"]),
                str(row["position"]),
                (row["recorded_at"] or "")[:19].replace("T", " "),
                one_line(row["by"]["name"]),
                one_line(row["reason"] or ""),
            )
            for row in rows
        ],
        head=head,
    )
