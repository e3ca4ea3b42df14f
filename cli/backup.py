"""orch backup: the log in a second place, whole or not at all, and back again."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class BackupCommands(LazyGroup):
    """Backups: make, ship, check, try and restore them.

    Example: orch backup create
    """

    entries: ClassVar[dict[str, Entry]] = {
        "create": Entry("cli.backup_create:create", "Add what is new to the backups."),
        "ship": Entry(
            "cli.backup_ship:ship",
            "Keep the backups as new as the log.",
            at_the_log="it goes on beside the log, for as long as the log is written",
        ),
        "list": Entry("cli.backup_list:list_backups", "Which copies and segments there are."),
        "verify": Entry("cli.backup_verify:verify", "Check every byte of the backups; needs no store."),
        "drill": Entry("cli.backup_drill:drill", "Restore for trial, compare with the store, remember the result."),
        "restore": Entry(
            "cli.backup_restore:restore",
            "Make a new store from the backups, as of any moment.",
            at_the_log="it is for a store that is gone, and a service has one",
        ),
        "prune": Entry(
            "cli.backup_prune:prune",
            "Let go of old copies, or of texts that were erased.",
            at_the_log="backups protect from whoever got hold of a token",
        ),
    }
