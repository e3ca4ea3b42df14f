"""Decisions as the function `orch.append` takes them, and its answers."""

from collections.abc import Sequence
from typing import Any

import orjson

from adapters.log_rows import Row
from adapters.prepared import PreparedDecision
from domain.errors import CommandIdReused, Conflict, Damaged, Refusal
from domain.event_log import Receipt

APPEND = "SELECT * FROM orch.append(%s::integer, %s::jsonb)"


def request_of(decisions: Sequence[PreparedDecision]) -> str:
    """Return decisions as one JSON array. Measured: a third of what the same values cost as arrays of SQL."""
    return orjson.dumps([_decision(decision) for decision in decisions]).decode()


def answer_of(decision: PreparedDecision, row: Row) -> Receipt | Refusal:
    """Return one row of the function's answer as the port's."""
    outcome, first, last, recorded_at, said, read, found = row
    match outcome:
        case "recorded" | "repeated":
            return Receipt(decision.command_id, first, last, recorded_at, repeated=outcome == "repeated")
        case "reused":
            return CommandIdReused(decision.command_id)
        case "conflict":
            return Conflict(said, read=read, found=found)
    return Damaged(f"The log refused what its own heads allowed: {said}.")


def _decision(decision: PreparedDecision) -> dict[str, Any]:
    """Bytes that are JSON go as text, so that the server makes the same bytes of them; salts in hex."""
    places = {event.stream: (event.version, place) for place, event in enumerate(decision.events, 1)}
    return {
        "id": decision.command_id,
        "print": decision.fingerprint,
        "events": [
            (
                event.stream,
                event.version,
                event.topic,
                event.envelope.decode(),
                None if event.salt is None else event.salt.hex(),
                None if event.payload is None else event.payload.decode(),
            )
            for event in decision.events
        ],
        "heads": [(stream, *place, decision.heads[stream].decode()) for stream, place in places.items()],
        "reads": list(decision.expects.items()),
        "erases": decision.erases,
    }
