"""What the tests of the log write: small decisions, a clock to set, and the tree computed another way."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

from domain.actors import Actor
from domain.event_log import Decision, EventLog, Receipt, Record
from domain.ledger_events import PayloadRedacted
from domain.phase_events import DependencyAdded, Retitled

NOON = 1_795_521_600_000_000
"""24 November 2026, 12:00 UTC, in µs."""
HOUR = 3_600_000_000
YEAR = 8766 * HOUR
ADA = Actor("ada")
CLAIMED = datetime(2026, 11, 24, 11, 59, tzinfo=UTC)
NUMBERS = count(1)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


def decision(
    *streams: str,
    after: int = 0,
    command_id: str = "",
    fingerprint: str = "what was asked",
    events: int = 1,
    text: str | None = None,
    read: Mapping[str, int] | None = None,
) -> Decision:
    """Return a decision that adds events to each stream after a version, with a text or without one."""
    command = command_id or f"command-{next(NUMBERS)}"
    made = [
        Retitled(**_place(stream, after + number), title=text)
        if text is not None
        else DependencyAdded(**_place(stream, after + number), on=f"st{number:02}-other")
        for stream in streams
        for number in range(1, events + 1)
    ]
    heads = {stream: {"by": command, "events": after + events} for stream in streams}
    return Decision(command, fingerprint, made, heads, {**dict.fromkeys(streams, after), **(read or {})})


def redaction(
    position: int, *, of: str, version: int, after: int = 0, command_id: str = "", erases: Sequence[int] | None = None
) -> Decision:
    """Return a decision that redacts the text of one event, and erases it unless it is told to erase others."""
    command = command_id or f"command-{next(NUMBERS)}"
    event = PayloadRedacted(
        **_place("ledger", after + 1), position=position, stream=of, version=version, reason="a name in it"
    )
    erased = [position] if erases is None else erases
    heads = {"ledger": {"by": command, "events": after + 1}}
    return Decision(command, "what was asked", [event], heads, {"ledger": after}, erases=erased)


def _place(stream: str, version: int) -> dict[str, Any]:
    return {"originator_id": stream, "originator_version": version, "timestamp": CLAIMED, "by": ADA}


def accepted(log: EventLog, *decisions: Decision) -> list[Receipt]:
    """Append decisions that must all be recorded now, and return their receipts."""
    receipts = []
    for answer in log.append(decisions):
        assert isinstance(answer, Receipt) and not answer.repeated, answer
        receipts.append(answer)
    return receipts


def filled(log: EventLog, size: int, *, at_once: int = 1000) -> None:
    """Append to a log until it holds so many entries, in large decisions on one stream."""
    end = log.moment().position
    while end < size:
        events = min(at_once, size - end)
        head = log.heads(["phase:filled"])[1].get("phase:filled")
        accepted(log, decision("phase:filled", after=head.version if head else 0, events=events))
        end += events


def root_as_rfc6962(leaves: Sequence[bytes]) -> bytes:
    """Return MTH as RFC 6962 §2.1 writes it: by halves, from the top; nothing shared with the code under test."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root_as_rfc6962(leaves[:left]) + root_as_rfc6962(leaves[left:])).digest()


def leaf_as_rfc6962(record: Record) -> bytes:
    """Return the leaf hash of a record, from the columns that its entry is made of."""
    line = f"{record.position} {record.recorded_at} {record.clock}\n".encode()
    return sha256(b"\x00" + line + record.envelope).digest()
