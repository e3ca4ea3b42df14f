"""What is told outside of things that lie on this machine: never where they are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from starlette.responses import Response

from adapters.settings import BY_NAME, Kind
from api.known_places import Place, places_known, without_places
from api.problems import problem_of, told_outside
from domain.errors import Refusal
from usecases.project import Project
from usecases.settings_shown import ConfigAnswer

DATABASES = ("the database ", "the service ")
"""How the places begin that `adapters.stores.named` tells of."""


def name_of(place: str) -> str:
    """Return the last part of a path, of an address only its kind, and of a database that it is one."""
    if place.startswith(DATABASES):
        return told_outside(place)
    kind, is_address, _ = place.partition("://")
    return f"{kind}://…" if is_address and "/" not in kind else Path(place).name


def outside(text: str, project: Project) -> str:
    """Return a sentence with paths as they are seen from the project, and without those of other places."""
    return _told(text, project, typed=False)


def line_outside(line: str, project: Project) -> str:
    """Return a line to type as it has to be typed in the folder of the project.

    A folder that lies elsewhere is called as the setting that names it.
    """
    return _told(line, project, typed=True)


def rows_outside(rows: Iterable[Mapping[str, Any]], project: Project, *names: str) -> list[dict[str, Any]]:
    """Return rows whose sentences of these names are told outside; `fix` leads to a list of lines to type."""
    known = places_known(project.places, project.given)
    return [{**row, **{name: _each(name, row[name], known) for name in names if row.get(name)}} for row in rows]


def refused(refusal: Refusal, project: Project, *, status: int | None = None) -> Response:
    """Return the answer to a refusal as it is told outside."""
    return problem_of(
        refusal,
        status=status,
        seen=lambda text: outside(text, project),
        typed=lambda line: line_outside(line, project),
    )


def refusal_outside(told: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """Return a refusal that is part of an answer as it is told outside."""
    (row,) = rows_outside([told], project, "message", "fix")
    return row


def settings_outside(data: ConfigAnswer) -> dict[str, Any]:
    """Return settings without places: of a path its last part, of an address as much as says whom it is about."""
    rows = [
        {**row, "value": _value(row["name"], row["value"]), "where": row["where"] and name_of(row["where"])}
        for row in data["rows"]
    ]
    return {**data, "file": name_of(data["file"]), "rows": rows}


def _told(text: str, project: Project, *, typed: bool) -> str:
    if "/" not in text:  # there is no path in it
        return told_outside(text)
    return without_places(text, places_known(project.places, project.given), typed=typed)


def _each(name: str, said: Any, known: tuple[Place, ...]) -> Any:
    if isinstance(said, list):
        return [without_places(each, known, typed=name == "fix") for each in said]
    return without_places(said, known, typed=False) if isinstance(said, str) else said


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
