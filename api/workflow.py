"""All steps of a phase in one request, as far as its approvals reach; and the boxes that were ticked by hand."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from adapters.input_files import source_of
from adapters.workflow_files import judged_workflow
from api.answering import answer, carried_out, signed_outside
from api.asking import ManyWriter, Writer, Writing
from api.identity import refuse_without
from api.outside import refusal_outside
from api.parts import part
from api.words import PhaseId, Text, Words
from domain.access_token import Scope
from domain.commands import Meta, SyncTasks
from domain.phase_ids import checked
from usecases.rules import policy_of
from usecases.task_boxes import boxes_of
from usecases.workflow_answer import WorkflowRow
from usecases.workflow_run import Run, gone_through

router = part(prefix="/phases/{phase}", tags=["documents"])


class Workflow(Words):
    """The fields of the steps, as `orch schema show workflow` has them; steps that are left out wait."""

    steps: Annotated[dict[str, Any], Field(examples=[{"spec": {"objectives": ["Round trip below 10 ms"]}}])]
    auto_approve: Annotated[
        bool, Field(description="Approve in the token's name, unread, marked so; needs the scope approve, too.")
    ] = False


class Ticked(Words):
    """A tasks document whose boxes say what is done."""

    text: Annotated[str, Field(examples=["- [x] T001 Ring buffer\n"])]
    force: Annotated[bool, Field(description="Out of turn; needs a reason.")] = False
    reason: Text = ""


@router.post("/workflow", summary="Draft all steps as far as the approvals reach")
def workflow(ask: ManyWriter, phase: PhaseId, words: Workflow) -> Response:
    """Draft the steps in turn, up to the first that waits for an approval; the same request goes on from there.

    Each step's command id follows from what it says, so the Idempotency-Key is not needed. A refusal after something
    was recorded is told in `waits_for`.
    """
    checked(phase)
    if words.auto_approve:
        refuse_without([Scope.APPROVE], ask.by, in_vain=lambda: policy_of(ask.project).binds(ask.by.actor))
    file = judged_workflow(source_of(words.steps, "The body"), phase=phase)
    run = Run(ask.project, _metas(ask, phase), phase, file, automatic=words.auto_approve)
    run.refuse_hopeless()
    gate, _ = gone_through(run)
    rows: list[WorkflowRow] = [
        {**row, "checkpoint": signed_outside(signed, ask.project) if (signed := row["checkpoint"]) else None}
        for row in run.rows()
    ]
    waits_for = refusal_outside(gate, ask.project) if gate else None
    data = {"phase": phase, "complete": gate is None, "waits_for": waits_for, "rows": rows}
    return answer("workflow.run", data)


@router.post("/task/sync", summary="Record the boxes that were ticked by hand", tags=["tasks"])
def task_sync(ask: Writer, phase: PhaseId, words: Ticked) -> Response:
    """Record that tasks with a ticked box are done, and that those with an emptied one are not, as it differs."""
    checked(phase)
    touched: list[str] = []

    def command() -> SyncTasks:
        done: tuple[str, ...] = ()
        reopened: tuple[str, ...] = ()
        if ask.project.log.receipt(ask.command_id) is None:
            done, reopened, *_ = boxes_of(ask.project, phase, words.text)
        touched.extend((*done, *reopened))
        return SyncTasks(ask.meta(phase), phase, done, reopened, words.force, words.reason)

    return carried_out(ask, phase, command, boxes=touched)


def _metas(ask: Writing, phase: str) -> Callable[[str], Meta]:
    """Return what says who asks, for each command."""
    return lambda command_id: ask._replace(command_id=command_id).meta(phase)
