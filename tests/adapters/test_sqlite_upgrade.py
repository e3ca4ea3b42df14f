"""A log that an older version made is read as it is, and written after one upgrade."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from adapters.sqlite_schema import SCHEMA_VERSION
from adapters.sqlite_upgrade import Upgraded, upgrade_log
from domain.errors import Damaged, NotFound, StoreOutdated, Unavailable
from domain.event_log import Record
from tests.adapters.log_entries import Clock, accepted, decision, filled, redaction
from tests.adapters.schema_1 import as_schema_1
from tests.adapters.sqlite_stores import ORIGIN, whole

ROOT = Path(__file__).parents[2]
UPGRADE = "import sys; from pathlib import Path; from adapters.sqlite_upgrade import upgrade_log; "
UPGRADE += "print(*upgrade_log(Path(sys.argv[1])))"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Make a log of 300 events by schema 1."""
    (tmp_path / "new").mkdir()
    new = tmp_path / "new" / "log.db"
    with SqliteLog.create(new, ORIGIN, clock=Clock()) as log:
        accepted(log, decision("phase:a", events=3, text="a secret", command_id="texts"))
        filled(log, 300)
    return as_schema_1(new, tmp_path / "log.db")


def records(path: Path) -> list[Record]:
    with SqliteLog.open(path, read_only=True) as log:
        return list(log.records())


def schema(path: Path) -> set[tuple[str, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found = set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
    connection.close()
    return found


def test_an_older_log_is_read_as_it_is(old: Path) -> None:
    with SqliteLog.open(old, read_only=True) as log:
        assert len(whole(log)) == 300 and log.origin == ORIGIN
        assert (log.receipt("texts") or (None, ""))[1] == "what was asked"


def test_a_write_on_an_older_log_is_refused_with_what_to_type(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(StoreOutdated, match=r"older version of orch \(schema 1\)") as refused:
        SqliteLog.open(old)
    assert refused.value.fix == ("orch upgrade",)
    assert old.read_bytes() == before


def test_an_upgraded_log_has_every_event_and_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    before = records(old)
    assert upgrade_log(old) == Upgraded(1, SCHEMA_VERSION)
    assert records(old) == before
    assert schema(old) == schema(tmp_path / "new" / "log.db")
    with SqliteLog.open(old, clock=Clock()) as log:
        accepted(log, redaction(1, of="phase:a", version=1))
        assert len(whole(log)) == 301 and log.unsound() == []


def test_a_log_of_the_newest_schema_is_left_alone(old: Path) -> None:
    upgrade_log(old)
    before = old.read_bytes()
    assert upgrade_log(old) == Upgraded(SCHEMA_VERSION, SCHEMA_VERSION)
    assert old.read_bytes() == before


def test_eight_upgrades_at_once_are_one(old: Path) -> None:
    before = records(old)

    def upgraded(_: int) -> str:
        done = run([sys.executable, "-c", UPGRADE, old], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() or done.stderr

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(upgraded, range(8)))
    assert said == ["1 2", *["2 2"] * 7]
    assert records(old) == before


@pytest.fixture
def reader(old: Path) -> Iterator[apsw.Connection]:
    """Open the old log as somebody does who reads for long."""
    connection = apsw.Connection(str(old), flags=apsw.SQLITE_OPEN_READONLY)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM events").fetchall()
    yield connection
    connection.close()


def test_who_reads_meanwhile_goes_on_reading(old: Path, reader: apsw.Connection) -> None:
    assert upgrade_log(old, timeout_s=0.2) == Upgraded(1, SCHEMA_VERSION)
    assert reader.execute("SELECT count(*) FROM events").fetchall() == [(300,)]
    reader.execute("COMMIT")
    with SqliteLog.open(old) as log:
        log.scrub()
        assert len(whole(log)) == 300


def test_an_upgrade_that_another_writer_is_in_the_way_of_changes_nothing(old: Path) -> None:
    writer = apsw.Connection(str(old))
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        upgrade_log(old, timeout_s=0.2)
    writer.execute("ROLLBACK")
    assert writer.pragma("user_version") == 1
    writer.close()
    assert upgrade_log(old) == Upgraded(1, SCHEMA_VERSION)


def test_a_log_whose_guards_were_taken_away_is_damaged_and_stays_as_it_is(old: Path) -> None:
    vandal = apsw.Connection(str(old))
    vandal.execute("DROP TRIGGER events_never_change")
    vandal.close()
    with pytest.raises(Damaged, match="events_never_change"):
        upgrade_log(old)
    with pytest.raises(StoreOutdated):
        SqliteLog.open(old)


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        upgrade_log(tmp_path / "log.db")
    assert list(tmp_path.iterdir()) == []
