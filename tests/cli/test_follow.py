"""orch follow: documents, state files and the index as new as the log, whoever wrote to it and whatever failed."""

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.follower_files import search_of
from adapters.places import find
from adapters.sqlite_log import SqliteLog
from cli.following import the_only_one
from tests.cli.conftest import Orch, orch, project
from tests.cli.following_world import (
    INDEX,
    LOG,
    SECRET,
    documents_that_differ,
    elsewhere,
    erased_elsewhere,
    eventually,
    following,
    fresh_rows,
    holding,
    index_rows,
    spec,
)
from tests.cli.recovered_world import lived, promoted, recovered
from usecases.context_file import MARK
from usecases.search_following import SearchFollower

__all__ = ["lived", "orch", "project"]  # fixtures

SPEC = Path("dev/st01-x/spec.md")
STATE = Path("dev/st01-x/phase-state.json")
DOCUMENTS = Path(".orch/cache/documents.db")


def rows(orch: Orch, *words: str) -> dict[str, dict[str, Any]]:
    answer = orch("follow", *words, "--json")
    assert answer.status == 0, answer
    return {row["name"]: row for row in answer.data["rows"]}


def length() -> int:
    with SqliteLog.open(LOG, read_only=True) as log:
        return log.moment().position


@pytest.mark.in_file
def test_what_others_recorded_is_here_after_following_once(project: Orch) -> None:
    elsewhere(spec("st01-x", "Round trip"), spec("st02-y", "Nothing allocates"))
    assert not Path("dev").exists()
    followed = rows(project, "--once")
    end = length()
    assert {name: (row["events"], row["position"], row["standing"]) for name, row in followed.items()} == {
        "documents": (end, end, "up_to_date"),
        "search": (end, end, "up_to_date"),
    }
    assert documents_that_differ(Path()) == [] and "Round trip" in SPEC.read_text("utf-8")
    checked = project("rebuild", "--check", "--json").data
    assert (checked["other_files"], checked["other_search"]) == ([], False)
    assert [row["events"] for row in rows(project, "--once").values()] == [0, 0], "it goes on where it was"


def test_only_those_that_are_named_follow(project: Orch) -> None:
    elsewhere(spec("st01-x", "Round trip"))
    assert [*rows(project, "--once", "--name", "search")] == ["search"]
    assert INDEX.exists() and not SPEC.exists()
    standing = {name: row["standing"] for name, row in rows(project, "--status").items()}
    assert standing == {"documents": "never_followed", "search": "up_to_date"}


@pytest.mark.in_file
def test_the_status_tells_how_far_behind_each_is_and_changes_nothing(project: Orch) -> None:
    rows(project, "--once")
    before = length()
    elsewhere(spec("st01-x", "Round trip"))
    kept = {path: path.read_bytes() for path in (DOCUMENTS, INDEX)}
    answer = project("follow", "--status", "--json")
    assert answer.data["position"] == length() and answer.data["running"] is False
    for row in answer.data["rows"]:
        assert (row["standing"], row["position"], row["behind"]) == ("behind", before, length() - before)
        assert 0 <= row["seconds_behind"] < 60
    assert kept == {path: path.read_bytes() for path in kept} and not SPEC.exists()
    assert f"position {before}, {length() - before} events and" in project("follow", "--status").out


def test_waiting_ends_when_they_are_so_far(project: Orch) -> None:
    with following():
        for number in range(5):
            last = elsewhere(spec("st01-x", f"number {number} of many")).last
            waited = rows(project, "--wait", str(last), "--timeout", "30")
            assert all(row["position"] >= last for row in waited.values())
            assert f"number {number} of many" in SPEC.read_text("utf-8"), "who waited reads what was written"


def test_waiting_for_what_nobody_does_ends_with_words(project: Orch) -> None:
    last = elsewhere(spec("st01-x", "Round trip")).last
    late = project("follow", "--wait", str(last), "--timeout", "0.1", "--json")
    assert (late.status, late.error["code"]) == (8, "UNAVAILABLE") and late.error["fix"][0] == "orch follow --status"
    rows(project, "--once")
    assert rows(project, "--wait", str(last), "--timeout", "0")["documents"]["position"] == last
    assert project("follow", "--wait", str(last + 1), "--json").status == 4


@pytest.mark.parametrize(
    "words",
    [
        ("--once", "--status"),
        ("--rebuild", "--wait", "1"),
        ("--name", "heads", "--once"),
        ("--wait", "1", "--timeout", "nan"),
        ("--wait", "-1"),
    ],
)
def test_words_that_make_no_sense_are_refused(project: Orch, words: tuple[str, ...]) -> None:
    refused = project("follow", *words, "--json")
    assert refused.status == 2 and refused.error["fix"]


def test_one_is_enough_and_a_signal_ends_it(project: Orch) -> None:
    with following() as process:
        second = project("follow", "--json")
        assert (second.status, second.error["fix"]) == (8, ["orch follow --status"])
        assert project("follow", "--status", "--json").data["running"] is True
        last = elsewhere(spec("st01-x", "Round trip")).last
        rows(project, "--wait", str(last), "--timeout", "30")
        status, answer, _ = process.stopped()
    assert status == 0 and answer["kind"] == "followers.followed"
    assert [row["position"] for row in answer["data"]["rows"]] == [last, last]
    assert project("follow", "--status", "--json").data["running"] is False


# documents


@pytest.mark.in_file
def test_a_document_edited_by_hand_is_left_alone_and_named(project: Orch) -> None:
    elsewhere(spec("st01-x", "Round trip"), spec("st02-y", "Other"))
    rows(project, "--once")
    SPEC.write_text("# My own words\n", "utf-8")
    elsewhere(spec("st01-x", "Below 10 ms"), spec("st02-y", "Another"))
    for words in ("--once", "--rebuild"):
        assert rows(project, words)["documents"]["edited"] == [str(SPEC)]
        assert SPEC.read_text("utf-8") == "# My own words\n"
    assert "Another" in Path("dev/st02-y/spec.md").read_text("utf-8")
    assert project("checkout", "st01-x", "spec").status == 0
    assert documents_that_differ(Path()) == []


@pytest.mark.in_file
def test_what_a_killed_command_did_not_write_is_written_though_others_wrote_since(project: Orch) -> None:
    project("spec", "st01-x", "--objectives", "Round trip")
    elsewhere(spec("st01-x", "Below 10 ms"))
    assert project("block", "st01-x", "no cable").status == 0  # writes the state file, and no document
    (part := SPEC.with_name(".spec.md.1.part")).write_text("Below")
    assert documents_that_differ(Path()) != []
    rows(project, "--once")
    assert not part.exists()
    assert documents_that_differ(Path()) == [] and "Below 10 ms" in SPEC.read_text("utf-8")


def test_what_is_as_it_should_be_is_not_written_again(project: Orch) -> None:
    project("spec", "st01-x", "--objectives", "Round trip")
    before = [path.stat().st_ino for path in (SPEC, STATE)]
    rows(project, "--once")
    rows(project, "--rebuild")
    assert [path.stat().st_ino for path in (SPEC, STATE)] == before


def test_boxes_follow_the_log_and_what_was_ticked_by_hand_stays(lived: Orch) -> None:
    lived("spec", "st03-z", "--objectives", "Sound")
    for step, words in (
        ("research", ("--foundation", "Known")),
        ("plan", ("--architecture", "Two layers")),
        ("prd", ("--goal", "Sound")),
        ("tasks", ("--tasks", "First,Second", "--hours", "4,6")),
    ):
        lived("approve", "st03-z", {"research": "spec", "plan": "research", "prd": "plan", "tasks": "prd"}[step])
        assert lived(step, "st03-z", *words).status == 0
    lived("approve", "st03-z", "tasks")
    tasks = Path("dev/st03-z/tasks.md")
    empty = tasks.read_text("utf-8")
    assert lived("task", "start", "st03-z", "T001").status == 0
    assert lived("task", "done", "st03-z", "T001").status == 0
    ticked, state = tasks.read_text("utf-8"), Path("dev/st03-z/phase-state.json")
    assert ticked != empty
    tasks.write_text(empty, "utf-8")
    rows(lived, "--once")
    assert tasks.read_text("utf-8") == empty, "the state file is as new as the log: it was emptied by hand since"
    state.write_text("{}", "utf-8")
    rows(lived, "--rebuild")
    assert tasks.read_text("utf-8") == ticked, "whoever did not write the state file did not tick the box either"


@pytest.mark.in_file
def test_a_folder_that_refuses_keeps_no_other_from_it(project: Orch, tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("out")
    elsewhere(spec("st01-x", "Round trip"), spec("st02-y", "Other"))
    Path("dev").mkdir()
    SPEC.parent.symlink_to(out)
    refused = project("follow", "--once", "--json")
    assert (refused.status, refused.error["code"]) == (8, "FILESYSTEM_ERROR") and "st01-x" in refused.error["message"]
    assert Path("dev/st02-y/spec.md").exists() and not any(out.iterdir())
    assert rows(project, "--status")["search"]["standing"] == "up_to_date"
    assert rows(project, "--status")["documents"]["standing"] == "never_followed"
    SPEC.parent.unlink()
    assert rows(project, "--once")["documents"]["standing"] == "up_to_date" and documents_that_differ(Path()) == []


@pytest.mark.in_file
def test_a_folder_that_refuses_for_a_while_is_tried_again(project: Orch) -> None:
    Path("dev").mkdir()
    SPEC.parent.write_text("in the way")
    with following() as process:
        elsewhere(spec("st01-x", "Round trip"))
        other = elsewhere(spec("st02-y", "Other")).last
        rows(project, "--wait", str(other), "--name", "search", "--timeout", "30")
        eventually(Path("dev/st02-y/phase-state.json").exists)
        SPEC.parent.unlink()
        rows(project, "--wait", str(other), "--timeout", "60")
        _, answer, said = process.stopped()
    assert documents_that_differ(Path()) == [] and answer["data"]["rows"][0]["failed"] >= 1
    assert said.count("documents cannot be followed now") == 1


@pytest.mark.parametrize("name", [DOCUMENTS, INDEX])
def test_a_link_in_the_place_of_a_copy_is_not_followed(project: Orch, name: Path) -> None:
    elsewhere(spec("st01-x", "Round trip"))
    rows(project, "--once")
    other = Path("other.db")
    os.replace(name, other)
    before = other.read_bytes()
    name.symlink_to(other.absolute())
    (row,) = (row for row in rows(project, "--status").values() if row["doubt"])
    assert (row["standing"], row["doubt"]) == ("doubtful", "broken")
    rows(project, "--once")
    assert not name.is_symlink() and other.read_bytes() == before
    assert all(row["standing"] == "up_to_date" for row in rows(project, "--status").values())


@pytest.mark.in_file
def test_a_copy_that_cannot_be_read_is_made_anew(project: Orch) -> None:
    elsewhere(spec("st01-x", "Round trip"))
    rows(project, "--once")
    for path in (DOCUMENTS, INDEX):
        path.write_bytes(b"x" * path.stat().st_size)
    assert {row["doubt"] for row in rows(project, "--status").values()} == {"broken"}
    assert all(row["position"] == length() for row in rows(project, "--once").values())
    assert len(project("search", "round", "--json").data["rows"]) == 1


@pytest.mark.in_file
def test_an_event_of_a_newer_version_is_refused_and_not_passed_over(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(project, "--once")
    before = length()
    elsewhere(spec("st01-x", "Round trip"))
    with monkeypatch.context() as older:
        older.setattr("adapters.codec.TOPICS", {})
        older.setattr("domain.topics.TOPICS", {})
        for name in ("documents", "search"):
            assert project("follow", "--once", "--name", name, "--json").status == 6
    assert {row["position"] for row in rows(project, "--status").values()} == {before}


# rebuilding


@pytest.mark.in_file
def test_the_old_index_serves_until_the_fresh_one_takes_its_place(project: Orch) -> None:
    elsewhere(spec("st01-x", "Round trip"))
    rows(project, "--once")
    old, file = INDEX.stat().st_ino, search_of(find(Path.cwd()))
    served: list[int] = []
    with SqliteLog.open(LOG, read_only=True) as log:

        def done(_: Any) -> None:
            if INDEX.stat().st_ino == old and not served:
                served.append(len(project("search", "trip", "--json").data["rows"]))

        file.rebuild(SearchFollower, log, done=done)
        assert served == [1] and INDEX.stat().st_ino != old
        assert index_rows(INDEX) == fresh_rows(log, Path("anew.db"))
    assert not file.fresh.path.exists()


@pytest.mark.in_file
def test_a_rebuild_that_fails_leaves_the_old_one(project: Orch) -> None:
    elsewhere(spec("st01-x", "Round trip"))
    rows(project, "--once")
    old, file = INDEX.stat().st_ino, search_of(find(Path.cwd()))
    file.fresh.path.write_bytes(b"what a rebuild left that was killed")

    def ended(_: Any) -> None:
        raise KeyboardInterrupt

    with SqliteLog.open(LOG, read_only=True) as log, pytest.raises(KeyboardInterrupt):
        file.rebuild(SearchFollower, log, done=ended)
    assert INDEX.stat().st_ino == old and not file.fresh.path.exists()
    assert rows(project, "--rebuild")["search"]["made_anew"] == ["asked"]
    assert INDEX.stat().st_ino != old


# erased texts


@pytest.mark.in_file
def test_a_text_that_was_erased_elsewhere_leaves_everything_here(project: Orch) -> None:
    with following():
        erased = elsewhere(spec("st01-x", f"the password is {SECRET}")).last - 1  # behind it: the request
        rows(project, "--wait", str(erased + 1), "--timeout", "30")
        rescued = Path(".orch/rescued/st01-x")
        rescued.mkdir(parents=True)
        (rescued / "spec-1.md").write_bytes(SPEC.read_bytes())
        Path("dev/orch-log.md").write_text(f"{MARK}# Context\n\nLevel 3 as of position {erased + 1}\n\n{SECRET}\n")
        Path("dev/st01-x/.spec.md.1.part").write_bytes(SPEC.read_bytes())
        assert len(holding()) == 6, "the log, the index, the document, what was rescued, the context, a part"
        elsewhere(spec("st01-x", "no password"))
        erased_elsewhere(erased)
        rows(project, "--wait", str(length()), "--timeout", "30")
        assert holding() == []
    assert project("search", SECRET, "--json").data["rows"] == [] and documents_that_differ(Path()) == []


@pytest.mark.in_file
def test_an_erasure_reaches_an_index_that_is_being_made(project: Orch) -> None:
    erased = elsewhere(spec("st01-x", f"the password is {SECRET}")).last - 1
    elsewhere(spec("st01-x", "no password"))
    file = search_of(find(Path.cwd()))
    met: list[bool] = []
    with SqliteLog.open(LOG, read_only=True) as log:

        def done(_: Any) -> None:
            if not met:
                met.append(any("fresh" in name for name in holding()))
                assert project("audit", "redact", str(erased), "--reason", "a password", "--yes").status == 0
                assert holding() == []

        file.rebuild(SearchFollower, log, done=done)
    assert met == [True] and holding() == []


@pytest.mark.in_file
def test_a_context_written_after_the_erasure_stays(project: Orch) -> None:
    erased = elsewhere(spec("st01-x", f"the password is {SECRET}")).last - 1
    elsewhere(spec("st01-x", "no password"))
    erased_elsewhere(erased)
    context = Path("dev/orch-log.md")
    assert project("context", "--drafts", "--write").status == 0 and context.exists()
    rows(project, "--once")
    assert context.exists()
    context.write_text(context.read_text("utf-8").replace(f"position {length()}", f"position {erased}"), "utf-8")
    rows(project, "--rebuild")
    assert not context.exists()


# another log in its place


@pytest.mark.in_file
def test_another_store_is_followed_from_its_beginning(lived: Orch) -> None:
    rows(lived, "--once")
    recovered(lived, "position:9")
    promoted(lived)
    assert {row["doubt"] for row in rows(lived, "--status").values()} == {"other_log"}
    waits = lived("follow", "--wait", "9", "--timeout", "0.1", "--json")
    assert waits.status == 8, "what holds more of another log holds nothing of this one"
    for row in rows(lived, "--once").values():
        assert (row["made_anew"], row["position"], row["events"]) == (["other_log"], length(), length())
    with SqliteLog.open(LOG, read_only=True) as log:
        assert index_rows(INDEX) == fresh_rows(log, Path("anew.db"))


@pytest.mark.in_file
def test_a_store_may_be_promoted_under_the_one_that_follows(lived: Orch) -> None:
    with following() as process:
        rows(lived, "--wait", str(length()), "--timeout", "30")
        recovered(lived, "position:9")
        promoted(lived)
        last = elsewhere(spec("st05-new", "After the fork")).last
        rows(lived, "--wait", str(last), "--timeout", "60")
        status, answer, _ = process.stopped()
    assert status == 0 and all("other_log" in row["made_anew"] for row in answer["data"]["rows"])
    assert "After the fork" in Path("dev/st05-new/spec.md").read_text("utf-8")
    with SqliteLog.open(LOG, read_only=True) as log:
        assert index_rows(INDEX) == fresh_rows(log, Path("anew.db"))


@pytest.mark.in_file
def test_a_store_that_was_left_is_not_followed(lived: Orch) -> None:
    recovered(lived, "position:9")
    promoted(lived)
    (kept,) = Path(".orch/retired").iterdir()
    documents = {path: path.read_bytes() for path in Path("dev").rglob("*") if path.is_file()}
    assert lived("--state-dir", str(kept), "follow", "--once", "--json").status == 3
    assert documents == {path: path.read_bytes() for path in documents}


def test_its_answers_are_documents_in_json_and_lines_without(project: Orch) -> None:
    said = project("follow", "--once", "--json").out
    assert said.count("\n") == 1 and orjson.loads(said)["kind"] == "followers.followed"
    assert "up to date" in project("follow", "--once").out and project("follow", "--status").out.count("✓") == 2


@pytest.mark.in_file
def test_a_lag_is_told_only_of_what_somebody_keeps_up(project: Orch) -> None:
    def told() -> dict[str, int]:
        return {row["follower"]: row["events"] for row in project("monitor", "--once", "--json").data["lag"]}

    rows(project, "--once")
    assert project("spec", "st01-x", "--objectives", "a").status == 0
    assert rows(project, "--status")["documents"]["standing"] == "behind"  # that is what was noted the last time
    assert told() == {}
    with the_only_one(find(Path.cwd()), ["search"]):  # it runs and does not come to it
        assert told() == {"search": length() - rows(project, "--status")["search"]["position"]}
    assert told() == {}
    with following() as process:
        eventually(lambda: told() == {"documents": 0, "search": 0})
        process.stopped()
    assert told() == {}
