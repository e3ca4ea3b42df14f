"""Documents: draft them, record them as they were edited, show them, ask for a verdict."""

from typing import Annotated, Any

from fastapi import Body, Query
from starlette.responses import Response

from adapters.inputs import judged_fields
from api.answering import answer, carried_out, version_of
from api.asking import Reader, Writer
from api.heard import judged_by_schema
from api.parts import part
from api.words import Nothing, PhaseId, TextOf
from domain.commands import DraftDocument, EditDocument, RequestApproval
from domain.phase_ids import checked
from domain.steps import STEPS, Step
from usecases.drafting import draft, refuse_nothing_to_say
from usecases.gate import refuse_edited
from usecases.shown import document

router = part(tags=["documents"])
drafts = part(tags=["documents"])
"""Asked most, and as exact as paths can be: looked at before all others, because each that is looked at costs."""
Iteration = Annotated[int | None, Query(ge=1, description="An earlier iteration; otherwise the latest.")]
Fields = Annotated[dict[str, Any], Body(description="The fields of the document, as `orch schema show STEP` has them.")]


def _drafting(step: Step) -> None:
    """Add the operation that drafts one step."""

    @drafts.post(f"/phases/{{phase}}/{step}", operation_id=f"draft_{step}", summary=f"Draft the {step} of a phase")
    def drafted(ask: Writer, phase: PhaseId, fields: Fields) -> Response:
        """Render the document from its fields and ask for a verdict; a phase that is new begins with its spec."""
        checked(phase)
        with judged_by_schema():
            known = _judged(step, fields)
        refuse_nothing_to_say(phase, step, known)

        def command() -> DraftDocument:
            return draft(ask.project, ask.meta(phase), phase, step, known)

        return carried_out(ask, phase, command, writes=step)


def _judged(step: Step, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields; tasks that came without numbers are left to whoever knows which were used before."""
    tasks = fields.get("tasks") if step is Step.TASKS else None
    if not isinstance(tasks, list) or any(not isinstance(task, dict) or "id" in task for task in tasks):
        return judged_fields(step, fields, "The body")
    numbered = [{"id": f"T{number:03}", **task} for number, task in enumerate(tasks, 1)]
    known: dict[str, Any] = judged_fields(step, {**fields, "tasks": numbered}, "The body")
    for task in known.get("tasks", ()):
        del task["id"]
    return known


for each in STEPS:
    _drafting(each)


@router.get("/phases/{phase}/{step}", summary="The recorded text of a document")
def show(ask: Reader, phase: PhaseId, step: Step, iteration: Iteration = None) -> Response:
    """Return the text, its digest and its author; text is null once it was erased."""
    version = version_of(ask.project.head(phase)) if ask.at is None else None
    return answer("phase.document", document(ask.project, phase, step, iteration, ask.at), version=version)


@router.put("/phases/{phase}/{step}", summary="Record a text as the next iteration")
def edit(ask: Writer, phase: PhaseId, step: Step, words: TextOf) -> Response:
    """Record a document that was written by hand."""

    def command() -> EditDocument:
        refuse_edited(ask.project, ask.command_id, phase, step)
        return EditDocument(ask.meta(phase), phase, step, words.text)

    return carried_out(ask, phase, command, writes=step)


@router.post("/phases/{phase}/{step}/request", summary="Ask (again) for a verdict")
def request(ask: Writer, phase: PhaseId, step: Step, words: Nothing | None = None) -> Response:
    """Ask for a verdict, for example after a request expired."""
    del words
    return carried_out(ask, phase, lambda: RequestApproval(ask.meta(phase), phase, step))
