"""orch recover: any moment of the log again, proven, in a store of its own."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class RecoverCommands(LazyGroup):
    """Any moment of the log again, proven, in a store of its own."""

    entries: ClassVar[dict[str, Entry]] = {
        "run": Entry("cli.recover_run:run", "Make a store that holds the log as it was at a moment."),
        "promote": Entry("cli.recover_promote:promote", "Let the project go on with a recovered store."),
        "verify": Entry("cli.recover_verify:verify", "Check a recovered store, and that it is a prefix of its parent."),
    }
