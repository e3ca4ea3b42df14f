"""The guards of a log in PostgreSQL: which are at work, and what the owner types for one that is not."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

AT_WORK = ("O", "A")
"""Enabled as it was made, or always (pg_trigger.tgenabled)."""
STATES = (
    "SELECT t.tgname::text, t.tgenabled::text FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid"
    " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'orch'"
)
MAKES = re.compile(r"CREATE TRIGGER (\w+) [^;]*? ON (orch\.\w+)[^;]*(?=;)")


def at_fault(states: Mapping[str, str]) -> list[str]:
    """Return a sentence for each guard that is gone or switched off, with the statement that mends it at its end."""
    told = []
    for name, (table, made) in sorted(_guards().items()):
        if name not in states:
            told.append(f"the guard {name} is gone: {made}")
        elif states[name] not in AT_WORK:
            told.append(f"the guard {name} is switched off: ALTER TABLE {table} ENABLE TRIGGER {name}")
    return told


@lru_cache
def _guards() -> dict[str, tuple[str, str]]:
    """Return the table of every guard, and the statement that makes it."""
    text = files("adapters").joinpath("postgres_guards.sql").read_text("utf-8")
    return {found[1]: (found[2], " ".join(found[0].split())) for found in MAKES.finditer(text)}
