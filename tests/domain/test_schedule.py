"""A schedule keeps the order of the work, overbooks nobody and wastes no time that it need not."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.critical_path import length_of, timings
from domain.schedule import Slot, schedule
from tests.domain.dags import Dag, dags


def planned(dag: Dag, people: int) -> list[Slot]:
    return schedule(dag.efforts, dag.needs, timings(dag.efforts, dag.needs), people=people)


@given(dags(), st.integers(1, 4))
def test_every_task_is_done_once_by_somebody_who_has_time(dag: Dag, people: int) -> None:
    slots = planned(dag, people)
    assert sorted(slot.task for slot in slots) == sorted(dag.efforts)
    assert all(slot.finish - slot.start == dag.efforts[slot.task] for slot in slots)
    assert {slot.person for slot in slots} <= set(range(1, people + 1))
    for person in range(1, people + 1):
        theirs = sorted((slot.start, slot.finish) for slot in slots if slot.person == person)
        assert all(before[1] <= after[0] for before, after in pairwise(theirs))


@given(dags(), st.integers(1, 4))
def test_nothing_begins_before_what_it_needs_is_finished(dag: Dag, people: int) -> None:
    slots = {slot.task: slot for slot in planned(dag, people)}
    for name, needs in dag.needs.items():
        assert all(slots[need].finish <= slots[name].start for need in needs)


@given(dags(), st.integers(1, 4))
def test_the_end_lies_between_what_must_be_and_graham_s_bound(dag: Dag, people: int) -> None:
    end = max(slot.finish for slot in planned(dag, people))
    length, total = length_of(timings(dag.efforts, dag.needs)), sum(dag.efforts.values())
    assert max(length, total / people) <= end <= length + (total - length) / people
    assert planned(dag, len(dag.efforts)) and max(slot.finish for slot in planned(dag, len(dag.efforts))) == length


@given(dags(), st.integers(1, 4))
def test_the_same_tasks_give_the_same_schedule(dag: Dag, people: int) -> None:
    assert planned(dag, people) == planned(dag, people)


def test_the_longest_way_still_to_go_comes_first() -> None:
    dag = Dag({"small": 1, "long": 2, "after": 3}, {"small": (), "long": (), "after": ("long",)})
    assert planned(dag, 1) == [Slot("long", 1, 0, 2), Slot("after", 1, 2, 5), Slot("small", 1, 5, 6)]
    assert planned(dag, 2) == [Slot("long", 1, 0, 2), Slot("small", 2, 0, 1), Slot("after", 1, 2, 5)]
