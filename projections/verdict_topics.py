"""Which topics are verdicts, and what each decided."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class VerdictOutcome(StrEnum):
    """What a verdict decided about its text."""

    APPROVED = "approved"
    RECONFIRMED = "reconfirmed"
    REJECTED = "rejected"


OUTCOMES: Mapping[str, VerdictOutcome] = MappingProxyType(
    {
        "phase.document_approved": VerdictOutcome.APPROVED,
        "phase.document_reconfirmed": VerdictOutcome.RECONFIRMED,
        "phase.document_rejected": VerdictOutcome.REJECTED,
    }
)
