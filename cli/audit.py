"""orch audit: what auditors ask, answered from the whole log."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class AuditCommands(LazyGroup):
    """What auditors ask, answered from the whole log."""

    entries: ClassVar[dict[str, Entry]] = {
        "checkpoint": Entry(
            "cli.checkpoint:checkpoint", "Sign the log as it is; the copy held elsewhere is the proof."
        ),
        "prove": Entry("cli.prove:prove", "Prove an event, or that the log only grew, to somebody else."),
        "key": Entry("cli.key:KeyCommands", "The keys that speak for the log."),
    }
