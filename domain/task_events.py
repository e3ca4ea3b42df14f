"""What can happen to the tasks of a phase, and what each happening changes.

`apply` runs again on every replay: it changes facts and never judges.
"""

from typing import TYPE_CHECKING, ClassVar

from domain.events import DomainEvent
from domain.steps import Step, StepState
from domain.tasks import Outline, TaskState

if TYPE_CHECKING:
    from domain.phase import Phase


class TasksNumbered(DomainEvent):
    """Which tasks an iteration of the tasks document lists: numbers that stand for the same task for ever."""

    TOPIC: ClassVar[str] = "phase.tasks_numbered"
    iteration: int
    tasks: tuple[tuple[str, ...], ...]
    """Each a number and the numbers of the tasks it waits for, in the order of the document."""

    def apply(self, aggregate: "Phase") -> None:
        document = aggregate.state.documents[Step.TASKS]
        book = aggregate.state.tasks.with_outline(Outline(self.iteration, document.drafted, self.tasks))
        if document.state is StepState.APPROVED:  # of a document that was approved before numbers were recorded
            book = book.approved(self.iteration)
        aggregate.state = aggregate.state._replace(tasks=book)


class TaskStarted(DomainEvent):
    """Somebody works on a task."""

    TOPIC: ClassVar[str] = "phase.task_started"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    task: str
    iteration: int
    """The approved iteration that lists it."""
    forced: bool
    broke: tuple[str, ...]
    """The rules that force set aside."""
    reason: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change_task(
            self.task, state=TaskState.STARTED, changed=self.originator_version, started_by=self.by.name
        )


class TaskCompleted(DomainEvent):
    TOPIC: ClassVar[str] = "phase.task_completed"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("note", "reason")
    task: str
    iteration: int
    forced: bool
    broke: tuple[str, ...]
    note: str | None
    reason: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change_task(self.task, state=TaskState.DONE, changed=self.originator_version)


class TaskReopened(DomainEvent):
    """A task that was started or done is to be done (again)."""

    TOPIC: ClassVar[str] = "phase.task_reopened"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    task: str
    iteration: int
    reason: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change_task(self.task, state=TaskState.OPEN, changed=self.originator_version, started_by="")


class TaskAssigned(DomainEvent):
    """A task is somebody's to do, or nobody's any more."""

    TOPIC: ClassVar[str] = "phase.task_assigned"
    task: str
    iteration: int
    assignee: str
    """The name of an actor; empty: nobody's."""

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change_task(self.task, assignee=self.assignee, assigned=self.originator_version)
