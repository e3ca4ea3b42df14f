"""A number stands for one task for ever."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.task_numbers import Known, numbered

BEFORE: Known = {"T001": "Build the mixer", "T002": "Write the tests", "T003": "Write the handbook", "T009": None}
CURRENT = {"T001", "T002", "T003"}


def numbers(*tasks: Any, known: Known = BEFORE, current: set[str] | None = None) -> list[str]:
    rows = [{"title": task} if isinstance(task, str) else task for task in tasks]
    return [task["id"] for task in numbered(rows, known, CURRENT if current is None else current)]


def given_as(number: str, title: str) -> dict[str, str]:
    return {"id": number, "title": title}


def test_the_first_numbers_count_from_one() -> None:
    assert numbers("a", "b", known={}, current=set()) == ["T001", "T002"]
    assert numbers(given_as("T010", "a"), "b", known={}, current=set()) == ["T010", "T011"]


def test_a_title_is_recognised_whatever_its_case_and_marks() -> None:
    assert numbers("write  the TESTS!", "Build the mixer") == ["T002", "T001"]


def test_a_title_reworded_a_little_is_recognised_where_only_one_is_meant() -> None:
    assert numbers("Build the audio mixer") == ["T001"]
    two_alike: Known = {"T001": "Write the tests for left", "T002": "Write the tests for right"}
    assert numbers("Write the tests for both", known=two_alike, current={"T001", "T002"}) == ["T003"]


def test_a_task_with_its_number_may_get_any_title() -> None:
    assert numbers(given_as("T002", "Prove it")) == ["T002"]


def test_a_title_says_more_than_a_number() -> None:
    assert numbers(given_as("T001", "Write the tests"), given_as("T002", "Write the handbook")) == ["T002", "T003"]


def test_the_number_of_a_dropped_task_is_never_given_to_another() -> None:
    assert numbers(given_as("T002", "Limiter"), current={"T001", "T003"}) == ["T010"]
    assert numbers(given_as("T009", "Limiter"), current={"T001"}) == ["T010"], "also when its title was erased"


def test_a_dropped_task_that_comes_back_has_its_number() -> None:
    assert numbers("Write the tests", current={"T001"}) == ["T002"]


def test_as_many_tasks_of_one_title_as_before_keep_their_numbers() -> None:
    twice: Known = {"T001": "Test", "T002": "Test", "T003": "Build"}
    assert numbers("Test", "Test", known=twice) == ["T001", "T002"]
    assert numbers(given_as("T002", "Test"), given_as("T001", "Test"), known=twice) == ["T002", "T001"]
    assert numbers("Test", "Test", "Test", known=twice) == ["T004", "T005", "T006"], "nobody can tell which is new"


def test_dependencies_follow_the_numbers() -> None:
    rows = [given_as("T001", "Write the tests"), {"id": "T002", "title": "Limiter", "dependencies": ["T001"]}]
    assert numbered(rows, BEFORE, CURRENT)[1] == {"id": "T010", "title": "Limiter", "dependencies": ["T002"]}
    assert numbered(rows, BEFORE, {"T001", "T003"})[1]["dependencies"] == ["T002"]


def test_when_numbers_run_out_it_is_said() -> None:
    with pytest.raises(InvalidInput, match="used up"):
        numbers("new", known={"T9999": "last"}, current=set())


TITLES = st.sampled_from(["a", "B", "mixer", "Mixer!", "write the tests", "write the test", "handbook", "?", ""])
ROWS = st.lists(
    st.fixed_dictionaries({"title": TITLES}, optional={"id": st.sampled_from([f"T{n:03d}" for n in range(1, 9)])}),
    max_size=6,
    unique_by=lambda row: row.get("id") or object(),
)


@given(st.lists(ROWS, max_size=6))
def test_over_any_history_a_number_is_one_tasks_and_never_comes_back_as_another(drafts: list[list[Any]]) -> None:
    known: dict[str, str | None] = {}
    current: set[str] = set()
    for rows in drafts:
        found = numbered(rows, known, current)
        new = [row["id"] for row in found]
        assert [row["title"] for row in found] == [row["title"] for row in rows], "nothing else changes"
        assert len(set(new)) == len(new)
        for row in found:
            dropped = row["id"] in known and row["id"] not in current
            assert not dropped or numbered([row], known, set())[0]["id"] == row["id"], "only the same title returns"
        assert [row["id"] for row in numbered(found, known | {r["id"]: r["title"] for r in found}, set(new))] == new
        known |= {row["id"]: row["title"] for row in found}
        current = set(new)
