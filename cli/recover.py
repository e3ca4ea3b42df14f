"""orch recover: any moment of the log again, proven, in a store of its own."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class RecoverCommands(LazyGroup):
    """Any moment of the log again, proven, in a store of its own.

    Example: orch recover points
    """

    entries: ClassVar[dict[str, Entry]] = {
        "point": Entry("cli.recover_points:point", "Give the log as it is now a name to come back to."),
        "points": Entry("cli.recover_points:points", "The restore points."),
        "plan": Entry("cli.recover_plan:plan", "What a recovery to a moment would do and lose; changes nothing."),
        "diff": Entry("cli.recover_plan:diff", "What each phase would lose by going back; changes nothing."),
        "run": Entry("cli.recover_run:run", "Make a store that holds the log as it was at a moment."),
        "documents": Entry("cli.recover_documents:documents", "The documents of one phase as they were at a moment."),
        "verify": Entry("cli.recover_verify:verify", "Check a recovered store, and that it is a prefix of its parent."),
        "salvage": Entry(
            "cli.recover_salvage:salvage",
            "Save what verifies of a damaged store; say what is lost.",
            at_the_log="it is for a store that cannot be served",
        ),
        "promote": Entry(
            "cli.recover_promote:promote",
            "Let the project go on with a recovered store.",
            at_the_log="the service is stopped while it gets another log",
        ),
    }
