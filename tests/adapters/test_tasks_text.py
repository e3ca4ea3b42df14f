"""The tasks that the template writes are the tasks that are read from it, so that editing it by hand loses none."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.steps import Step
from domain.task_numbers import plain
from domain.task_texts import listed, tasks_in
from tests.adapters.rendering import render

WORDS = st.text(alphabet="abc xyz*_`#|<>é愛.-:", min_size=1, max_size=30).filter(lambda text: bool(plain(text).strip()))


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        row: dict[str, Any] = {"id": f"T{number * 7:03d}", "title": " ".join(draw(WORDS).split())}
        if draw(st.booleans()):
            row["estimated_hours"] = draw(st.sampled_from([1, 2.5, 40]))
        if draw(st.booleans()):
            row["priority"] = draw(st.sampled_from(["high", "medium", "low"]))
        if draw(st.booleans()) and found:
            row["dependencies"] = draw(st.lists(st.sampled_from([r["id"] for r in found]), min_size=1, unique=True))
        if draw(st.booleans()):
            row["acceptance_criteria"] = [draw(WORDS)]
        found.append(row)
    return found


@given(rows())
def test_what_the_template_writes_is_read_again(rows: list[dict[str, Any]]) -> None:
    text = render(Step.TASKS, {"tasks": rows}).text
    written, read = tasks_in({"fields": {"tasks": rows}, "text": ""}), tasks_in({"text": text})
    assert [task._replace(title=plain(task.title)) for task in read] == [
        task._replace(title=plain(task.title)) for task in written
    ]
    assert listed(read) == listed(written)
