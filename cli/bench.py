"""orch bench: how fast this installation is, now and against what it was."""

from pathlib import Path
from typing import Annotated, ClassVar, TypedDict

import typer

from adapters.places import find
from cli.answers import answer
from cli.bench_file import NAME, Baseline, Figure, baseline_of, read, refuse_taken, write
from cli.check_rows import FAILED
from cli.given import flags
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, paint, print_table

TOLERANCE = 50
WHAT = {
    "append": "a durable spec, beside one commit of SQLite and 40,000 additions in Python",
    "status": "a status, beside one row read by its key",
    "fold": "an event read and folded, beside one row and its JSON",
    "render": "a document rendered, beside 20,000 additions in Python",
}

Yes = Annotated[bool, typer.Option("--yes", help="Replace the baseline that is there.")]
Tolerance = Annotated[
    int, typer.Option("--tolerance", min=1, max=10_000, metavar="PERCENT", help="How much worse is still well.")
]


class BenchCommands(LazyGroup):
    """How fast this installation is, beside what the machine does without it: now, and against what it was.

    Example: orch bench baseline
    """

    entries: ClassVar[dict[str, Entry]] = {
        "baseline": Entry("cli.bench:baseline", "Measure, and keep the figures beside the store."),
        "compare": Entry("cli.bench:compare", "Measure again: exit 3 where something got worse."),
    }


class BaselineAnswer(TypedDict):
    """The baseline that was written, and where."""

    file: str
    baseline: Baseline


class ComparedRow(TypedDict):
    """A figure now and in the baseline; `change_percent` is that of the ratio, and more is worse."""

    name: str
    before: Figure
    now: Figure
    change_percent: float
    worse: bool


class ComparedAnswer(TypedDict):
    """Which figures got worse by more than the tolerance; `differs` names what is another than it was.

    The two times of a commit are those of the disk; they are not judged.
    """

    file: str
    made_at: str
    tolerance_percent: int
    worse: list[str]
    differs: list[str]
    commit_ms_before: float
    commit_ms_now: float
    rows: list[ComparedRow]


@plain
def baseline(asked: Asked, yes: Yes = False) -> None:
    """Measure this installation and keep the figures in a file beside the store.

    A durable spec, a status, a fold and a rendering, in a project that is thrown away, on the disk of the store; each
    as a ratio to what SQLite or Python does alone in the same rounds. The log is not touched.

    Example: orch bench baseline

    Next: orch bench compare
    """
    folder = _folder()
    refuse_taken(folder / NAME, replace=yes)
    made = baseline_of(*_measured(folder))
    write(folder / NAME, made, replace=yes)
    data: BaselineAnswer = {"file": str(folder / NAME), "baseline": made}

    def show() -> None:
        print_table(
            [(row["name"], *_told(row), WHAT.get(row["name"], "")) for row in made["rows"]],
            head=("WHAT", "MS", "RATIO", ""),
        )
        print(f"one commit of SQLite takes {made['commit_ms']:.2f} ms on this disk")
        print(paint(f"kept in {clean(data['file'])}", "dim"))

    answer("bench.baseline", data, as_json=asked.json, show=show)


@plain
def compare(asked: Asked, tolerance: Tolerance = TOLERANCE) -> None:
    """Measure again and compare with the baseline: which ratios got worse by more than the tolerance.

    Exit 3 says that one did. Ratios, because a busy machine slows both of what is compared.

    Example: orch bench compare --tolerance 900

    Next: orch check pre-deploy
    """
    folder = _folder()
    before = read(folder / NAME)
    now = baseline_of(*_measured(folder))
    rows = _compared(before["rows"], now["rows"], tolerance)
    data: ComparedAnswer = {
        "file": str(folder / NAME),
        "made_at": before["made_at"],
        "tolerance_percent": tolerance,
        "worse": [row["name"] for row in rows if row["worse"]],
        "differs": [
            f"{name}: {before[name]}, now {now[name]}"
            for name in ("orch", "python", "machine")
            if before[name] != now[name]
        ],
        "commit_ms_before": before["commit_ms"],
        "commit_ms_now": now["commit_ms"],
        "rows": rows,
    }
    answer("bench.compare", data, as_json=asked.json, show=lambda: _show(data))
    if data["worse"]:
        raise typer.Exit(FAILED)


def _folder() -> Path:
    """Return where the store is; a figure without a project would be of some other disk."""
    return find(here(), flags=flags()).state


def _measured(folder: Path) -> tuple[list[Figure], float]:
    from cli.bench_rounds import ROUNDS, rounds
    from cli.progress import Progress

    with Progress(ROUNDS, "rounds", every=1) as progress:
        return rounds(folder, advance=progress.advance)


def _compared(before: list[Figure], now: list[Figure], tolerance: int) -> list[ComparedRow]:
    known = {row["name"]: row for row in before}
    rows: list[ComparedRow] = []
    for row in now:
        if was := known.get(row["name"]):
            change = round((row["ratio"] / was["ratio"] - 1) * 100, 1)
            rows.append(
                {"name": row["name"], "before": was, "now": row, "change_percent": change, "worse": change > tolerance}
            )
    return rows


def _told(row: Figure) -> tuple[str, str]:
    return f"{row['ms']:.3f}", f"{row['ratio']:.2f}"


def _show(data: ComparedAnswer) -> None:
    table = [
        (
            row["name"],
            f"{row['before']['ratio']:.2f}",
            f"{row['now']['ratio']:.2f}",
            f"{row['change_percent']:+.0f} %",
            paint("worse", "red") if row["worse"] else paint("well", "green"),
        )
        for row in data["rows"]
    ]
    print_table(table, head=("WHAT", "WAS", "IS", "CHANGE", ""))
    print(f"one commit of SQLite took {data['commit_ms_before']:.2f} ms, and takes {data['commit_ms_now']:.2f} ms now")
    for line in data["differs"]:
        print(f"{paint('!', 'yellow')} {clean(line)}")
