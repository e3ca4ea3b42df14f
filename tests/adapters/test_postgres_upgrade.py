"""Tables that an older version made are brought up to date: locked, in one transaction, by whoever is first of many."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from adapters.measured import measured
from adapters.postgres_log import SCHEMA_VERSION, PostgresLog
from adapters.postgres_schema import upgrade_tables
from adapters.stores import refilled_at
from domain.errors import InvalidInput, StoreOutdated, Unavailable, UpgradeUndone
from tests.adapters.log_entries import accepted, decision

OLD = (1, 2, 3, 4)
UNSAMPLED = 4
"""Since this version the server keeps no samples of what may be erased."""
PARTS = ("tables", "guards", "append", "derived", "roles")
"""The files of each version, in the order they were run in."""
MADE = """
SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'orch'::regnamespace
UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT format('%s %s', c.oid::regclass, a.attname), concat_ws(
    ' ', c.relpersistence, c.reloptions, a.atttypid::regtype, a.attnotnull, a.attstorage, a.attstattarget
) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'orch'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
ORDER BY 1, 2
"""


class OldLog(NamedTuple):
    address: str
    version: int


def sql_of(version: int, part: str) -> bytes:
    """Return a file of a version; one that did not change is kept with the version that made it so."""
    places = (Path(__file__).parent / f"postgres_schema_{made}" / f"{part}.sql" for made in range(version, 0, -1))
    return next(place for place in places if place.exists()).read_bytes()


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, database: str) -> Iterator[OldLog]:
    """Give a log of each older version, and a role that may write into it."""
    version: int = request.param
    role = "old_" + database.rpartition("=")[2].replace("-", "_")[-40:]
    with psycopg.connect(database, autocommit=True) as connection:
        for part in PARTS:
            connection.execute(sql_of(version, part))
        connection.execute("INSERT INTO orch.store VALUES ('origin', 'example.org/old')")
        connection.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        connection.execute("SELECT orch.admit(%s, 'write')", (role,))
    yield OldLog(database, version)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'.encode())


def made_in(address: str) -> list[tuple[str, str]]:
    with psycopg.connect(address) as connection:
        return connection.execute(MADE).fetchall()


def test_an_old_log_is_read_and_not_written_until_it_is_upgraded(old: OldLog) -> None:
    with PostgresLog.open(old.address, read_only=True) as log:
        assert log.origin == "example.org/old"
    with pytest.raises(StoreOutdated):
        PostgresLog.open(old.address)
    assert upgrade_tables(old.address, timeout_s=10) == (old.version, SCHEMA_VERSION)
    with PostgresLog.open(old.address) as log:
        accepted(log, decision("phase/a"))
        assert log.unsound() == [] and len(log.heads_state().secret) == 64


def test_what_is_upgraded_is_what_is_made_anew(old: OldLog, log_database: str) -> None:
    upgrade_tables(old.address, timeout_s=10)
    assert made_in(old.address) == made_in(log_database)


def test_a_role_may_do_what_it_could_before(old: OldLog) -> None:
    upgrade_tables(old.address, timeout_s=10)
    with psycopg.connect(old.address) as connection:
        (role,) = connection.execute("SELECT role FROM orch.members").fetchone() or ("",)
        may = "SELECT has_function_privilege(%s, 'orch.append(integer, jsonb)', 'EXECUTE')"
        assert connection.execute(may, (role,)).fetchone() == (True,)
        may = "SELECT has_table_privilege(%s, 'orch.events', 'INSERT')"
        assert connection.execute(may, (role,)).fetchone() == (False,)


def test_eight_that_upgrade_at_once_do_it_once(old: OldLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: upgrade_tables(old.address, timeout_s=30), range(8)))
    assert sorted(done) == [(old.version, SCHEMA_VERSION), *[(SCHEMA_VERSION, SCHEMA_VERSION)] * 7]


def test_an_upgrade_that_fails_half_way_changes_nothing(old: OldLog, monkeypatch: pytest.MonkeyPatch) -> None:
    from adapters import postgres_schema

    before = made_in(old.address)
    step_from = postgres_schema.step_from
    more = {old.version: "; ALTER TABLE orch.heads ADD COLUMN x integer"}
    monkeypatch.setattr(postgres_schema, "step_from", lambda version: step_from(version) + more.get(version, ""))
    monkeypatch.setattr(postgres_schema, "ADMIT_AGAIN", "SELECT 1 / 0")
    with pytest.raises(Unavailable):
        upgrade_tables(old.address, timeout_s=10)
    assert made_in(old.address) == before
    with PostgresLog.open(old.address, read_only=True) as log:
        assert log.schema_version == old.version


def test_an_upgrade_that_is_checked_holds(old: OldLog) -> None:
    assert upgrade_tables(old.address, timeout_s=10, checked=True) == (old.version, SCHEMA_VERSION)
    with PostgresLog.open(old.address) as log:
        accepted(log, decision("phase/a"))
        assert measured(log).size == 1


LAST = SCHEMA_VERSION - 1
"""The version before this one: its tables only lack the last step."""
LOOSE = "DROP TRIGGER events_never_change ON orch.events; DROP TRIGGER events_never_go ON orch.events"
BROKEN = {
    "its second statement fails": f"{LOOSE}; SELECT * FROM orch.nowhere",
    "an event is rewritten": f"{LOOSE}; UPDATE orch.events SET clock = 1",
    "an event is lost": f"{LOOSE}; DELETE FROM orch.events",
    "a head is lost": "DELETE FROM orch.heads",
    "the log has another name": "UPDATE orch.store SET value = 'example.org/other' WHERE key = 'origin'",
}


@pytest.mark.parametrize("sql", BROKEN.values(), ids=BROKEN)
def test_an_upgrade_that_does_not_hold_is_rolled_back(
    sql: str, log_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters import postgres_schema

    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase/a", events=3, text="a text"))
        before = measured(log)
    with psycopg.connect(log_database) as connection:
        connection.execute("UPDATE orch.version SET version = %s", (LAST,))
    code = made_in(log_database)
    monkeypatch.setattr(postgres_schema, "step_from", lambda _: sql)
    with pytest.raises(UpgradeUndone, match=f"has schema {LAST} again"):
        upgrade_tables(log_database, timeout_s=10, checked=True)
    assert made_in(log_database) == code
    with PostgresLog.open(log_database, read_only=True) as log:
        assert (log.schema_version, measured(log)) == (LAST, before)
    monkeypatch.setattr(postgres_schema, "step_from", lambda _: "")
    assert upgrade_tables(log_database, timeout_s=10, checked=True) == (LAST, SCHEMA_VERSION)


def test_a_log_of_a_newer_version_is_left_alone(log_database: str) -> None:
    with psycopg.connect(log_database) as connection:
        connection.execute("UPDATE orch.version SET version = 99")
    with pytest.raises(InvalidInput, match="newer version"):
        upgrade_tables(log_database, timeout_s=10)


def test_a_log_that_is_not_filled_to_its_end_is_not_there(database: str) -> None:
    def half() -> None:
        with refilled_at(database, "example.org/x", lambda _: {}) as log:
            log.note("recovered", "{}")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('orch')").fetchone() == (None,)


def test_what_is_erased_is_in_no_statistics_of_the_server(old: OldLog) -> None:
    """Nor is what an older version let it keep: ANALYZE takes samples whenever it likes."""
    with psycopg.connect(old.address, autocommit=True) as owner:
        for number in range(50):
            owner.execute(
                "INSERT INTO orch.events VALUES (%s, %s, 1, %s, 1, 't', %s, '{}', 'SECRETSALT', 'SECRETNAME', 'x')",
                (number + 1, number + 1, f"s{number}", f"c{number}"),
            )
            owner.execute("INSERT INTO orch.commands VALUES (%s, 'SECRETPRINT', 1, 1)", (f"c{number}",))
        owner.execute("ANALYZE orch.events, orch.commands")
        assert sampled(owner) == ({"payload", "salt", "fingerprint"} if old.version < UNSAMPLED else set())
    upgrade_tables(old.address, timeout_s=10)
    with psycopg.connect(old.address, autocommit=True) as owner:
        assert sampled(owner) == set()
        owner.execute("ANALYZE orch.events, orch.commands")
        assert sampled(owner) == set()
        assert owner.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'orch'").fetchone() != (0,)


def sampled(owner: "psycopg.Connection[tuple[Any, ...]]") -> set[str]:
    """Return the columns of which the server keeps samples with a secret in them."""
    rows = owner.execute("SELECT attname, pg_stats::text FROM pg_stats WHERE schemaname = 'orch'").fetchall()
    return {name for name, told in rows if "SECRET" in told or b"SECRET".hex() in told}
