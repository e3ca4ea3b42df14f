"""A project whose log is in PostgreSQL: the same commands, the same words, and a folder belongs to one log."""

import json
import os
import shlex
from pathlib import Path
from shutil import copytree
from subprocess import run
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters.sqlite_log import SqliteLog
from adapters.stores import opened_at
from domain.errors import StoreRetired, Unavailable
from tests.cli.conftest import Orch
from tests.postgres_server import PROGRAMS, as_url
from usecases.way_out import RESTORE

pytestmark = pytest.mark.at_the_log("the folder names the database that its log is in")

ADDRESS = "ORCHESTRATOR_DATABASE_URL"
STORY = (
    ("spec", "st01-x", "--objectives", "Round trip below 10 ms"),
    ("approve", "st01-x", "spec"),
    ("research", "st01-x", "--foundation", "Buffers are known to add latency"),
    ("reject", "st01-x", "research", "--feedback", "Name the buffers"),
    ("research", "st01-x", "--foundation", "Ring buffers add one block"),
    ("approve", "st01-x", "research"),
    ("remember", "Measure before you optimise"),
    ("block", "st01-x", "no sound card"),
    ("unblock", "st01-x", "B1"),
    ("audit", "redact", "3", "--reason", "a name", "--yes"),
)
READS = (
    ("status", "st01-x"),
    ("list",),
    ("history", "st01-x"),
    ("why", "st01-x"),
    ("next",),
    ("dashboard",),
    ("context",),
    ("search", "buffers"),
    ("show", "st01-x", "research"),
    ("list", "--at", "position:6"),
    ("audit", "exceptions"),
    ("doctor",),
)


@pytest.fixture
def there(orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return `orch` in a folder whose project is in a database."""
    Path("there").mkdir()
    monkeypatch.chdir("there")
    monkeypatch.setenv(ADDRESS, database)
    assert orch("init", "--host", "example.org", "--name", "mixer").status == 0
    return orch


def told(orch: Orch) -> list[Any]:
    """Carry out the story and return what all reads say, without times, hashes and names that no two logs share."""
    for number, words in enumerate(STORY):
        said = orch(*words, "--command-id", f"00000000-0000-4000-8000-{number:012}")
        assert said.status == 0, said
    events = [
        (row["position"], row["stream"], row["version"], row["topic"], row["actor"], row.get("facts"))
        for row in orch("audit", "trail", "--json").data["rows"]
    ]
    return [events, *(list(shape(orch(*words, "--json"))) for words in READS)]


def shape(answer: Any) -> Any:
    """Yield the status, and every text in the data that is no time, digest or number."""
    yield answer.status

    def texts(value: Any) -> Any:
        match value:
            case dict():
                for key, each in sorted(value.items()):
                    yield key
                    yield from texts(each)
            case list():
                for each in value:
                    yield from texts(each)
            case str() if not any(sign in value for sign in ("example.org", "/", "sha256", "Z", ":")):
                yield value

    yield from texts(json.loads(answer.out)["data"])


def test_both_stores_tell_the_same_story(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    in_database = told(there)
    monkeypatch.delenv(ADDRESS)
    monkeypatch.chdir("..")
    Path("here").mkdir()
    monkeypatch.chdir("here")
    assert there("init", "--host", "example.org", "--name", "mixer").status == 0
    in_file = told(there)
    for found, wanted in zip(in_database[:-1], in_file[:-1], strict=True):
        assert found == wanted
    assert not Path("../there/.orch/log.db").exists() and Path(".orch/log.db").exists()


def test_what_is_in_the_database_verifies_against_a_checkpoint(there: Orch) -> None:
    told(there)
    Path("held.txt").write_text(there("audit", "checkpoint").out)
    assert there("spec", "st02-y", "--objectives", "more").status == 0
    doubts = there("audit", "verify", "--json").data["not_proved"]
    assert any("whoever owns this database or its server could have rewritten" in each for each in doubts), doubts
    verified = there("audit", "verify", "--against", "held.txt", "--json").data
    assert verified["problems"] == [] and verified["events"] > 10
    assert there("rebuild", "--check").status == 0
    assert there("doctor", "--json").data["verdict"] == "warnings"  # there are no backups


def pasted(database: str, line: str) -> None:
    """Give psql a line as somebody pastes it: what comes behind it is a statement of its own."""
    told = run([PROGRAMS / "psql", "-X", "-v", "ON_ERROR_STOP=1", database], input=f"{line}\nSELECT 1;\n", text=True)
    assert told.returncode == 0, line


def test_guards_that_are_switched_off_are_named_with_what_their_owner_types(there: Orch, database: str) -> None:
    told(there)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE orch.events DISABLE TRIGGER ALL")
        rows = [row for row in there("doctor", "--json").data["rows"] if row["level"] == "damage"]
        assert [row["message"].split(":")[0] for row in rows] == [
            f"The guard events_never_{what} is switched off" for what in ("change", "go", "vanish")
        ]
        verified = there("audit", "verify")
        assert verified.status == 6 and "salvage" not in verified.out, verified
        for row in rows:
            mend, verify = row["fix"]
            assert f"  → {mend}\n" in verified.out and verify.startswith("orch audit verify")
            pasted(database, mend)
    assert there("doctor", "--json").data["verdict"] == "warnings"
    assert there("audit", "verify").status == 7


def test_damage_in_a_database_is_answered_with_a_restore_and_not_with_a_salvage(there: Orch, database: str) -> None:
    told(there)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE orch.events DISABLE TRIGGER USER")
        owner.execute("UPDATE orch.events SET leaf = sha256('x') WHERE position = 4")
        owner.execute("ALTER TABLE orch.events ENABLE TRIGGER USER")
    (row, *_) = [row for row in there("doctor", "--json").data["rows"] if row["level"] == "damage"]
    assert row["fix"] == [RESTORE], row
    assert f"  → {RESTORE}" in there("audit", "verify").out


def test_backups_and_recoveries_of_it_are_those_of_any_log(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    told(there)
    for words in (("backup", "create"), ("backup", "verify"), ("backup", "drill"), ("backup", "list")):
        assert there(*words).status == 0, words
    recovered = there("recover", "run", "--to", "position:9", "--out", "new", "--json").data
    planned = there("recover", "plan", "--to", "position:9", "--json").data
    wheres = planned["source"]["where"], recovered["source"]["where"], recovered["verification"]["prefix_of"]["where"]
    assert all(where.startswith("the database ") for where in wheres), wheres
    assert there("recover", "verify", "new", "--json").data["prefix_of"]["where"] == wheres[0]
    from_backups = there("recover", "run", "--to", "position:9", "--from-backups", ".orch/backups", "--out", "newer")
    assert from_backups.status == 0 and recovered["verification"]["root"] in from_backups.out
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(Path("new").absolute()))
    assert there("list", "--json").data["as_of"]["position"] == 9
    refused = there("spec", "st03-z", "--objectives", "no", "--json")
    assert refused.status == 3, refused


def test_another_folder_joins_the_log_and_writes_its_documents(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    told(there)
    text = Path("dev/st01-x/spec.md").read_text("utf-8")
    monkeypatch.chdir("..")
    Path("other").mkdir()
    monkeypatch.chdir("other")
    refused = there("status", "--json")
    assert refused.status == 4 and refused.error["fix"] == ["orch init"]
    joined = there("init", "--json").data
    assert joined["events"] > 10 and joined["origin"].startswith("example.org/")
    assert there("init").status == 3
    assert there("rebuild").status == 0
    assert Path("dev/st01-x/spec.md").read_text("utf-8") == text
    assert there("plan", "st01-x", "--components", "Ring buffer").status == 0


def test_a_folder_belongs_to_one_log(there: Orch, server: Any, empty_log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, server.setting(empty_log))
    refused = there("spec", "st01-x", "--objectives", "x", "--json")
    assert refused.status == 2 and "belongs to the log example.org/" in refused.error["message"]
    assert there("init", "--json").status == 2
    monkeypatch.delenv(ADDRESS)
    for word, status in (("status", 4), ("init", 3), ("doctor", 8)):
        refused = there(word, "--json")
        assert refused.status == status, refused
        fix = refused.data["rows"][1]["fix"] if word == "doctor" else refused.error["fix"]
        assert fix == ["export ORCHESTRATOR_DATABASE_URL=postgresql://user@host/database"]
    assert not Path(".orch/log.db").exists()


@pytest.mark.in_file
def test_a_log_in_a_file_is_never_taken_for_one_in_a_database(
    drafted: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, database)
    for words in (("status",), ("spec", "st02-y", "--objectives", "x")):
        refused = drafted(*words, "--json")
        assert refused.status == 2 and "it would be another log" in refused.error["message"]
    refused = drafted("init", "--json")
    assert refused.status == 3
    unset, move = refused.error["fix"]
    assert unset == f"unset {ADDRESS}"
    monkeypatch.delenv(ADDRESS)
    assert drafted("status", "st01-x").status == 0
    Path(".orch/config.toml").write_text(f'database_url = "{database}"\n')
    refused = drafted("status", "--json")
    assert refused.error["fix"] == ["orch config set database_url --unset", move]
    assert drafted(*shlex.split(move)[1:]).status == 0 and drafted("status", "st01-x").status == 0


@pytest.mark.parametrize(
    "words",
    [("recover", "promote", "new", "--reason", "x", "--yes"), ("recover", "salvage", "--out", "new")],
)
def test_what_works_on_a_file_only_says_so_and_does_nothing(there: Orch, words: tuple[str, ...]) -> None:
    refused = there(*words, "--json")
    assert refused.status == 2 and "is in a PostgreSQL database" in refused.error["message"]
    assert not Path("new").exists()


def test_a_password_is_shown_nowhere(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (
        "postgresql://ada:s3cret@127.0.0.1:1/none",
        "postgresql://127.0.0.1:1/none?user=ada&password=s3cret",
        "postgresql://ada:s3cret@127.0.0.1:1/none?nonsense=1",
    ):
        monkeypatch.setenv(ADDRESS, address)
        for words in (
            ("config", "show"),
            ("config", "check"),
            ("config", "set", "database_url", address),
            ("status",),
            ("doctor",),
            ("init",),
        ):
            for form in ((), ("--json",)):
                said = there(*words, *form)
                assert "s3cret" not in said.out + said.err, (words, said)
    monkeypatch.setenv(ADDRESS, "mysql://ada:s3cret@localhost/x")
    said = there("status")
    assert said.status == 2 and "s3cret" not in said.out + said.err


def test_a_server_that_is_not_there_is_said_to_be_away(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "postgresql://127.0.0.1:1/none")
    for words in (("status",), ("spec", "st01-x", "--objectives", "x"), ("audit", "verify")):
        refused = there(*words, "--json")
        assert refused.status == 8 and "is not available" in refused.error["message"], refused


def test_a_database_of_that_setting_may_stand_in_the_file(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".orch/config.toml").write_text(f'database_url = "{os.environ[ADDRESS]}"\n')
    monkeypatch.delenv(ADDRESS)
    assert there("status").status == 0


def test_what_follows_the_log_follows_it_there(there: Orch) -> None:
    told(there)
    Path("dev/st01-x/spec.md").unlink()
    assert there("follow", "--once").status == 0
    assert Path("dev/st01-x/spec.md").exists()
    rows = there("follow", "--status", "--json").data["rows"]
    assert len(rows) == 2 and {row["behind"] for row in rows} == {0}


def test_a_password_in_the_file_and_a_server_that_does_not_wait_for_its_disk_are_warned_about(
    there: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row for row in there("doctor", "--json").data["rows"] if row["check"] == "store"]
    with psycopg.connect(database) as connection:
        is_careless = connection.execute("SHOW fsync").fetchone() == ("off",)
    assert [row["level"] for row in rows] == ["ok", "warning"][: 1 + is_careless]
    monkeypatch.delenv(ADDRESS)
    Path(".orch/config.toml").write_text('database_url = "postgresql://ada:s3cret@localhost/x"\n')
    (warned,) = there("config", "check", "--json").data["rows"]
    assert warned["severity"] == "warning" and "a password is in the file" in warned["what"]


def test_a_gate_in_ci_asks_the_database_as_somebody_who_may_only_read(
    there: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(there)
    role = f"auditor_{conninfo_to_dict(database)['dbname']}"
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        owner.execute("SELECT orch.admit(%s, 'read')", (role,))
    try:
        monkeypatch.chdir("..")
        copytree("there/dev", "checkout/dev")
        monkeypatch.chdir("checkout")
        monkeypatch.setenv(ADDRESS, as_url(database, user=role))
        assert there("init").status == 0
        assert there("gate", "st01-x", "spec").status == 0
        with Path("dev/st01-x/spec.md").open("a") as document:
            document.write("one more line\n")
        edited = there("gate", "st01-x", "spec")
        assert edited.status == 3, edited
        assert there("gate", "st01-x", "plan").status == 3
        refused = there("spec", "st02-y", "--objectives", "x", "--json")
        assert refused.status == 8 and "This role may not do that" in refused.error["message"]
    finally:
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'.encode())


@pytest.mark.in_file
def test_backups_of_a_file_are_restored_into_a_database_with_the_same_root(
    drafted: Orch, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert drafted("approve", "st01-x", "spec").status == 0
    assert drafted("backup", "create", "--to", "backups").status == 0
    words = ("backup", "restore", "--from", "backups", "--into", database)
    restored = drafted(*words, "--json")
    assert restored.status == 0, restored
    assert drafted(*words).status == 3  # never over a log that is there
    with SqliteLog.open(Path(".orch/log.db"), read_only=True) as log, opened_at(database, read_only=True) as other:
        assert restored.data["root"] == log.tree().root.hex() == other.tree().root.hex()
        assert list(other.records()) == list(log.records())
    assert drafted("recover", "verify", database).status == 0
    refused = drafted("recover", "promote", database, "--reason", "x", "--yes", "--json")
    assert refused.status == 2 and "recover into a folder" in refused.error["message"]
    monkeypatch.setenv(ADDRESS, database)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert drafted("init").status == 0
    assert drafted("status", "st01-x").status == 0
    refused = drafted("spec", "st02-y", "--objectives", "x", "--json")
    assert refused.error["code"] == "STORE_RECOVERED"


def test_backups_of_a_database_are_restored_into_a_folder_with_the_same_root(there: Orch, database: str) -> None:
    told(there)
    assert there("backup", "create", "--to", "backups").status == 0
    restored = there("backup", "restore", "--from", "backups", "--out", "new", "--json")
    assert restored.status == 0, restored
    with opened_at(database, read_only=True) as log, SqliteLog.open(Path("new/log.db"), read_only=True) as other:
        assert restored.data["root"] == log.tree().root.hex() == other.tree().root.hex()
        assert list(other.records()) == list(log.records())


def test_a_log_goes_back_to_a_moment_in_another_database(
    there: Orch, database: str, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(there)
    assert there("audit", "checkpoint").status == 0
    assert there("recover", "run", "--to", "position:4", "--into", second_database).status == 0
    words = ("recover", "promote", second_database, "--reason", "A mistake", "--yes")
    promoted = there(*words)
    assert promoted.status == 0, promoted
    assert f"export {ADDRESS}=" in promoted.err
    assert "belongs to the log" in there("status", "--json").error["message"]  # the variable names the old one still
    monkeypatch.setenv(ADDRESS, second_database)
    assert there("status").status == 0
    assert there("spec", "st05-z", "--objectives", "x").status == 0
    assert there("audit", "verify").status in (0, 7)
    assert there(*words).status == 0  # a repetition has nothing left to do
    (kept,) = Path(".orch/retired").iterdir()
    assert {file.name for file in kept.iterdir()} >= {"keys", "checkpoints"}
    with opened_at(database, read_only=True) as log:
        assert "retired" in log.noted
    with pytest.raises(StoreRetired):
        opened_at(database, read_only=False)


@pytest.mark.parametrize("step", ["attach", "keep_keys", "follow_setting"])
def test_a_promotion_that_is_stopped_is_finished_by_the_same_command(
    there: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from cli import promoting_database

    told(there)
    assert there("recover", "run", "--to", "position:4", "--into", second_database).status == 0
    words = ("recover", "promote", second_database, "--reason", "A mistake", "--yes")

    def stopped(*_: Any, **__: Any) -> None:
        raise Unavailable("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(promoting_database, step, stopped)
        assert there(*words).status == 8
    assert there("spec", "st06-z", "--objectives", "x").status != 0
    assert there(*words).status == 0
    monkeypatch.setenv(ADDRESS, second_database)
    assert there("spec", "st06-z", "--objectives", "x").status == 0
    with opened_at(second_database, read_only=True) as log:
        assert sum(record.topic == "ledger.forked" for record in log.stream("ledger")) == 1


def test_where_the_old_database_is_gone_the_new_one_is_promoted_without_it(
    there: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(there)
    assert there("backup", "create", "--to", "backups").status == 0
    assert there("backup", "restore", "--from", "backups", "--into", second_database).status == 0
    words = ("recover", "promote", second_database, "--reason", "The server burnt down", "--yes")
    monkeypatch.setenv(ADDRESS, "postgresql://127.0.0.1:1/none")
    assert there(*words).status == 8
    monkeypatch.setenv(ADDRESS, second_database)
    assert there(*words).status == 0
    assert there("spec", "st06-z", "--objectives", "x").status == 0


@pytest.mark.in_file
def test_a_project_whose_file_is_lost_goes_on_in_a_database(
    drafted: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drafted("backup", "create", "--to", "backups").status == 0
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    assert drafted("backup", "restore", "--from", "backups", "--into", database).status == 0
    assert drafted("recover", "promote", database, "--reason", "The disk died", "--yes").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0
    assert drafted("audit", "verify").status in (0, 7)
