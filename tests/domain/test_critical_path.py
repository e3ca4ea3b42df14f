"""The critical path method against brute force over small graphs."""

import pytest
from hypothesis import given

from domain.critical_path import Timing, critical_path, length_of, timings
from domain.errors import InvalidInput
from tests.domain.dags import Dag, dags


@given(dags())
def test_the_length_is_that_of_the_longest_chain(dag: Dag) -> None:
    longest = max(dag.length(chain) for chain in dag.chains())
    times = timings(dag.efforts, dag.needs)
    assert length_of(times) == longest
    path = critical_path(times, dag.needs)
    assert dag.length(path) == longest
    assert path in dag.chains() or longest == 0
    assert all(times[name].slack == 0 for name in path)


@given(dags())
def test_a_task_starts_when_the_longest_chain_before_it_ends(dag: Dag) -> None:
    times = timings(dag.efforts, dag.needs)
    longest = max(dag.length(chain) for chain in dag.chains())
    for name, time in times.items():
        before = max(dag.length(chain) for chain in dag.chains() if chain[-1] == name)
        after = max(dag.length(chain) for chain in dag.chains() if chain[0] == name)
        assert (time.earliest_finish, time.latest_start) == (before, longest - after)
        assert time.earliest_start == before - dag.efforts[name] and time.slack >= 0


@given(dags())
def test_slack_is_what_a_task_may_grow_without_delaying_the_end(dag: Dag) -> None:
    times = timings(dag.efforts, dag.needs)
    for name, time in times.items():
        within = timings(dag.efforts | {name: dag.efforts[name] + time.slack}, dag.needs)
        beyond = timings(dag.efforts | {name: dag.efforts[name] + time.slack + 1}, dag.needs)
        assert length_of(within) == length_of(times) < length_of(beyond)


def test_a_known_network() -> None:
    efforts = {"a": 3, "b": 2, "c": 4, "d": 1}
    needs = {"c": ["a"], "d": ["b", "c"]}
    assert timings(efforts, needs) == {
        "a": Timing(3, 0, 0),
        "b": Timing(2, 0, 5),
        "c": Timing(4, 3, 3),
        "d": Timing(1, 7, 7),
    }
    assert critical_path(timings(efforts, needs), needs) == ["a", "c", "d"]


def test_nothing_and_circles() -> None:
    assert timings({}, {}) == {} and length_of({}) == 0 and critical_path({}, {}) == []
    with pytest.raises(InvalidInput, match="a → b → a"):
        timings({"a": 1, "b": 1}, {"a": ["b"], "b": ["a"]})
