"""What a recovery gives back to people who have lost it: tokens, roles and keys that were revoked after a moment."""

from collections.abc import Iterable

from domain.event_log import Record
from projections.undone_revocations import TOPICS, UndoneRevocation, undone_revocations
from usecases.reads import decoded


def undone_in(after: Iterable[Record]) -> list[UndoneRevocation]:
    """Return the revocations among the events after a moment that going back to it undoes."""
    return undone_revocations(decoded(record for record in after if record.topic in TOPICS))
