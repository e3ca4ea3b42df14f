"""The log as it is, for whoever reads and checks it on another machine: rows, heads, hashes; nothing is worked out."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from adapters.envelope import canonical
from adapters.log_notes import CARRIED
from adapters.log_rows import TILE, Heads, Row
from adapters.log_wire import EVENT, HEADS, READS, base64_of, text_of, wired, wired_told
from api.answering import answer
from api.asking import Present, Reading
from api.parts import part
from domain.errors import InvalidInput, NotFound
from domain.event_log import EventLog, Head, Moment
from usecases.release import VERSION

router = part(prefix="/log", tags=["log"])
FAR = (1 << 63) - 1
MOST = 10_000
"""Rows of an answer, at the most."""
HEAVY = 4 * 1024 * 1024
"""Bytes of rows from which on an answer ends: one document alone may have as many."""
Number = Annotated[int, Query(ge=-FAR, le=FAR)]
Streams = Annotated[list[str] | None, Query(max_length=1000, description="Of these streams.")]
Below = Annotated[str | None, Query(max_length=300, description="Of all streams whose names begin so.")]
Places = Annotated[list[str], Query(max_length=1000, description="VERSION:STREAM, once for each.", alias="place")]
Columns = Annotated[str | None, Query(max_length=200, description="Only these, with commas; otherwise all.")]
Stream = Annotated[str | None, Query(max_length=300, description="Only of this stream.")]
After = Annotated[int, Query(ge=0, le=FAR, description="Of a stream: only after this version.")]
Upto = Annotated[int | None, Query(ge=-FAR, le=FAR, description="Up to this position; otherwise to the last one.")]
Time = Annotated[int | None, Query(ge=-FAR, le=FAR, description="µs since the epoch.")]
Id = Annotated[str, Query(min_length=1, max_length=200, description="Its id.")]
Level = Annotated[int, Query(ge=0, le=8)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.get("", summary="Which log this is, and who asks")
def log_itself(ask: Present) -> Response:
    """Return the name of the log, how long it is, and who shows the token."""
    log = ask.project.log
    moment, notes = log.moment(), log.notes()
    by = {"name": ask.by.actor.name, "kind": ask.by.actor.kind, "scopes": list(ask.by.scopes)}
    return _told(
        ask,
        "log",
        {
            "origin": log.origin,
            "orch": VERSION,
            "reads": READS,
            "position": moment.position,
            "recorded_at": moment.recorded_at,
            "notes": {name: notes[name] for name in (CARRIED,) if name in notes},
            "by": by,
        },
    )


@router.get("/heads", summary="The latest facts of streams")
def log_heads(ask: Present, stream: Streams = None, below: Below = None) -> Response:
    """Return heads of the named streams, of those below a name, or of all; all of them as of one moment."""
    log = ask.project.log
    if stream is not None and below is not None:
        raise InvalidInput("Name streams, or what their names begin with.")
    if stream is not None:
        moment, heads = log.heads(stream)
    elif below is not None:
        moment, heads = log.heads_below(below)
    else:
        return _all_heads(ask, log)
    return _heads(ask, moment, map(_row_of, heads.values()))


@router.get("/told", summary="What some events say")
def log_told(ask: Present, place: Places) -> Response:
    """Return what the events at some places of streams say."""
    places = [_place(words) for words in place]
    log = ask.project.log
    heads = log.heads(sorted({stream for stream, _ in places}))[1]
    for stream, version in places:
        if stream not in heads or not 1 <= version <= heads[stream].version:
            raise NotFound(f"There is no event {version} of {stream[:100]}.")
    found = log.told(places)
    return _told(ask, "log.told", {"rows": [wired_told(where, found[where]) for where in dict.fromkeys(places)]})


@router.get("/rows", summary="Events as they are stored")
def log_rows(
    ask: Present,
    first: Number = 1,
    upto: Upto = None,
    stream: Stream = None,
    after: After = 0,
    columns: Columns = None,
    limit: Limit = MOST,
) -> Response:
    """Return events to the byte, in their order: of the whole log from a position on, or of one stream."""
    log = ask.project.log
    last = log.moment().position if upto is None else upto
    named = EVENT if columns is None else tuple(columns.split(","))
    if not set(named) <= set(EVENT):
        raise InvalidInput(f"The columns of an event are {', '.join(EVENT)}.")
    if stream is not None:
        rows, more = _few(log.stream(stream, after=after, upto=last), limit)
        end = rows[-1][EVENT.index("version")] if rows else after
    elif columns is not None:
        rows, end = _whole_pages(log, named, first, min(last, log.moment().position), limit)
        return _told(ask, "log.rows", _rows(rows, named, end, last, more=end < min(last, log.moment().position)))
    else:
        rows, more = _few(log.records(first, last), limit)
        end = rows[-1][0] if rows else last
    chosen = rows if columns is None else [tuple(row[EVENT.index(name)] for name in named) for row in rows]
    return _told(ask, "log.rows", _rows(chosen, named, end, last, more=more))


@router.get("/moment", summary="A place in the log, and its time")
def log_moment(ask: Present, position: Upto = None, time: Time = None) -> Response:
    """Return the moment of a position, the last one at a time, or that of the end of the log."""
    moment = ask.project.log.moment(position) if time is None else ask.project.log.moment_at(time)
    return _told(ask, "log.moment", moment._asdict())


@router.get("/tree", summary="The tree as it was kept with the last event")
def log_tree(ask: Present) -> Response:
    """Return the frontier of the RFC 6962 tree."""
    tree = ask.project.log.tree()
    return _told(ask, "log.tree", {"size": tree.size, "frontier": [base64_of(each) for each in tree.frontier]})


@router.get("/tile", summary="A full tile of the tree")
def log_tile(ask: Present, level: Level, number: Number) -> Response:
    """Return 256 hashes (C2SP tlog-tiles), or null while there are not so many."""
    return _told(ask, "log.tile", {"hashes": base64_of(ask.project.log.tile(level, number))})


@router.get("/hashes", summary="Hashes of the growing tiles")
def log_hashes(ask: Present, level: Level, start: Number, stop: Number) -> Response:
    """Return the hashes of a level between two places, as far as there are any."""
    if level == 0 and stop - start > TILE:
        raise InvalidInput(f"At most {TILE} leaves are told at once; full tiles are there for more.")
    found = ask.project.log.hashes(level, start, stop)[:MOST]
    return _told(ask, "log.hashes", {"hashes": base64_of(b"".join(found))})


@router.get("/commands", summary="What each command recorded")
def log_commands(ask: Present, after: Annotated[str, Query(max_length=200)] = "", limit: Limit = MOST) -> Response:
    """Return the recorded commands in the order of their ids."""
    found = list(islice(ask.project.log.commands(after=after), limit + 1))
    return _told(ask, "log.commands", {"rows": [list(each) for each in found[:limit]], "more": len(found) > limit})


@router.get("/command", summary="What one command recorded")
def log_command(ask: Present, id: Id) -> Response:  # noqa: A002  # the word of the command line
    """Return the positions that a command wrote."""
    known = ask.project.log.receipt(id)
    first, last, recorded_at = known[0][1:4] if known else (None, None, None)
    return _told(ask, "log.command", {"first": first, "last": last, "recorded_at": recorded_at})


@router.get("/snapshots", summary="The snapshots that are kept")
def log_snapshots(ask: Present) -> Response:
    """Return of which positions a snapshot of all heads is kept."""
    return _told(ask, "log.snapshots", {"positions": ask.project.log.snapshot_positions()})


@router.get("/snapshot", summary="The latest snapshot before a position")
def log_snapshot(ask: Present, upto: Annotated[int, Query(ge=0, le=FAR)]) -> Response:
    """Return the lines of the latest snapshot at or before a position."""
    log = ask.project.log
    position = max((each for each in log.snapshot_positions() if each <= upto), default=None)
    lines = None if position is None else text_of(log.snapshot_lines(position))
    return _told(ask, "log.snapshot", {"position": position, "lines": lines})


@router.get("/checkpoints", summary="The checkpoints that the service keeps")
def log_checkpoints(ask: Present) -> Response:
    """Return how many events each kept checkpoint covers, and since when it is kept."""
    files = ask.project.checkpoints
    return _told(ask, "log.checkpoints", {"rows": [{"size": k.size, "kept_at": k.kept_at} for k in files.all()]})


@router.get("/checkpoints/{size}", summary="One of them")
def log_checkpoint(ask: Present, size: int) -> Response:
    """Return a signed note as it is kept."""
    files = ask.project.checkpoints
    if size not in files.sizes():
        raise NotFound(f"No checkpoint of {size} events is kept here.")
    return _told(ask, "log.checkpoint", {"size": size, "note": base64_of(files.read(size))})


def _told(ask: Reading, kind: str, data: dict[str, Any]) -> Response:
    """Answer, and say of which log: whoever asks many times notices where it is another one by now."""
    response = answer(kind, data)
    response.headers["Orch-Log"] = ask.project.log.origin
    return response


def _all_heads(ask: Reading, log: EventLog) -> Response:
    """Answer with the heads of all streams; there may be very many, and none of them is looked at."""
    moment, heads = log.all_heads()
    return _heads(ask, moment, heads.rows() if isinstance(heads, Heads) else map(_row_of, heads.values()))


def _heads(ask: Reading, moment: Moment, rows: Iterable[Row]) -> Response:
    data = {"position": moment.position, "recorded_at": moment.recorded_at, "rows": wired(rows, HEADS)}
    return _told(ask, "log.heads", data)


def _row_of(head: Head) -> Row:
    return head.stream, head.version, head.position, canonical(head.facts)


def _place(words: str) -> tuple[str, int]:
    version, colon, stream = words.partition(":")
    if not colon or not version.isascii() or not version.isdigit() or len(version) > 15:
        raise InvalidInput(f"A place is VERSION:STREAM; got {words[:60]!r}.")
    return stream, int(version)


def _few(records: Iterator[Row], most: int) -> tuple[list[Row], bool]:
    """Return as many rows as one answer takes, and whether there are more."""
    rows: list[Row] = []
    size = 0
    for row in records:
        if len(rows) == most or size > HEAVY:
            return rows, True
        rows.append(row)
        size += _weight(row)
    return rows, False


def _whole_pages(log: EventLog, columns: Sequence[str], first: int, last: int, most: int) -> tuple[list[Row], int]:
    """Return rows up to the end of a tile, and the position that they reach to; rows that are missing are not told."""
    rows: list[Row] = []
    size, end = 0, first - 1
    for page in log.pages(columns, first, last):
        rows += page
        size += sum(map(_weight, page))
        end = min(last, end + TILE - end % TILE)
        if size > HEAVY or len(rows) + TILE > most:
            break
    return rows, end


def _weight(row: Iterable[Any]) -> int:
    return 64 + sum(len(value) for value in row if isinstance(value, bytes))


def _rows(rows: Sequence[Row], columns: Sequence[str], after: int, upto: int, *, more: bool) -> dict[str, Any]:
    return {"columns": [*columns], "rows": wired(rows, columns), "after": after, "upto": upto, "more": more}
