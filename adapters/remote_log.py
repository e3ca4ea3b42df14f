"""The log of a project that is worked on through a service: its reads, over HTTP, to the byte."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

from adapters.log_reads import LARGEST
from adapters.log_rows import HASH, TILE, Heads, Row, commands_of, head_of, moment_of, page_of, records_of
from adapters.log_wire import EVENT, HEADS, READS, bytes_of, hash_of, unwired, unwired_told
from adapters.service_line import LOG, ServiceLine
from adapters.snapshots import heads_in
from domain.actors import Actor, ActorKind
from domain.errors import Damaged, InvalidInput, NotFound, Refusal, Unavailable
from domain.event_log import Decision, Head, KnownCommand, Moment, Receipt, Record, Snapshot, Told, TreeHead
from domain.merkle import root_of

AT_ONCE = 100
"""Names of streams or places in one question: they stand in its first line."""
VERSION = EVENT.index("version")
TILES = 10
"""Full tiles of rows in one question."""


class _Answer(dict[str, Any]):
    """The data of an answer; a part that is not there is the service's fault."""

    def __missing__(self, name: str) -> NoReturn:
        raise Damaged(f"The service does not say {name}: it does not answer as orch does.")


class RemoteLog:
    """The reads of the port `EventLog`. A command is decided by the service; nothing is appended here.

    A read is one question, or several about positions that are there already. Answers of another log than before, and
    of an older state than was seen already, are refused: so no answer is made of two logs, nor of two moments.
    """

    def __init__(self, line: ServiceLine) -> None:
        self.line = line
        self.where = line.where
        self._seen = 0
        self._origin: str | None = None
        told = self._get("")
        if told.get("reads") != READS:
            raise Unavailable(
                f"The service at {self.where} has another version (orch {told.get('orch')}): it sends its log in a form"
                " that this one does not read.",
                fix=("orch version",),
            )
        self._notes: dict[str, str] = told["notes"]
        try:
            self.by = Actor(told["by"]["name"], ActorKind(told["by"]["kind"]))
            """Whoever the token was issued to."""
        except (LookupError, TypeError, ValueError):
            raise Damaged(f"{self.where} does not say whose the token is.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def origin(self) -> str:
        """The log's name."""
        assert self._origin is not None
        return self._origin

    @property
    def noted(self) -> dict[str, str]:
        """What the store keeps about itself."""
        return self._notes

    @property
    def schema_version(self) -> int:
        """The version of the tables is the service's affair."""
        return 0

    def receipt(self, command_id: str) -> tuple[Receipt, str | None] | None:
        """Return the receipt of a recorded command; its fingerprint stays where it is."""
        told = self._get("/command", [("id", command_id)])
        if told["first"] is None:
            return None
        return Receipt(command_id, told["first"], told["last"], told["recorded_at"], repeated=True), None

    def commands(self, *, after: str = "") -> Iterator[KnownCommand]:
        """Yield every recorded command, ordered by its id."""
        more = True
        while more:
            told = self._get("/commands", [("after", after)])
            rows = [tuple(row) for row in told["rows"]]
            yield from commands_of(rows, after=after)
            more = bool(told["more"] and rows)
            after = rows[-1][0] if rows else after

    def heads(self, streams: Sequence[str]) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of those streams that exist, all as of one moment."""
        if len(streams) > AT_ONCE:
            moment, found = self.all_heads()
            return moment, {name: found[name] for name in sorted({*streams} & found.keys())}
        moment, rows = self._heads([("stream", stream) for stream in streams] or [("stream", "")])
        return moment, dict(sorted((row[0], head_of(row)) for row in rows))

    def heads_below(self, prefix: str) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of all streams that begin so, ordered by name."""
        moment, rows = self._heads([("below", prefix)])
        return moment, dict(sorted((row[0], head_of(row)) for row in rows))

    def all_heads(self) -> tuple[Moment, Mapping[str, Head]]:
        """Return the heads of all streams, ordered by name, as of one moment; made when they are looked at."""
        moment, rows = self._heads([])
        return moment, Heads(rows).in_order()

    def told(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Told]:
        """Return what the events at those places say."""
        found: dict[tuple[str, int], Told] = {}
        for first in range(0, len(places), AT_ONCE):
            asked = places[first : first + AT_ONCE]
            try:
                told = self._get("/told", [("place", f"{version}:{stream}") for stream, version in asked])
            except NotFound as error:
                raise Damaged(f"{error.message} A head names it.") from None
            found.update(map(unwired_told, told["rows"]))
        if found.keys() != {*places}:
            raise Damaged(f"{self.where} did not tell what was asked.")
        return found

    def stream(self, stream: str, *, after: int = 0, upto: int | None = None) -> Iterator[Record]:
        """Yield the records of one stream in order, after a version and up to and including a position."""
        more = True
        while more:
            query: list[tuple[str, object]] = [("stream", stream), ("after", after)]
            told = self._get("/rows", [*query, *([] if upto is None else [("upto", upto)])])
            yield from records_of(unwired(told["rows"], EVENT), column=VERSION, after=after)
            after, upto, more = _further(told, after)

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield the records between two positions, both included, in order."""
        more = first <= LARGEST
        last = None if last is None else min(last, LARGEST)
        while more:
            told = self._get("/rows", [("first", first), *([] if last is None else [("upto", last)])])
            yield from records_of(unwired(told["rows"], EVENT), column=0, after=first - 1)
            after, last, more = _further(told, first - 1)
            first = after + 1

    def pages(self, columns: Sequence[str], first: int, last: int) -> Iterator[list[Row]]:
        """Yield some columns of the records between two positions; a page ends where a full tile ends."""
        named = columns if "position" in columns else ("position", *columns)
        at = named.index("position")
        while first <= last:
            limit = TILES * TILE
            query = [("columns", ",".join(named)), ("first", first), ("upto", last), ("limit", limit)]
            told = self._get("/rows", query)
            rows = page_of(unwired(told["rows"], named), named)
            end = min(last, told["after"])
            if end < first:
                yield []  # there is nothing more, and whoever counts notices
                return
            while first <= end:
                until = min(last, first + TILE - 1 - (first - 1) % TILE)
                page = [row for row in rows if first <= row[at] <= until]
                yield page if named is columns else [row[1:] for row in page]
                first = until + 1

    def snapshot(self, position: int) -> Snapshot | None:
        """Return the latest snapshot at or before a position."""
        told = self._get("/snapshot", [("upto", position)])
        at, lines = told["position"], bytes_of(told["lines"])
        return None if at is None or lines is None else Snapshot(at, heads_in(at, lines))

    def snapshot_positions(self) -> list[int]:
        """Return the positions of all snapshots, in order."""
        return list(self._get("/snapshots")["positions"])

    def snapshot_lines(self, position: int) -> bytes:
        """Return the unpacked bytes of one snapshot."""
        told = self._get("/snapshot", [("upto", position)])
        lines = bytes_of(told["lines"])
        if told["position"] != position or lines is None:
            raise NotFound(f"There is no snapshot of position {position}.", fix=("orch rebuild",))
        return lines

    def moment(self, position: int | None = None) -> Moment:
        """Return the moment of a position, or of the last one."""
        return self._moment([] if position is None else [("position", position)])

    def moment_at(self, recorded_at: int) -> Moment:
        """Return the last moment whose recorded time is not after that time."""
        return self._moment([("time", max(-(1 << 62), min(recorded_at, 1 << 62)))])

    def tree(self) -> TreeHead:
        """Return the tree head that was kept with the last append; its root is worked out here."""
        told = self._get("/tree")
        frontier = [hash_of(each) or b"" for each in told["frontier"]]
        size = self._not_before(told["size"])
        if len(frontier) != size.bit_count() or any(len(each) != HASH for each in frontier):
            raise Damaged(f"The tree of {size} entries that {self.where} tells of cannot be one.")
        return TreeHead(size, root_of(frontier), tuple(frontier))

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a full tile, or None while it is not full."""
        return hash_of(self._get("/tile", [("level", level), ("number", number)])["hashes"])

    def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return hashes of a tile level: the leaves, or the roots of the full tiles below."""
        if start >= stop:
            return []
        told = self._get("/hashes", [("level", level), ("start", start), ("stop", stop)])
        raw = hash_of(told["hashes"]) or b""
        return [raw[at : at + HASH] for at in range(0, len(raw), HASH)]

    def notes(self) -> dict[str, str]:
        """Return what the store keeps about itself and others have to know."""
        return self._notes

    def unsound(self) -> list[str]:
        """Return nothing: how its indexes are is for whoever runs the service, and no row is believed without proof."""
        return []

    def close(self) -> None:
        """Let go of the service."""
        self.line.close()

    def append(self, decisions: Sequence[Decision]) -> list[Receipt | Refusal]:
        """Refuse: the rules run where the log is."""
        del decisions
        self._refuse()

    def scrub(self) -> None:
        """Refuse, as `append`."""
        self._refuse()

    def keep_snapshot(self, position: int, heads: Mapping[str, Head]) -> None:
        """Refuse, as `append`."""
        del position, heads
        self._refuse()

    def forget_snapshots(self) -> None:
        """Refuse, as `append`."""
        self._refuse()

    def replace_heads(self, position: int, heads: Mapping[str, Head]) -> bool:
        """Refuse, as `append`."""
        del position, heads
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise InvalidInput(f"That is done where the log is, by whoever runs {self.where}.")

    def _get(self, path: str, query: Sequence[tuple[str, object]] = ()) -> _Answer:
        reply = self.line.get(f"/log{path}", query)
        origin = reply.headers.get(LOG)
        if origin is None:
            raise Unavailable(f"{self.where} is no service of orch, or an older one: it does not say which log it has.")
        if self._origin not in (None, origin):
            raise Unavailable(f"{self.where} answered for {self._origin} before, and answers for {origin} now.")
        self._origin = origin
        return _Answer(reply.data)

    def _heads(self, query: Sequence[tuple[str, object]]) -> tuple[Moment, list[Row]]:
        told = self._get("/heads", query)
        moment = moment_of((self._not_before(told["position"]), told["recorded_at"] or 0))
        return moment, unwired(told["rows"], HEADS)

    def _moment(self, query: Sequence[tuple[str, object]]) -> Moment:
        told: dict[str, Any] = self._get("/moment", query)
        found = Moment(told["position"], told["recorded_at"], told["next_recorded_at"])
        if not query:
            self._not_before(found.position)
        return found

    def _not_before(self, position: int) -> int:
        """Refuse a state that is older than one that was seen: two services that disagree would be mixed."""
        if position < self._seen:
            raise Unavailable(
                f"{self.where} went back from position {self._seen} to {position} between two questions; ask again."
            )
        self._seen = position
        return position


def _further(told: Mapping[str, Any], before: int) -> tuple[int, int, bool]:
    """Return where to go on, up to where, and whether; an answer that leads nowhere ends it."""
    after = int(told["after"])
    return after, int(told["upto"]), bool(told["more"] and after > before)
