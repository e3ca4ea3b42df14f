"""Damaged files: a read gives an answer or says `Damaged`, and never ends in anything else."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from domain.errors import Damaged, Refusal
from domain.event_log import EventLog, Record
from domain.tree_ranges import range_root_of
from tests.adapters.log_entries import NOON, decision
from tests.adapters.sqlite_stores import small_log, wal_of

HEADER = 100
"""The header of the file: what says its version and its page size is refused in other words."""
PLACES = [("phase:a", version) for version in range(1, 13)]
READS: dict[str, Callable[[EventLog], object]] = {
    "origin": lambda log: log.origin,
    "receipt": lambda log: log.receipt("c3"),
    "heads": lambda log: log.heads(["phase:a", "phase:b"]),
    "heads below": lambda log: log.heads_below(""),
    "told": lambda log: log.told(PLACES),
    "stream": lambda log: list(log.stream("phase:a")),
    "records": lambda log: list(log.records()),
    "pages": lambda log: list(log.pages(Record._fields, 1, 12)),
    "all heads": lambda log: dict(log.all_heads()[1]),
    "moment": lambda log: log.moment(),
    "moment of": lambda log: log.moment(7),
    "moment at": lambda log: log.moment_at(NOON + 3),
    "tree": lambda log: log.tree(),
    "tile": lambda log: log.tile(0, 0),
    "hashes": lambda log: log.hashes(0, 0, 256),
    "root of a part": lambda log: range_root_of(log)(0, 12),
    "append": lambda log: log.append([decision("phase:b"), decision("phase:c")]),
}


def settled(folder: Path) -> bytes:
    """Return a small log as one file, nothing of it in a WAL."""
    path = small_log(folder, commands=6)
    connection = apsw.Connection(str(path))
    connection.pragma("user_version")  # a connection that has read nothing knows of no WAL
    connection.close()
    assert not wal_of(path).exists(), "whoever closes last moves the WAL into the file, unless told not to"
    return path.read_bytes()


def answers(path: Path, content: bytes) -> Counter[str]:
    """Open a file that holds only this, ask everything, and count what was said."""
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(content)
    said: Counter[str] = Counter()
    try:
        log = SqliteLog.open(path, timeout_s=5)
    except Damaged:
        return Counter({"refused": 1})
    with log:
        for read in READS.values():
            try:
                read(log)
                said["answered"] += 1
            except Damaged:
                said["damaged"] += 1
    return said


def spoiled(content: bytes, dice: Random) -> bytes:
    """Return the bytes with a bit turned, a byte changed, or sixteen made noise."""
    at = dice.randrange(HEADER, len(content))
    how = dice.randrange(3)
    new = bytes([content[at] ^ 1 << dice.randrange(8)]) if how == 0 else dice.randbytes((1, 16)[how - 1])
    return (content[:at] + new + content[at + len(new) :])[: len(content)]


def test_an_undamaged_file_answers_everything(tmp_path: Path) -> None:
    content = settled(tmp_path)
    assert answers(tmp_path / "log.db", content) == {"answered": len(READS)}


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_bytes_give_an_answer_or_damage_and_nothing_else(tmp_path: Path, seed: int) -> None:
    content, dice = settled(tmp_path), Random(seed)
    said: Counter[str] = Counter()
    for _ in range(150):
        said += answers(tmp_path / "log.db", spoiled(content, dice))
    assert min(said[word] for word in ("refused", "damaged", "answered")) > 5, f"the damage was not varied: {said}"


def test_spoiled_headers_are_refused_or_harmless(tmp_path: Path) -> None:
    content = settled(tmp_path)
    refused = 0
    for at in range(HEADER):
        path = tmp_path / "log.db"
        try:
            answers(path, content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        except Refusal:
            refused += 1
    assert refused > 0, "a version that is not ours is no damage, but refused"


@pytest.mark.parametrize("kept", [50, 512, 4096, 10_000, 0.5, 0.9])
def test_a_file_cut_short_is_damaged(tmp_path: Path, kept: float) -> None:
    content = settled(tmp_path)
    cut = content[: int(kept if kept > 1 else len(content) * kept)]
    said = answers(tmp_path / "log.db", cut)
    assert said["refused"] or said["damaged"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET version = 1000 WHERE position = 8",
        "UPDATE events SET position = position + 100 WHERE position > 6",
        "UPDATE tree SET size = 1000",
        "UPDATE tree SET size = -1",
        "UPDATE tree SET frontier = x''",
        "UPDATE tree SET frontier = CAST('text' AS BLOB)",
        "UPDATE heads SET facts = x'7b'",
        "UPDATE heads SET facts = x'ff'",
        "UPDATE events SET envelope = x'00' WHERE position = 3",
        "UPDATE events SET envelope = CAST('[]' AS BLOB)",
        "UPDATE events SET payload = x'00'",
        "UPDATE events SET salt = NULL WHERE position = 3",
        "DELETE FROM events WHERE position = 7",
        "DROP TABLE heads",
        "DROP TABLE events",
        "DROP TABLE tree",
        "DROP TABLE commands",
        "DROP TABLE tiles",
        "ALTER TABLE events RENAME COLUMN leaf TO leaves",
    ],
)
def test_what_no_log_has_written_is_damaged(tmp_path: Path, damage: str) -> None:
    settled(tmp_path)
    path = tmp_path / "log.db"
    vandal = apsw.Connection(str(path))
    for (name,) in vandal.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        vandal.execute(f"DROP TRIGGER {name}")
    vandal.execute(damage)
    vandal.close()
    said = answers(path, path.read_bytes())
    assert said["damaged"] > 0


def test_a_reading_never_goes_round_in_an_index_that_contradicts_its_rows(tmp_path: Path) -> None:
    content = settled(tmp_path)
    # stream, version and position, as the index of the events has them; the row of the head has its facts behind them
    changed, count = re.subn(rb"phase:a\x0c\x0c(?!\{)", b"phase:a\x03\x0c", content)
    assert count == 1
    path = tmp_path / "log.db"
    path.write_bytes(changed)
    with SqliteLog.open(path) as log, pytest.raises(Damaged, match="3 comes after 11"):
        list(islice(log.stream("phase:a"), 1000))


@pytest.mark.parametrize("written", ["zeroblob(8191)", "zeroblob(8224)", "x''", "7", "'text'"])
def test_a_tile_or_a_hash_of_another_size_or_type_is_damage(tmp_path: Path, written: str) -> None:
    path = small_log(tmp_path, commands=3, events=100)
    with SqliteLog.open(path, read_only=True) as log:
        whole = log.tile(0, 0)
        assert whole is not None and len(whole) == 8192 and len(log.hashes(1, 0, 256)) == 1
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '') WHERE name = 'tiles'")
    connection.execute("DELETE FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'tiles'")
    connection.close()
    connection = apsw.Connection(str(path))
    connection.execute(f"UPDATE tiles SET hashes = {written}, root = {written}")
    connection.close()
    with SqliteLog.open(path, read_only=True) as log:
        for read in (lambda: log.tile(0, 0), lambda: log.hashes(1, 0, 256), lambda: range_root_of(log)(0, 300)):
            with pytest.raises(Damaged, match="is damaged"):
                read()
