"""orch diff: what changed between two iterations of a document, or in a phase between two moments."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.steps import Step
from projections.redactions import in_words
from projections.text_diff import ComparedText, TextDiff
from usecases.diff import refuse_mixed, text_changes

COLOURS = {"+": "green", "-": "red", "@": "cyan"}
Old = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--from", metavar="N|T", help="The older iteration or moment; otherwise the one before the newer."),
]
New = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--to", metavar="N|T", help="The newer iteration or moment; otherwise the latest."),
]
MaybeStep = Annotated[
    Optional[Step],  # noqa: UP045  # as above
    typer.Argument(metavar="[STEP]", help="The text of a step; without one, the state of the phase."),
]


@reading
def diff(asked: Asked, phase: PhaseId, step: MaybeStep = None, old: Old = None, new: New = None) -> None:
    """Show what changed: in the text of a step, as a unified diff, or in the state of the whole phase.

    With STEP, --from and --to are iterations (2) or moments (2026-11-24T14:00:00Z, position:N).
    Without STEP they are moments; from the opening of the phase until now, unless they are given.

    Example: orch diff st01-audio-engine spec --from 1 --to 2

    Next: orch approve PHASE STEP
    """
    refuse_mixed(phase, step, old, new)
    if step is None:
        from cli.state_diff import answer_state_diff

        return answer_state_diff(asked, phase, old, new)
    with opened() as project:
        found = text_changes(project, phase, step, old, new, asked.at)
    answer("phase.diff", found, as_json=asked.json, show=lambda: _show(found))
    return None


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
