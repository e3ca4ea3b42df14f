"""What follows from a plan: graphs, an order to build in, and circles that are refused."""

from typing import Any

import pytest
from hypothesis import given

from domain.derived import derived
from domain.derived_plan import uses_in
from domain.errors import InvalidInput
from domain.steps import Step
from tests.domain.dags import Dag, dags


def of(**fields: Any) -> dict[str, Any]:
    return derived(Step.PLAN, fields, phase="st01-x")


def test_components_and_internal_dependencies_are_one_graph() -> None:
    found = of(
        core_components=[{"name": "A", "dependencies": ["B", "lib"]}, {"name": "B"}],
        internal_dependencies=[{"from": "A", "to": "B"}, {"from": "B", "to": "c"}],
    )
    assert found["build_order"] == [["lib", "c"], ["B"], ["A"]]
    assert found["components"]["edges"] == [("A", "B"), ("A", "lib"), ("B", "c")]
    assert [name for name, _ in found["components"]["nodes"]] == ["A", "B", "lib", "c"]


def test_implementation_phases_follow_each_other() -> None:
    found = of(implementation_phases=[{"name": "b", "dependencies": ["a"]}, {"name": "a"}, {"name": "c"}])
    assert found["phase_order"] == [["a", "c"], ["b"]] and found["phases"]["edges"] == [("a", "b")]


def test_without_dependencies_nothing_follows() -> None:
    assert of(core_components=[{"name": "A"}], implementation_phases=[{"name": "a"}]) == of() == {}


def test_a_circle_is_refused_by_name() -> None:
    links = [{"from": "b", "to": "c"}, {"from": "c", "to": "a"}]
    with pytest.raises(InvalidInput, match="a → b → c → a"):
        of(core_components=[{"name": "a", "dependencies": ["b"]}], internal_dependencies=links)
    with pytest.raises(InvalidInput, match="a → a"):
        of(implementation_phases=[{"name": "a", "dependencies": ["a"]}])


@given(dags())
def test_what_is_built_first_uses_nothing_that_comes_later(dag: Dag) -> None:
    components = [{"name": name, "dependencies": list(needs)} for name, needs in dag.needs.items()]
    assert uses_in({"core_components": components}) == {name: list(needs) for name, needs in dag.needs.items()}
    place = {
        name: at for at, group in enumerate(of(core_components=components).get("build_order", [])) for name in group
    }
    assert all(place[need] < place[name] for name, needs in dag.needs.items() for need in needs)


def test_a_spec_is_drawn_after_the_phases_it_waits_for() -> None:
    found = derived(Step.SPEC, {"dependencies": ["st00-a", "st00-b"]}, phase="st01-x")
    assert found["phases"]["edges"] == [("st00-a", "st01-x"), ("st00-b", "st01-x")]
    assert derived(Step.SPEC, {"objectives": ["a"]}, phase="st01-x") == {}
