"""orch audit: what auditors ask, answered from the whole log."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class AuditCommands(LazyGroup):
    """What auditors ask, answered from the whole log.

    Example: orch audit trail --limit 10
    """

    entries: ClassVar[dict[str, Entry]] = {
        "trail": Entry("cli.audit_trail:trail", "Every event: who, what, when, why, from which state to which."),
        "exceptions": Entry(
            "cli.audit_exceptions:exceptions", "Forced actions, self-approvals and what else stands out."
        ),
        "population": Entry("cli.audit_population:population", "How many events, by topic, actor, kind and month."),
        "sample": Entry("cli.audit_sample:sample", "Events drawn by a seed, so that anybody can draw them again."),
        "checkpoint": Entry(
            "cli.checkpoint:checkpoint", "Sign the log as it is; the copy held elsewhere is the proof."
        ),
        "verify": Entry("cli.verify:verify", "Check the whole log, and what you hold against it."),
        "timestamp": Entry("cli.timestamp:timestamp", "Check a time stamp over a checkpoint, and see its time."),
        "prove": Entry("cli.prove:prove", "Prove an event, or that the log only grew, to somebody else."),
        "export": Entry("cli.audit_export:export", "Evidence in one file, checked without orch on another machine."),
        "review": Entry("cli.review:review", "Record that you have reviewed a range of the log."),
        "reviews": Entry("cli.reviews:reviews", "Who reviewed what, and what nobody has reviewed yet."),
        "redact": Entry("cli.redact:redact", "Erase the free text of an event; its envelope and every proof stay."),
        "key": Entry("cli.key:KeyCommands", "The keys that speak for the log."),
    }
