"""orch history: what happened to a phase."""

from typing import TYPE_CHECKING

from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint, print_table
from projections.redactions import in_words
from usecases.history import history as history_of

if TYPE_CHECKING:
    from projections.history import HistoryRow

SKEW_WORTH_SHOWING = 1_000_000
"""One second, in µs: below that the store's clock and the recorded time tell the same."""


@reading
def history(asked: Asked, phase: PhaseId) -> None:
    """Show what happened to a phase: who, when, what and why, in the order of the log.

    Example: orch history st01-audio-engine --at position:5

    Next: orch show PHASE STEP
    """
    answer_history(asked, phase)


def answer_history(asked: Asked, phase: str) -> None:
    """Answer with what happened to a phase until now or until a moment."""
    with opened() as project:
        data = history_of(project, phase, asked.at)
    answer("phase.history", data, as_json=asked.json, show=lambda: _show(data["rows"]))


def _show(rows: "list[HistoryRow]") -> None:
    table = []
    for row in rows:
        words = one_line(row["summary"])
        table.append((str(row["position"]), row["recorded_at"][:19].replace("T", " "), _who(row), words))
        if row["erased"]:
            table.append(("", "", "", paint(f"  {one_line(in_words(row['erased_by']))}", "yellow")))
        if row["imported"]:
            claimed = f"  {row['imported']} claims it for {row['occurred_at'][:19].replace('T', ' ')}"
            table.append(("", "", "", paint(claimed, "dim")))
        if row["reason"]:
            table.append(("", "", "", paint(f"  “{one_line(row['reason'])}”", "dim")))
        if row["comments"]:
            table.append(("", "", "", paint(f"  “{one_line(row['comments'])}”", "dim")))
        for point in row["feedback"]:
            table.append(("", "", "", paint(f"  – {one_line(point)}", "dim")))
        if abs(row["skew_us"]) >= SKEW_WORTH_SHOWING:
            table.append(
                ("", "", "", paint(f"  the store's clock was {_skew(row['skew_us'])} recorded time", "yellow"))
            )
    print_table(table, head=("POSITION", "RECORDED (UTC)", "WHO", "WHAT"))


def _who(row: "HistoryRow") -> str:
    actor = row["actor"]
    return one_line(actor["name"]) if actor["kind"] == "human" else f"{one_line(actor['name'])} ({actor['kind']})"


def _skew(us: int) -> str:
    seconds = abs(us) / 1_000_000
    amount = f"{seconds:,.0f} s" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
    return f"{amount} {'behind' if us > 0 else 'ahead of'}"
