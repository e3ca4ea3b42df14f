"""The settings in force, and where each one comes from."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from adapters.places import Places
from adapters.settings import SETTINGS, Source, Value, shown, unread, variable_of
from adapters.settings_file import settings_of


class SettingRow(TypedDict):
    """One setting; `where` is the option, the variable or the file that sets it."""

    name: str
    value: Any
    source: Source
    where: str | None
    variable: str


class ConfigAnswer(TypedDict):
    """The settings in force; `unread` are variables that look like ours and that nothing reads."""

    file: str
    file_exists: bool
    rows: list[SettingRow]
    unread: list[str]


def settings_shown(places: Places, given: Mapping[str, str], names: Sequence[str] = ()) -> ConfigAnswer:
    """Return settings as they may be shown: all of them, or those that are named."""
    values = settings_of([setting.name for setting in SETTINGS], places.settings, flags=given)
    return {
        "file": str(places.settings),
        "file_exists": places.settings.exists(),
        "rows": [_row(name, values[name]) for name in names or values],
        "unread": unread(os.environ),
    }


def _row(name: str, value: Value) -> SettingRow:
    return {
        "name": name,
        "value": shown(name, value.value),
        "source": value.source,
        "where": value.where,
        "variable": variable_of(name),
    }
