"""orch why: which missing event blocks a step."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.moments import as_of
from projections.why import places
from projections.why import why as reasons
from usecases.reads import heads_at, view_of_phase

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
        view, head = view_of_phase(project, phase, asked.at)
        waits_for = PhaseState.from_facts(head.facts).depends_on
        found = heads_at(project, [stream_of(on) for on in waits_for], view.moment if asked.at else None)
        dependencies = {on: found.get(stream_of(on)) for on in waits_for}
        told = project.log.told(places(head))
        result = reasons(head, step, told, now_us=view.now, policy=view.policy, dependencies=dependencies)
        data = {**result, "as_of": as_of(view.moment)}

    def show() -> None:
        if not result["blocked"]:
            print(f"{paint('✓', 'green')} {one_line(result['summary'])}")
        for missing in result["missing"]:
            topic = f" [missing: {missing['missing_topic']}]" if missing["missing_topic"] else ""
            print(f"{paint('•', 'yellow')} {missing['step']}: {one_line(missing['because'])}{topic}")
            for line in missing["fix"]:
                print(f"  → {clean(line)}")

    answer("phase.why", data, as_json=asked.json, show=show)
