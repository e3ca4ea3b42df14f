"""Work on tasks: who does what, and how far it is."""

from starlette.responses import Response

from api.answering import carried_out
from api.asking import Writer
from api.parts import part
from api.words import PhaseId, TaskAssign, TaskDone, TaskReopen, TaskStart
from domain.commands import AssignTasks, CompleteTasks, ReopenTasks, StartTasks
from usecases.task_words import numbers_in

router = part(prefix="/phases/{phase}/task", tags=["tasks"])


@router.post("/start", summary="Begin to work on tasks")
def task_start(ask: Writer, phase: PhaseId, words: TaskStart) -> Response:
    """Begin with tasks; each may begin once those it waits for are done."""
    numbers = numbers_in(phase, words.tasks)
    return carried_out(ask, phase, lambda: StartTasks(ask.meta(phase), phase, numbers, words.force, words.reason))


@router.post("/done", summary="Record that tasks are done")
def task_done(ask: Writer, phase: PhaseId, words: TaskDone) -> Response:
    """Complete all of them, or none."""
    numbers = numbers_in(phase, words.tasks)

    def command() -> CompleteTasks:
        return CompleteTasks(ask.meta(phase), phase, numbers, words.note, words.force, words.reason)

    return carried_out(ask, phase, command, boxes=numbers)


@router.post("/reopen", summary="Record that tasks are still to be done")
def task_reopen(ask: Writer, phase: PhaseId, words: TaskReopen) -> Response:
    """Reopen tasks that were started or done."""
    numbers = numbers_in(phase, words.tasks)
    return carried_out(ask, phase, lambda: ReopenTasks(ask.meta(phase), phase, numbers, words.reason), boxes=numbers)


@router.post("/assign", summary="Give tasks to somebody")
def task_assign(ask: Writer, phase: PhaseId, words: TaskAssign) -> Response:
    """Give tasks to somebody by name, or take them away."""
    numbers = numbers_in(phase, words.tasks)
    return carried_out(ask, phase, lambda: AssignTasks(ask.meta(phase), phase, numbers, words.to or ""))
