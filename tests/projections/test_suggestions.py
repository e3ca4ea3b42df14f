"""Suggestions come from the phases around, the nearest first, and never repeat what is there."""

from typing import Any

from projections.suggestions import MOST, earlier, neighbours, suggestions

PHASES = [f"st{number:02}-x" for number in range(1, 10)]


def test_those_it_waits_for_come_first_then_those_before_and_one_after() -> None:
    assert neighbours("st05-x", ["st01-x", "st99-gone"], PHASES) == ["st01-x", "st04-x", "st03-x", "st02-x", "st06-x"]
    assert neighbours("st04-x", ["st03-x"], PHASES) == ["st03-x", "st02-x", "st01-x", "st05-x"]
    assert neighbours("new", [], []) == []


def test_what_others_say_is_suggested_once_and_not_what_is_there() -> None:
    others: list[dict[str, Any]] = [
        {"objectives": ["a", "b"]},
        {"objectives": ["b", "c"], "title": "T"},
        {"objectives": "odd"},
        {},
    ]
    assert suggestions("objectives", others) == ["a", "b", "c"]
    assert suggestions("objectives", others, but=["a"]) == ["b", "c"]
    assert suggestions("title", others) == []
    assert len(suggestions("x", [{"x": list(range(40))}])) == MOST


def test_a_phase_can_depend_on_those_before_it() -> None:
    assert earlier("st03-x", PHASES) == ["st02-x", "st01-x"]
    assert earlier("st03-x", PHASES, but=["st02-x"]) == ["st01-x"]
