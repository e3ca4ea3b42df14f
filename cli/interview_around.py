"""What is known around a phase when an interview about it begins."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from domain.basis import RESTS_ON, Basis
from domain.errors import NotFound
from domain.event_log import Head
from domain.hints import draft
from domain.phase import Phase
from domain.phase_ids import PREFIX, stream_of, title_from
from domain.phase_state import PhaseState
from domain.steps import Step, StepState
from projections.document_text import place_of_latest
from projections.feedback import open_feedback
from projections.suggestions import earlier, neighbours, suggestions
from usecases.project import Project


class Around(NamedTuple):
    """What the log says before anybody is asked."""

    iteration: int
    """The latest iteration of the document."""
    own: dict[str, Any]
    """What that says."""
    feedback: list[str]
    """What the next one has to answer."""
    others: list[dict[str, Any]]
    """What the documents of that step say in the phases around."""
    phases: list[str]
    bases: list[Basis]
    """The approved documents that this one is derived from."""

    def suggested(self, phase: str, field: str, before: object) -> list[Any]:
        """Return what can be suggested for a field."""
        if field == "title":
            return [] if before else [title_from(phase)]
        if field == "dependencies":
            return earlier(phase, self.phases, but=before)
        return suggestions(field, self.others, but=before)


def around(project: Project, phase: str, step: Step) -> Around:
    """Read what an interview needs. Raises what drafting that step would be refused with."""
    heads = project.log.heads_below(PREFIX)[1]
    phases = sorted(name.removeprefix(PREFIX) for name in heads)
    head = heads.get(stream_of(phase))
    if head is None:
        if step is not Step.SPEC:
            raise NotFound(f"There is no phase {phase}: a phase begins with its spec.", fix=(draft(phase, Step.SPEC),))
        others = _fields(project, heads, neighbours(phase, (), phases), step)
        return Around(0, {}, [], others, phases, [])
    state = PhaseState.from_facts(head.facts)
    Phase.restore(head.stream, head.version, state).may_draft(step)
    document = state.documents[step]
    told = project.log.told([(head.stream, version) for version in document.feedback])
    points = [f["points"] or ["(erased)"] for f in open_feedback(head.stream, document, told)]
    others = _fields(project, heads, neighbours(phase, state.depends_on, phases), step)
    own = _latest(project, head, step)
    bases = [
        Basis(each, state.documents[each].iteration, state.documents[each].digest, _latest(project, head, each))
        for each in RESTS_ON.get(step, ())
    ]
    return Around(document.iteration, own, [p for each in points for p in each], others, phases, bases)


def _fields(project: Project, heads: Any, phases: Iterable[str], step: Step) -> list[dict[str, Any]]:
    """Return what the approved documents of a step say in some phases."""
    found = []
    for phase in phases:
        head = heads[stream_of(phase)]
        if PhaseState.from_facts(head.facts).documents[step].state is StepState.APPROVED:
            found.append(_latest(project, head, step))
    return found


def _latest(project: Project, head: Head, step: Step) -> dict[str, Any]:
    """Return the fields of the latest iteration; one written by hand, or erased, has none."""
    place = place_of_latest(head, step)
    texts = project.log.told([place])[place].texts if place else None
    return (texts or {}).get("fields") or {}
