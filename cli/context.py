"""orch context: what has to be known now, within a budget of tokens."""

import sys
from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import paint
from usecases.context import ContextAnswer, budget_of, level_of
from usecases.context import context as known

Budget = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--budget", metavar="TOKENS", help="2k, 5k, 12k, 20k or a number; otherwise what suits the level."),
]
LevelNumber = Annotated[
    str,
    typer.Option("--level", metavar="LEVEL", help="0 none, 1 critical, 2 warnings, 3 standard, 4 all."),
]
OfPhase = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--phase", metavar="PHASE", help="Only this phase and the project.", autocompletion=phases_known),
]
Drafts = Annotated[bool, typer.Option("--drafts", help="Also the latest texts that nobody has approved.")]
Write = Annotated[bool, typer.Option("--write", help="Write dev/orch-log.md instead of printing it.")]


@reading
def context(
    asked: Asked,
    budget: Budget = None,
    level: LevelNumber = "3",
    phase: OfPhase = None,
    drafts: Drafts = False,
    write: Write = False,
) -> None:
    """Print what an agent or a colleague must know now: directives, blockers, feedback, verdicts, approved documents.

    The most important comes first and nothing is approved by being printed: documents nobody has approved are left
    out, unless --drafts asks for them. Tokens are estimated, on the high side; every model counts in its own way.

    Example: orch context --level 2 --budget 5k

    Next: orch next
    """
    level_of(level)  # before any project is looked for
    budget_of(budget, level)
    with opened() as project:
        found, text = known(project, asked.at, level=level, budget=budget, phase=phase, drafts=drafts)
        written = None
        if write:
            from usecases.context_file import write_context

            written = write_context(project, text)
    data: ContextAnswer = {**found, "written": written}

    def show() -> None:
        if written:
            print(f"{paint('✓', 'green')} {written}: about {data['tokens']} tokens")
        else:
            sys.stdout.write(text)

    answer("context", data, as_json=asked.json, show=show)
