"""orch task: the tasks of a phase, worked on."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class TaskCommands(LazyGroup):
    """Work on tasks: who does what, and how far it is.

    Example: orch task list
    """

    entries: ClassVar[dict[str, Entry]] = {
        "list": Entry("cli.task_list:list_tasks", "Tasks with their state, whose they are, and whose turn it is."),
        "start": Entry("cli.task_work:start", "Begin to work on tasks."),
        "done": Entry("cli.task_work:done", "Record that tasks are done."),
        "reopen": Entry("cli.task_work:reopen", "Record that tasks are still to be done."),
        "assign": Entry("cli.task_work:assign", "Give tasks to somebody, or take them away."),
        "sync": Entry("cli.task_sync:sync", "Record the boxes that were ticked by hand."),
    }
