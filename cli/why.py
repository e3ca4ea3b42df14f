"""orch why: which missing event blocks a step."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.steps import Step
from usecases.reasons import why as why_not

MaybeStep = Annotated[
    Optional[Step],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[STEP]", help="A step; without one, the handoff."),
]


@reading
def why(asked: Asked, phase: PhaseId, step: MaybeStep = None) -> None:
    """Say which missing event blocks a step, or the handoff, and the command that brings it.

    Example: orch why st02-user-interface plan

    Next: the command it prints
    """
    with opened() as project:
        result = why_not(project, phase, step, asked.at)

    def show() -> None:
        if not result["blocked"]:
            print(f"{paint('✓', 'green')} {one_line(result['summary'])}")
        for missing in result["missing"]:
            topic = f" [missing: {missing['missing_topic']}]" if missing["missing_topic"] else ""
            print(f"{paint('•', 'yellow')} {missing['step']}: {one_line(missing['because'])}{topic}")
            for line in missing["fix"]:
                print(f"  → {clean(line)}")

    answer("phase.why", result, as_json=asked.json, show=show)
