"""Of a redacted text nothing is left in the bytes of any file: not in pages, not between cells, not in the WAL."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from adapters.sqlite_upgrade import upgrade_log
from domain.errors import Unavailable
from domain.event_log import Decision
from tests.adapters.log_entries import Clock, accepted, decision, redaction
from tests.adapters.schema_1 import as_schema_1
from tests.adapters.sqlite_stores import ORIGIN, wal_of, whole

SIZES = {
    "a few bytes": (8, 12),
    "many on a page": (30, 60, 100),
    "pages that fill up": (200, 900, 1500, 3000),
    "just beside a page": (3300, 3600, 3900, 4100),
    "overflow pages": (6_000, 60_000, 300_000),
    "all sorts": (8, 30, 100, 400, 900, 2000, 6000, 60_000),
}
STREAM = "phase:a"


def token(position: int) -> str:
    return f"<S{position:05d}>"


def texts(dice: Random, sizes: tuple[int, ...], count: int) -> Iterator[Decision]:
    """Yield commands of one to four events each; every text is made of the name of its position, again and again."""
    after = 0
    while after < count:
        number = dice.choice((1, 1, 2, 4))
        asked = decision(STREAM, after=after, events=number, text="", fingerprint=f"fp-{after:05d}-{'f' * 50}")
        for event in asked.events:
            size = dice.choice(sizes)
            name = token(event.originator_version)
            event.__dict__["title"] = (name * (size // len(name) + 1))[: max(size, len(name))]
        yield asked
        after += number


def written(path: Path, dice: Random, sizes: tuple[int, ...], count: int) -> None:
    with SqliteLog.create(path, ORIGIN, clock=Clock()) as log:
        waiting: list[Decision] = []
        for asked in texts(dice, sizes, count):
            waiting.append(asked)
            if dice.random() < 0.2:
                accepted(log, *waiting)
                waiting.clear()
            if dice.random() < 0.02:
                log.scrub()
        accepted(log, *waiting)


def redacted(path: Path, positions: list[int]) -> list[bytes]:
    """Redact texts one after the other, scrub, and return what must not be found any more."""
    gone: list[bytes] = []
    waiting: list[Decision] = []
    with SqliteLog.open(path, clock=Clock()) as log:
        for number, position in enumerate(positions):
            (record,) = log.records(position, position)
            _, fingerprint = log.receipt(record.command_id) or (None, None)
            assert record.salt is not None
            gone += [token(record.version)[1:-1].encode(), record.salt]
            gone += [fingerprint.encode()] if fingerprint else []
            waiting.append(redaction(position, of=STREAM, version=record.version, after=number))
            if position % 5 == 0:
                accepted(log, *waiting)
                waiting.clear()
        accepted(log, *waiting)
        log.scrub()
        whole(log)
    return gone


def found_in(folder: Path, gone: list[bytes]) -> list[bytes]:
    raw = b"\0".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    return [each for each in gone if each in raw]


@pytest.mark.parametrize("order", ["any order", "upwards", "downwards"])
@pytest.mark.parametrize("sizes", SIZES)
def test_nothing_of_a_redacted_text_is_in_any_file(tmp_path: Path, sizes: str, order: str) -> None:
    dice = Random(f"{sizes} {order}")
    path = tmp_path / "log.db"
    count = 60 if sizes == "overflow pages" else 200
    written(path, dice, SIZES[sizes], count)
    positions = dice.sample(range(1, count + 1), count * 2 // 3)
    if order != "any order":
        positions.sort(reverse=order == "downwards")
    gone = redacted(path, positions)
    assert found_in(tmp_path, gone) == []
    others = [token(position).encode() for position in set(range(1, count + 1)) - set(positions)]
    assert found_in(tmp_path, others) == others, "and every other text is there"


def test_a_text_is_in_the_wal_until_it_is_scrubbed(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with SqliteLog.create(path, ORIGIN, clock=Clock()) as log:
        accepted(log, decision(STREAM, text="a secret"))
        accepted(log, redaction(1, of=STREAM, version=1))
        assert b"a secret" in wal_of(path).read_bytes()
        log.scrub()
        assert wal_of(path).stat().st_size == 0
    assert found_in(tmp_path, [b"a secret"]) == []


def test_a_reader_of_an_older_state_is_waited_for_and_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with SqliteLog.create(path, ORIGIN, clock=Clock(), timeout_s=0.2) as log:
        accepted(log, decision(STREAM, text="a secret"))
        reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM events").fetchall() == [(1,)]
        accepted(log, redaction(1, of=STREAM, version=1))
        with pytest.raises(Unavailable, match="somebody reads an older state"):
            log.scrub()
        accepted(log, decision("phase:b"))
        reader.execute("COMMIT")
        log.scrub()
    reader.close()
    assert found_in(tmp_path, [b"a secret"]) == []


def test_a_log_that_is_only_read_is_not_scrubbed(tmp_path: Path) -> None:
    SqliteLog.create(tmp_path / "log.db", ORIGIN).close()
    with SqliteLog.open(tmp_path / "log.db", read_only=True) as log, pytest.raises(Unavailable, match="reading only"):
        log.scrub()


@pytest.mark.parametrize("sizes", ["a few bytes", "many on a page", "pages that fill up", "all sorts"])
def test_copies_that_an_older_version_left_behind_go_with_the_upgrade(tmp_path: Path, sizes: str) -> None:
    dice = Random(sizes)
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    written(tmp_path / "new" / "log.db", dice, SIZES[sizes], 120)
    path = as_schema_1(tmp_path / "new" / "log.db", tmp_path / "old" / "log.db")
    new, old = (folder.read_bytes() for folder in (tmp_path / "new" / "log.db", path))
    names = [token(position).encode() for position in range(1, 121)]
    twice = [name for name in names if old.count(name) > new.count(name)]
    assert twice, "schema 1 left second copies of texts, or this shows nothing"
    upgrade_log(path)
    gone = redacted(path, list(range(1, 121)))
    assert found_in(tmp_path / "old", gone) == []
