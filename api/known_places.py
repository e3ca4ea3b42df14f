"""The folders and files of this machine that a project knows by name, and texts that say nothing of where they are.

A path in a sentence cannot be told from the words around it: a name may hold spaces, commas and quotes. But nearly all
paths that are told begin with a place that settings name, and that one is known to the letter.
"""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from shlex import quote
from tempfile import gettempdir
from typing import NamedTuple

import orjson

from adapters.places import Places
from adapters.settings import NOBODYS, SETTINGS, Kind
from adapters.settings_file import settings_of
from api.problems import told_outside
from domain.errors import Refusal

PATHS = tuple(setting.name for setting in SETTINGS if setting.kind is Kind.PATH)
PROGRAM = str(Path(__file__).parents[1])
MARK = re.compile("\0([0-9]+)\0")
"""Stands for what is told of a known place, until all other paths are cut out of the text around it."""


class Place(NamedTuple):
    """A place of this machine. What lies in it is told as seen from there."""

    path: str
    typed: str
    """How it is named in a line that is typed in the folder of the project; empty for that folder itself."""


def places_known(places: Places, given: Mapping[str, str] = NOBODYS) -> tuple[Place, ...]:
    """Return the root, the store and what settings name beside them. Settings that cannot be read name nothing."""
    try:
        values = settings_of(PATHS, places.settings, flags=given)
        said = {name: str(value.value) for name, value in values.items() if value.value is not None}
    except Refusal:  # the places themselves are known all the same
        said = {}
    said = {name: os.path.join(places.root, path) for name, path in said.items() if "://" not in path}
    said |= {"state_dir": str(places.state), "template_dir": str(places.templates)}
    inside = (f"{places.root}/", f"{places.state}/")
    found = {path: Place(path, name) for name, path in said.items() if not path.startswith(inside)}
    found[str(places.settings)] = Place(str(places.settings), _near(places.settings, places.root))
    found[str(places.state)] = Place(str(places.state), _near(places.state, places.root, otherwise="state_dir"))
    found[str(places.root)] = Place(str(places.root), "")
    found.setdefault(PROGRAM, Place(PROGRAM, os.path.basename(PROGRAM)))
    return tuple(found.values())


def without_places(text: str, known: tuple[Place, ...], *, typed: bool) -> str:
    """Return a text that spells out no place: none that is known, and no other one as far as it can be seen.

    What lies in a known one is named from there on, in a line that is `typed` in the project from its folder on; the
    place itself by the last part of its path. Of what only lies near one nothing is known but where it begins.
    """
    pattern, told = _spelled(known)
    seen: list[str] = []

    def marked(found: re.Match[str]) -> str:
        place, more = found[1] or found[3], found[2] or found[4] or ""
        inside = told[place]
        if inside is None and more:
            return more
        if inside is None or not typed:
            seen.append("" if more else _name(place))
        else:
            seen.append(f"{inside}{more}" if inside else "" if more else ".")
        return f"\0{len(seen) - 1}\0"

    return MARK.sub(lambda found: seen[int(found[1])], told_outside(pattern.sub(marked, text.replace("\0", ""))))


def _near(path: Path, root: Path, *, otherwise: str | None = None) -> str:
    """Return a path as seen from the root, where it lies in there."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else otherwise or path.name


@lru_cache(maxsize=16)
def _spelled(known: tuple[Place, ...]) -> tuple[re.Pattern[str], dict[str, str | None]]:
    """Return what finds the known places however they are spelled, and what each spelling is in a line to type.

    What stands above a place is None: its name may be told, and of what else lies there nothing is known.
    """
    places = {where: each.typed for each in known for where in (each.path, os.path.realpath(each.path)) if where != "/"}
    above = {str(each) for path in (*places, f"{gettempdir()}/x") for each in Path(path).parents}
    outside = {path for path in above if path != "/" and not path.startswith(tuple(f"{each}/" for each in places))}
    told: dict[str, str | None] = {}
    for path, typed in {**dict.fromkeys(outside), **places}.items():
        told |= dict.fromkeys(_spellings(path), typed)
    longest_first = sorted(told, key=len, reverse=True)
    words = "|".join(map(re.escape, longest_first))
    in_quotes = rf"(?<=['\"])({words})(?:(/)|(?=['\"]))"
    among_words = rf"(?<![\w.'\"-])({words})(?:(/)|(?![\w-]|\.\w))"
    return re.compile(f"{in_quotes}|{among_words}"), told


def _spellings(path: str) -> set[str]:
    """Return how a path is written as it is, within the quotes of a shell, of Python and of JSON."""
    whole = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return {
        path,
        quote(path)[1:-1] if quote(path) != path else path,
        repr(path)[1:-1],
        ascii(path)[1:-1],
        orjson.dumps(whole).decode()[1:-1],
    }


def _name(path: str) -> str:
    return path.rpartition("/")[2]
