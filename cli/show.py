"""orch show: the recorded text of a document."""

import sys
from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId, StepName
from cli.options import Asked, reading
from cli.project import Project, opened
from cli.reads import view_of_phase
from cli.screen import clean, paint
from domain.errors import NotFound
from domain.event_log import Told
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.times import rfc3339
from projections.moments import as_of

Iteration = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--iteration", min=1, help="An earlier iteration; otherwise the latest."),
]
Raw = Annotated[bool, typer.Option("--raw", help="Print the exact recorded bytes and nothing else.")]


@reading
def show(asked: Asked, phase: PhaseId, step: StepName, iteration: Iteration = None, raw: Raw = False) -> None:
    """Print the recorded text of a document, with its digest and author.

    Next: orch approve PHASE STEP
    """
    with opened() as project:
        view, head = view_of_phase(project, phase, asked.at)
        latest = PhaseState.from_facts(head.facts).documents[step]
        if not latest.iteration:
            raise NotFound(f"{phase}: {step} has no recorded text.", fix=(f"orch why {phase} {step}",))
        version = latest.drafted
        if iteration is not None and iteration != latest.iteration:
            version = _version_of(project, phase, step, iteration, upto=view.moment.position, latest=latest.iteration)
        place = (stream_of(phase), version)
        told = project.log.told([place])[place]
        text = told.texts["text"] if told.texts else None
    data = {
        "phase": phase,
        "step": step.value,
        "iteration": told.facts["iteration"],
        "digest": told.facts["digest"],
        "author": {"name": told.by.name, "kind": told.by.kind.value},
        "source": told.facts["source"],
        "position": told.position,
        "recorded_at": rfc3339(told.recorded_at),
        "text": text,
        "erased": told.erased,
        "as_of": as_of(view.moment),
    }
    if raw and text is not None:
        sys.stdout.buffer.write(text.encode())
        return
    answer("phase.document", data, as_json=asked.json, show=lambda: _show(told, text))


def _show(told: Told, text: str | None) -> None:
    if text is None:
        print(paint("The text of this iteration was erased; its digest remains.", "yellow"))
    else:
        print(clean(text), end="")
    by = f"iteration {told.facts['iteration']} by {clean(told.by.name)} ({told.by.kind}), {rfc3339(told.recorded_at)}"
    print(f"{clean(by)}\n{told.facts['digest']}", file=sys.stderr)


def _version_of(project: Project, phase: str, step: Step, iteration: int, *, upto: int, latest: int) -> int:
    from adapters.envelope import envelope_of

    for record in project.log.stream(stream_of(phase), upto=upto):
        if record.topic == "phase.document_drafted":
            facts = envelope_of(record)["facts"]
            if facts["step"] == step and facts["iteration"] == iteration:
                return record.version
    raise NotFound(
        f"{phase}: {step} has no iteration {iteration}; the latest is {latest}.",
        fix=(f"orch show {phase} {step} --iteration {latest}",),
    )
