"""orch next: what can be done now, in all phases."""

from typing import Annotated

import typer

from cli.answers import answer
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, one_line, paint
from projections.moments import as_of
from usecases.advice import MOST, advice
from usecases.reads import view_of_all

Limit = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many; the others are counted.")]


@reading
def next_steps(asked: Asked, limit: Limit = MOST) -> None:
    """Show what can be done now in all phases, and the command for each.

    Example: orch next --limit 5

    Next: the command it prints
    """
    with opened() as project:
        view = view_of_all(project, asked.at)
        rows, things = advice(project, view, view.seen(), limit=limit)
        left_out = things - len(rows)
        data = {"rows": rows, "left_out": left_out, "as_of": as_of(view.moment)}

    def show() -> None:
        if not rows:
            print('Nothing waits. Begin with: orch spec st01-first-phase --objectives "what it must achieve"')
        for row in rows:
            print(f"{paint(row['phase'], 'bold')}  {one_line(row['because'])}")
            print(f"  → {clean(row['command'])}")
        if left_out:
            print(paint(f"and {left_out:,} more: orch next --limit {things}", "dim"))

    answer("next", data, as_json=asked.json, show=show)
