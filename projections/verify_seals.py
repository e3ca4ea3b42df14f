"""Hash a stretch of the log, a page at a time: leaves, commitments and the roots of tiles. Names nothing."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from domain.merkle import perfect_root
from domain.tree_ranges import TILE
from projections.verify_rows import SHORT

SEALED = ("position", "recorded_at", "clock", "envelope", "salt", "payload", "leaf", "command_id")
"""The columns that are hashed, or hold hashes, and the command."""
PAYLOAD = b',"payload":'
NO_TEXT = b',"payload":null,"stream":'
COMMITS = b',"payload":{"sha256":"%b","size":%d},"stream":'
COMMITMENT = re.compile(rb',"payload":\{"sha256":"[0-9a-f]{64}","size":[0-9]+\},"stream":')
"""In canonical JSON the names stand in order, and what follows `payload` is short: strings, in which no quotation mark
stands unescaped, and two numbers. So the last `,"payload":` is the envelope's own, whatever its facts hold."""


class Sealed(NamedTuple):
    """What the hashes of a stretch came to."""

    roots: list[bytes]
    """Of its full tiles, in order."""
    rest: list[bytes]
    """The leaves after them."""
    parts: dict[int, list[bytes]]
    """For every size that was asked for: the leaves that its last tile had then."""
    payloads: int
    erased: list[int]
    """The positions whose free text is gone."""


class Seals:
    """The hashes so far."""

    def __init__(
        self, first: int, *, sizes: Sequence[int], payloads: bool, in_form: Callable[[bytes], bool] | None = None
    ) -> None:
        """Begin at a position. `in_form` tells whether an envelope is canonical JSON, if that is to be seen here."""
        self.next = first
        self._leaves: list[bytes] = []
        self._sizes = sizes
        self._hash_payloads = payloads
        self._in_form = in_form
        self._roots: list[bytes] = []
        self._parts: dict[int, list[bytes]] = {}
        self._payloads = 0
        self._erased: list[int] = []

    def begin(self, before: Sequence[bytes]) -> None:
        """Begin after the leaves before the stretch that lie in its first tile."""
        self._leaves = list(before)

    def add(self, page: Sequence[tuple[Any, ...]]) -> bool:
        """Hash the columns in SEALED of the next rows, no more than the tile takes. Tell whether all of them fit.

        After one False, this object is of no use.
        """
        leaves = self._leaves
        expected = self.next
        hash_payloads, in_form = self._hash_payloads, self._in_form
        payloads = 0
        for position, recorded_at, clock, envelope, salt, payload, leaf, _ in page:
            found = sha256(b"\x00%d %d %d\n%b" % (position, recorded_at, clock, envelope)).digest()
            if found != leaf or position != expected or len(envelope) > SHORT:
                return False
            if in_form is not None and not in_form(envelope):
                return False
            expected += 1
            leaves.append(found)
            start = envelope.rfind(PAYLOAD)
            if hash_payloads and payload is not None and salt is not None:
                commits = sha256(salt + payload).hexdigest().encode()
                if not envelope.startswith(COMMITS % (commits, len(payload)), start):
                    return False
                payloads += 1
            elif not self._without_hash(position, envelope, start, salt, payload):
                return False
        self.next = expected
        self._payloads += payloads
        return True

    def _without_hash(
        self, position: int, envelope: bytes, start: int, salt: bytes | None, payload: bytes | None
    ) -> bool:
        """Tell whether a row without a text, with an erased one or with one not to be looked at fits its envelope."""
        if envelope.startswith(NO_TEXT, start):
            return salt is payload is None
        if not COMMITMENT.match(envelope, start) or (salt is None) is not (payload is None):
            return False
        if payload is None:
            self._erased.append(position)
        return True

    def filled(self) -> tuple[int, bytes] | None:
        """Return number and hashes of the tile that has just filled up, and begin the next one."""
        if len(self._leaves) < TILE:
            return None
        self._keep_parts()
        leaves, self._leaves = self._leaves, []
        self._roots.append(perfect_root(leaves))
        return (self.next - 1) // TILE - 1, b"".join(leaves)

    def sealed(self) -> Sealed:
        """Return what it came to."""
        self._keep_parts()
        return Sealed(self._roots, self._leaves, self._parts, self._payloads, self._erased)

    def _keep_parts(self) -> None:
        start = self.next - 1 - len(self._leaves)
        for size in self._sizes:
            if start <= size < start + TILE and size <= start + len(self._leaves):
                self._parts[size] = self._leaves[: size - start]
