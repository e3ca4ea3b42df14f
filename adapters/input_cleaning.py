"""Clean what was given: trimmed texts, and nothing in them that cannot be written or shown."""

import re
from collections.abc import Mapping
from math import isfinite

from adapters.input_rules import plain, shown
from domain.errors import InvalidInput

DEPTH_LIMIT = 32
NUMBER_LIMIT = 2**53 - 1
"""Beyond it a number is not the same in every JSON reader (RFC 8259, section 6)."""

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def cleaned(value: object, source: str) -> dict[str, object]:
    """Return a mapping with texts trimmed, line ends LF, whole numbers as ints, and every empty value as None.

    Empty values stay until the names of their fields were judged; `without_empty` takes them out. `source` is
    named in refusals: a file, or an option.
    """
    if value is None:
        raise InvalidInput(f"{source} is empty; write fields with their values into it, like `objectives: [...]`.")
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{source}: the top must be a table of fields with their values, like `objectives: [...]`;"
            f" it is {_kind(value)}."
        )
    return _table(value, source, "", 1)


def without_empty(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the one canonical form: an empty field says nothing, so `strategy: ""` is the same as no strategy."""
    kept = {name: _compact(value) for name, value in fields.items()}
    return {name: value for name, value in kept.items() if value is not None and value not in ([], {})}


def _compact(value: object) -> object:
    if isinstance(value, dict):
        return without_empty(value)
    return [_compact(item) for item in value] if isinstance(value, list) else value


def clean_text(text: str, source: str, place: str = "") -> str:
    """Return a text trimmed and with LF line ends, or refuse characters that no document may hold."""
    found = UNWRITABLE.search(text)
    if found:
        where = f"{source}: {place}" if place else source
        raise InvalidInput(
            f"{where} holds the character U+{ord(found[0]):04X}, which is not text; take it out and try again."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _table(value: Mapping[object, object], source: str, place: str, depth: int) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            where = place or "the top"
            raise InvalidInput(
                f"{source}: {where} has the field name {shown(key)}, which is not text; put it in quotes."
            )
        clean_text(key, source, f"a field name in {place or 'the top'}")
        kept = _value(inner, source, f"{place}.{plain(key, 60)}" if place else plain(key, 60), depth + 1)
        table[key] = None if kept in ("", [], {}) else kept
    return table


def _value(value: object, source: str, place: str, depth: int) -> object:
    if depth > DEPTH_LIMIT:
        raise InvalidInput(f"{source}: {place[:60]}… is nested more than {DEPTH_LIMIT} levels deep; flatten it.")
    match value:
        case None | bool():
            return value
        case str():
            return clean_text(value, source, place)
        case int():
            if abs(value) > NUMBER_LIMIT:
                raise InvalidInput(f"{source}: {place} is a number beyond ±2^53; put it in quotes.")
            return value
        case float():
            if not isfinite(value):
                raise InvalidInput(f"{source}: {place} is {value}, which is no number; give a number or leave it out.")
            return int(value) if value.is_integer() and abs(value) <= NUMBER_LIMIT else value
        case list():
            return [_value(item, source, f"{place}[{at}]", depth + 1) for at, item in enumerate(value)]
        case Mapping():
            return _table(value, source, place, depth)
        case _:
            # TOML knows days and times as types of their own; in a document they are text.
            return clean_text(value.isoformat(), source, place) if hasattr(value, "isoformat") else str(value)


def _kind(value: object) -> str:
    match value:
        case list():
            return "a list"
        case str():
            return "a plain text"
        case _:
            return shown(value)
