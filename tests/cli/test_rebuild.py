"""Whatever is made from the events can be thrown away and made again; comparing changes nothing."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, the_log
from tests.cli.insider import inside
from usecases.refolding import keep_snapshots, refolded

LOG = Path(".orch/log.db")


def nothing_done(_: int) -> None:
    """Show no progress."""


@pytest.mark.in_file
def test_a_store_that_keeps_what_the_events_say_is_left_alone(drafted: Orch) -> None:
    before = LOG.with_name("log.db-wal").read_bytes()
    for words in (("rebuild", "--check"), ("rebuild",)):
        answer = drafted(*words, "--json")
        assert answer.status == 0 and answer.data == {
            "checked_only": words[-1] == "--check",
            "position": 5,
            "streams": 3,
            "other_heads": [],
            "other_snapshots": [],
            "missing_snapshots": [],
            "other_files": [],
            "other_search": False,
        }
    assert LOG.with_name("log.db-wal").read_bytes() == before


@pytest.mark.in_file
def test_heads_that_differ_are_named_and_made_anew(drafted: Orch) -> None:
    with inside(LOG) as connection:
        connection.execute("UPDATE heads SET facts = CAST(replace(facts, 'ada', 'eve') AS BLOB)")
        connection.execute("DELETE FROM heads WHERE stream = 'policy'")
        connection.execute("INSERT INTO heads SELECT 'phase:st09-new', version, position, facts FROM heads LIMIT 1")
    wrong = ["phase:st01-x", "phase:st09-new", "policy"]
    checked = drafted("rebuild", "--check", "--json")
    assert (checked.status, checked.data["other_heads"]) == (6, wrong)
    assert drafted("rebuild", "--check").status == 6, "comparing mended nothing"
    assert drafted("audit", "verify").status == 6
    made = drafted("rebuild", "--json")
    assert (made.status, made.data["other_heads"]) == (0, wrong)
    assert drafted("rebuild", "--check").status == 0 and drafted("audit", "verify").status == 7
    assert drafted("approve", "st01-x", "spec").status == 0


@pytest.mark.in_file
def test_snapshots_that_differ_lack_or_do_not_belong_are_made_anew(drafted: Orch) -> None:
    drafted("approve", "st01-x", "spec")
    with the_log(to_write=True) as log:
        keep_snapshots(log, 6, done=nothing_done, every=2)
        right = [log.snapshot_lines(position) for position in (2, 4, 6)]
    with inside(LOG) as connection:
        connection.execute("UPDATE snapshots SET heads = zeroblob(9) WHERE position = 2")
        connection.execute("DELETE FROM snapshots WHERE position = 4")
        connection.execute("INSERT INTO snapshots SELECT 5, heads FROM snapshots WHERE position = 6")
    with the_log(to_write=True) as log:
        found = refolded(log, done=nothing_done, every=2)
        assert (found.other_snapshots, found.missing_snapshots, found.holds) == ([2, 5], [4], False)
        keep_snapshots(log, 6, done=nothing_done, every=2)
        assert refolded(log, done=nothing_done, every=2).holds
        assert [log.snapshot_lines(position) for position in (2, 4, 6)] == right


@pytest.mark.at_the_log("the files that are made anew lie there")
def test_files_that_are_missing_or_behind_are_written_and_edited_ones_stay(drafted: Orch) -> None:
    drafted("spec", "st02-y", "--objectives", "other")
    edited = Path("dev/st02-y/spec.md")
    edited.write_text("# My own\n")
    text = Path("dev/st01-x/spec.md").read_bytes()
    shutil.rmtree("dev/st01-x")
    Path("dev/st02-y/phase-state.json").write_text("{}")
    behind = ["dev/st01-x/spec.md", "dev/st01-x/phase-state.json", "dev/st02-y/phase-state.json"]
    checked = drafted("rebuild", "--check", "--json")
    assert (checked.status, checked.data["other_files"]) == (0, behind)
    assert not Path("dev/st01-x").exists()
    assert drafted("rebuild", "--json").data["other_files"] == behind
    assert Path("dev/st01-x/spec.md").read_bytes() == text and edited.read_text() == "# My own\n"
    assert drafted("rebuild", "--check", "--json").data["other_files"] == []


def test_the_file_of_an_erased_text_is_not_missing(drafted: Orch) -> None:
    drafted("archive", "st01-x", "--reason", "done")
    assert drafted("audit", "redact", "4", "--reason", "a name in it", "--yes").status == 0
    assert not Path("dev/st01-x/spec.md").exists()
    assert drafted("rebuild", "--check", "--json").data["other_files"] == []
    assert drafted("audit", "verify", "--json").data["documents"]["other"] == []


@pytest.mark.at_the_log("the files that are made anew lie there")
@pytest.mark.parametrize("words", [("rebuild",), ("rebuild", "--check")])
def test_a_person_reads_what_was_done(drafted: Orch, words: tuple[str, ...]) -> None:
    shutil.rmtree("dev")
    answer = drafted(*words)
    assert answer.status == 0
    assert "5 events, 3 streams folded anew: nothing differed, 2 files missing or out of date" in answer.out
    made = ["  dev/st01-x/spec.md made anew", "  dev/st01-x/spec.md"][words[-1] == "--check"]
    assert made in answer.out.splitlines()
