"""Folders that joined a log in a database: its key is elsewhere, and they follow it where it goes."""

import os
import shlex
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters import keys, moving
from adapters.keys import load_key, make_key
from adapters.signed_notes import note, sign
from cli import init_promoted, promoting_database
from domain.errors import Unavailable
from tests.cli.conftest import Orch

pytestmark = pytest.mark.at_the_log("the folders name the database that their log is in")

ADDRESS = "ORCHESTRATOR_DATABASE_URL"


@contextmanager
def inside(folder: str) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def stopped(*_: Any, **__: Any) -> None:
    raise Unavailable("stopped")


@pytest.fixture
def two(orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return `orch` beside the folder `first`, which began the log, and `second`, which joined it."""
    monkeypatch.setenv(ADDRESS, database)
    for folder in ("first", "second"):
        Path(folder).mkdir()
        with inside(folder):
            assert orch("init", "--host", "example.org", "--name", "mixer").status == 0
    return orch


def row(orch: Orch, folder: str, check: str) -> Any:
    with inside(folder):
        (found,) = (each for each in orch("doctor", "--quick", "--json").data["rows"] if each["check"] == check)
    return found


def test_a_folder_that_joined_is_not_told_to_replace_the_key(two: Orch) -> None:
    assert row(two, "first", "key")["level"] == "ok"
    found = row(two, "second", "key")
    assert "This folder joined the log" in found["message"] and "example.org" in found["message"]
    (line,) = found["fix"]
    assert "orch audit key rotate" not in line and "example.org:PROJECT/.orch/keys/" in line
    name = Path(shlex.split(line)[-2].partition(":")[2]).name
    Path("second/.orch/keys").mkdir(mode=0o700)
    shutil.copy(Path("first/.orch/keys") / name, "second/.orch/keys")
    assert row(two, "second", "key")["level"] == "ok"


def test_a_folder_that_joined_before_that_was_put_down_has_no_keys(two: Orch) -> None:
    Path("second/.orch/joined").unlink()
    assert "This folder joined the log" in row(two, "second", "key")["message"]


def test_whoever_began_the_log_and_lost_the_key_replaces_it(two: Orch) -> None:
    for key in Path("first/.orch/keys").iterdir():
        key.unlink()
    assert row(two, "first", "key")["fix"] == ['orch audit key rotate --reason "the private key was lost"']


def test_a_key_that_another_folder_replaced_is_not_replaced_again(two: Orch) -> None:
    with inside("second"):
        assert two("audit", "key", "rotate", "--reason", "the first machine was sold").status == 0
    found = row(two, "first", "key")
    assert "the one in force is not" in found["message"] and "key rotate" not in "".join(found["fix"])
    assert row(two, "second", "key")["level"] == "ok"


def test_what_cannot_be_signed_leads_to_where_the_key_is(two: Orch) -> None:
    with inside("second"):
        for words in (("backup", "create"), ("audit", "checkpoint")):
            refused = two(*words, "--json")
            assert refused.status == 4 and refused.error["fix"] == ["orch doctor"]


@pytest.fixture
def promoted(two: Orch, second_database: str) -> Orch:
    """Return `orch` where `first` has promoted a log in the second database, and the variable names the old one."""
    with inside("first"):
        assert two("spec", "st01-x", "--objectives", "Round trip below 10 ms").status == 0
        assert two("audit", "checkpoint").status == 0
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        said = two("recover", "promote", second_database, "--reason", "a new server", "--yes")
        assert said.status == 0 and "The old store is kept in " in said.err
    return two


def test_a_folder_follows_the_log_where_another_one_promoted_it(
    promoted: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("second"):
        refused = promoted("block", "st01-x", "a pause", "--json")
        assert (refused.status, refused.error["code"]) == (3, "STORE_RETIRED")
        export, init = refused.error["fix"]
        name, _, address = export.removeprefix("export ").partition("=")
        assert (name, shlex.split(address)) == (ADDRESS, [second_database])
        monkeypatch.setenv(ADDRESS, second_database)
        waits = promoted("list", "--json")
        assert waits.status == 2 and "was left for" in waits.error["message"]
        assert waits.error["fix"][0] == "orch init" and init == "orch init --yes"
        asked = promoted("init", "--json")
        assert asked.status == 2 and asked.error["fix"][0] == init and "--yes has to say" in asked.error["message"]
        old = Path(".orch/database").read_text().strip()
        assert old in asked.error["message"] and promoted("list").status == 2, "nothing was moved"
        followed = promoted("init", "--yes", "--json")
        assert followed.status == 0 and followed.data["origin"] in waits.error["message"]
        assert promoted("block", "st01-x", "a pause").status == 0
        assert promoted("init").status == 3, "there is nothing left to follow"
    assert "This folder joined the log" in row(promoted, "second", "key")["message"]
    assert row(promoted, "first", "key")["level"] == "ok"


def test_whoever_promoted_and_was_stopped_finishes_that_instead_of_following(
    two: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("first"):
        assert two("audit", "checkpoint").status == 0
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        with monkeypatch.context() as patched:
            patched.setattr(promoting_database, "keep_keys", stopped)
            assert two("recover", "promote", second_database, "--reason", "a new server", "--yes").status == 8
        monkeypatch.setenv(ADDRESS, second_database)
        refused = two("init", "--yes", "--json")
        assert refused.status == 2 and "was stopped" in refused.error["message"]
        again = refused.error["fix"][1]
        assert shlex.split(again)[:4] == ["orch", "recover", "promote", second_database]
        assert two(*shlex.split(again)[1:]).status == 0
        (kept,) = Path(".orch/retired").iterdir()
        assert {file.name for file in kept.iterdir()} >= {"keys", "checkpoints"}
    assert row(two, "first", "key")["level"] == "ok"


def test_a_folder_follows_no_log_of_another_history(
    promoted: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, second_database)
    with inside("first"):
        key = promoted("audit", "key", "show", "--json").data["replaced"][0]
        (kept,) = Path(".orch/retired").iterdir()
        (file,) = (kept / "checkpoints").glob("*.note")
        origin, size, *_ = file.read_text().split("\n")
        private = load_key(kept / "keys", key)
    text = f"{origin}\n{size}\n{b64encode(bytes(32)).decode()}\n"
    Path("second/.orch/checkpoints").mkdir()
    Path("second/.orch/checkpoints", file.name).write_bytes(note(text, [sign(text, key, private)]))
    with inside("second"):
        refused = promoted("init", "--yes", "--json")
        assert refused.status == 6 and "another history" in refused.error["message"]
        assert promoted("list").status == 2, "it still belongs to the log that it knows"


def test_a_stranger_is_not_followed(two: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, second_database)
    Path("third").mkdir()
    with inside("third"):
        assert two("init", "--host", "example.net").status == 0
    with inside("second"):
        refused = two("init", "--yes", "--json")
        assert refused.status == 2 and refused.error["fix"] == ["orch config show database_url"]


def test_an_old_log_that_nobody_looked_for_is_not_said_to_be_kept(
    two: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("first"):
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        monkeypatch.setenv(ADDRESS, second_database)
        said = two("recover", "promote", second_database, "--reason", "the server burnt down", "--yes")
        assert said.status == 0 and "was not looked for" in said.err and "is kept" not in said.err


def test_backups_made_before_a_promotion_into_another_database_count_no_more(
    two: Orch, second_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("first"):
        assert two("backup", "create").status == 0 and two("backup", "drill").status == 0
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        assert two("recover", "promote", second_database, "--reason", "a new server", "--yes").status == 0
        monkeypatch.setenv(ADDRESS, second_database)
    found = row(two, "first", "backups")
    assert found["level"] == "warning" and "holds the backups of another log" in found["message"]
    assert row(two, "first", "drill")["message"].startswith("Nobody has tried yet")
    with inside("first"):
        for line in found["fix"]:
            assert two(*shlex.split(line)[1:]).status == 0, line
    assert row(two, "first", "backups")["message"].endswith("it holds everything.")


def ended(orch: Orch, folder: str) -> bool:
    """Tell whether the log that the variable names takes no writes any more."""
    with inside(folder):
        refused = orch("spec", "st02-y", "--objectives", "Nothing allocates", "--json")
    return refused.status == 3 and refused.error["code"] == "STORE_RETIRED"


@pytest.mark.parametrize("follows", [False, True])
def test_a_promotion_that_was_stopped_before_the_old_log_ended_ends_it_when_repeated(
    two: Orch, database: str, second_database: str, monkeypatch: pytest.MonkeyPatch, follows: bool
) -> None:
    promote = ("recover", "promote", second_database, "--reason", "a new server", "--yes")
    with inside("first"):
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        with monkeypatch.context() as patched:
            patched.setattr(moving._InDatabase, "end", stopped)
            assert two(*promote).status == 8
        monkeypatch.setenv(ADDRESS, second_database)
        if follows:  # with the old one out of reach: the folder belongs to the new one, and the old one goes on
            assert "was not looked for" in two(*promote).err
        else:
            assert two("init", "--yes").status == 2
        monkeypatch.setenv(ADDRESS, database)
        said = two(*promote)
        assert said.status == 0 and "for reading only" in said.err
        assert two(*promote).status == 0, "repeated"
    assert ended(two, "second")


def test_a_log_is_not_ended_for_one_that_never_left_it(
    two: Orch, second_database: str, third_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = ("recover", "promote", second_database, "--reason", "a new server", "--yes")
    with inside("first"):
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        assert two(*promote).status == 0
    monkeypatch.setenv(ADDRESS, third_database)
    Path("third").mkdir()
    with inside("third"):
        assert two("init", "--host", "example.net").status == 0
    with inside("first"):
        refused = two(*promote, "--json")
        assert refused.status == 2 and "another log" in refused.error["message"]
    assert not ended(two, "third")


@pytest.fixture
def rehearsed(two: Orch, database: str, second_database: str, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return `orch` where `second` rehearsed a promotion while the variable named the new log: the old one goes on."""
    with inside("first"):
        assert two("audit", "checkpoint").status == 0
    with inside("second"):
        assert two("recover", "run", "--to", "now", "--into", second_database).status == 0
        monkeypatch.setenv(ADDRESS, second_database)
        assert two("recover", "promote", second_database, "--reason", "a rehearsal", "--yes").status == 0
    return two


def test_a_folder_that_followed_a_rehearsal_finds_the_way_back(
    rehearsed: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("first"):
        assert rehearsed("init").status == 2
        assert rehearsed("init", "--yes").status == 0
        monkeypatch.setenv(ADDRESS, database)
        refused = rehearsed("list", "--json")
        *steps, init = refused.error["fix"][1].split(" && ")
        subprocess.run(["bash", "-ec", " && ".join(steps)], check=True)
        assert refused.status == 2 and rehearsed(*shlex.split(init)[1:]).status == 0
        assert rehearsed("audit", "checkpoint").status == 0
        assert (
            not Path(".orch/joined").exists() or Path(".orch/joined").read_text() != Path(".orch/database").read_text()
        )
    assert row(rehearsed, "first", "key")["level"] == row(rehearsed, "first", "checkpoints")["level"] == "ok"


def test_a_folder_that_was_stopped_while_it_followed_is_told_where_its_key_is(
    rehearsed: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("first"), monkeypatch.context() as patched:
        patched.setattr(init_promoted, "attach", stopped)
        assert rehearsed("init", "--yes").status == 8
    monkeypatch.setenv(ADDRESS, database)
    found = row(rehearsed, "first", "key")
    assert "put aside" in found["message"] and "rotate" not in "".join(found["fix"])


def test_following_that_was_interrupted_holds_the_checkpoints_that_it_put_aside_against_the_log(
    rehearsed: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside("first"):
        with monkeypatch.context() as patched:
            patched.setattr(init_promoted, "attach", stopped)
            assert rehearsed("init", "--yes").status == 8
        (file,) = Path(".orch/retired").glob("*/checkpoints/*.note")
        file.write_text("no checkpoint")
        assert rehearsed("init", "--yes").status != 0
        assert rehearsed("list").status == 2, "it has not followed"


def test_of_two_folders_that_begin_at_once_in_a_database_the_second_joins(
    orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, database)
    Path("first").mkdir()
    Path("second").mkdir()
    winner = Path("first").absolute()

    def overtaken(folder: Path, origin: str) -> str:
        monkeypatch.setattr(keys, "make_key", make_key)
        with inside(str(winner)):
            assert orch("init", "--host", "example.org").status == 0
        return make_key(folder, origin)

    monkeypatch.setattr(keys, "make_key", overtaken)
    with inside("second"):
        said = orch("init", "--host", "example.org", "--json")
        assert said.status == 0 and said.data["origin"] == Path(".orch/joined").read_text().strip()
        assert not Path(".orch/keys").exists()
    assert "This folder joined the log" in row(orch, "second", "key")["message"]
    assert row(orch, "first", "key")["level"] == "ok"
