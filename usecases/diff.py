"""What changed between two iterations of a document, or in a phase between two moments."""

from typing import TYPE_CHECKING

from domain.errors import InvalidInput, NotFound
from domain.event_log import Head
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import DocumentText, place_of_iteration, place_of_latest
from projections.moments import as_of
from projections.text_diff import text_diff
from usecases.between import between
from usecases.project import Project
from usecases.reads import decoded, document_at, view_of_phase

if TYPE_CHECKING:
    from usecases.answers import DiffAnswer, StateDiffAnswer

LONGEST_NUMBER = 15


def text_changes(
    project: Project, phase: str, step: Step, old: str | None, new: str | None, at: str | None
) -> "DiffAnswer":
    """Return what changed in the text of a step between two iterations, or between two moments."""
    view, head = view_of_phase(project, phase, at)
    latest = PhaseState.from_facts(head.facts).documents[step].iteration
    if not latest:
        raise NotFound(f"{phase}: {step} has no recorded text.", fix=(f"orch why {phase} {step}",))
    if all(_is_number(words) for words in (old, new) if words is not None):
        before, after = _number(phase, step, old), _number(phase, step, new)
    else:
        before, after = _iterations(project, at, phase, step, old, new)
    after = after or latest
    before = before or after - 1
    if not before:
        raise NotFound(
            f"{phase}: there is no iteration of {step} before the first to compare it with.",
            fix=(f"orch show {phase} {step} --iteration 1",),
        )
    upto = view.moment.position
    found = text_diff(_text(project, head, step, before, latest, upto), _text(project, head, step, after, latest, upto))
    return {**found, "as_of": as_of(view.moment)}


def state_changes(
    project: Project, phase: str, since: str | None, until: str | None, at: str | None
) -> "StateDiffAnswer":
    """Return what changed in a phase between two moments."""
    from projections.state_diff import state_diff

    old, new = between(project, at, phase, since, until)
    happenings = decoded(project.log.stream(stream_of(phase), upto=new.moment.position))
    return {**state_diff(happenings, old=old, new=new), "as_of": as_of(new.moment)}


def refuse_mixed(phase: str, step: Step | None, old: str | None, new: str | None) -> None:
    """Refuse an iteration beside a moment, and iterations of nothing."""
    numbers, given = [_is_number(words) for words in (old, new) if words is not None], old or new or ""
    if any(numbers) and not all(numbers):
        raise InvalidInput(
            "Two iterations are compared, or two moments, not one of each.",
            fix=(f"orch diff {phase} {step or Step.SPEC} --from 1 --to 2", f"orch diff {phase}"),
        )
    if step is None and any(numbers):
        raise InvalidInput(
            "A number is an iteration, and needs STEP; a moment is RFC 3339 with an offset or position:N.",
            fix=(f"orch diff {phase} --from position:{given[:LONGEST_NUMBER]}", f"orch diff {phase} spec"),
        )


def _is_number(words: str) -> bool:
    return words.isascii() and words.isdigit()


def _number(phase: str, step: Step, words: str | None) -> int | None:
    """Return an iteration."""
    if words is None:
        return None
    if len(words) > LONGEST_NUMBER or not int(words):
        raise InvalidInput(f"Iterations count from 1; got {words[:30]}.", fix=(f"orch diff {phase} {step} --from 1",))
    return int(words)


def _iterations(
    project: Project, at: str | None, phase: str, step: Step, since: str | None, until: str | None
) -> tuple[int | None, int]:
    """Return which iterations were the latest at two moments; without a first moment the one before is meant."""
    instants = between(project, at, phase, since, until, step=step)
    found = []
    for typed, instant in zip((since or "", until or at or "now"), instants, strict=True):
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
