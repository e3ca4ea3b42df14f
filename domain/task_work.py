"""Decide what is done about tasks. Of a document that was approved before numbers were recorded, they are now."""

from domain import commands as c
from domain.actors import actor
from domain.event_log import EventLog
from domain.phase import Phase
from domain.read_set import ReadSet
from domain.steps import Step, StepState
from domain.task_texts import listed, tasks_in

TaskCommand = c.StartTasks | c.CompleteTasks | c.ReopenTasks | c.AssignTasks | c.SyncTasks


def decide(command: TaskCommand, read: ReadSet, log: EventLog) -> Phase:
    """Return the phase that the command changed."""
    by, at = command.meta.by, command.meta.at
    phase = read.phase(command.phase)
    phase.may_change_tasks(by=by, at=at)
    _recorded(phase, log, command)
    match command:
        case c.StartTasks():
            phase.start_tasks(command.tasks, forced=command.forced, reason=command.reason, by=by, at=at)
        case c.CompleteTasks():
            phase.complete_tasks(
                command.tasks, note=command.note, forced=command.forced, reason=command.reason, by=by, at=at
            )
        case c.ReopenTasks():
            phase.reopen_tasks(command.tasks, reason=command.reason, by=by, at=at)
        case c.AssignTasks():
            to = actor(command.to, fix=(_to_ada(command),)).name if command.to else ""
            phase.assign_tasks(command.tasks, to=to, by=by, at=at)
        case c.SyncTasks():
            phase.sync_tasks(command.done, command.reopened, forced=command.forced, reason=command.reason, by=by, at=at)
    return phase


def _to_ada(command: c.AssignTasks) -> str:
    from shlex import quote  # few commands need it

    return f"orch task assign {command.phase} {' '.join(map(quote, command.tasks))} --to ada"


def _recorded(phase: Phase, log: EventLog, command: TaskCommand) -> None:
    """Record the numbers of an approved document that was drafted before they were recorded."""
    document, known = phase.state.documents[Step.TASKS], phase.state.tasks.in_force.iteration
    if document.state is not StepState.APPROVED or known == document.iteration:
        return
    place = phase.id, document.drafted
    texts = log.told([place])[place].texts
    tasks = listed(tasks_in(texts)) if texts else ()
    if tasks:
        phase.number_tasks(tasks, by=command.meta.by, at=command.meta.at)
