"""orch next: what can be done now, in all phases."""

from typing import Annotated

import typer

from cli.answers import answer
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, one_line, paint
from usecases.advice import MOST
from usecases.advised import next_steps as next_of

Limit = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many; the others are counted.")]


@reading
def next_steps(asked: Asked, limit: Limit = MOST) -> None:
    """Show what can be done now in all phases, and the command for each.

    Example: orch next --limit 5

    Next: the command it prints
    """
    with opened() as project:
        data = next_of(project, limit, asked.at)
    rows, left_out = data["rows"], data["left_out"]

    def show() -> None:
        if not rows:
            print('Nothing waits. Begin with: orch spec st01-first-phase --objectives "what it must achieve"')
        for row in rows:
            print(f"{paint(row['phase'], 'bold')}  {one_line(row['because'])}")
            print(f"  → {clean(row['command'])}")
        if left_out:
            print(paint(f"and {left_out:,} more: orch next --limit {len(rows) + left_out}", "dim"))

    answer("next", data, as_json=asked.json, show=show)
