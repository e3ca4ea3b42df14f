"""Who may do what in the database: the owner keeps to the guards, a writer to the functions, an auditor reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from adapters.postgres_guards import STATES, at_fault
from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import admit, make_log
from domain.errors import AlreadyExists, Unavailable
from projections.verification import MOST_CHARACTERS
from tests.adapters.log_entries import accepted, decision, redaction
from tests.postgres_server import Server

CHANGES = (
    "UPDATE orch.events SET topic = 'x'",
    "UPDATE orch.events SET salt = NULL, payload = NULL",
    "DELETE FROM orch.events",
    "TRUNCATE orch.events",
    "DELETE FROM orch.commands",
    "TRUNCATE orch.commands",
    "UPDATE orch.commands SET last = last + 1",
    "DELETE FROM orch.tiles",
    "TRUNCATE orch.tiles",
)
"""What the guards stop, whoever tries."""
BEYOND = (
    "INSERT INTO orch.events SELECT * FROM orch.events LIMIT 1",
    "ALTER TABLE orch.events DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "UPDATE orch.tree SET size = 0",
    "UPDATE orch.heads SET version = 0",
    "SELECT orch.put_tile(0, 999, '')",
    "SELECT orch.write('[]')",
    "SELECT orch.admit('anybody', 'write')",
    "DROP TABLE orch.events",
    "CREATE TABLE orch.more ()",
    "CREATE OR REPLACE FUNCTION orch.clock() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
)
"""What only the owner could do."""


@pytest.fixture
def filled(log_database: str) -> str:
    """Return the address of a log with something in it, a full tile too."""
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:a", events=300, text="words"))
    return log_database


@pytest.fixture(params=["write", "read"])
def member(request: pytest.FixtureRequest, server: Server, filled: str) -> Iterator[tuple[str, str]]:
    """Give what a role may, and the address of the log as that role."""
    name = f"{psycopg.conninfo.conninfo_to_dict(filled)['dbname']}_{request.param}"
    with psycopg.connect(server.url, autocommit=True) as owner:
        owner.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
    admit(filled, name, may=request.param, timeout_s=5)
    yield request.param, make_conninfo(filled, user=name)
    with psycopg.connect(filled, autocommit=True) as owner:
        owner.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"'.encode())


def test_a_role_can_do_nothing_beyond_what_it_was_admitted_to(member: tuple[str, str]) -> None:
    _, url = member
    with psycopg.connect(url, autocommit=True) as connection:
        for change in CHANGES + BEYOND:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(change.encode())


def test_a_writer_writes_and_an_auditor_reads(member: tuple[str, str]) -> None:
    may, url = member
    with PostgresLog.open(url) as log:
        assert len(list(log.records())) == 300
        if may == "read":
            with pytest.raises(Unavailable, match="This role may not do that"):
                log.append([decision("phase:a", after=300)])
            return
        accepted(log, decision("phase:a", after=300))
        accepted(log, redaction(1, of="phase:a", version=1))
        log.scrub()
        log.keep_snapshot(300, log.heads_below("")[1])
        log.forget_snapshots()


def test_the_guards_stop_the_owner_too(filled: str) -> None:
    with psycopg.connect(filled, autocommit=True) as owner:
        for change in CHANGES:
            with pytest.raises(psycopg.Error) as refused:
                owner.execute(change.encode())
            assert refused.value.sqlstate == "OR002", change


def test_a_guard_that_is_switched_off_is_found(filled: str) -> None:
    with PostgresLog.open(filled) as log, psycopg.connect(filled, autocommit=True) as owner:
        assert log.unsound() == []
        owner.execute("ALTER TABLE orch.events DISABLE TRIGGER events_never_change")
        owner.execute("DROP TRIGGER tiles_never_go ON orch.tiles")
        assert [sentence.partition(": ")[0] for sentence in log.unsound()] == [
            "the guard events_never_change is switched off",
            "the guard tiles_never_go is gone",
        ]


def test_every_guard_comes_back_by_the_statement_that_is_said(filled: str) -> None:
    made = "SELECT tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
    with PostgresLog.open(filled) as log, psycopg.connect(filled, autocommit=True) as owner:
        before = owner.execute(made).fetchall()
        assert len(before) == 9
        for name, told in before:
            owner.execute(f"DROP TRIGGER {name} ON {told.split(' ON ')[1].split()[0]}".encode())
        gone = log.unsound()
        assert len(gone) == 9 and max(map(len, gone)) < MOST_CHARACTERS, "a verification tells them whole"
        for sentence in gone:
            owner.execute(sentence.partition(": ")[2].encode())
        assert owner.execute(made).fetchall() == before and log.unsound() == []
        for table in ("events", "tiles", "commands"):
            owner.execute(f"ALTER TABLE orch.{table} DISABLE TRIGGER ALL".encode())
        off = log.unsound()
        assert len(off) == 9
        for sentence in off:
            owner.execute(sentence.partition(": ")[2].encode())
        assert log.unsound() == [] == at_fault(dict(owner.execute(STATES).fetchall()))


def test_of_eight_that_make_the_log_at_once_one_makes_it(database: str) -> None:
    def make(number: int) -> bool:
        try:
            make_log(database, f"example.org/{number}", timeout_s=30)
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(make, range(8))) == [False] * 7 + [True]
    with PostgresLog.open(database) as log:
        accepted(log, decision("phase:a"))


def test_sessions_of_another_isolation_level_are_refused(log_database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(log_database)["dbname"]
    with psycopg.connect(log_database, autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'".encode())
    with PostgresLog.open(log_database) as log, pytest.raises(Unavailable, match="serializable"):
        log.append([decision("phase:a")])


def test_a_server_that_would_answer_before_it_is_durable_is_told_to_wait(log_database: str) -> None:
    with psycopg.connect(log_database) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SELECT orch.take_turn(1000)")
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
