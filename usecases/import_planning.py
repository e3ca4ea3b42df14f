"""What an import would record: every phase decided against the log as it is, and nothing appended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from uuid import UUID, uuid5

from adapters.import_plan import PhaseThere
from domain.commands import ImportPhase, Meta, fingerprint
from domain.document_events import DocumentDrafted
from domain.errors import NothingChanged, Refusal
from domain.events import DomainEvent
from domain.import_claims import DependencyThere
from domain.import_events import VerdictImported
from domain.importers import Importer
from domain.importing import take_over
from domain.phase_ids import PREFIX, checked
from domain.phase_state import PhaseState
from domain.read_set import ReadSet
from domain.steps import STEPS, Step
from domain.times import microseconds, rfc3339
from projections.import_differences import ImportDifference, import_differences
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.import_state import StateThere

SPACE = UUID("6d1c6b5e-0c3f-5a9b-9d2f-6b7f5c1d2e33")
"""The namespace (RFC 9562) of the command ids of imports."""


class ImportEvent(TypedDict):
    """An event that is or would be recorded; `occurred_at` is the time that is claimed."""

    topic: str
    occurred_at: str
    step: Step | None
    iteration: int | None
    digest: str | None
    claimed_by: str | None
    counts: bool | None


class Decided(NamedTuple):
    """One phase of the plan: the command, and what it comes to. `refusal` is set where nothing can be recorded."""

    there: PhaseThere
    command: ImportPhase | None
    events: list[ImportEvent]
    differences: list[ImportDifference]
    notes: list[str]
    unchanged: bool = False
    refusal: Refusal | None = None


def decided(project: Project, meta: Meta, phases: Sequence[PhaseThere], folder: str, called: str) -> list[Decided]:
    """Decide every phase, those first that others depend on. `folder` and `called` as `importing.imported` has them."""
    log_phases = {stream.removeprefix(PREFIX) for stream in project.log.heads_below(PREFIX)[1]}
    known = log_phases | {phase.phase for phase in phases if not phase.refused}
    kept = {phase.phase: _with_known(phase, known) for phase in phases if not phase.refused}
    order, broken = _in_order({name: phase for name, (phase, _) in kept.items()})
    answers = [Decided(phase, None, [], [], [], refusal=_refusal(phase, called)) for phase in phases if phase.refused]
    for name in order:
        phase, notes = kept[name]
        phase, more = _without(phase, broken)
        answers.append(_decide(project, meta, phase, [*notes, *more], folder))
    return answers


def _decide(project: Project, meta: Meta, there: PhaseThere, notes: list[str], folder: str) -> Decided:
    command = _command(project, meta, there, notes, folder)
    notes = [*there.notes, *notes]
    state_there = _facts_there(there.state, there.phase) if there.state else {}
    read = ReadSet(project.log)
    try:
        checked(there.phase)
        if project.log.receipt(command.meta.command_id):
            raise NothingChanged("This very import was recorded before.")
        phase = take_over(command, read, project.log)
    except NothingChanged:
        head = project.head(there.phase)
        assert head is not None
        found = import_differences(PhaseState.from_facts(head.facts), state_there)
        return Decided(there, command, [], found, notes, unchanged=True)
    except Refusal as refusal:
        return Decided(there, command, [], [], notes, refusal=refusal)
    differences = import_differences(phase.state, state_there)
    events = [_event(event) for event in phase.decided()]
    return Decided(there, command, events, differences, [*notes, *_unsettled(events, meta, read)])


def _unsettled(events: Sequence[ImportEvent], meta: Meta, read: ReadSet) -> Iterator[str]:
    """Yield why claims of verdicts about texts do not count, where that is because of who brings them."""
    by = meta.by
    if not read.policy().state.binds(by):
        return
    if any(event["counts"] is False and event["digest"] for event in events):
        yield (
            f"the verdicts that are claimed settle nothing: {by.name} acts as {by.kind}, and only people may approve;"
            " once they are recorded so, a person has to judge the texts"
        )


def _command(project: Project, meta: Meta, there: PhaseThere, notes: Iterable[str], folder: str) -> ImportPhase:
    left_out = [f"{path}: {reason}" for path, reason in there.left_out]
    command = ImportPhase(
        meta,
        there.phase,
        there.title,
        there.importer,
        there.source,
        there.name_there,
        there.claims,
        began_at=there.opened_at,
        left_out=(*left_out, *there.notes, *notes),
        imported_from=folder if there.folder == "." else f"{folder}/{there.folder}",
    )
    number = uuid5(SPACE, f"{project.log.origin}\n{fingerprint(command)}")
    return command._replace(meta=meta._replace(command_id=str(number)))


def _event(event: DomainEvent) -> ImportEvent:
    step, digest = getattr(event, "step", None), getattr(event, "digest", None)
    claimed = event if isinstance(event, VerdictImported) else None
    about_text = isinstance(event, DocumentDrafted | VerdictImported)
    return {
        "topic": event.TOPIC,
        "occurred_at": rfc3339(microseconds(event.timestamp)),
        "step": step,
        "iteration": getattr(event, "iteration", None),
        "digest": (digest or None) if about_text else None,
        "claimed_by": (claimed.claimed_by or None) if claimed else None,
        "counts": claimed.counts if claimed else None,
    }


def _refusal(phase: PhaseThere, called: str) -> Refusal:
    from domain.errors import InvalidInput

    again = f"orch import {quote(called)} --phase {quote(phase.folder)}=st01-another-name"
    return InvalidInput(f"{phase.folder}: {phase.refused}.", fix=(again,) if phase.wants_name else ())


def _with_known(phase: PhaseThere, known: set[str]) -> tuple[PhaseThere, list[str]]:
    """Leave out dependencies on phases that nobody knows."""
    unknown = {c.on for c in phase.claims if isinstance(c, DependencyThere) and c.on not in known}
    kept = tuple(c for c in phase.claims if not (isinstance(c, DependencyThere) and c.on in unknown))
    notes = [f"depends there on {on[:60]!r}, which is no phase here: left out" for on in sorted(unknown)]
    return phase._replace(claims=kept), notes


def _without(phase: PhaseThere, broken: set[tuple[str, str]]) -> tuple[PhaseThere, list[str]]:
    """Leave out dependencies that would close a circle."""
    out = {on for name, on in broken if name == phase.phase}
    kept = tuple(c for c in phase.claims if not (isinstance(c, DependencyThere) and c.on in out))
    return phase._replace(claims=kept), [f"waits for {on}, which waits for it: left out" for on in sorted(out)]


def _in_order(phases: Mapping[str, PhaseThere]) -> tuple[list[str], set[tuple[str, str]]]:
    """Return the names in an order in which nobody comes before what they wait for, and the edges of circles."""
    edges = {
        name: {c.on for c in phase.claims if isinstance(c, DependencyThere) and c.on in phases}
        for name, phase in phases.items()
    }
    broken = {(name, name) for name, on in edges.items() if name in on}
    for name, on in edges.items():
        on.discard(name)
    while True:
        try:
            return list(TopologicalSorter(edges).static_order()), broken
        except CycleError as error:
            first, waits = error.args[1][0], error.args[1][1]
            edges[waits].discard(first)
            broken.add((waits, first))


def _facts_there(state: "StateThere", phase: str) -> dict[str, Any]:
    return {
        "phase": state.phase or phase,
        "currentStep": state.current_step,
        "completedSteps": [step.value for step in STEPS if step.value in state.completed],
        "approvals": [step.value for step in STEPS if step in state.approvals],
        **{f"iterations.{step}": state.iterations[step] for step in state.iterations},
        "open blockers": sum(not blocker.is_resolved for blocker in state.blockers),
        "nextAction": state.next_action,
        "dependencies": sorted(state.depends_on),
    }


def importer_words(importer: Importer) -> str:
    """Return what people call a layout."""
    return {Importer.PREDECESSOR: "the predecessor (orchestrator 1.0)"}.get(importer, importer.value)
