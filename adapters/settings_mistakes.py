"""Everything that is wrong with a file of settings, not only the first of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from adapters.input_rules import nearest, plain
from adapters.settings import BY_NAME, judge_value
from adapters.settings_file import bytes_of, is_json, names_in, said_in, unknown_in
from adapters.settings_lines import line_in_json, lines_in_toml
from domain.errors import InvalidInput


class Mistake(NamedTuple):
    """What is wrong, and the line of it where that is known, counted from 1."""

    line: int | None
    key: str | None
    what: str


def mistakes_in(path: Path, *, named: bool) -> Iterator[Mistake]:
    """Yield the mistakes of a file, by line. Raises `InvalidInput` where there is no such file, `FilesUnavailable`."""
    data = bytes_of(path, named=named)
    try:
        said = said_in(path, data)
    except InvalidInput as error:
        yield Mistake(None, None, error.message)
        return
    text = data.decode("utf-8-sig")
    lines = {} if is_json(path) else lines_in_toml(text)
    found = []
    known = names_in(path)
    for key in unknown_in(path, said):
        found.append((key, f"{plain(key, 80)} is no setting of this version; {nearest(key, known)}"))
    for key, name in known.items():
        if key in said:
            try:
                judge_value(BY_NAME[name], said[key], key)
            except InvalidInput as error:
                found.append((key, error.message))
    rows = [Mistake(line_in_json(text, key) if is_json(path) else lines.get(key), key, what) for key, what in found]
    yield from sorted(rows, key=lambda row: (row.line or 0, row.key or ""))
