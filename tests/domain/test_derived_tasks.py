"""What follows from a list of tasks, in hours and days."""

from typing import Any

import pytest

from domain.derived import derived
from domain.errors import InvalidInput
from domain.steps import Step


def task(at: int, hours: float | None = None, *needs: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": f"T{at:03d}", "title": f"Task {at}", **more}
    return found | ({"estimated_hours": hours} if hours else {}) | ({"dependencies": list(needs)} if needs else {})


def of(*tasks: dict[str, Any], **people: Any) -> dict[str, Any]:
    return derived(
        Step.TASKS, {"tasks": list(tasks)} | ({"resource_allocation": people} if people else {}), phase="st01-x"
    )


def test_hours_days_and_the_critical_path() -> None:
    found = of(task(1, 0.1), task(2, 0.2, "T001"), task(3, 8), developers=2, hours_per_day=4)
    assert (found["count"], found["hours"], found["critical_hours"], found["critical_path"]) == (3, 8.3, 8, ["T003"])
    assert found["groups"] == [["T001", "T003"], ["T002"]]
    assert found["timings"][1] == {
        "task": "T002",
        "effort": "0.2",
        "earliest_start": "0.1",
        "latest_start": "7.8",
        "earliest_finish": "0.3",
        "latest_finish": "8",
        "slack": "7.7",
    }
    assert (found["days"], found["makespan_hours"], found["assumed"]) == (2, 8, [])
    assert [(row["task"], row["developer"], row["days"]) for row in found["schedule"]] == [
        ("T003", "1", "1–2"),
        ("T001", "2", "1"),
        ("T002", "2", "1"),
    ]


def test_without_people_one_of_them_is_assumed_and_said() -> None:
    found = of(task(1, 12), task(2))
    assert (found["developers"], found["hours_per_day"], found["days"]) == (1, 8, 2)
    assert found["assumed"] == ["developers", "hours_per_day"] and found["unestimated"] == ["T002"]
    assert of(task(1, 12), developers=3)["assumed"] == ["hours_per_day"]


def test_without_hours_there_is_an_order_but_no_schedule() -> None:
    found = of(task(1), task(2, None, "T001"))
    assert found["groups"] == [["T001"], ["T002"]] and found["timings"] == [] and "schedule" not in found
    assert of(task(1))["groups"] == [] and derived(Step.TASKS, {"quality_gates": ["a"]}, phase="st01-x") == {}


def test_priorities_add_up() -> None:
    found = of(task(1, 2, priority="low"), task(2, 3), task(3, 1, priority="low"))
    rows = [("low", "2", "3"), ("not given", "1", "3")]
    assert [(row["priority"], row["tasks"], row["hours"]) for row in found["priorities"]] == rows


def test_tasks_that_wait_for_each_other_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="T001 → T002 → T001"):
        of(task(1, 1, "T002"), task(2, 1, "T001"))
