"""orch diff: what changed between two iterations of a document, or in a phase between two moments."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput, NotFound
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import DocumentText, place_of_iteration, place_of_latest
from projections.moments import as_of
from projections.redactions import in_words
from projections.text_diff import ComparedText, TextDiff, text_diff
from usecases.project import Project
from usecases.reads import decoded, document_at, view_of_phase

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
LONGEST_NUMBER = 15


@reading
def diff(asked: Asked, phase: PhaseId, step: MaybeStep = None, old: Old = None, new: New = None) -> None:
    """Show what changed: in the text of a step, as a unified diff, or in the state of the whole phase.

    With STEP, --from and --to are iterations (2) or moments (2026-11-24T14:00:00Z, position:N).
    Without STEP they are moments; from the opening of the phase until now, unless they are given.

    Example: orch diff st01-audio-engine spec --from 1 --to 2

    Next: orch approve PHASE STEP
    """
    numbers = [_is_number(words) for words in (old, new) if words is not None]
    _refuse_mixed(phase, step, numbers, old or new or "")
    if step is None:
        from cli.state_diff import answer_state_diff

        return answer_state_diff(asked, phase, old, new)
    with opened() as project:
        view, head = view_of_phase(project, phase, asked.at)
        latest = PhaseState.from_facts(head.facts).documents[step].iteration
        if not latest:
            raise NotFound(f"{phase}: {step} has no recorded text.", fix=(f"orch why {phase} {step}",))
        if all(numbers):
            before, after = _number(phase, step, old), _number(phase, step, new)
        else:
            before, after = _iterations(project, asked, phase, step, old, new)
        after = after or latest
        before = before or after - 1
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
    return None


def _is_number(words: str) -> bool:
    return words.isascii() and words.isdigit()


def _refuse_mixed(phase: str, step: Step | None, numbers: list[bool], given: str) -> None:
    """Refuse an iteration beside a moment, and iterations of nothing."""
    if any(numbers) and not all(numbers):
        raise InvalidInput(
            "--from and --to are two iterations or two moments, not one of each.",
            fix=(f"orch diff {phase} {step or Step.SPEC} --from 1 --to 2", f"orch diff {phase}"),
        )
    if step is None and any(numbers):
        raise InvalidInput(
            "A number is an iteration, and needs STEP; a moment is RFC 3339 with an offset or position:N.",
            fix=(f"orch diff {phase} --from position:{given[:LONGEST_NUMBER]}", f"orch diff {phase} spec"),
        )


def _number(phase: str, step: Step, words: str | None) -> int | None:
    """Return an iteration."""
    if words is None:
        return None
    if len(words) > LONGEST_NUMBER or not int(words):
        raise InvalidInput(f"Iterations count from 1; got {words[:30]}.", fix=(f"orch diff {phase} {step} --from 1",))
    return int(words)


def _iterations(
    project: Project, asked: Asked, phase: str, step: Step, since: str | None, until: str | None
) -> tuple[int | None, int]:
    """Return which iterations were the latest at two moments; without a first moment the one before is meant."""
    from cli.between import between

    instants = between(project, asked, phase, since, until, step=step)
    found = []
    for typed, instant in zip((since or "", until or asked.at or "now"), instants, strict=True):
        _, head = view_of_phase(project, phase, f"position:{instant.moment.position}")
        iteration = PhaseState.from_facts(head.facts).documents[step].iteration
        if not iteration and typed:
            raise NotFound(f"{phase}: {step} had no recorded text at {typed}.", fix=(f"orch diff {phase} {step}",))
        found.append(iteration)
    return found[0] if since is not None else None, found[1]


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
