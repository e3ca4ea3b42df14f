"""Circles are found and named; without one there is an order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.graphs import circle_in, levels, refuse_circle
from tests.domain.dags import Dag, dags


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"x": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}, ["b", "c", "d", "b"]),
        ({"d": ["b"], "c": ["d"], "b": ["c"]}, ["d", "b", "c", "d"]),
    ],
)
def test_a_circle_is_named_from_its_first_name_on(needs: dict[str, list[str]], circle: list[str]) -> None:
    assert circle_in(needs) == circle
    with pytest.raises(InvalidInput, match=r"parts go round in a circle: .* → .*"):
        refuse_circle(needs, "parts")
    with pytest.raises(InvalidInput):
        levels(needs, "parts")


def test_a_graph_without_a_circle_has_none() -> None:
    assert circle_in({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) is None
    assert circle_in({str(at): [str(at + 1)] for at in range(50_000)}) is None


@given(edges=st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=10))
def test_every_circle_that_is_named_is_there(edges: list[tuple[str, str]]) -> None:
    needs: dict[str, list[str]] = {}
    for name, need in edges:
        needs.setdefault(name, []).append(need)
    circle = circle_in(needs)
    reached = {name: set(some) for name, some in needs.items()}
    for _ in "abcde":
        for some in reached.values():
            some.update(*(reached.get(further, ()) for further in list(some)))
    assert (circle is not None) == any(name in some for name, some in reached.items())
    if circle:
        assert circle[0] == circle[-1]
        assert all(need in needs[name] for name, need in pairwise(circle))


@given(dags())
def test_a_group_needs_only_what_came_before_it_and_could_not_come_earlier(dag: Dag) -> None:
    groups = levels(dag.needs, "tasks")
    place = {name: at for at, group in enumerate(groups) for name in group}
    assert sorted(place) == sorted(dag.needs)
    for name, needs in dag.needs.items():
        assert place[name] == max((place[need] + 1 for need in needs), default=0)
    order = list(dag.needs)
    assert all(group == sorted(group, key=order.index) for group in groups)
