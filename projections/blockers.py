"""What stands in the way of a phase, and what stood there."""

from typing import TypedDict

from domain.phase_state import Blocker
from domain.times import rfc3339
from projections.people import Person, person
from projections.places import Tellings, words


class BlockerRow(TypedDict):
    """One blocker; `resolved` is None while it is open."""

    id: str
    type: str
    description: str | None
    erased: bool
    created: str
    by: Person
    resolved: str | None
    resolved_by: Person | None


def blocker_row(stream: str, blocker: Blocker, told: Tellings) -> BlockerRow:
    """Return a blocker with the words of its event."""
    made = told[stream, blocker.version]
    gone = told[stream, blocker.resolved] if blocker.resolved else None
    return {
        "id": blocker.id,
        "type": blocker.type,
        "description": words(made, "description"),
        "erased": made.erased,
        "created": rfc3339(made.recorded_at),
        "by": person(made.by),
        "resolved": rfc3339(gone.recorded_at) if gone else None,
        "resolved_by": person(gone.by) if gone else None,
    }
