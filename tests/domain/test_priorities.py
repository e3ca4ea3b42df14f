"""The priority matrix and the weeks, written out."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.priorities import level, priority, weeks

LEVELS = ("high", "medium", "low")


@pytest.mark.parametrize(
    ("impact", "complexity", "first"),
    [
        ("high", "low", "Critical"),
        ("high", "medium", "High"),
        ("high", "high", "Medium"),
        ("medium", "low", "High"),
        ("medium", "medium", "Medium"),
        ("medium", "high", "Low"),
        ("low", "low", "Medium"),
        ("low", "medium", "Low"),
        ("low", "high", "Low"),
    ],
)
def test_the_priority_follows_from_impact_and_complexity(impact: str, complexity: str, first: str) -> None:
    assert priority(impact, complexity) == first


@given(st.lists(st.sampled_from(LEVELS), max_size=9))
def test_weeks_are_two_one_and_a_half_rounded_up(complexities: list[str]) -> None:
    exact = sum({"high": 2, "medium": 1, "low": 0.5}[each] for each in complexities)
    assert weeks(complexities) == ceil(exact)


def test_known_weeks() -> None:
    assert [weeks(some) for some in (["low"], ["low", "low"], ["high", "low"], ["medium"], [])] == [1, 1, 3, 1, 0]
    assert [level(count) for count in range(6)] == ["low", "low", "medium", "medium", "high", "high"]
