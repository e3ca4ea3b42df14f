"""orch audit reviews: who reviewed what, whether the log is still the one they saw, and what is left."""

from typing import Any

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint, print_table
from projections.reviews import ReviewRow, Span
from usecases.reviews import reviews as reviews_of

MOST_SPANS = 20
"""Ranges that are told in words; JSON has all of them."""
SHORT = 16


@reading
def reviews(asked: Asked) -> None:
    """List the reviews of the log, whether it still has the history that was reviewed, and what nobody has reviewed.

    Exit 6: a review is of another history than the log has now.

    Example: orch audit reviews

    Next: orch audit review --from position:1
    """
    with opened() as project:
        data = reviews_of(project, asked.at)
    rows, gaps = data["rows"], data["unreviewed"]
    answer("audit.reviews", data, as_json=asked.json, show=lambda: _show(rows, gaps))
    if not all(row["holds"] for row in rows):
        raise typer.Exit(exits.DAMAGED)


def in_words(spans: list[Span]) -> str:
    """Return which positions nobody has reviewed, as words."""
    told = [f"{s['first']} to {s['last']}" if s["first"] < s["last"] else f"{s['first']}" for s in spans[:MOST_SPANS]]
    more = f" and {len(spans) - MOST_SPANS} more ranges" if len(spans) > MOST_SPANS else ""
    one = len(spans) == 1 and spans[0]["first"] == spans[0]["last"]
    return f"position{'' if one else 's'} {', '.join(told)}{more}" if spans else "nothing"


def _show(rows: list[ReviewRow], gaps: list[Span]) -> None:
    table: list[tuple[Any, ...]] = []
    for row in rows:
        who = one_line(f"{row['actor']['name']} ({row['actor']['kind']})")
        held = paint("yes", "green") if row["holds"] else paint("NO", "red")
        time = row["recorded_at"][:19].replace("T", " ")
        span = f"{row['first']} to {row['last']}"
        table.append((str(row["position"]), time, who, span, one_line(row["root"])[:SHORT], held))
    if table:
        print_table(table, head=("POSITION", "RECORDED (UTC)", "WHO", "REVIEWED", "ROOT", "STILL THE SAME LOG"))
    else:
        print("Nobody has reviewed anything yet. Begin with: orch audit review --from position:1")
    for row in rows:
        if row["comments"] or row["erased"]:
            words = f"“{one_line(row['comments'])}”" if row["comments"] else "(its text was erased)"
            print(paint(f"{row['position']:>8}  {words}", "dim"))
    print(f"Left to review: {in_words(gaps)}.")
    if not all(row["holds"] for row in rows):
        print(paint("The log is not the one that was reviewed: orch audit verify tells where.", "red"))
