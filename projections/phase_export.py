"""All there is to say about phases at one moment: where they stand, and their documents in full."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from domain.steps import Step, StepState
from projections.blockers import BlockerRow
from projections.document_text import DocumentText
from projections.phase_status import Closing, PhaseStatus
from projections.step_status import Steps
from projections.task_list import TaskCounts


class ExportedPhase(TypedDict):
    """A phase with the latest iteration of its documents; the text of one that was erased is None."""

    phase: str
    title: str
    title_erased: bool
    current_step: str | None
    next_action: str
    completed_steps: list[Step]
    steps: Steps
    blockers: list[BlockerRow]
    depends_on: list[str]
    handed_off: Closing | None
    archived: Closing | None
    tasks: TaskCounts
    documents: list[DocumentText]


class ExportedAt(TypedDict):
    """The moment of an export. What was recorded later is not named, or it would change the export of a past moment."""

    position: int
    recorded_at: str | None


class Export(TypedDict):
    """Phases in the order of their ids, all as of one moment: what was recorded by then, and nothing else."""

    phases: list[ExportedPhase]
    as_of: ExportedAt


class StepRow(TypedDict):
    """One step of one phase, flat: a line of the CSV."""

    phase: str
    title: str
    step: str
    state: StepState
    iteration: int
    digest: str | None
    author: str | None
    author_kind: str | None
    drafted_at: str | None
    expires_at: str | None
    verdict_by: str | None
    verdict_kind: str | None
    verdict_at: str | None
    approvals_given: int
    approvals_needed: int
    self_approval: bool
    automatic: bool
    forced: bool
    open_feedback: int
    text_erased: bool


def exported(status: PhaseStatus, documents: Sequence[DocumentText]) -> ExportedPhase:
    """Return a phase as an export has it: what was recorded, without the advice of a status."""
    return {
        "phase": status["phase"],
        "title": status["title"],
        "title_erased": status["title_erased"],
        "current_step": status["current_step"],
        "next_action": status["next_action"],
        "completed_steps": status["completed_steps"],
        "steps": status["steps"],
        "blockers": status["blockers"],
        "depends_on": status["depends_on"],
        "handed_off": status["handed_off"],
        "archived": status["archived"],
        "tasks": status["tasks"],
        "documents": list(documents),
    }


def step_rows(phases: Sequence[ExportedPhase]) -> Iterator[StepRow]:
    """Yield a row for every step of every phase."""
    for phase in phases:
        erased = {document["step"] for document in phase["documents"] if document["erased"]}
        for step in Step:
            status = phase["steps"][step.value]
            author, verdict = status["author"], status["verdict_by"]
            yield {
                "phase": phase["phase"],
                "title": phase["title"],
                "step": step.value,
                "state": status["state"],
                "iteration": status["iteration"],
                "digest": status["digest"],
                "author": author["name"] if author else None,
                "author_kind": author["kind"] if author else None,
                "drafted_at": status["drafted_at"],
                "expires_at": status["expires_at"],
                "verdict_by": verdict["name"] if verdict else None,
                "verdict_kind": verdict["kind"] if verdict else None,
                "verdict_at": status["verdict_at"],
                "approvals_given": status["approvals"]["given"],
                "approvals_needed": status["approvals"]["needed"],
                "self_approval": status["self_approval"],
                "automatic": status["automatic"],
                "forced": status["forced"],
                "open_feedback": len(status["feedback"]),
                "text_erased": step in erased,
            }
