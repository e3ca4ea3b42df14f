"""In which line of a file of settings a key stands, for whoever has to mend it."""

import re
from collections.abc import Mapping

TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def lines_in_toml(text: str) -> Mapping[str, int]:
    """Return the line of each key, counted from 1, its tables joined with dots."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if begun := TABLE.match(line):
            table = f"{_plain(begun[1])}."
            found.setdefault(table[:-1], number)
        elif key := KEY.match(line):
            found.setdefault(f"{table}{_plain(key[1])}", number)
    return found


def line_in_json(text: str, key: str) -> int | None:
    """Return the line of a key, or None where the last of its names stands in several places."""
    places = list(re.finditer(rf'"{re.escape(key.rpartition(".")[2])}"\s*:', text))
    return text.count("\n", 0, places[0].start()) + 1 if len(places) == 1 else None


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
