"""The state of a phase under the predecessor's field names, for scripts that read them."""

from typing import NotRequired, TypedDict

from domain.documents import Document
from domain.event_log import Head
from domain.phase_state import Blocker, PhaseState
from domain.steps import STEPS, Step, StepState
from domain.times import rfc3339
from projections.places import ERASED, Place, Tellings, in_stream, words
from projections.titles import title_of

FIRST = 1
"""The version that opened the phase."""


class StateApproval(TypedDict):
    """The verdict that approved a step."""

    timestamp: str
    iteration: int
    approved_by: str
    comments: str | None


class StateBlocker(TypedDict):
    """One blocker; `resolved` is there once it is."""

    id: str
    type: str
    description: str
    created: str
    resolved: NotRequired[str]


class StateMetadata(TypedDict):
    """When the phase was opened and last changed, and what wrote the file."""

    created: str
    lastModified: str
    orchestratorVersion: str


class StateFile(TypedDict):
    """`phase-state.json`."""

    phase: str
    phaseTitle: str
    currentStep: str | None
    completedSteps: list[Step]
    approvals: dict[str, StateApproval | None]
    iterations: dict[str, int]
    blockers: list[StateBlocker]
    nextAction: str
    dependencies: list[str]
    metadata: StateMetadata


def places(head: Head) -> list[Place]:
    """Return the events that a state file wants told."""
    state = PhaseState.from_facts(head.facts)
    wanted = [FIRST, state.titled, head.version]
    wanted += [d.decided for d in state.documents.values() if d.state is StepState.APPROVED]
    wanted += [version for blocker in state.blockers for version in (blocker.version, blocker.resolved)]
    return in_stream(head.stream, wanted)


def state_file(head: Head, told: Tellings, *, version: str) -> StateFile:
    """Return the state file of a phase; `version` is that of the program that writes it."""
    state = PhaseState.from_facts(head.facts)
    return {
        "phase": state.phase,
        "phaseTitle": title_of(state, told).words,
        "currentStep": state.current_step,
        "completedSteps": list(state.completed),
        "approvals": {step.value: _approval(head.stream, state.documents[step], told) for step in STEPS},
        "iterations": {step.value: state.documents[step].iteration for step in STEPS},
        "blockers": [_blocker(head.stream, blocker, told) for blocker in state.blockers],
        "nextAction": state.next_action,
        "dependencies": list(state.depends_on),
        "metadata": {
            "created": rfc3339(told[head.stream, FIRST].recorded_at),
            "lastModified": rfc3339(told[head.stream, head.version].recorded_at),
            "orchestratorVersion": version,
        },
    }


def _approval(stream: str, document: Document, told: Tellings) -> StateApproval | None:
    if document.state is not StepState.APPROVED:
        return None
    verdict = told[stream, document.decided]
    claimed = document.claimed
    comments = ERASED if verdict.erased else words(verdict, "comments") or words(verdict, "reason")
    return {
        "timestamp": verdict.occurred_at if claimed else rfc3339(verdict.recorded_at),
        "iteration": document.iteration,
        "approved_by": f"{verdict.facts['claimed_by']} (imported claim)".lstrip() if claimed else verdict.by.name,
        "comments": comments,
    }


def _blocker(stream: str, blocker: Blocker, told: Tellings) -> StateBlocker:
    made = told[stream, blocker.version]
    row: StateBlocker = {
        "id": blocker.id,
        "type": blocker.type,
        "description": ERASED if made.erased else words(made, "description") or "",
        "created": rfc3339(made.recorded_at),
    }
    if blocker.resolved:
        row["resolved"] = rfc3339(told[stream, blocker.resolved].recorded_at)
    return row
