"""The recorded text of a document."""

from typing import TYPE_CHECKING

from domain.errors import NotFound
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import place_of_iteration, place_of_latest
from projections.moments import as_of
from usecases.project import Project
from usecases.reads import decoded, document_at, view_of_phase

if TYPE_CHECKING:
    from projections.places import Place
    from usecases.answers import DocumentAnswer


def document(project: Project, phase: str, step: Step, iteration: int | None, at: str | None) -> "DocumentAnswer":
    """Return the text of an iteration, or of the latest one."""
    view, head = view_of_phase(project, phase, at)
    place = _place(project, head, step, iteration, upto=view.moment.position)
    found = document_at(project, phase, place, policy=view.policy)
    return {**found, "as_of": as_of(view.moment)}


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
