"""ORCHESTRATOR_STATE_DIR: the store lies elsewhere, the documents and the gate do not."""

import errno
import os
from pathlib import Path

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
