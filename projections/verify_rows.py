"""Check one row of the log after the other: against its envelope, and against the rows before it."""

from hashlib import sha256
from typing import Any

from domain.event_log import Record
from projections.verification import Findings

VERSION = 1
LARGEST_ENTRY = 65_535
NAMES = {
    "actor", "causation", "command_id", "correlation", "facts", "occurred_at", "origin", "payload", "stream", "topic",
    "v", "version",
}  # fmt: skip
COLUMNS = ("stream", "version", "topic", "command_id")


class Rows:
    """What the rows so far have established, so that the next one can be held against it."""

    def __init__(self, origin: str, findings: Findings, *, first: int, payloads: bool) -> None:
        self._origin = origin
        self._note = findings.note
        self._whole = first == 1
        self._hash_payloads = payloads
        self.last: dict[str, tuple[int, int]] = {}
        """The version and the position of each stream's latest event."""
        self.command_id = ""
        self.recorded_at: int | None = 0 if first == 1 else None
        self._clock = 0
        self.events = self.payloads = self.erased = 0

    def goes_on_after(self, record: Record) -> None:
        """Take over from a row before the range."""
        self.command_id, self.recorded_at, self._clock = record.command_id, record.recorded_at, record.clock

    def leaf(self, record: Record) -> bytes:
        """Hash the row anew and compare it with the leaf beside it."""
        position, recorded_at, clock, _, _, _, _, envelope, _, _, kept = record
        entry = b"\x00%d %d %d\n%b" % (position, recorded_at, clock, envelope)
        leaf = sha256(entry).digest()
        if leaf != kept:
            self._note(position, "leaf", leaf, kept)
        if len(entry) > LARGEST_ENTRY + 1:
            self._note(position, "entry size", f"at most {LARGEST_ENTRY} bytes", len(entry) - 1)
        return leaf

    def check(self, record: Record, envelope: Any, canonical: bytes | None) -> bool:
        """Compare a row with its envelope and with the rows before it; tell whether it is fit for a fold.

        `envelope` is what the row's envelope says, None where that is no JSON; `canonical` is how that has to be
        written.
        """
        self.events += 1
        self._in_order(record)
        if canonical != record.envelope:
            what = "envelope" if canonical is None else "envelope form"
            self._note(record.position, what, canonical or "JSON", record.envelope[:80])
        if type(envelope) is not dict or envelope.keys() != NAMES:
            if canonical is not None:
                found = sorted(map(str, envelope)) if type(envelope) is dict else type(envelope).__name__
                self._note(record.position, "envelope names", sorted(NAMES), found)
            return False
        position, _, _, stream, version, topic, command_id, *_ = record
        if (
            envelope["stream"] != stream
            or envelope["version"] != version
            or envelope["topic"] != topic
            or envelope["command_id"] != command_id
        ):
            for name in COLUMNS:
                if envelope[name] != getattr(record, name):
                    self._note(position, f"column {name}", envelope[name], getattr(record, name))
        if envelope["origin"] != self._origin:
            self._note(position, "origin", self._origin, envelope["origin"])
        if envelope["v"] != VERSION:
            self._note(position, "envelope version", VERSION, envelope["v"])
            return False
        self._text(record, envelope["payload"])
        return True

    def _in_order(self, record: Record) -> None:
        position, recorded_at, clock, stream, version, _, command_id, *_ = record
        if command_id == self.command_id:
            if recorded_at != self.recorded_at or clock != self._clock:
                self._note(position, "time of the command", (self.recorded_at, self._clock), (recorded_at, clock))
        else:
            before = self.recorded_at
            if before is not None and recorded_at != (clock if clock > before else before + 1):
                self._note(position, "recorded_at", max(clock, before + 1), recorded_at)
            self.command_id = command_id
        self.recorded_at, self._clock = recorded_at, clock
        known = self.last.get(stream)
        after = known[0] + 1 if known else 1
        if version != after and (known or self._whole):
            self._note(position, "version", f"{after} of {stream}", version)
        self.last[stream] = (version, position)

    def _text(self, record: Record, commits: Any) -> None:
        salt, payload = record.salt, record.payload
        if commits is None:
            if salt is not None or payload is not None:
                self._note(record.position, "payload", "none", f"{len(payload or b'')} bytes")
            return
        if type(commits) is not dict or commits.keys() != {"sha256", "size"}:
            self._note(record.position, "commitment", "sha256 and size", commits)
            return
        if salt is None or payload is None:
            if salt is not payload:
                self._note(record.position, "payload", "salt and payload, or neither", "one of them")
            self.erased += 1
            return
        if not self._hash_payloads:
            return
        self.payloads += 1
        if len(payload) != commits["size"]:
            self._note(record.position, "payload size", commits["size"], len(payload))
        if (digest := sha256(salt + payload).hexdigest()) != commits["sha256"]:
            self._note(record.position, "payload", commits["sha256"], digest)
