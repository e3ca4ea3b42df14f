"""What the SQLite-only tests share: a store with something in it, its files, and a check of all it says."""

from pathlib import Path

from adapters.sqlite_log import SqliteLog
from domain.event_log import EventLog
from tests.adapters.log_entries import Clock, accepted, decision, leaf_as_rfc6962, root_as_rfc6962

ORIGIN = "example.org/sqlite"


def small_log(folder: Path, *, commands: int = 3, events: int = 2) -> Path:
    """Make a log with some commands `c0`, `c1`, … on the stream phase:a, close it, and return its path."""
    path = folder / "log.db"
    with SqliteLog.create(path, ORIGIN, clock=Clock()) as log:
        for number in range(commands):
            asked = decision("phase:a", after=number * events, events=events, command_id=f"c{number}", text="words")
            accepted(log, asked)
    return path


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def whole(log: EventLog) -> list[str]:
    """Check positions, heads and tree against the records, and return the id of every record's command."""
    records = list(log.records())
    assert [record.position for record in records] == list(range(1, len(records) + 1))
    leaves = [leaf_as_rfc6962(record) for record in records]
    assert [record.leaf for record in records] == leaves
    assert log.tree()[:2] == (len(leaves), root_as_rfc6962(leaves))
    last = {record.stream: (record.version, record.position) for record in records}
    assert {name: (head.version, head.position) for name, head in log.heads_below("")[1].items()} == last
    for record in records:
        known = log.receipt(record.command_id)
        assert known is not None and known[0].first <= record.position <= known[0].last
    return [record.command_id for record in records]
