"""The log moves from its file to PostgreSQL and back: the same bytes, the same root, never in two places at once."""

import shlex
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.postgres_schema import make_log
from adapters.stores import opened_at
from cli import migrating
from domain.errors import FilesUnavailable, Unavailable
from domain.event_log import Record
from tests.cli.conftest import Orch

pytestmark = pytest.mark.in_file
ADDRESS = "ORCHESTRATOR_DATABASE_URL"


def rows_at(address: str) -> list[Record]:
    with opened_at(address, read_only=True) as log:
        return list(log.records())


def root_at(address: str) -> bytes:
    with opened_at(address, read_only=True) as log:
        return log.tree().root


@pytest.fixture
def told(drafted: Orch) -> Orch:
    """Give a project with a redaction, an approval and two phases."""
    assert drafted("approve", "st01-x", "spec", "--comments", "Measurable").status == 0
    assert drafted("spec", "st02-y", "--objectives", "secret", "--command-id", "drafts-y").status == 0
    assert drafted("spec", "st02-y", "--objectives", "no secret").status == 0
    rows = drafted("history", "st02-y", "--json").data["rows"]
    position = next(row["position"] for row in rows if row["topic"] == "phase.document_drafted")
    assert drafted("audit", "redact", str(position), "--reason", "a name", "--yes").status == 0
    return drafted


def test_a_log_moves_into_a_database_and_back_to_the_byte(told: Orch, database: str) -> None:
    before, root = rows_at(".orch/log.db"), root_at(".orch/log.db")
    moved = told("migrate", "--to", database, "--json")
    assert moved.status == 0, moved
    assert moved.data["root"] == root.hex() and moved.data["to_do"] == [], moved.data
    assert rows_at(database) == before and root_at(database) == root
    assert not Path(".orch/log.db").exists()
    assert told("audit", "verify").status in (0, 7)
    assert told("spec", "st03-z", "--objectives", "goes on").status == 0
    after = rows_at(database)
    back = told("migrate", "--to", "file", "--json")
    assert back.status == 0, back
    assert rows_at(".orch/log.db") == after
    assert told("spec", "st04-z", "--objectives", "and on").status == 0
    assert told("audit", "verify").status in (0, 7)
    assert len(rows_at(".orch/log.db")) > len(after) == len(rows_at(database))
    assert (
        told("migrate", "--to", database).status == 0
    )  # over the log that ended there: it is the beginning of this one
    assert len(rows_at(database)) > len(after)
    assert told("status").status == 0


def test_another_log_in_the_database_is_never_replaced(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(tmp_path_factory.mktemp("other"))
        assert told("init").status == 0
        assert told("migrate", "--to", database).status == 0
        assert told("migrate", "--to", "file").status == 0
    before = rows_at(database)
    refused = told("migrate", "--to", database, "--json")
    assert refused.status == 3 and refused.error["code"] == "ALREADY_EXISTS", refused
    assert rows_at(database) == before
    assert told("spec", "st08-x", "--objectives", "x").status == 0


def test_what_was_said_under_a_command_id_stays_said(told: Orch, database: str) -> None:
    same = ("spec", "st02-y", "--objectives", "other words", "--command-id")
    again = ("spec", "st05-a", "--objectives", "x", "--command-id", "drafts-a")
    first = told(*again, "--json").data["position"]
    assert told("migrate", "--to", database).status == 0
    assert told(*again, "--json").data["position"] == first
    assert told("spec", "st05-a", "--objectives", "y", "--command-id", "drafts-a").status == 2
    assert told(*same, "drafts-y").status == 0  # forgotten with the redaction: nobody can tell that it is another one


def test_the_log_that_was_left_takes_no_writes(told: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told("migrate", "--to", database).status == 0
    (kept,) = Path(".orch/retired").iterdir()
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(kept.absolute()))
    Path(".orch/config.toml").write_text("")
    refused = told("spec", "st03-z", "--objectives", "x", "--json")
    assert refused.status == 3 and refused.error["code"] == "STORE_MOVED", refused
    monkeypatch.delenv("ORCHESTRATOR_STATE_DIR")
    lost = told("status", "--json")
    assert lost.status == 4 or "no setting says" in lost.error["message"], lost


def test_another_folder_is_told_where_the_log_went(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert told("migrate", "--to", database).status == 0
    monkeypatch.setenv(ADDRESS, database)
    home = Path.cwd()
    other = tmp_path_factory.mktemp("other")
    monkeypatch.chdir(other)
    assert told("init").status == 0
    monkeypatch.chdir(home)
    assert told("migrate", "--to", "file", "--json").data["to_do"] == ["unset ORCHESTRATOR_DATABASE_URL"]
    monkeypatch.chdir(other)
    for words in (("status",), ("spec", "st07-x", "--objectives", "x")):
        refused = told(*words, "--json")
        assert refused.status == 3 and refused.error["code"] == "STORE_MOVED", refused
        assert ".orch/log.db" in refused.error["message"]


def test_where_the_settings_are_somebody_elses_the_log_moves_and_it_says_what_to_type(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the units the settings are root's; root can write everywhere, so the refusal is put there."""
    from cli import migrate_setting

    def refused(path: Path, *_: Any) -> None:
        raise FilesUnavailable(f"{path}: Permission denied.")

    with monkeypatch.context() as patched:
        patched.setattr(migrate_setting, "change", refused)
        moved = told("migrate", "--to", database, "--json").data
    assert moved["setting"] is None
    (line,) = moved["to_do"]
    words, _, who = line.partition("  # ")
    assert who == f"who may write {Path('.orch/config.toml').absolute()}"
    assert told(*shlex.split(words)[1:]).status == 0
    assert told("migrate", "--to", database).status == 3  # there is nothing left to do
    assert told("spec", "st08-x", "--objectives", "x").status == 0


STEPS = ("settle", "attach", "put_aside", "follow_setting")


@pytest.mark.parametrize("step", STEPS)
def test_a_move_that_is_stopped_goes_on_where_it_was(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = rows_at(".orch/log.db")

    def stopped(*_: Any, **__: Any) -> None:
        raise Unavailable("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(migrating, step, stopped)
        assert told("migrate", "--to", database).status == 8
    assert told("spec", "st08-x", "--objectives", "x").status != 0  # nowhere, until the move is finished
    done = told("migrate", "--to", database, "--json")
    assert done.status == 0, done
    assert told("migrate", "--to", database).status == 3  # there is nothing left to do
    assert rows_at(database)[: len(before)] == before
    assert told("spec", "st09-x", "--objectives", "x").status == 0
    assert len(rows_at(database)) > len(before)


@pytest.mark.parametrize("step", ["held", "check"])
def test_a_move_that_is_stopped_before_the_point_of_no_return_changed_nothing(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch, step: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from usecases import recover_checks

    def stopped(*_: Any, **__: Any) -> None:
        raise Unavailable("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(recover_checks if step == "check" else migrating, step, stopped)
        patched.setattr(migrating.Migration, "_discard_unsettled", lambda *_: None)  # as if it had been killed
        assert told("migrate", "--to", database).status == 8
    assert told("spec", "st08-x", "--objectives", "x").status == 0
    if step == "check":  # whoever joins it is told that it is not finished
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv(ADDRESS, database)
            elsewhere.chdir(tmp_path_factory.mktemp("other"))
            refused = told("init", "--json")
            assert refused.status == 3 and refused.error["code"] == "STORE_UNSETTLED", refused
    before = rows_at(".orch/log.db")
    assert told("migrate", "--to", database).status == 0
    assert rows_at(database) == before


def test_what_sqlite_keeps_beside_a_file_is_never_left_without_it(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise OSError(5, "stopped")

    with monkeypatch.context() as patched:
        patched.setattr("adapters.retiring.os.rename", stopped)
        assert told("migrate", "--to", database).status == 8
    assert {file.name for file in Path(".orch").glob("log.db*")} == {"log.db", "log.db-writers"}
    assert told("migrate", "--to", database).status == 0
    assert {file.name for file in Path(".orch").glob("log.db*")} == {"log.db-writers"}
    assert told("migrate", "--to", "file").status == 0


def test_a_log_that_another_project_is_moving_there_is_left_alone(
    told: Orch, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    make_log(database, "example.org/other", timeout_s=10)
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO orch.store VALUES ('unsettled', 'orch migrate --to elsewhere')")
    before = rows_at(".orch/log.db")
    refused = told("migrate", "--to", database, "--json")
    assert refused.status == 3 and refused.error["code"] == "STORE_UNSETTLED", refused
    assert "example.org/other" in refused.error["message"]
    with opened_at(database, read_only=True) as log:
        assert log.origin == "example.org/other"
    assert rows_at(".orch/log.db") == before
    assert told("spec", "st08-x", "--objectives", "x").status == 0
