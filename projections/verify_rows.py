"""Check one row of the log after the other: against its envelope, and against the rows before it."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from domain.event_log import Record
from projections.verification import Findings

VERSION = 1
LARGEST_ENTRY = 65_535
SHORT = 65_000
"""Envelopes below this make no entry that is too large."""
NAMES = {
    "actor", "causation", "command_id", "correlation", "facts", "occurred_at", "origin", "payload", "stream", "topic",
    "v", "version",
}  # fmt: skip
COLUMNS = ("stream", "version", "topic", "command_id")
FORKED = "ledger.forked"
READ = ("position", "recorded_at", "clock", "stream", "version", "topic", "command_id", "envelope")
"""The columns that `add_page` takes."""
ORDERED = tuple(sorted(NAMES))


class Rows:
    """What the rows so far have established, so that the next one can be held against it."""

    def __init__(
        self,
        origin: str,
        findings: Findings,
        *,
        first: int,
        payloads: bool,
        accounts_for: Callable[[Record], bool],
        forked: Callable[[int, Any], str | None] = lambda *_: None,
    ) -> None:
        self._forked = forked
        """Tells the origin from a fork's own row on."""
        self._accounts_for = accounts_for
        """Whether a redaction names the event whose text is gone."""
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

    def add(self, record: Record, envelope: Any, canonical: bytes | None) -> tuple[bytes, bool]:
        """Check the next row. Return its leaf, hashed anew, and whether the row is fit for a fold.

        `envelope` is what the row's envelope says, None where that is no JSON; `canonical` is how that has to be
        written.
        """
        position, recorded_at, clock, stream, version, topic, command_id, raw, salt, payload, kept = record
        leaf = sha256(b"\x00%d %d %d\n%b" % (position, recorded_at, clock, raw)).digest()
        known = self.last.get(stream)
        before = self.recorded_at
        # Nearly every row is as it has to be: one look tells. What differs in the others is found out by `_name`.
        if (
            leaf == kept
            and canonical == raw
            and len(raw) < SHORT
            and type(envelope) is dict
            and envelope.keys() == NAMES
            and envelope["stream"] == stream
            and envelope["version"] == version
            and envelope["topic"] == topic
            and envelope["command_id"] == command_id
            and envelope["origin"] == self._origin
            and envelope["v"] == VERSION
            and known is not None
            and version == known[0] + 1
            and before is not None
            and (
                (recorded_at == before and clock == self._clock)
                if command_id == self.command_id
                else recorded_at == (clock if clock > before else before + 1)
            )
            and self._commits(envelope["payload"], salt, payload)
        ):
            self.events += 1
            self.last[stream] = (version, position)
            self.command_id, self.recorded_at, self._clock = command_id, recorded_at, clock
            return leaf, True
        return leaf, self._name(record, envelope, canonical, leaf)

    def add_page(
        self,
        page: Sequence[tuple[Any, ...]],
        *,
        opened: Callable[[bytes], Any],
        written: Callable[[Any], bytes] | None,
        told: Callable[[int, str, int, str, Any], bool] | None,
    ) -> bool:
        """Check the columns in READ of many rows. Tell whether all that `add` checks without a hash is as it has to be.

        Nothing is named: after one False, this object is of no use. `opened` reads JSON and `written` writes its
        canonical form, or is None where somebody else looks at the form; `told` takes position, stream, version, topic
        and envelope of every row, if anybody wants them.
        """
        last, origin, first_version = self.last, self._origin, 1 if self._whole else None
        before_id, before, before_clock = self.command_id, self.recorded_at, self._clock
        if before is None:
            return False
        for position, recorded_at, clock, stream, version, topic, command_id, raw in page:
            envelope = opened(raw)
            # what is written is dropped at once: measured, to keep a page of it costs five times as much
            if written is not None and written(envelope) != raw:
                return False
            if type(envelope) is not dict or tuple(envelope) != ORDERED:
                return False
            _, _, its_command, _, _, _, its_origin, _, its_stream, its_topic, v, its_version = envelope.values()
            if its_origin != origin and topic == FORKED:
                origin = self._origin = self._forked(position, envelope) or origin
            if (
                its_stream != stream
                or its_version != version
                or its_topic != topic
                or its_command != command_id
                or its_origin != origin
                or v != VERSION
            ):
                return False
            known = last.get(stream)
            if version != (known[0] + 1 if known is not None else first_version or version):
                return False
            last[stream] = version, position
            if command_id == before_id:
                if recorded_at != before or clock != before_clock:
                    return False
            else:
                if recorded_at != (clock if clock > before else before + 1):
                    return False
                before_id, before, before_clock = command_id, recorded_at, clock
            if told is not None and not told(position, stream, version, topic, envelope):
                return False
        self.events += len(page)
        self.command_id, self.recorded_at, self._clock = before_id, before, before_clock
        return True

    def _commits(self, commits: Any, salt: bytes | None, payload: bytes | None) -> bool:
        """Tell whether a text is there and is what its envelope commits to, or whether there is none."""
        if commits is None:
            return salt is None and payload is None
        if salt is None or payload is None or not self._hash_payloads or type(commits) is not dict or len(commits) != 2:
            return False
        fits: bool = commits.get("sha256") == sha256(salt + payload).hexdigest() and commits.get("size") == len(payload)
        self.payloads += fits
        return fits

    def _name(self, record: Record, envelope: Any, canonical: bytes | None, leaf: bytes) -> bool:
        """Note everything that differs in a row; tell whether it is fit for a fold."""
        if leaf != record.leaf:
            self._note(record.position, "leaf", leaf, record.leaf)
        if (size := len(b"%d %d %d\n%b" % (*record[:3], record.envelope))) > LARGEST_ENTRY:
            self._note(record.position, "entry size", f"at most {LARGEST_ENTRY} bytes", size)
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
        if topic == FORKED:
            self._origin = self._forked(position, envelope) or self._origin
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
            elif not self._accounts_for(record):
                self._note(record.position, "erased without a redaction", "a redaction that names it", "none")
            self.erased += 1
            return
        if not self._hash_payloads:
            return
        self.payloads += 1
        if len(payload) != commits["size"]:
            self._note(record.position, "payload size", commits["size"], len(payload))
        if (digest := sha256(salt + payload).hexdigest()) != commits["sha256"]:
            self._note(record.position, "payload", commits["sha256"], digest)
