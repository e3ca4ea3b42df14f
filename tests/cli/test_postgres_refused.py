"""What a server refuses says what cures it; the same command again is offered only where that cures it."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres_refused import refusals
from domain.errors import HandsNeeded, Unavailable
from tests.cli.conftest import Answer, Orch
from tests.postgres_server import Server, as_url

pytestmark = [pytest.mark.in_file, pytest.mark.at_the_log("the folder names the database that its log is in")]

ADDRESS = "ORCHESTRATOR_DATABASE_URL"
WRITE = ("spec", "st01-x", "--objectives", "x", "--json")
NAMED = "export ORCHESTRATOR_DATABASE_URL=postgresql://user@host/database"
FATAL = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: FATAL:  '


@pytest.fixture
def there(orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return `orch` in a folder whose project is in a database."""
    monkeypatch.setenv(ADDRESS, database)
    assert orch("init", "--host", "example.org").status == 0
    return orch


@pytest.fixture
def role(server: Server, database: str) -> Iterator[str]:
    """Return the name of a role that nobody has admitted to anything."""
    name = f"role_{conninfo_to_dict(database)['dbname']}"
    with psycopg.connect(server.url, autocommit=True) as owner:
        owner.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
    yield name
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"'.encode())


def mended(answer: Answer) -> str:
    """Return the one line that mends it, and see that nothing else is offered."""
    assert answer.status == 8, answer
    (line,) = answer.error["fix"]
    return str(line)


def test_a_role_that_was_not_admitted_is_told_what_its_owner_types_until_it_may_write(
    there: Orch, database: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, as_url(database, user=role))
    for words, may in ((("list", "--json"), "read"), (WRITE, "write")):
        line = mended(there(*words))
        assert line.startswith(f"SELECT orch.admit('{role}', '{may}')"), line
        assert ";  -- " in line
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute(line.encode())
        assert there(*words).status == 0
    assert mended(there("migrate", "--to", "file", "--json")).startswith(NAMED)


def test_a_role_that_may_make_nothing_there_is_told_what_the_owner_of_the_database_types(
    orch: Orch, database: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, as_url(database, user=role))
    line = mended(orch("init", "--json"))
    assert ";  -- " in line
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(line.encode())
    assert orch("init").status == 0


def test_a_database_that_is_not_there_is_made_by_the_line_that_is_said(
    there: Orch, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, server.setting("elsewhere"))
    for words in (WRITE, ("list", "--json")):
        refused = there(*words)
        assert refused.status == 8 and "does not exist. Make it, or name another one." in refused.error["message"]
        make, name = refused.error["fix"]
        folder = conninfo_to_dict(server.url)["host"]
        assert make == (
            f"createdb --host={folder} --port=5432 --username=postgres --encoding=UTF8 --template=template0 elsewhere"
        )
        assert name == NAMED


def test_a_role_with_too_many_sessions_finds_no_room_and_may_come_again(
    there: Orch, server: Server, database: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(server.url, autocommit=True) as owner:
        owner.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 0'.encode())
    monkeypatch.setenv(ADDRESS, as_url(database, user=role))
    refused = there(*WRITE)
    assert refused.status == 8 and " has no room: " in refused.error["message"], refused
    assert "too many connections for role" in refused.error["message"]
    (again,) = refused.error["fix"]
    assert again.startswith("orch spec st01-x") and "--command-id" in again


def test_a_line_about_the_certificate_is_one_command_of_the_shell() -> None:
    said = f"{FATAL}certificate verify failed"
    with pytest.raises(HandsNeeded) as refused, refusals("postgresql://h/d", "the database d on h"):
        raise psycopg.OperationalError(said)
    (line,) = refused.value.fix
    told = run(["bash", "-c", f"{line}\necho $ORCHESTRATOR_DATABASE_URL"], capture_output=True, text=True, check=True)
    assert told.stdout == "postgresql://user@host/database?sslmode=verify-full&sslrootcert=FILE\n"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("sorry, too many clients already", Unavailable, "has no room"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", Unavailable, "has no room"),
        ("no more connections allowed (max_client_conn)", Unavailable, "has no room"),  # PgBouncer
        ("SASL authentication failed", HandsNeeded, "Give the right password"),  # PgBouncer
        ('no pg_hba.conf entry for host "10.0.0.1", user "a", database "d"', HandsNeeded, "pg_hba.conf"),
        ('role "a" is not permitted to log in', HandsNeeded, "Name a role"),
        ('permission denied for database "d"', HandsNeeded, "Whoever owns the database"),
    ],
)
def test_what_a_server_says_before_there_is_a_session_is_understood(
    said: str, kind: type[Unavailable], words: str
) -> None:
    with pytest.raises(Unavailable, match=words) as refused, refusals("postgresql://h/d", "the database d on h"):
        raise psycopg.OperationalError(FATAL + said)
    assert type(refused.value) is kind


def test_of_several_servers_one_that_is_away_may_come_back() -> None:
    told = f'{FATAL}password authentication failed for user "a"\nconnection to server at "b" failed: Connection refused'
    with pytest.raises(psycopg.OperationalError), refusals(make_conninfo(host="a,b"), "the database d on a,b"):
        raise psycopg.OperationalError(told)


def test_a_folder_of_one_log_and_an_empty_database_is_told_what_to_do(
    there: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, second_database)
    for words in (("init", "--json"), WRITE, ("list", "--json")):
        refused = there(*words)
        assert refused.status == 4, refused
        assert "belongs to the log example.org/" in refused.error["message"]
        assert "Name the database that holds it" in refused.error["message"]
        assert refused.error["fix"][0] == NAMED and "orch init" not in refused.error["fix"]


def test_a_database_that_holds_a_log_already_is_told_from_an_empty_one(
    there: Orch, database: str, second_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "file"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.delenv(ADDRESS)
    assert there("init").status == 0
    assert there("backup", "create", "--to", "backups").status == 0
    for words in (("migrate", "--to"), ("backup", "restore", "--from", "backups", "--into")):
        refused = there(*words, as_url(database, password="s3cret"), "--json")
        assert refused.status == 3 and "Name an empty database" in refused.error["message"], refused
        make, join = refused.error["fix"]
        assert make.startswith("createdb ") and join.startswith(f"{ADDRESS}=") and " orch init" in join
        assert "***" not in join and "s3cret" not in join
    assert there("migrate", "--to", second_database).status == 0
