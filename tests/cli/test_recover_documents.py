"""orch recover documents: the texts of one phase as of a moment, from the store or from backups alone."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, by_the_log, position
from tests.cli.recovered_world import files_in, lived

__all__ = ["lived"]  # fixture


def then(orch: Orch, to: str, *words: str, out: str = "then") -> dict[str, str]:
    """Return the files of a phase at a moment."""
    answer = orch("recover", "documents", "st01-x", "--to", to, "--out", out, "--json", *words)
    assert answer.status == 0, answer
    return {path.name: path.read_text() for path in Path(out).iterdir()}


def test_the_texts_are_those_of_the_moment_and_nothing_else_changes(lived: Orch) -> None:
    first = lived("show", "st01-x", "spec").out
    lived("reopen", "st01-x", "spec", "--reason", "measured wrongly")
    lived("spec", "st01-x", "--objectives", "Round trip below 5 ms")
    before = files_in(Path())
    files = then(lived, "position:6")
    assert files.keys() == {"spec.md", "phase-state.json"}
    assert files["spec.md"] == first and "10 ms" in first
    assert json.loads(files["phase-state.json"])["completedSteps"] == ["spec"]
    now = then(lived, "now", out="now")
    assert "5 ms" in now["spec.md"] and "research.md" in now
    there = {path: each for path, each in files_in(Path()).items() if not str(path).startswith(("now/", "then/"))}
    assert there == before and position(lived) == 19


def test_what_it_says_leads_to_the_next_iteration(lived: Orch) -> None:
    lived("reopen", "st01-x", "spec", "--reason", "measured wrongly")
    lived("spec", "st01-x", "--objectives", "Round trip below 5 ms")
    said = lived("recover", "documents", "st01-x", "--to", "position:5", "--out", "then").out
    assert "iteration 1, awaiting approval: spec.md" in said
    assert f"cp {Path('then').absolute()}/spec.md dev/st01-x/spec.md && orch edit st01-x spec" in said
    Path("dev/st01-x/spec.md").write_text(Path("then/spec.md").read_text())
    assert lived("edit", "st01-x", "spec").status == 0
    assert "10 ms" in lived("show", "st01-x", "spec").out


def test_backups_alone_give_the_same_bytes(lived: Orch) -> None:
    lived("backup", "create")
    own, backups = then(lived, "position:8", out="own"), by_the_log(".orch/backups")
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    assert then(lived, "position:8", "--from-backups", str(backups)) == own


def test_an_erased_text_stays_erased_at_every_moment(lived: Orch) -> None:
    lived("reopen", "st01-x", "spec", "--reason", "a name in it")
    lived("spec", "st01-x", "--objectives", "Nothing personal")
    lived("audit", "redact", "4", "--reason", "a name in it", "--yes")
    answer = lived("recover", "documents", "st01-x", "--to", "position:6", "--out", "then", "--json")
    assert answer.status == 0 and [each["file"] for each in answer.data["documents"]] == [None]
    assert [path.name for path in Path("then").iterdir()] == ["phase-state.json"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("st02-y", "--to", "position:6"), 4),
        (("st09-nobody", "--to", "now"), 4),
        (("No Phase", "--to", "now"), 2),
        (("st01-x", "--to", "yesterday"), 2),
        (("st01-x", "--to", "now", "--out", "dev"), 3),
        (("st01-x", "--to", "now", "--out", ".orch/then"), 2),
    ],
)
def test_what_cannot_be_done_leaves_nothing(lived: Orch, words: tuple[str, ...], status: int) -> None:
    before = files_in(Path())
    if "--out" not in words:
        words = (*words, "--out", "then")
    refused = lived("recover", "documents", *words, "--json")
    assert refused.status == status and refused.error["message"], refused
    assert files_in(Path()) == before


@pytest.mark.in_file
def test_a_text_that_is_not_what_the_tree_says_is_not_written(lived: Orch) -> None:
    import apsw

    connection = apsw.Connection(".orch/log.db")
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE events SET envelope = CAST(replace(envelope, 'ada', 'eve') AS BLOB) WHERE position = 4")
    connection.close()
    refused = lived("recover", "documents", "st01-x", "--to", "now", "--out", "then", "--json")
    assert refused.status == 6 and not Path("then").exists()
    assert refused.error["fix"]
