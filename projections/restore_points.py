"""The places in the log that have a name."""

from collections.abc import Iterable, Mapping
from typing import TypedDict

from domain.event_log import Moment, Told
from domain.times import rfc3339
from projections.moments import maybe_rfc3339
from projections.people import Person, person


class PointRow(TypedDict):
    """One restore point: the position it names, when that was recorded, and who named it when."""

    name: str
    position: int
    recorded_at: str | None
    root: str
    named_at: str
    by: Person
    reason: str | None


def restore_points(told: Iterable[Told], moments: Mapping[int, Moment]) -> list[PointRow]:
    """Return a row for each `point.named` event, in the order of the positions they name."""
    rows: list[PointRow] = [
        {
            "name": each.facts["name"],
            "position": each.facts["position"],
            "recorded_at": maybe_rfc3339(moments[each.facts["position"]].recorded_at),
            "root": each.facts["root"],
            "named_at": rfc3339(each.recorded_at),
            "by": person(each.by),
            "reason": (each.texts or {}).get("reason") or None,
        }
        for each in told
    ]
    return sorted(rows, key=lambda row: (row["position"], row["name"]))
