"""Folders that joined a log in a database: its key is elsewhere, and they follow it where it goes."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

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
