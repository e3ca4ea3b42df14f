"""orch spec, research, plan, prd and tasks: draft the next iteration of a document."""

import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any, Optional

import typer

from adapters.input_flags import FLAGS, Flag, Split
from adapters.inputs import fields_for
from cli.arguments import PhaseId
from cli.options import Asked, writing
from cli.project import opened
from cli.writes import carry_out
from domain import hints
from domain.errors import InvalidInput
from domain.phase_ids import checked
from domain.steps import Step
from usecases.drafting import draft as draft_of
from usecases.drafting import refuse_nothing_to_say

From = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--from", metavar="FILE", help="The fields as YAML, JSON or TOML; - reads standard input."),
]


Interactive = Annotated[bool, typer.Option("--interactive", help="Answer questions at the terminal.")]
ASKED = (Step.SPEC, Step.PRD)
"""The steps that have an interview."""


def drafting(step: Step, what: str, *, example: str) -> Callable[..., None]:
    """Return the command that drafts one step; its options come from the table of flags."""

    def draft(asked: Asked, phase: str, source: str | None, interactive: bool = False, **flags: Any) -> None:
        checked(phase)
        fields = fields_for(step, flags=flags, file=source, stdin=sys.stdin.buffer)
        answered = interactive or (step is Step.SPEC and not fields and source is None)
        if answered:
            fields = _interview(asked, phase, step, fields, insists=interactive)
        if step is Step.TASKS and flags.get("tasks"):
            _ask_for_numbers(fields)
        refuse_nothing_to_say(phase, step, fields)
        with opened(to_write=True) as project:
            carry_out(
                project, asked, phase, lambda: draft_of(project, project.meta(asked), phase, step, fields), writes=step
            )
            if answered:
                from adapters.interview_files import file_of, forget

                forget(file_of(project.places.state, phase, step))

    draft.__doc__ = f"{what}\n\nExample: orch {step} st01-audio-engine {example}\n\nNext: orch approve PHASE {step}"
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("asked", keyword, annotation=Asked),
        inspect.Parameter("phase", keyword, annotation=PhaseId),
        inspect.Parameter("source", keyword, default=None, annotation=From),
        *([inspect.Parameter("interactive", keyword, default=False, annotation=Interactive)] if step in ASKED else []),
        *(inspect.Parameter(f.name, keyword, default=None, annotation=_option(f)) for f in FLAGS[step]),
    ]
    draft.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # how inspect is overridden
    return writing(draft)


def _interview(asked: Asked, phase: str, step: Step, fields: dict[str, Any], *, insists: bool) -> dict[str, Any]:
    """Let a person at a terminal answer questions; nobody else is ever asked."""
    if not asked.json and sys.stdin.isatty() and sys.stdout.isatty():
        from cli.interview import interview

        return interview(phase, step, fields)
    if insists:
        raise InvalidInput("An interview needs a person at a terminal.", fix=(hints.draft(phase, step),))
    return fields


def _ask_for_numbers(fields: dict[str, Any]) -> None:
    """Leave the numbers of tasks to whoever knows which were used before: titles alone were given."""
    for task in fields.get("tasks", ()):
        del task["id"]


def _option(flag: Flag) -> Any:
    kind: Any = list[str] if flag.split is Split.LIST else str
    return Annotated[kind | None, typer.Option(flag.option, help=flag.help)]


spec = drafting(
    Step.SPEC,
    "Draft what a phase must achieve; a phase that does not exist yet is opened.",
    example='--objectives "Round trip below 10 ms"',
)
research = drafting(
    Step.RESEARCH,
    "Draft what is known, which ways there are and which one is recommended.",
    example='--foundation "Known since 1960"',
)
plan = drafting(
    Step.PLAN, "Draft how it will be built: components, files, tests.", example='--components "Ring buffer,Mixer"'
)
prd = drafting(
    Step.PRD,
    "Draft what the first release does. What you leave out is taken from the approved spec and plan.",
    example='--goal "Sound without drop-outs"',
)
tasks = drafting(
    Step.TASKS,
    "Draft the tasks; critical path and schedule follow from hours and dependencies.",
    example='--tasks "Ring buffer,Mixer" --hours 4,6',
)
