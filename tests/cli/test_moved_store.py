"""ORCHESTRATOR_STATE_DIR: the store lies elsewhere, the documents and the gate do not."""

import errno
import os
from pathlib import Path
from shlex import quote

import pytest

from tests.cli.conftest import Orch

pytestmark = pytest.mark.at_the_log("the store lies there")


@pytest.fixture
def moved(orch: Orch, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return the function in a project with a draft, whose store lies elsewhere."""
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    assert orch("init").status == 0
    assert orch("spec", "st01-x", "--objectives", "words").status == 0
    return orch


@pytest.fixture
def edited(moved: Orch) -> Path:
    spec = Path("dev/st01-x/spec.md").absolute()
    spec.write_text("by hand\n")
    return spec


def test_the_gate_looks_at_the_same_file_from_every_folder(
    moved: Orch, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert moved("approve", "st01-x", "spec").status == 3
    assert not Path("dev").exists()


def test_a_relative_store_is_the_same_from_every_folder(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", "store")
    assert orch("init").status == 0
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert orch("list").status == 0


def test_checkout_rescues_across_file_systems(moved: Orch, edited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def elsewhere(source: Path, target: Path) -> None:
        if "rescued" in str(target):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "rename", elsewhere)
    answer = moved("checkout", "st01-x", "spec", "--json").data
    assert Path(answer["rescued"]).read_text() == "by hand\n"
    assert "by hand" not in edited.read_text()


@pytest.mark.in_file
@pytest.mark.parametrize("way", ["variable", "flag", "file"])
def test_a_folder_whose_log_lies_elsewhere_says_what_was_forgotten_and_begins_no_second_one(
    orch: Orch, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    there = tmp_path_factory.mktemp("there")
    settings, state = there / "production.json", there / "the state"
    settings.write_text(f'{{"orchestrator": {{"storage": {{"stateDirectory": "{state}"}}}}}}')
    variable, value = ("ORCHESTRATOR_CONFIG", settings) if way == "file" else ("ORCHESTRATOR_STATE_DIR", state)
    words = ["--state-dir", str(state)] if way == "flag" else []
    if way != "flag":
        monkeypatch.setenv(variable, str(value))
    assert orch(*words, "init").status == 0
    Path(".orch/elsewhere").unlink()  # as whoever began before folders said so
    assert orch(*words, "init").status == 3 and Path(".orch/elsewhere").is_file()
    assert orch(*words, "spec", "st01-x", "--objectives", "words").status == 0
    monkeypatch.delenv(variable, raising=False)
    for command in (["list"], ["init"], ["spec", "st02-y", "--objectives", "words"]):
        refused = orch(*command, "--json")
        assert refused.status == 4 and "lies elsewhere" in refused.error["message"], refused
        assert refused.error["fix"][0] == f"export {variable}={quote(str(value))}"
    assert not Path(".orch/log.db").exists() and not Path(".orch/keys").exists()
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert "lies elsewhere" in orch("list").err
    monkeypatch.setenv(variable, str(value))  # as the fix says
    assert [row["phase"] for row in orch("list", "--json").data["rows"]] == ["st01-x"]


def test_a_mistyped_place_begins_no_second_log(
    orch: Orch, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path_factory.mktemp("there")
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(there / "x.state"))
    assert orch("init").status == 0
    noted = Path(".orch/elsewhere").read_text()
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(there / "x.stat"))
    refused = orch("init", "--json")
    assert refused.status == 3 and refused.error["code"] == "ALREADY_EXISTS"
    assert refused.error["fix"][0] == f"export {noted.strip()}"
    assert Path(".orch/elsewhere").read_text() == noted and not (there / "x.stat").exists()
    (there / "x.state").rename(there / "x.stat")  # moved, it is the same log
    assert orch("list").status == 0


@pytest.mark.in_file
@pytest.mark.parametrize(
    "line",
    [
        "PATH=/nowhere",
        "ORCHESTRATOR_ACTOR=ada",
        "ORCHESTRATOR_STATE_DIR=/srv/x; touch here",
        "ORCHESTRATOR_STATE_DIR='/srv/x",
        "ORCHESTRATOR_STATE_DIR=",
        "ORCHESTRATOR_STATE_DIR=/srv/x\x1b[2J",
    ],
)
def test_a_word_of_where_the_log_lies_is_shown_only_where_it_is_one(orch: Orch, line: str) -> None:
    Path(".orch").mkdir()
    Path(".orch/elsewhere").write_text(f"{line}\n")
    refused = orch("list", "--json")
    assert refused.status == 4 and refused.error["fix"][0] == "export ORCHESTRATOR_STATE_DIR=DIR"


@pytest.mark.in_file
def test_what_a_shell_would_do_in_that_word_is_only_a_name(orch: Orch) -> None:
    Path(".orch").mkdir()
    Path(".orch/elsewhere").write_text("ORCHESTRATOR_STATE_DIR=$(touch${IFS}here)\n")
    assert orch("list", "--json").error["fix"][0] == "export ORCHESTRATOR_STATE_DIR='$(touch${IFS}here)'"


@pytest.mark.in_file
def test_a_store_below_the_folder_is_found_where_both_were_moved_to(
    orch: Orch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("a").mkdir()
    monkeypatch.chdir("a")
    assert orch("--state-dir", "store", "init").status == 0
    monkeypatch.chdir("..")
    Path("a").rename("b")
    monkeypatch.chdir("b")
    assert orch("list", "--json").error["fix"][0] == "export ORCHESTRATOR_STATE_DIR=store"
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", "store")
    assert orch("list").status == 0
