"""orch audit trail: every event of the log, with the states around it."""

from collections.abc import Iterator
from typing import Any

from cli.audit_filters import filtered, rows_in, scope_of
from cli.audit_output import Cut, Destination, FormatName, Limit, deliver, destination
from cli.options import Asked, reading
from cli.output_file import Output, Yes
from cli.project import opened
from cli.screen import paint
from projections.audit_trail import TrailRow
from projections.moments import as_of
from usecases.audit_formats import Format, as_cloud_events, as_csv, as_json, as_text, columns_of
from usecases.trail import Filters


@reading
@filtered
def trail(
    asked: Asked,
    filters: Filters,
    limit: Limit = None,
    form: FormatName = None,
    output: Output = None,
    yes: Yes = False,
) -> None:
    """List every event: who, what, when, why, from which state to which, with the digest of its text and its leaf.

    CSV is RFC 4180 in UTF-8, one line for each event. Text that a spreadsheet would run as a formula (it begins with
    = + - @ tab or a line break) gets an apostrophe before it; control characters are written as
    backslash, u and four digits.
    Exit status 6 says that the log is damaged; rows before the damage may have been printed.

    Example: orch audit trail --format csv -o trail.csv

    Next: orch audit exceptions
    """
    to = destination(asked, form, output, yes=yes)
    with opened() as project:
        scope = scope_of(project, asked, filters)

        def make() -> tuple[Cut[Any], Iterator[str]]:
            rows = Cut(rows_in(project, scope, bar=not to.on_screen), limit)
            rest = {"as_of": as_of(scope.moment)}
            if to.format is Format.JSON:
                return rows, as_json("audit.trail", rows, lambda: {"more": rows.more, **rest})
            if to.format is Format.CSV:
                return rows, as_csv(rows, columns_of(TrailRow))
            if to.format is Format.JSONL:
                return rows, as_cloud_events(rows, project.log.origin)
            return rows, as_text(rows, dim=_dim(to))

        deliver(asked, to, make, keep_out=project.places.state)


def _dim(to: Destination) -> Any:
    return (lambda text: paint(text, "dim")) if to.file is None else str
