"""Which events a read model wants told: by stream and version."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from domain.event_log import Told

Place: TypeAlias = tuple[str, int]
Tellings: TypeAlias = Mapping[Place, Told]
ERASED = "[erased]"
"""What stands where a free text was erased and a sentence needs one."""


def in_stream(stream: str, versions: Iterable[int]) -> list[Place]:
    """Return the places of these versions, each once and in order; 0 stands for no event."""
    return [(stream, version) for version in sorted(set(versions)) if version]


def words(told: Told, name: str) -> Any:
    """Return one free text of an event: None where it was erased or nobody gave it."""
    return (told.texts or {}).get(name) or None
