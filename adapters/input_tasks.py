"""The fields of a tasks document."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from adapters import input_rules as rules
from adapters.input_common import Hours, Level, Part, Risk, Text, Texts, refuse_twice, refuse_unknown

TaskId = Annotated[str, StringConstraints(pattern=r"^T[0-9]{3,4}$")]


class Task(Part):
    """One piece of work that a person finishes in one go."""

    id: TaskId = Field(description="T001, T002, ...: used once, and never for another task later.")
    title: Text = Field(description="What to do, in a few words.")
    description: Text | None = Field(None, description="What to do, in full.")
    priority: Level | None = Field(None, description="How much it matters.")
    estimated_hours: Hours | None = Field(None, description="Hours of work.")
    dependencies: Annotated[list[TaskId], Field(min_length=1)] | None = Field(
        None, description="Ids of the tasks that must be finished first."
    )
    acceptance_criteria: Texts | None = Field(None, description="How one sees that it is done.")


class ResourceAllocation(Part):
    """Who works on it, and how much."""

    developers: Annotated[int, Field(ge=1, le=rules.DEVELOPERS_LIMIT)] | None = Field(
        None, description="How many people work on it."
    )
    hours_per_day: Annotated[float, Field(gt=0, le=24)] | None = Field(
        None, description="Hours that each of them works on it per day."
    )


class Tasks(Part):
    """The work, cut into tasks."""

    tasks: Annotated[list[Task], Field(min_length=1, max_length=rules.TASK_LIMIT)] | None = Field(
        None, description="The tasks, in the order in which they are shown."
    )
    resource_allocation: ResourceAllocation | None = Field(None, description="Who works on it, and how much.")
    quality_gates: Texts | None = Field(None, description="Checks that every task passes.")
    risk_tasks: Annotated[list[Risk], Field(min_length=1)] | None = Field(
        None, description="Risks of the work, and the task or measure that answers each."
    )
    definition_of_done: Texts | None = Field(None, description="When all of it is done.")

    @model_validator(mode="after")
    def can_be_worked_through(self) -> Self:
        """Refuse ids used twice, unknown dependencies, and dependencies that go round in a circle."""
        tasks = self.tasks or []
        refuse_twice((task.id for task in tasks), "tasks")
        needs = {task.id: task.dependencies or [] for task in tasks}
        for task in tasks:
            if len(set(needs[task.id])) < len(needs[task.id]):
                raise ValueError(f"{task.id} names the same dependency twice")
        refuse_unknown(needs.items(), needs, "task")
        rules.refuse_cycle(needs, "task dependencies")
        return self
