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
from projections.redactions import in_words
from usecases.shown import document

if TYPE_CHECKING:
    from projections.document_text import DocumentText

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
        found = document(project, phase, step, iteration, asked.at)
    if raw and not asked.json:
        if found["text"] is None:
            raise NotFound(f"{phase}: {step}: {in_words(found['erased_by'])}.", fix=(f"orch show {phase} {step}",))
        sys.stdout.buffer.write(found["text"].encode())
        return
    answer("phase.document", found, as_json=asked.json, show=lambda: _show(found))


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
