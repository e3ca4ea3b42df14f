"""orch next: what can be done now, in all phases."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.options import Asked, reading
from cli.project import opened
from cli.reads import view_of_all
from cli.screen import clean, one_line, paint
from projections.moments import as_of
from projections.next_steps import next_steps as steps_of
from projections.next_steps import places

Limit = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--limit", min=1, help="Show at most so many."),
]


@reading
def next_steps(asked: Asked, limit: Limit = None) -> None:
    """Show what can be done now in all phases, and the command for each.

    Next: the command it prints
    """
    with opened() as project:
        view = view_of_all(project, asked.at)
        heads = list(view.phases.values())
        told = project.log.told(places(heads))
        rows = steps_of(heads, told, now_us=view.now, policy=view.policy, limit=limit)
        data = {"rows": rows, "as_of": as_of(view.moment)}

    def show() -> None:
        if not rows:
            print('Nothing waits. Begin with: orch spec st01-first-phase --objectives "what it must achieve"')
        for row in rows:
            print(f"{paint(row['phase'], 'bold')}  {one_line(row['because'])}")
            print(f"  → {clean(row['command'])}")

    answer("next", data, as_json=asked.json, show=show)
