"""orch upgrade --with-backup: a verified backup, the upgrade, a look at what came of it, and back again if need be."""

import os
from pathlib import Path

import orjson
import psycopg
import pyrage
import pytest

from adapters import postgres_schema
from adapters.measured import Measure, measured
from adapters.postgres_log import SCHEMA_VERSION as POSTGRES_VERSION
from adapters.sqlite_schema import SCHEMA_VERSION, UPGRADES
from tests.adapters.schema_1 import as_schema_1
from tests.cli.conftest import ADDRESS, Orch, the_log

pytestmark = pytest.mark.at_the_log("orch upgrade is typed there")

LOG = Path(".orch/log.db")
LAST = POSTGRES_VERSION - 1
"""The version of tables in PostgreSQL before this one: they only lack the last step."""


def versions() -> tuple[int, int]:
    """Return the schema of the old log and the one it is to have, in the store that the tests are about."""
    return (LAST, POSTGRES_VERSION) if os.environ.get(ADDRESS) else (1, SCHEMA_VERSION)


@pytest.fixture
def old(drafted: Orch, tmp_path: Path) -> Orch:
    """Return the function where the log is one of an older version."""
    if address := os.environ.get(ADDRESS):
        with psycopg.connect(address) as connection:
            connection.execute("DROP TABLE orch.waiting; DROP SEQUENCE orch.waiting_taken")
            connection.execute("UPDATE orch.version SET version = %s", (LAST,))
        return drafted
    as_schema_1(LOG, tmp_path / "old.db")
    for end in ("", "-wal", "-shm"):
        Path(f"{LOG}{end}").unlink(missing_ok=True)
    (tmp_path / "old.db").rename(LOG)
    for end in ("-wal", "-shm"):
        (tmp_path / f"old.db{end}").unlink(missing_ok=True)
    return drafted


def measure() -> tuple[int, Measure]:
    with the_log() as log:
        return log.schema_version, measured(log)


def test_the_log_is_backed_up_upgraded_and_checked(old: Orch) -> None:
    version, before = measure()
    told = old("upgrade", "--with-backup", "--to", "backups", "--json").data
    assert (version, told["before"], told["after"], told["checked"]) == (versions()[0], *versions(), True)
    assert told["backup"]["last"] == before.size and told["backup"]["root"] == before.root.hex()
    assert told["backup"]["verdict"] == "verified"
    assert measure() == (versions()[1], before)
    assert old("backup", "restore", "--from", "backups", "--out", "new").status == 0
    assert old("approve", "st01-x", "spec").status == 0
    assert old("backup", "create", "--to", "backups", "--json").data["events"] > 0, "the backups go on"


def test_an_upgrade_that_fails_half_way_is_taken_back(old: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measure()
    with monkeypatch.context() as broken:
        broken.setitem(UPGRADES, 1, "DROP TRIGGER events_never_change; SELECT * FROM nowhere")
        sql = "DROP TRIGGER events_never_change ON orch.events; SELECT 1 / 0"
        broken.setattr(postgres_schema, "step_from", lambda _: sql)
        refused = old("upgrade", "--with-backup", "--to", "backups", "--json")
    assert (refused.status, refused.error["code"]) == (8, "UPGRADE_UNDONE")
    assert f"has schema {versions()[0]} again" in refused.error["message"]
    assert measure() == before
    assert old("status", "st01-x").status == 0
    assert old("backup", "verify", "--from", "backups").status == 0
    assert old("upgrade", "--with-backup", "--to", "backups").status == 0


def test_an_upgrade_that_loses_something_is_taken_back(old: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measure()
    monkeypatch.setitem(UPGRADES, 1, f"{UPGRADES[1]}; DELETE FROM heads WHERE stream LIKE 'phase%'")
    monkeypatch.setattr(postgres_schema, "step_from", lambda _: "DELETE FROM orch.heads WHERE stream LIKE 'phase%'")
    assert old("upgrade", "--with-backup", "--to", "backups", "--json").error["code"] == "UPGRADE_UNDONE"
    assert measure() == before


@pytest.mark.in_file
def test_nothing_is_upgraded_after_a_backup_that_does_not_verify(old: Orch) -> None:
    assert old("backup", "create", "--to", "backups").status == 0
    (segment,) = Path("backups").glob("copy-*/segment-*")
    *kept, last = segment.read_bytes()
    segment.write_bytes(bytes((*kept, last ^ 1)))
    before = measure()
    assert old("upgrade", "--with-backup", "--to", "backups").status == 6
    assert measure() == before


def test_an_encrypted_backup_is_opened_with_an_identity(old: Orch) -> None:
    key = pyrage.x25519.Identity.generate()
    Path("key.txt").write_text(str(key))
    to = ("--with-backup", "--to", "backups", "--recipient", str(key.to_public()))
    told = old("upgrade", *to, "--identity", "key.txt", "--json").data
    assert told["backup"]["verdict"] == "verified"
    again = old("upgrade", *to, "--json").data
    assert (again["backup"]["verdict"], again["upgraded"], again["checked"]) == ("incomplete", False, False)


def test_options_of_the_backup_need_one(old: Orch) -> None:
    refused = old("upgrade", "--to", "backups", "--json")
    assert (refused.status, refused.error["fix"]) == (2, ["orch upgrade --with-backup"])
    assert measure()[0] == versions()[0]


def test_in_words_it_says_what_was_done(old: Orch) -> None:
    said = old("upgrade", "--with-backup", "--to", "backups").out
    assert (
        "verified" in said
        and "schema {} became {}".format(*versions()) in said
        and "the same events, tree and state" in said
    )
    assert "backup" in orjson.loads(old("upgrade", "--json").out)["data"]
