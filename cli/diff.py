"""orch diff: what changed between two iterations of a document."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId, StepName
from cli.options import Asked, reading
from cli.project import Project, opened
from cli.reads import decoded, document_at, view_of_phase
from cli.screen import clean, one_line, paint
from domain.errors import NotFound
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import DocumentText, place_of_iteration, place_of_latest
from projections.moments import as_of
from projections.redactions import in_words
from projections.text_diff import ComparedText, TextDiff, text_diff

COLOURS = {"+": "green", "-": "red", "@": "cyan"}
Old = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--from", metavar="N", min=1, help="The older iteration; otherwise the one before the newer."),
]
New = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--to", metavar="N", min=1, help="The newer iteration; otherwise the latest."),
]


@reading
def diff(asked: Asked, phase: PhaseId, step: StepName, old: Old = None, new: New = None) -> None:
    """Show what changed between two iterations of a document, as a unified diff.

    Next: orch approve PHASE STEP
    """
    with opened() as project:
        view, head = view_of_phase(project, phase, asked.at)
        latest = PhaseState.from_facts(head.facts).documents[step].iteration
        if not latest:
            raise NotFound(f"{phase}: {step} has no recorded text.", fix=(f"orch why {phase} {step}",))
        after = new or latest
        before = old or after - 1
        if not before:
            raise NotFound(
                f"{phase}: there is no iteration of {step} before the first to compare it with.",
                fix=(f"orch show {phase} {step} --iteration 1",),
            )
        upto = view.moment.position
        found = text_diff(
            _text(project, head, step, before, latest, upto), _text(project, head, step, after, latest, upto)
        )
    data = {**found, "as_of": as_of(view.moment)}
    answer("phase.diff", data, as_json=asked.json, show=lambda: _show(found))


def _text(project: Project, head: Head, step: Step, iteration: int, latest: int, upto: int) -> DocumentText:
    """Return one iteration; only an earlier one than the latest needs a look at the history."""
    phase = PhaseState.from_facts(head.facts).phase
    if iteration == latest:
        place = place_of_latest(head, step)
    else:
        place = place_of_iteration(decoded(project.log.stream(head.stream, upto=upto)), step, iteration)
    if place is None:
        raise NotFound(
            f"{phase}: {step} has no iteration {iteration}; the latest is {latest}.",
            fix=(f"orch show {phase} {step} --iteration {latest}",),
        )
    return document_at(project, phase, place)


def _show(found: TextDiff) -> None:
    for side in (found["old"], found["new"]):
        if side["erased"]:
            erased = one_line(in_words(side["erased_by"]))
            print(paint(f"Of iteration {side['iteration']} only the digest is left: {erased}.", "yellow"))
    for line in found["lines"] or ():
        shown = clean(line)
        colour = COLOURS.get(line[:1])
        print(paint(shown, colour) if colour else shown)
    if found["lines"] == []:
        print("Both iterations say the same.")
    print(_said(found["old"]))
    print(_said(found["new"]))


def _said(side: ComparedText) -> str:
    author = side["author"]
    by = f"iteration {side['iteration']} by {author['name']} ({author['kind']}), {side['recorded_at']}"
    return paint(f"{one_line(by)}  {side['digest']}", "dim")
