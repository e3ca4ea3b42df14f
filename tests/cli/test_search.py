"""orch search: everything that was written and not erased is found, and an index is never believed."""

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import apsw
import pytest

from adapters.search_index import PART_BITS
from adapters.sqlite_log import SqliteLog
from tests.cli.conftest import Orch
from tests.cli.large_log import environment, make_long_project

INDEX = Path(".orch/cache/search.db")
LOG = Path(".orch/log.db")
SECRET = "hunter2x4711"
ORCH = str(Path(sys.executable).with_name("orch"))


def must(orch: Orch, *words: str) -> Any:
    answer = orch(*words)
    assert answer.status == 0, answer
    return answer


@pytest.fixture
def written(project: Orch) -> Orch:
    """Texts of every kind: 3 title, 4 and 7 documents, 6 feedback, 9 comment, 10 blocker, 11 and 12 a directive."""
    must(project, "spec", "st01-x", "--objectives", "Round trip below 10 ms")
    must(project, "reject", "st01-x", "spec", "--feedback", "Too vague, name the latency", "--feedback", "Shorter")
    must(project, "spec", "st01-x", "--objectives", "Round trip latency below 10 ms")
    must(project, "approve", "st01-x", "spec", "--comments", "a latency I can measure")
    must(project, "block", "st01-x", "no latency meter")
    must(project, "remember", "Latency before beauty", "--phase", "st01-x")
    must(project, "remember", "--forget", "1", "--reason", "beauty before latency")
    must(project, "spec", "st02-latency", "--title", "Other", "--objectives", "Nothing")
    return project


def hits(orch: Orch, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = must(orch, "search", *words, "--json").data["rows"]
    return found


def found(orch: Orch, *words: str) -> list[tuple[str, int]]:
    return [(hit["kind"], hit["position"]) for hit in hits(orch, *words)]


ALL = [
    *(("reason", 12), ("directive", 11), ("blocker", 10), ("comment", 9), ("document", 7), ("feedback", 6)),
]


def test_every_kind_of_text_is_found_the_latest_first(written: Orch) -> None:
    assert found(written, "LATENCY", "--phase", "st01-x") == [*ALL[1:]]
    assert found(written, "latency")[-6:] == ALL
    assert found(written, "shorter") == [("document", 7), ("feedback", 6)], "the next draft quotes what it answers"


@pytest.mark.parametrize("kind", ["document", "feedback", "directive", "comment", "reason", "blocker"])
def test_a_kind_is_a_filter(written: Orch, kind: str) -> None:
    assert {each for each, _ in found(written, "latency", "--kind", kind)} == {kind}


def test_all_iterations_are_found_and_a_limit_keeps_the_latest(written: Orch) -> None:
    assert [(h["step"], h["iteration"]) for h in hits(written, '"round trip"')] == [("spec", 2), ("spec", 1)]
    assert found(written, "latency", "--limit", "2") == found(written, "latency")[:2]


def test_a_hit_says_where_who_and_when(written: Orch) -> None:
    (hit,) = hits(written, "measure")
    assert (hit["phase"], hit["step"], hit["iteration"], hit["position"]) == ("st01-x", "spec", 2, 9)
    assert hit["by"] == {"name": "ada", "kind": "human"} and hit["topic"] == "phase.document_approved"
    (match,) = hit["matches"]
    assert hit["snippet"][slice(*match)] == "measure"
    trail = must(written, "audit", "trail", "--json").data["rows"]
    assert hit["recorded_at"] == trail[8]["recorded_at"]


def test_words_and_phrases(written: Orch) -> None:
    assert found(written, "vague", "name") == [("document", 7), ("feedback", 6)]
    assert found(written, "measure", "vague") == []
    assert found(written, '"latency measure"') == []
    assert [kind for kind, _ in found(written, '"before beauty"')] == ["directive"]


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '"unclosed latency',
        "latency*",
        "NEAR(latency)",
        "latency OR",
        "words:latency",
        "-latency",
        "^latency",
        "{latency}",
    ],
)
def test_no_query_is_a_mistake_in_some_syntax(written: Orch, query: str) -> None:
    assert written("search", "--json", "--", query).status == (2 if query == '"' else 0)


def test_a_query_without_a_word_and_one_of_too_many_are_refused(written: Orch) -> None:
    for words in (("***",), ("",), tuple(["x"] * 101), ()):
        refused = written("search", *words, "--json")
        assert refused.status == 2 and refused.error["fix"]
    assert written("search", "x", "--phase", "st01-y").status == 4


def test_as_of_a_moment_only_what_was_written_by_then_is_found(written: Orch) -> None:
    assert found(written, "latency", "--at", "position:9") == ALL[3:]
    assert found(written, "latency", "--at", "position:5") == []
    assert len(found(written, "latency")) > 3, "looking back does not cut the index"


def test_a_read_brings_the_index_up_to_date_and_leaves_the_log_alone(written: Orch) -> None:
    found(written, "latency")
    before = {path.name: path.read_bytes() for path in Path(".orch").glob("log.db*") if not path.name.endswith("-shm")}
    found(written, "latency")
    assert before == {name: (Path(".orch") / name).read_bytes() for name in before}
    must(written, "remember", "a new latency")
    assert found(written, "new", "latency") == [
        ("directive", must(written, "list", "--json").data["as_of"]["position"])
    ]


def test_the_match_is_marked_where_colour_is_welcome(written: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[33mmeasure\x1b[0m" in must(written, "search", "measure").out
    monkeypatch.setenv("NO_COLOR", "1")
    said = must(written, "search", "measure").out
    assert "\x1b" not in said and "st01-x spec iteration 2" in said and "1 text found" in said


def test_control_characters_of_a_text_are_not_printed(written: Orch) -> None:
    must(written, "remember", "evil \x1b[31mred \u202etext")
    said = must(written, "search", "evil").out
    assert "\x1b" not in said and "\u202e" not in said and "\\u001b" in said


# redaction


def leaked(orch: Orch) -> int:
    must(orch, "remember", f"the password is {SECRET}")
    return int(must(orch, "list", "--json").data["as_of"]["position"])


def holding() -> list[str]:
    return sorted(str(p) for p in Path().rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes())


def test_an_erased_text_leaves_the_index_at_once(written: Orch) -> None:
    position = leaked(written)
    assert found(written, SECRET) == [("directive", position)]
    assert str(INDEX) in holding()
    must(written, "audit", "redact", str(position), "--reason", "a password", "--yes")
    assert holding() == []
    assert found(written, SECRET) == [] and found(written, SECRET, "--at", f"position:{position}") == []
    assert len(found(written, "latency")) >= 6, "nothing else is gone"


def test_an_index_that_holds_an_erased_text_never_shows_it(written: Orch) -> None:
    """The copy of an index from before the redaction, put back."""
    position = leaked(written)
    found(written, SECRET)
    before = INDEX.read_bytes()
    must(written, "audit", "redact", str(position), "--reason", "a password", "--yes")
    INDEX.write_bytes(before)
    assert found(written, SECRET) == [] and holding() == []


def test_redacting_mends_an_index_that_cannot_be_read(written: Orch) -> None:
    position = leaked(written)
    found(written, SECRET)
    INDEX.write_bytes(b"x" * 100 + INDEX.read_bytes()[100:])
    must(written, "audit", "redact", str(position), "--reason", "a password", "--yes")
    assert holding() == []


# doubt


def emptied() -> None:
    INDEX.write_bytes(b"")


def overwritten() -> None:
    INDEX.write_bytes(os.urandom(INDEX.stat().st_size))


def cut() -> None:
    INDEX.write_bytes(INDEX.read_bytes()[:8192])


def flipped() -> None:
    data, dice = bytearray(INDEX.read_bytes()), random.Random(4)
    for _ in range(400):
        data[dice.randrange(4096, len(data))] ^= 1 << dice.randrange(8)
    INDEX.write_bytes(data)


def sql(*statements: str) -> None:
    connection = apsw.Connection(str(INDEX))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def of_another_log() -> None:
    sql("UPDATE followed SET origin = 'example.org/other'")


def of_another_history() -> None:
    sql("UPDATE followed SET root = 'ab'")


def ahead() -> None:
    sql("UPDATE followed SET position = position + 100")


def without_its_tables() -> None:
    sql("DROP TABLE texts")


def inventing() -> None:
    row = 5 << PART_BITS  # a request, which has no text
    sql(
        f"INSERT INTO texts(rowid, place, words) VALUES ({row}, '', 'latency')",
        "DELETE FROM texts WHERE rowid > 50000000",
    )


@pytest.mark.parametrize(
    "damage",
    [emptied, overwritten, cut, flipped, of_another_log, of_another_history, ahead, without_its_tables, inventing],
)
def test_an_index_in_doubt_is_made_anew_in_silence(written: Orch, damage: Callable[[], None]) -> None:
    expected = hits(written, "latency")
    damage()
    answer = must(written, "search", "latency", "--json")
    assert answer.data["rows"] == expected and answer.err == ""


@pytest.mark.at_the_log("orch rebuild is typed there")
@pytest.mark.parametrize("damage", [emptied, inventing, of_another_history])
def test_rebuild_holds_the_index_against_the_log(written: Orch, damage: Callable[[], None]) -> None:
    def differs(*words: str) -> bool:
        return bool(must(written, "rebuild", *words, "--json").data["other_search"])

    assert not differs("--check"), "there is none yet"
    expected = hits(written, "latency")
    assert not differs("--check")
    damage()
    assert differs("--check") == differs() == (damage is not emptied), "an empty one is only behind"
    assert not differs("--check") and hits(written, "latency") == expected


@pytest.mark.in_file
def test_an_index_brought_from_another_project_is_not_believed(written: Orch, tmp_path: Path) -> None:
    expected = hits(written, "latency")
    shutil.copytree(".orch", tmp_path / "kept")
    shutil.rmtree(".orch")
    must(written, "init", "--host", "example.org")
    (tmp_path / ".orch" / "cache").mkdir(exist_ok=True)
    shutil.copy(tmp_path / "kept" / "cache" / "search.db", INDEX)
    assert hits(written, "latency") == [] and expected


@pytest.mark.in_file
def test_a_text_that_is_not_the_recorded_one_is_damage(written: Orch) -> None:
    connection = apsw.Connection(str(LOG))
    connection.execute("DROP TRIGGER events_never_change")
    connection.execute(
        "UPDATE events SET payload = CAST(replace(payload, 'latency', 'LATENCY') AS BLOB) WHERE position = 6"
    )
    connection.close()
    assert written("search", "latency", "--json").status == 6


def test_two_processes_that_begin_at_once_find_the_same(tmp_path: Path) -> None:
    project = make_long_project(tmp_path)
    with SqliteLog.open(tmp_path / LOG, read_only=True) as log:
        assert log.moment().position == project.size
    searches = [
        Popen([ORCH, "search", "498", "--limit", "3", "--json"], stdout=PIPE, cwd=tmp_path, env=environment())
        for _ in range(3)
    ]
    said = {process.communicate()[0] for process in searches}
    assert len(said) == 1 and b'"kind":"title"' in said.pop()
    assert [process.returncode for process in searches] == [0, 0, 0]
