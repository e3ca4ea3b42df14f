"""orch progress: how far phases are, and what took how long."""

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.bars import bar, share
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import cut, one_line, paint, print_table
from projections.counts import counted
from usecases.advice import MOST
from usecases.ages import age_in_words
from usecases.progress import progress as progress_at
from usecases.progress import progress_of

if TYPE_CHECKING:
    from projections.progress import PhaseProgress, ProjectProgress, SpanRow, Taken

Phase = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[PHASE]", help="A phase; without one, all of them.", autocompletion=phases_known),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Measure and show at most so many phases.")]
TITLE = 28


@reading
def progress(asked: Asked, phase: Phase = None, limit: Limit = MOST) -> None:
    """Show how far phases are, and how long texts, verdicts and rework took by the times that the log recorded.

    Without PHASE: those that moved last; the medians are theirs.

    Example: orch progress st01-audio-engine

    Next: orch dashboard
    """
    with opened() as project:
        if phase is not None:
            one = progress_of(project, phase, asked.at)
            return answer("phase.progress", one, as_json=asked.json, show=lambda: _show_phase(one, one["spans"]))
        whole = progress_at(project, limit, asked.at)
    return answer("progress", whole, as_json=asked.json, show=lambda: _show(whole))


def _show(whole: "ProjectProgress") -> None:
    if not whole["phases"]:
        print('There is no phase yet. Begin with: orch spec st01-first-phase --objectives "what it must achieve"')
        return
    print(
        f"steps  {bar(whole['steps_approved'], whole['steps_total'], cells=20)}  "
        f"{share(whole['steps_approved'], whole['steps_total'])}"
    )
    print(
        f"tasks  {bar(whole['tasks_done'], whole['tasks_total'], cells=20)}  "
        f"{share(whole['tasks_done'], whole['tasks_total'])}"
    )
    print()
    print_table([_phase_cells(row) for row in whole["rows"]], head=("PHASE", "TITLE", "STEPS", "TASKS", "AGE", "NOW"))
    if whole["left_out"]:
        print(paint(f"and {counted(whole['left_out'], 'phase')} more: orch progress --limit {whole['phases']}", "dim"))
    print()
    print(f"Medians over the {counted(whole['measured'], 'phase')} above:")
    print_table(
        [(m["step"], *(_taken(m[stage]) for stage in ("writing", "gate", "rework"))) for m in whole["medians"]],
        head=("STEP", "FIRST TEXT", "VERDICT", "REWORK"),
    )
    print(f"any verdict {_taken(whole['gate'])}; from the last approval to the handoff {_taken(whole['handoff'])}")


def _phase_cells(row: "PhaseProgress") -> tuple[str, ...]:
    done, total = row["tasks_done"], row["tasks_total"]
    closed = "archived" if row["archived"] else "handed off" if row["handed_off"] else ""
    where = closed or f"{row['current_step']}: {row['stage']}"
    return (
        row["phase"],
        cut(one_line(row["title"]), TITLE),
        f"{bar(row['steps_approved'], row['steps_total'], cells=5)} {row['steps_approved']}/{row['steps_total']}",
        f"{bar(done, total, cells=6)} {done}/{total}" if total else "",
        age_in_words(row["seconds"]),
        paint(where, "dim") if closed else where,
    )


def _show_phase(row: "PhaseProgress", spans: "list[SpanRow]") -> None:
    print(f"{paint(row['phase'], 'bold')}  {one_line(row['title'])}")
    print(
        f"steps  {bar(row['steps_approved'], row['steps_total'])}  {share(row['steps_approved'], row['steps_total'])}"
    )
    print(f"tasks  {bar(row['tasks_done'], row['tasks_total'])}  {share(row['tasks_done'], row['tasks_total'])}")
    print()
    print_table(
        [
            (
                step["step"],
                *(age_in_words(step[stage]) if step[stage] else "" for stage in ("writing", "gate", "rework")),
                str(step["rejections"] or ""),
            )
            for step in row["steps"]
            if step["iterations"] or step["writing"]
        ],
        head=("STEP", "FIRST TEXT", "VERDICTS", "REWORK", "REJECTED"),
    )
    print()
    print_table(
        [
            (
                span["began"][:16].replace("T", " "),
                f"{span['step']} {span['iteration'] or ''}".rstrip(),
                span["stage"],
                age_in_words(span["seconds"]),
                paint("until now", "yellow") if span["ending"] is None else span["ending"].replace("_", " "),
            )
            for span in spans
        ],
        head=("FROM (UTC)", "STEP", "WAITED FOR", "LASTED", "ENDED BY"),
    )


def _taken(taken: "Taken") -> str:
    median = taken["median_seconds"]
    return f"{age_in_words(median)} ({taken['count']})" if median is not None else "none yet"
