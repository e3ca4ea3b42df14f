"""What happens under the lock: check, number, stamp, hash and insert."""

from collections.abc import Callable

import apsw

from adapters.envelope import entry_of
from adapters.log_rows import TILE, TREE, find_receipt, tree_of
from adapters.prepared import PreparedDecision
from adapters.sqlite_tiles import put_tile
from domain.errors import CommandIdReused, Conflict, Damaged, Refusal
from domain.event_log import Receipt
from domain.merkle import grow, leaf_hash

INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_HEAD = (
    "INSERT INTO heads VALUES (?, ?, ?, ?) ON CONFLICT (stream)"
    " DO UPDATE SET version = excluded.version, position = excluded.position, facts = excluded.facts"
)
ERASE = "UPDATE events SET salt = NULL, payload = NULL WHERE position = ? AND payload IS NOT NULL RETURNING command_id"
FORGET = "UPDATE commands SET fingerprint = NULL WHERE command_id = ? AND fingerprint IS NOT NULL"


class Appender:
    """Appends decisions inside one transaction that the caller has begun; the caller commits."""

    def __init__(self, connection: apsw.Connection, clock: Callable[[], int]) -> None:
        self._execute = connection.execute
        self._executemany = connection.executemany
        self._clock = clock
        row = self._execute(TREE).fetchone()
        self._size, self._frontier, self._recorded_at = tree_of(row)
        self._before = self._size

    def append(self, decision: PreparedDecision) -> Receipt | Refusal:
        """Write one decision; if that fails half way, the caller gives up the transaction."""
        return self._repeated(decision) or self._conflict(decision) or self._write(decision)

    def append_apart(self, decision: PreparedDecision) -> Receipt | Refusal:
        """Write one decision of several: if it fails half way, the others of the transaction stay."""
        kept = self._size, self._recorded_at, self._frontier
        self._execute("SAVEPOINT decision")
        try:
            answer = self.append(decision)
        except (apsw.ConstraintError, Damaged) as error:
            self._size, self._recorded_at, self._frontier = kept
            self._execute("ROLLBACK TO decision")
            refused = f"The log refused what its own heads allowed: {error}."
            answer = error if isinstance(error, Damaged) else Damaged(refused)
        self._execute("RELEASE decision")  # not after other errors: a full disk ends the whole transaction by itself
        return answer

    def finish(self) -> None:
        """Keep the growing edge of the tree, in the same transaction as its leaves."""
        if self._size != self._before:
            edge = b"".join(self._frontier)
            self._execute(
                "UPDATE tree SET size = ?, frontier = ?, recorded_at = ?", (self._size, edge, self._recorded_at)
            )

    def _repeated(self, decision: PreparedDecision) -> Receipt | Refusal | None:
        known = find_receipt(lambda query, values: self._execute(query, values).fetchone(), decision.command_id)
        if known is None:
            return None
        receipt, fingerprint = known
        same = fingerprint is None or fingerprint == decision.fingerprint
        return receipt if same else CommandIdReused(decision.command_id)

    def _conflict(self, decision: PreparedDecision) -> Conflict | None:
        for stream, read in decision.expects.items():
            row = self._execute("SELECT version FROM heads WHERE stream = ?", (stream,)).fetchone()
            found = row[0] if row else 0
            if found != read:
                return Conflict(stream, read=read, found=found)
        return None

    def _write(self, decision: PreparedDecision) -> Receipt:
        clock = self._clock()
        recorded_at = max(clock, self._recorded_at + 1)
        first = self._size + 1
        rows = []
        places: dict[str, tuple[int, int]] = {}
        full: list[tuple[int, bytes]] = []
        tiles = (first - 1) // TILE
        above, within = self._frontier[: tiles.bit_count()], self._frontier[tiles.bit_count() :]
        for position, event in enumerate(decision.events, first):
            leaf = leaf_hash(entry_of(position, recorded_at, clock, event.envelope))
            grow(within, (position - 1) % TILE, leaf)
            if position % TILE == 0:  # the leaves of a full tile have become one node: its root
                grow(above, tiles, within[0])
                full.append((tiles, within.pop()))
                tiles += 1
            places[event.stream] = (event.version, position)
            rows.append(
                (
                    position,
                    recorded_at,
                    clock,
                    event.stream,
                    event.version,
                    event.topic,
                    decision.command_id,
                    event.envelope,
                    event.salt,
                    event.payload,
                    leaf,
                )
            )
        self._executemany(INSERT_EVENT, rows)
        self._executemany(PUT_HEAD, [(stream, *place, decision.heads[stream]) for stream, place in places.items()])
        last = first + len(rows) - 1
        self._execute(
            "INSERT INTO commands VALUES (?, ?, ?, ?)", (decision.command_id, decision.fingerprint, first, last)
        )
        for position in decision.erases:
            self._erase(position)
        for number, root in full:
            put_tile(self._execute, 0, number, root)
        self._size, self._recorded_at, self._frontier = last, recorded_at, above + within
        return Receipt(decision.command_id, first, last, recorded_at)

    def _erase(self, position: int) -> None:
        """Erase the text that a redaction of this transaction names, and the fingerprint of its command."""
        erased = self._execute(ERASE, (position,)).fetchall()
        if not erased:
            raise Damaged(f"Position {position} holds no text that could be erased.")
        self._execute(FORGET, erased[0])
