"""An upgrade that does not hold is taken back, however far it came, and nothing is lost by that."""

from contextlib import suppress
from pathlib import Path
from threading import Thread

import apsw
import pytest

from adapters import sqlite_upgrade, sqlite_way_back
from adapters.measured import Measure, measured
from adapters.sqlite_log import SqliteLog
from adapters.sqlite_schema import SCHEMA_VERSION, UPGRADES
from adapters.sqlite_upgrade import Upgraded, upgrade_log
from adapters.sqlite_way_back import kept_of
from domain.errors import Damaged, Unavailable, UpgradeUndone
from tests.adapters.log_entries import Clock, accepted, decision, filled
from tests.adapters.schema_1 import as_schema_1
from tests.adapters.sqlite_stores import ORIGIN

LOOSE = "DROP TRIGGER events_never_change; DROP TRIGGER commands_never_change;"
BROKEN = {
    "its second statement fails": f"{LOOSE} SELECT * FROM nowhere",
    "an event is rewritten": f"{UPGRADES[1]} ; DROP TRIGGER events_never_change; UPDATE events SET clock = 1",
    "a text is lost": f"{LOOSE} UPDATE events SET salt = NULL, payload = NULL WHERE position = 2",
    "an event is lost": "DROP TRIGGER events_never_go; DELETE FROM events WHERE position = 300",
    "a head is lost": "DELETE FROM heads WHERE stream = 'phase:a'",
    "the tree is another one": "UPDATE tree SET frontier = zeroblob(32 * 4)",
    "the log has another name": "UPDATE store SET value = 'example.org/other' WHERE key = 'origin'",
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Make a log of 300 events by schema 1."""
    (tmp_path / "new").mkdir()
    new = tmp_path / "new" / "log.db"
    with SqliteLog.create(new, ORIGIN, clock=Clock()) as log:
        accepted(log, decision("phase:a", events=3, text="a secret", command_id="texts"))
        filled(log, 300)
    return as_schema_1(new, tmp_path / "log.db")


def measure_of(path: Path) -> Measure:
    with SqliteLog.open(path, read_only=True) as log:
        return measured(log)


def schema_of(path: Path) -> int:
    with SqliteLog.open(path, read_only=True) as log:
        return log.schema_version


def test_an_upgrade_that_holds_leaves_the_same_events_and_no_copy(old: Path) -> None:
    before = measure_of(old)
    assert upgrade_log(old, checked=True) == Upgraded(1, SCHEMA_VERSION)
    assert measure_of(old) == before
    assert sorted(path.name for path in old.parent.glob("*before-upgrade*")) == []
    assert upgrade_log(old, checked=True) == Upgraded(SCHEMA_VERSION, SCHEMA_VERSION)
    with SqliteLog.open(old) as log:
        accepted(log, decision("phase:b"))


@pytest.mark.parametrize("sql", BROKEN.values(), ids=BROKEN)
def test_an_upgrade_that_does_not_hold_is_taken_back(sql: str, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measure_of(old)
    with monkeypatch.context() as broken:
        broken.setitem(UPGRADES, 1, sql)
        with pytest.raises(UpgradeUndone, match="has schema 1 again"):
            upgrade_log(old, checked=True)
    assert (schema_of(old), measure_of(old)) == (1, before)
    assert not kept_of(old).exists()
    assert upgrade_log(old, checked=True) == Upgraded(1, SCHEMA_VERSION)
    assert measure_of(old) == before


@pytest.mark.parametrize("sql", [sql for name, sql in BROKEN.items() if name != "its second statement fails"])
def test_without_a_check_it_would_have_stayed(sql: str, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measure_of(old)
    monkeypatch.setitem(UPGRADES, 1, sql)
    upgrade_log(old)
    with suppress(Damaged):
        assert measure_of(old) != before


def test_ctrl_c_takes_it_back_as_well(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = measure_of(old)
    monkeypatch.setattr(sqlite_upgrade, "_change_schema", interrupted)
    with pytest.raises(KeyboardInterrupt):
        upgrade_log(old, checked=True)
    assert (schema_of(old), measure_of(old), kept_of(old).exists()) == (1, before, False)


def cut_off(old: Path, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Upgrade a log by these words and lose the power before what came of it is looked at."""
    with monkeypatch.context() as broken:
        broken.setitem(UPGRADES, 1, sql)
        broken.setattr(sqlite_way_back, "_put_back", lambda *_: None)
        broken.setattr(sqlite_way_back, "_forget", lambda *_: None)
        with pytest.MonkeyPatch.context() as power:
            power.setattr(sqlite_upgrade, "_change_schema", _then_stops)
            with pytest.raises(KeyboardInterrupt):
                upgrade_log(old, checked=True)
    assert kept_of(old).exists() and schema_of(old) == SCHEMA_VERSION


change_schema = sqlite_upgrade._change_schema


def _then_stops(connection: apsw.Connection, before: int) -> None:
    change_schema(connection, before)
    raise KeyboardInterrupt


def test_one_that_was_cut_off_is_judged_by_the_next(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measure_of(old)
    cut_off(old, monkeypatch, UPGRADES[1])
    assert upgrade_log(old, checked=True) == Upgraded(SCHEMA_VERSION, SCHEMA_VERSION)
    assert measure_of(old) == before and not kept_of(old).exists()


def test_one_that_was_cut_off_and_does_not_hold_is_taken_back_by_the_next(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = measure_of(old)
    cut_off(old, monkeypatch, BROKEN["an event is rewritten"])
    with pytest.raises(UpgradeUndone, match="cut off"):
        upgrade_log(old, checked=True)
    assert (schema_of(old), measure_of(old), kept_of(old).exists()) == (1, before, False)


def test_nothing_recorded_since_is_lost_by_going_back(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(old, monkeypatch, UPGRADES[1])
    with SqliteLog.open(old) as log:
        accepted(log, decision("phase:later"))
    connection = apsw.Connection(str(old))
    connection.execute("UPDATE heads SET facts = x'00' WHERE stream = 'phase:a'; UPDATE tree SET frontier = x'00'")
    connection.close()
    with pytest.raises(Damaged, match="without what was recorded since"):
        upgrade_log(old, checked=True)
    assert kept_of(old).exists()
    connection = apsw.Connection(str(old))
    assert connection.execute("SELECT count(*) FROM events").fetchall() == [(301,)]
    connection.close()


def test_without_room_for_a_way_back_nothing_begins(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_way_back, "free_bytes", lambda _: old.stat().st_size)
    with pytest.raises(Unavailable, match="no room"):
        upgrade_log(old, checked=True)
    assert schema_of(old) == 1 and not kept_of(old).exists()


def test_whoever_reads_meanwhile_sees_the_same_events_throughout(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measure_of(old)
    seen: list[Measure] = []
    ends: list[bool] = []

    def look() -> None:
        with SqliteLog.open(old, read_only=True) as log:
            while not ends:
                seen.append(measured(log))

    reader = Thread(target=look)
    monkeypatch.setitem(UPGRADES, 1, BROKEN["its second statement fails"])
    reader.start()
    try:
        for _ in range(5):
            with pytest.raises(UpgradeUndone):
                upgrade_log(old, checked=True)
    finally:
        ends.append(True)
        reader.join()
    assert seen and set(seen) == {before}
