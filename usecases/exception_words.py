"""What stands out to an auditor, in words."""

from projections.audit_exceptions import ExceptionKind

WORDS = {
    ExceptionKind.FORCED: "forced",
    ExceptionKind.BREAK_GLASS: "under break-glass",
    ExceptionKind.SELF_APPROVAL: "self-approval",
    ExceptionKind.AUTOMATIC: "automatic approval",
    ExceptionKind.NOT_A_PERSON: "verdict not by a person",
    ExceptionKind.EXPIRED: "request expired",
    ExceptionKind.RECONFIRMED: "stale step reconfirmed",
    ExceptionKind.IMPORTED: "verdict imported",
}
