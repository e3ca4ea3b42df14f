"""The index in SQLite: it finds what a scan finds, by its own index, and forgets for good."""

import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.search_index import FORM, PAGE, PART_BITS, SearchIndex
from domain.following import Followed, FollowerBroken
from domain.text_index import IndexedText, Place
from projections.words import folded, words

HERE = Followed("example.org/x", 10_000, "ab" * 32)


def text(
    position: int, said: str, *, part: int = 0, kind: str = "document", phase: str | None = "st01-x"
) -> IndexedText:
    return IndexedText(position, part, kind, phase, folded(said))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    made = SearchIndex(tmp_path / "search.db")
    yield made
    made.close()


def found(
    index: SearchIndex, query: str, *, upto: int = 10_000, kind: str | None = None, phase: str | None = None
) -> list[int]:
    """Return the positions, page by page."""
    places: list[Place] = []
    before = None
    while page := index.find([words(query)], upto=upto, kind=kind, phase=phase, before=before):
        places += page
        before = page[-1]
    return [place.position for place in places]


said = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ("round trip", "Trip round", "é 🚀", "音声 a")
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(said, st.sampled_from(("document", "reason")), st.sampled_from((None, "a", "a-b"))), max_size=8)
)
def test_the_index_finds_what_a_scan_finds(texts: list[tuple[str, str, str | None]]) -> None:
    index = SearchIndex(None)
    index.add((text(at, each, kind=kind, phase=phase) for at, (each, kind, phase) in enumerate(texts, 1)), [], HERE)
    rows = [words(each) for each, _, _ in texts]
    for word in {word for row in rows for word in row}:
        for upto in (len(texts), len(texts) // 2):
            for kind, phase in ((None, None), ("reason", None), (None, "a"), ("document", "a-b")):
                expected = [
                    at
                    for at, (row, (_, its_kind, its_phase)) in enumerate(zip(rows, texts, strict=True), 1)
                    if word in row and at <= upto and kind in (None, its_kind) and phase in (None, its_phase)
                ]
                assert found(index, word, upto=upto, kind=kind, phase=phase) == expected[::-1], word
    index.close()


def test_a_question_walks_the_index_and_neither_scans_nor_sorts(index: SearchIndex) -> None:
    index.add([text(1, "round trip")], [], HERE)
    for kind, phase in ((None, None), ("document", "st01-x")):
        (plan,) = index.plan([["round", "trip"]], upto=10, kind=kind, phase=phase)
        assert plan.startswith("SCAN texts VIRTUAL TABLE INDEX") and ":M" in plan, plan
        assert "B-TREE" not in plan


def test_pages_follow_each_other_without_a_gap(index: SearchIndex) -> None:
    count = PAGE * 2 + 7
    index.add((text(at, "trip") for at in range(1, count + 1)), [], HERE)
    assert found(index, "trip") == list(range(count, 0, -1))


def test_several_texts_of_one_event_are_places_of_their_own(index: SearchIndex) -> None:
    index.add([text(3, "too vague", kind="feedback"), text(3, "vague again", part=1, kind="feedback")], [], HERE)
    assert index.find([["vague"]], upto=3) == [Place(3, 1), Place(3, 0)]
    assert index.find([["vague"]], upto=2) == []


@pytest.mark.parametrize("way", ["forget", "follow"])
def test_what_is_forgotten_leaves_no_byte(index: SearchIndex, tmp_path: Path, way: str) -> None:
    secret = "hunter2x4711"
    for start in range(0, 400, 50):  # several segments of the index, and rows around it on its pages
        batch = [
            text(start + at, f"word{start + at} and {secret if start + at == 125 else 'nothing'}")
            for at in range(1, 51)
        ]
        index.add(batch, [], HERE)
    assert secret.encode() in (tmp_path / "search.db").read_bytes()
    if way == "forget":
        index.forget(125)
    else:
        index.add([], [125], HERE)
    assert found(index, secret) == [] and found(index, "word124") == [124] and found(index, "word125") == []
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert secret.encode() not in data and secret[:8].encode() not in data, file


def test_the_position_comes_with_its_rows_or_not_at_all(index: SearchIndex) -> None:
    index.add([text(1, "one")], [], HERE._replace(position=1))

    def breaks() -> Iterator[IndexedText]:
        yield text(2, "two")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        index.add(breaks(), [], HERE)
    assert index.followed() == HERE._replace(position=1) and found(index, "two") == []


def test_a_file_of_another_form_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    index = SearchIndex(path)
    index.add([text(1, "one")], [], HERE)
    index.close()
    apsw.Connection(str(path)).execute(f"PRAGMA user_version = {FORM + 1}")
    again = SearchIndex(path)
    assert again.followed() is None and found(again, "one") == []
    again.close()


@pytest.mark.parametrize("what", [os.urandom(8192), b"SQLite format 3\0" + b"x" * 5000, b"words"])
def test_what_is_no_index_is_replaced(tmp_path: Path, what: bytes) -> None:
    path = tmp_path / "search.db"
    path.write_bytes(what)
    index = SearchIndex(path)
    index.add([text(1, "one")], [], HERE)
    assert found(index, "one") == [1]
    index.close()


def test_an_index_of_something_else_is_called_broken(index: SearchIndex, tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "search.db"))
    other.execute("DROP TABLE texts; CREATE TABLE texts (words)")
    other.close()
    with pytest.raises(FollowerBroken):
        found(index, "one")
    index.begin_anew()
    assert found(index, "one") == []


def test_only_its_owner_reads_the_file(index: SearchIndex, tmp_path: Path) -> None:
    assert (tmp_path / "search.db").stat().st_mode & 0o077 == 0


def test_positions_leave_room_for_all_texts_of_an_event() -> None:
    """A payload has at most 16 MiB, and a piece of feedback in it takes four bytes or more."""
    assert 1 << PART_BITS >= 16 * 1024 * 1024 // 4
