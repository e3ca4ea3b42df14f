"""The event log in a PostgreSQL database, in its schema `orch`."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import ClassVar, Self

from adapters.envelope import canonical
from adapters.envelope import told as told_by
from adapters.log_notes import MOVED, refuse_elsewhere, refuse_ended
from adapters.log_reads import PAGE, LogReads
from adapters.log_rows import COLUMNS, Heads, Row, record_of
from adapters.postgres_connection import Line
from adapters.postgres_guards import STATES, at_fault
from adapters.postgres_state import HEADS, STATE, HeadsState, state_of
from adapters.postgres_writes import APPEND, RECORD, answer_in, answers_in, request_of, request_of_one
from adapters.settings import to_paste
from adapters.shared_commits import Answers, Portion, SharedCommits
from adapters.snapshots import lines_of, packed
from domain.errors import Damaged, InvalidInput, StoreOutdated, StoreReplaced, Unavailable
from domain.event_log import Head, Moment, Told

SCHEMA_VERSION = 5
TIMEOUT_S = 30.0
TABLES = re.compile(r"\b(FROM|UPDATE|INTO) (events|heads|commands|tree|tiles|snapshots|store)\b")
TOLD = (
    f"SELECT {COLUMNS} FROM orch.events JOIN unnest(%s::text[], %s::bigint[]) AS asked (a_stream, a_version)"  # noqa: S608  # ours
    " ON stream = a_stream AND version = a_version"
)


@lru_cache
def translated(query: str) -> str:
    """Return a question as this server takes it: tables by their full names, so that no session needs a search path."""
    return TABLES.sub(r"\1 orch.\2", query).replace("?", "%s")


class PostgresLog(SharedCommits, LogReads):
    """The port `EventLog` on PostgreSQL. May be shared by threads; a forked child opens its own."""

    PROMOTES: ClassVar[bool] = False
    """Whether this writes the one command that makes a recovered log one of its own."""

    def __init__(self, url: str, *, read_only: bool, timeout_s: float) -> None:
        self._read_only = read_only
        self._words = to_paste(url)
        self._wait_ms = int(timeout_s * 1000)
        self._line = Line(url, read_only=read_only, timeout_s=timeout_s)
        self.where = self._line.where
        self._share_commits(timeout_s=timeout_s)
        try:
            self._origin = self._judged()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, url: str, *, read_only: bool = False, timeout_s: float = TIMEOUT_S) -> Self:
        """Open the log in a database. Raises `NotFound` where there is none; nothing is made here."""
        return cls(url, read_only=read_only, timeout_s=timeout_s)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    def scrub(self) -> None:
        """Have the server clear away the rows as they were before an erasure.

        Its write-ahead log, its own backups and the free room of its pages are the operator's: docs/postgresql.md.
        """
        self._refuse_reader()
        self._line.ask("VACUUM orch.events, orch.commands, orch.waiting")

    def keep_snapshot(self, position: int, heads: Mapping[str, Head]) -> None:
        """Keep the heads of all streams as of a position."""
        self._refuse_reader()
        self._line.ask("SELECT orch.keep_snapshot(%s::bigint, %s::bytea)", (position, packed(lines_of(heads))))

    def forget_snapshots(self) -> None:
        """Throw all snapshots away."""
        self._refuse_reader()
        self._line.ask("SELECT orch.forget_snapshots()")

    def replace_heads(self, position: int, heads: Mapping[str, Head]) -> bool:
        """Put these heads in the place of all kept ones, unless the log has grown since."""
        self._refuse_reader()
        columns = [
            [head.stream for head in heads.values()],
            [head.version for head in heads.values()],
            [head.position for head in heads.values()],
            [canonical(head.facts) for head in heads.values()],
        ]
        query = (
            "SELECT orch.replace_heads(%s::integer, %s::bigint, %s::text[], %s::bigint[], %s::bigint[], %s::bytea[])"
        )
        return bool(self._line.ask(query, (self._wait_ms, position, *columns))[0][0])

    def all_heads(self) -> tuple[Moment, Mapping[str, Head]]:
        """Return the heads of all streams, ordered by name; a server that works in parallel may answer in any order."""
        moment, heads = super().all_heads()
        return moment, heads.in_order() if isinstance(heads, Heads) else heads

    def told(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Told]:
        """Return what the events at those places say; many are asked for at once, since each question travels."""
        found = {}
        for first in range(0, len(places), PAGE):
            streams, versions = zip(*places[first : first + PAGE], strict=True)
            rows = self._line.ask(TOLD, ([*streams], [*versions]))
            found.update({(record.stream, record.version): record for record in map(record_of, rows)})
        for stream, version in places:
            if (stream, version) not in found:
                raise Damaged(f"{self.where} lacks version {version} of {stream}, which its head names.")
        return {place: told_by(found[place]) for place in places}

    def heads_state(self) -> HeadsState:
        """Return which state the heads are in; it is one row, however many heads there are."""
        return state_of(self._line.ask(STATE))[0]

    def heads_with_state(self) -> tuple[HeadsState, Heads]:
        """Return the heads of all streams, ordered by name, and the state that they are in."""
        state, rows = state_of(self._line.ask(STATE + HEADS))
        return state, Heads(row[:4] for row in sorted(rows, key=itemgetter(0)))

    def unsound(self) -> list[str]:
        """Return what is wrong with the tables: an index that is not valid, a guard that is gone or switched off."""
        broken = self._line.ask(
            "SELECT c.relname::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'orch' AND NOT i.indisvalid"
        )
        told = [f"the index {name} is not valid" for (name,) in broken]
        return told + at_fault(dict(self._line.ask(STATES)))

    def careless(self) -> list[str]:
        """Return the server's settings by which an answered command could be lost with its power."""
        rows = self._line.ask(
            "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"
        )
        return [str(name) for (name,) in rows]

    def stored_bytes(self) -> int:
        """Return what the tables of the log take, with their indexes."""
        rows = self._line.ask(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'orch' AND c.relkind = 'r'"
        )
        return int(rows[0][0])

    def close(self) -> None:
        """Let go of the server."""
        self._end_commits()
        self._line.close()

    def _write(self, batch: list[Portion]) -> list[Answers]:
        flat = [decision for decisions in batch for decision in decisions]
        wait_ms = b"%d" % self._wait_ms
        if len(flat) == 1:
            return [[answer_in(self._line.call(RECORD, (wait_ms, request_of_one(*flat))), *flat)]]
        answers = iter(answers_in(self._line.call(APPEND, (wait_ms, request_of(flat))), flat))
        return [[next(answers) for _ in decisions] for decisions in batch]

    def _judged(self) -> str:
        """Return the log's name, or refuse to go on with what was opened; one question tells both."""
        said: dict[str, str] = dict(
            self._line.ask(
                "SELECT 'schema', version::text FROM orch.version UNION ALL SELECT key, value FROM orch.store"
            )
        )
        self.noted = {key: value for key, value in said.items() if key != "schema"}
        version = self.schema_version = int(said.get("schema", 0))
        if version > SCHEMA_VERSION:
            raise InvalidInput(
                f"The log in {self.where} was made by a newer version of orch (schema {version}, this one knows"
                f" {SCHEMA_VERSION}).",
                fix=("orch version",),
            )
        if "origin" not in said:
            raise Damaged(f"{self.where.capitalize()} does not say which log it is.")
        if not self._read_only and version < SCHEMA_VERSION:
            raise StoreOutdated(self.where, found=version, needed=SCHEMA_VERSION)
        if not self._read_only:
            refuse_ended(self.where, self.noted, promotes=self.PROMOTES, words=self._words)
        return str(said["origin"])

    def refuse_replaced(self) -> None:
        """Refuse to go on where the database holds another log, or this one came to its end or went back meanwhile."""
        if self.notes() != self.noted:
            raise StoreReplaced(self.where)

    def refuse_ended(self) -> None:
        """Refuse to go on with a log that a move has left, and say so; whatever else became of it, it was replaced."""
        notes = self.notes()
        if MOVED in notes:
            refuse_elsewhere(self.where, notes)
        if notes != self.noted:
            raise StoreReplaced(self.where)

    def _refuse_reader(self) -> None:
        if self._read_only:
            raise Unavailable(f"{self.where.capitalize()} was opened for reading only.")

    def _one(self, query: str, values: Row = ()) -> Row | None:
        rows = self._line.ask(translated(query), values or None)
        return rows[0] if rows else None

    def _all(self, query: str, values: Row) -> list[Row]:
        return self._line.ask(translated(query), values or None)
