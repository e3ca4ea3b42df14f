"""What a tasks document says about its tasks, and that a box is never an edit."""

from hypothesis import given
from hypothesis import strategies as st

from domain.digest import digest_of
from domain.steps import Step
from domain.task_texts import TaskText, boxes_in, tasks_in, with_boxes

TEXT = """# T

- [ ] **T001** Mix \\*all\\* (4 h, high priority)

  Text.

- [X] T002: Test (2.5 h, after T001, T003)
"""
LINES = st.lists(
    st.one_of(
        st.text(alphabet=st.sampled_from("-*+ []xXT019\t\r\x0b\ufeff()a"), max_size=14),
        st.builds(
            "{}{} [{}] {}T{:03d}{} {}".format,
            st.sampled_from(["", "  ", "\t", "\r", "\ufeff"]),
            st.sampled_from("-*+"),
            st.sampled_from(" xX"),
            st.sampled_from(["", "**"]),
            st.integers(1, 4),
            st.sampled_from(["", "**", ":"]),
            st.text(alphabet="ab (),1hafter T00", max_size=12),
        ),
    ),
    max_size=12,
).map("\n".join)
WANTED = st.dictionaries(st.sampled_from([f"T{n:03d}" for n in range(1, 5)]), st.booleans())


def test_tasks_are_read_from_the_fields_where_there_are_any() -> None:
    row = {"id": "T001", "title": "Mix", "estimated_hours": 4, "priority": "high", "dependencies": ["T002"]}
    assert tasks_in({"fields": {"tasks": [row]}, "text": TEXT}) == [TaskText("T001", "Mix", 4, "high", ("T002",))]


def test_tasks_are_read_from_a_text_by_hand() -> None:
    assert tasks_in({"fields": {}, "text": TEXT}) == [
        TaskText("T001", "Mix *all*", 4, "high"),
        TaskText("T002", "Test", 2.5, None, ("T001", "T003")),
    ]
    assert tasks_in({"text": "- [ ] T001 Loud (very)\n- [ ] no number\n- [ ] T001 again\n"}) == [
        TaskText("T001", "Loud (very)")
    ]


def test_boxes_are_read_and_set_by_number() -> None:
    assert boxes_in(TEXT) == {"T001": False, "T002": True}
    both = with_boxes(TEXT, {"T001": True, "T002": True})
    assert boxes_in(both) == {"T001": True, "T002": True}
    assert "[X] T002" in both, "a box that says it already stays as somebody wrote it"
    assert with_boxes(both, {"T001": False}) == TEXT


@given(LINES, WANTED)
def test_setting_boxes_never_changes_the_digest_and_sets_exactly_those(text: str, wanted: dict[str, bool]) -> None:
    before, after = boxes_in(text), with_boxes(text, wanted)
    assert digest_of(after, Step.TASKS) == digest_of(text, Step.TASKS)
    assert boxes_in(after) == {number: wanted.get(number, ticked) for number, ticked in before.items()}
    assert with_boxes(after, wanted) == after


@given(LINES, WANTED)
def test_setting_boxes_changes_nothing_that_is_said_about_tasks(text: str, wanted: dict[str, bool]) -> None:
    assert tasks_in({"text": with_boxes(text, wanted)}) == tasks_in({"text": text})
