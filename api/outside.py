"""What is told outside of things that lie on this machine: never where they are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from adapters.places import Places
from adapters.settings import BY_NAME, Kind
from api.problems import told_outside
from usecases.settings_shown import ConfigAnswer


def name_of(place: str) -> str:
    """Return the last part of a path, and of an address only its kind."""
    kind, is_address, _ = place.partition("://")
    return f"{kind}://…" if is_address and "/" not in kind else Path(place).name


def outside(text: str, places: Places) -> str:
    """Return a sentence with paths as they are seen from the project, and without those of other places."""
    for folder in (places.state, places.root):
        text = text.replace(f"{folder}/", "").replace(str(folder), folder.name)
    return told_outside(text)


def line_outside(line: str, places: Places) -> str:
    """Return a line to type as it has to be typed in the folder of the project."""
    return outside(line.replace(f"{places.root}/", ""), places)


def rows_outside(rows: Iterable[Mapping[str, Any]], places: Places, *names: str) -> list[dict[str, Any]]:
    """Return rows whose sentences of these names are told outside; `fix` leads to a list of lines to type."""
    return [{**row, **{name: _each(name, row[name], places) for name in names if row.get(name)}} for row in rows]


def settings_outside(data: ConfigAnswer) -> dict[str, Any]:
    """Return settings without places: of a path its last part, of an address as much as says whom it is about."""
    rows = [
        {**row, "value": _value(row["name"], row["value"]), "where": row["where"] and name_of(row["where"])}
        for row in data["rows"]
    ]
    return {**data, "file": name_of(data["file"]), "rows": rows}


def _each(name: str, said: Any, places: Places) -> Any:
    if name == "fix":
        return [line_outside(line, places) for line in said]
    return [outside(each, places) for each in said] if isinstance(said, list) else outside(said, places)


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match BY_NAME[name].kind:
        case Kind.PATH:
            return name_of(value)
        case Kind.DATABASE | Kind.CACHE:
            return f"{value.partition('://')[0]}://…"
        case Kind.URL:
            return host_of(value)
    return value


def host_of(url: str) -> str:
    """Return the address of a server without what may be a secret: who signs in, and which path is asked for."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    path = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.hostname}{port}{path}"
