"""What an interview can suggest: what the phase said before, and what the phases around it say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST = 5
"""Suggestions for one question."""


def neighbours(phase: str, depends_on: Sequence[str], phases: Iterable[str]) -> list[str]:
    """Return the phases to look at: those it waits for, then those around it in the order of their names."""
    others = sorted(name for name in phases if name != phase)
    before = [name for name in others if name < phase][-3:]
    after = [name for name in others if name > phase][:1]
    return list(dict.fromkeys([*(name for name in depends_on if name in others), *reversed(before), *after]))


def suggestions(field: str, fields: Iterable[Mapping[str, Any]], *, but: object = None) -> list[Any]:
    """Return what others say in a field, the nearest first, each once, and nothing that is there already."""
    there = but if isinstance(but, list) else []
    found: list[Any] = []
    for each in fields:
        value = each.get(field)
        for item in value if isinstance(value, list) else ():
            if item not in found and item not in there:
                found.append(item)
    return found[:MOST]


def earlier(phase: str, phases: Iterable[str], *, but: object = None) -> list[str]:
    """Return the ids of the phases that come before one, the nearest first."""
    there = but if isinstance(but, list) else []
    return [name for name in sorted(phases, reverse=True) if name < phase and name not in there][:MOST]
