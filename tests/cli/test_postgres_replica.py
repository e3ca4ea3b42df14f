"""An auditor reads from a hot standby, as somebody who may only read, and gets the bytes that the primary gives."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import sleep

import psycopg
import pytest

from adapters.places import NAME_IT
from adapters.postgres_changes import PostgresChanges
from tests.cli.conftest import Orch
from tests.cli.evidence_world import HELD, fill
from tests.postgres_server import Server
from tests.postgres_standby import Pair, pair

pytestmark = pytest.mark.at_the_log("the folder names the database that its log is in")

ADDRESS = "ORCHESTRATOR_DATABASE_URL"
READS = (
    ("status", "st01-x", "--json"),
    ("list", "--json"),
    ("history", "st01-x", "--json"),
    ("why", "st01-x", "--json"),
    ("audit", "trail", "--json"),
    ("audit", "trail", "--format", "csv"),
    ("audit", "verify", "--against", HELD, "--json"),
    ("audit", "exceptions", "--json"),
    ("show", "st01-x", "spec"),
    ("list", "--at", "position:5", "--json"),
    ("export", "--json"),
)


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="orch-replica-"))
    folder.chmod(0o755)
    try:
        with pair(folder, "writer", "auditor") as both:
            with psycopg.connect(both.standby.url, autocommit=True) as standby:
                standby.execute("ALTER SYSTEM SET max_standby_streaming_delay = 0")
                standby.execute("SELECT pg_reload_conf()")
            yield both
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def filled(orch: Orch, both: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orch]:
    """Return `orch` in a project with a history, whose log is in a file."""
    monkeypatch.delenv(ADDRESS, raising=False)
    monkeypatch.setenv("PGPASSFILE", str(both.passwords))
    fill(orch)
    yield orch
    both.primary.drop("project")


def in_database(orch: Orch, both: Pair) -> None:
    """Move the log of the project here into the primary, as two roles know it."""
    url = both.primary.make("project")
    moved = orch("migrate", "--to", both.primary.setting("project"))
    assert moved.status == 0, moved
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SELECT orch.admit('writer', 'write'), orch.admit('auditor', 'read')")
    both.until_same()


def on_primary(both: Pair) -> str:
    return both.address("project", user="writer", hosts=slice(0, 1))


def on_standby(both: Pair) -> str:
    return both.address("project", user="auditor", hosts=slice(1, 2))


def lasting(said: str) -> object:
    """Return an answer without what tells of the checkpoint beside the log, how old it is, and how long it took.

    Nor what the log is in, whose owner could rewrite it.
    """
    if not said.startswith("{"):
        return said
    data = json.loads(said.replace("owns this database or its server", "owns this file"))["data"]
    return {name: value for name, value in data.items() if name not in ("checkpoint", "seconds")}


def test_the_same_evidence_comes_out_of_a_file_a_database_and_its_standby(
    filled: Orch, both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything(name: str) -> tuple[bytes, list[str]]:
        assert filled("audit", "export", "-o", f"{name}.zip").status in (0, 7)
        said = []
        for words in READS:
            answer = filled(*words)
            assert answer.status in (0, 7), (words, answer)
            said.append(answer.out)
        return Path(f"{name}.zip").read_bytes(), said

    in_file = everything("file")
    in_database(filled, both)
    for name, address in (("primary", on_primary(both)), ("standby", on_standby(both))):
        monkeypatch.setenv(ADDRESS, address)
        package, said = everything(name)
        assert package == in_file[0]
        for words, found, wanted in zip(READS, said, in_file[1], strict=True):
            assert lasting(found) == lasting(wanted), words
    assert not Path(".orch/log.db").exists()


def test_what_follows_a_standby_hears_nothing_and_looks(
    filled: Orch, both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_database(filled, both)
    monkeypatch.setenv(ADDRESS, on_standby(both))
    with closing(PostgresChanges(on_standby(both))) as changes:
        assert not changes.wait(0.05)
    Path("dev/st02-y/spec.md").unlink()
    assert filled("follow", "--once").status == 0
    assert Path("dev/st02-y/spec.md").exists()


def test_a_write_on_a_standby_says_that_it_takes_none(
    filled: Orch, both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_database(filled, both)
    for more in ("", "?target_session_attrs=any"):
        monkeypatch.setenv(ADDRESS, both.address("project", user="writer", hosts=slice(1, 2), more=more))
        refused = filled("spec", "st03-z", "--objectives", "x", "--json")
        assert refused.status == 8 and "takes no writes" in refused.error["message"], refused
        assert refused.error["fix"] == [NAME_IT], "the same again would be refused again"
    monkeypatch.setenv(ADDRESS, both.address("project", user="writer"))
    assert filled("spec", "st03-z", "--objectives", "x").status == 0
    both.until_same()
    monkeypatch.setenv(ADDRESS, on_standby(both))
    assert filled("status", "st03-z").status == 0


def test_an_auditor_joins_the_log_at_a_standby_and_reads_there(
    filled: Orch, both: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    in_database(filled, both)
    monkeypatch.setenv(ADDRESS, on_standby(both))
    held = Path(HELD).absolute()
    monkeypatch.chdir(tmp_path_factory.mktemp("auditor"))
    joined = filled("init", "--json")
    assert joined.status == 0, joined
    assert filled("audit", "verify", "--against", str(held)).status in (0, 7)
    assert filled("audit", "trail", "--json").status == 0


def test_a_read_that_recovery_cancels_says_so_and_is_safe_to_repeat(
    filled: Orch, both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_database(filled, both)
    monkeypatch.setenv(ADDRESS, on_standby(both))
    slow = (
        "ALTER TABLE orch.tree RENAME TO kept;"
        " CREATE VIEW orch.tree AS SELECT kept.* FROM orch.kept, pg_sleep(20);"
        " GRANT SELECT ON orch.tree TO auditor"
    )
    with psycopg.connect(both.primary.database("project"), autocommit=True) as owner:
        owner.execute(slow.encode())
        both.until_same()

        def lock() -> None:
            until_read(both.standby)
            owner.execute("BEGIN; LOCK TABLE orch.kept IN ACCESS EXCLUSIVE MODE; COMMIT")

        locking = Thread(target=lock)
        locking.start()
        refused = filled("list", "--json")
        locking.join()
    assert refused.status == 8, refused
    assert "is a standby, and gave up this read" in refused.error["message"]
    assert "Repeating the command is safe" in refused.error["message"]


def until_read(standby: Server) -> None:
    """Wait until somebody reads, slowly."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with psycopg.connect(standby.url, autocommit=True) as connection:
        while connection.execute(query).fetchone() == (0,):
            sleep(0.02)
