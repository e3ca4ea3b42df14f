"""orch bench: figures of this installation, kept beside the store and compared with what they are now."""

import json
from pathlib import Path

import pytest

from cli import bench_rounds, scratch
from tests.cli.conftest import Orch, position
from tests.cli.garbage_world import snapshot
from usecases.project import Project

pytestmark = [
    pytest.mark.at_the_log("it measures a machine, and keeps a file beside the store"),
    pytest.mark.usefixtures("quick_bench"),
]

FILE = Path(".orch/bench-baseline.json")
NAMES = ["append", "status", "fold", "render"]


def test_a_baseline_is_kept_beside_the_store_and_nothing_else_is_touched(project: Orch) -> None:
    events, files = position(project), set(snapshot(Path.cwd()))
    told = project("bench", "baseline", "--json")
    assert told.status == 0 and told.data["baseline"] == json.loads(FILE.read_text())
    assert [row["name"] for row in told.data["baseline"]["rows"]] == NAMES
    for row in told.data["baseline"]["rows"]:
        assert row["ms"] > 0 and row["beside_ms"] > 0 and row["ratio"] > 0
    left = {path for path in set(snapshot(Path.cwd())) - files if not str(path).endswith(("-wal", "-shm"))}
    assert {Path(path).name for path in left} == {FILE.name} and position(project) == events
    assert FILE.stat().st_mode & 0o777 == 0o600


def test_an_installation_is_as_fast_as_itself(project: Orch) -> None:
    assert project("bench", "baseline").status == 0
    told = project("bench", "compare", "--tolerance", "10000", "--json")
    assert told.status == 0 and told.data["worse"] == [] and told.data["differs"] == []
    assert [row["name"] for row in told.data["rows"]] == NAMES


def test_what_got_worse_is_named_and_ends_with_3(project: Orch) -> None:
    assert project("bench", "baseline").status == 0
    held = json.loads(FILE.read_text())
    for row in held["rows"]:
        row["ratio"] = row["ratio"] / 1000 if row["name"] == "fold" else row["ratio"] * 1000
    held["python"] = "3.11.0rc1"
    FILE.write_text(json.dumps(held))
    told = project("bench", "compare", "--json")
    assert told.status == 3 and told.data["worse"] == ["fold"]
    assert told.data["differs"][0].startswith("python: 3.11.0rc1, now ")
    said = project("bench", "compare")
    assert said.status == 3 and "worse" in said.out and said.out.count("well") == 3


def test_a_log_that_really_got_slower_is_found(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project("bench", "baseline").status == 0
    draft = scratch.draft

    def slow(project: Project, phase: str) -> None:
        for _ in range(40):  # slower in proportion, however slow the disk is just now
            draft(project, phase)

    monkeypatch.setattr(bench_rounds, "draft", slow)
    told = project("bench", "compare", "--tolerance", "300", "--json")
    assert told.status == 3 and "append" in told.data["worse"]


def test_a_baseline_is_replaced_only_with_yes(project: Orch) -> None:
    assert project("bench", "baseline").status == 0
    before = FILE.read_bytes()
    refused = project("bench", "baseline", "--json")
    assert (refused.status, refused.error["fix"]) == (3, ["orch bench baseline --json --yes"])
    assert FILE.read_bytes() == before
    assert project("bench", "baseline", "--yes").status == 0 and FILE.read_bytes() != before


def test_without_a_baseline_there_is_nothing_to_compare_with(project: Orch) -> None:
    refused = project("bench", "compare", "--json")
    assert (refused.status, refused.error["fix"]) == (4, ["orch bench baseline"])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"rows": []}', '{"rows": [{"name": "fold", "ratio": 0}]}', "\xff", "[" * 9000],
)
def test_a_file_that_is_no_baseline_is_refused(text: str, project: Orch) -> None:
    FILE.write_bytes(text.encode("latin-1"))
    refused = project("bench", "compare", "--json")
    assert (refused.status, refused.error["fix"]) == (2, ["orch bench baseline --yes"])
