"""orch show: the recorded text of a document."""

import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId, StepName
from cli.options import Asked, reading
from cli.project import opened
from cli.quality import quality_in_words
from cli.screen import clean, one_line, paint
from domain.errors import NotFound
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import place_of_iteration, place_of_latest
from projections.moments import as_of
from projections.redactions import in_words
from usecases.project import Project
from usecases.reads import decoded, document_at, view_of_phase

if TYPE_CHECKING:
    from projections.document_text import DocumentText
    from projections.places import Place

Iteration = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--iteration", min=1, help="An earlier iteration; otherwise the latest."),
]
Raw = Annotated[bool, typer.Option("--raw", help="Print the exact recorded bytes and nothing else.")]


@reading
def show(asked: Asked, phase: PhaseId, step: StepName, iteration: Iteration = None, raw: Raw = False) -> None:
    """Print the recorded text of a document, with its digest and author.

    Example: orch show st01-audio-engine spec --iteration 1

    Next: orch approve PHASE STEP
    """
    with opened() as project:
        view, head = view_of_phase(project, phase, asked.at)
        place = _place(project, head, step, iteration, upto=view.moment.position)
        found = document_at(project, phase, place, policy=view.policy)
    if raw and not asked.json:
        if found["text"] is None:
            raise NotFound(f"{phase}: {step}: {in_words(found['erased_by'])}.", fix=(f"orch show {phase} {step}",))
        sys.stdout.buffer.write(found["text"].encode())
        return
    data = {**found, "as_of": as_of(view.moment)}
    answer("phase.document", data, as_json=asked.json, show=lambda: _show(found))


def _show(found: "DocumentText") -> None:
    if found["text"] is None:
        print(paint(f"No text here, only its digest: {one_line(in_words(found['erased_by']))}.", "yellow"))
    else:
        print(clean(found["text"]), end="")
    author = found["author"]
    by = f"iteration {found['iteration']} by {author['name']} ({author['kind']}), {found['recorded_at']}"
    print(f"{one_line(by)}\n{found['digest']}", file=sys.stderr)
    if found["quality"]:
        print(f"quality {quality_in_words(found['quality'])}", file=sys.stderr)
    for source in found["derived_from"]:
        print(f"derived from {source['step']} iteration {source['iteration']}, {source['digest']}", file=sys.stderr)


def _place(project: Project, head: Head, step: Step, iteration: int | None, *, upto: int) -> "Place":
    """Return which event holds the wanted iteration; only an earlier one needs a look at the history."""
    state = PhaseState.from_facts(head.facts)
    latest = state.documents[step].iteration
    place = place_of_latest(head, step)
    if place is None:
        raise NotFound(f"{state.phase}: {step} has no recorded text.", fix=(f"orch why {state.phase} {step}",))
    if iteration in (None, latest):
        return place
    earlier = place_of_iteration(decoded(project.log.stream(head.stream, upto=upto)), step, iteration or latest)
    if earlier is None:
        raise NotFound(
            f"{state.phase}: {step} has no iteration {iteration}; the latest is {latest}.",
            fix=(f"orch show {state.phase} {step} --iteration {latest}",),
        )
    return earlier
