"""Read the fields of a document from a YAML, JSON or TOML file, or from standard input."""

import json
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from adapters.input_cleaning import DEPTH_LIMIT
from adapters.input_rules import plain, shown, source_name
from domain.errors import InvalidInput

SIZE_LIMIT = 4 * 1024 * 1024
STDIN = "-"
FORMATS = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Dotted TOML keys cost the square of their length.
KEY = r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
LONG_KEY = re.compile(rf"{KEY}(?:[ \t]*\.[ \t]*{KEY}){{{DEPTH_LIMIT}}}")


class Source(NamedTuple):
    """The text of an input, its form, and the name that refusals give it."""

    name: str
    form: str
    text: str

    def parsed(self) -> object:
        """Return what it says; not yet cleaned."""
        return parsed(self.text, self.form, self.name)


def read_text(file: str, *, stdin: BinaryIO | None = None, option: str = "--from") -> Source:
    """Return what a file holds as text; `-` reads standard input. Raises InvalidInput, naming the option."""
    if file == STDIN:
        name, data = "standard input", _from_stdin(stdin, option)
    else:
        name, data = source_name(file), _from_file(file, option)
    text = _decoded(data, name)
    if file == STDIN:
        form = "json" if text.lstrip().startswith("{") else "yaml"
    else:
        form = FORMATS[Path(file).suffix.lower()]
    return Source(name, form, text)


def source_of(value: object, name: str) -> Source:
    """Return what was parsed before as the text of an input, whatever it holds. Raises InvalidInput."""
    if _is_deeper(value, DEPTH_LIMIT):  # before it is written: the white space of lines costs the square of the depth
        raise _too_deep(name)
    return Source(name, "json", json_text(value, name, as_it_is=True))


def json_text(value: object, name: str, *, as_it_is: bool = False) -> str:
    """Return JSON of what came as JSON: with numbers of any length, and halves of characters as escapes.

    Where the text is only read here again they may stay `as_it_is`. Raises InvalidInput.
    """
    try:
        return json.dumps(value, indent=2 if as_it_is else None, ensure_ascii=not as_it_is)
    except RecursionError:
        raise _too_deep(name) from None


def parsed(text: str, form: str, name: str) -> object:
    """Return what a text in one of the three formats says; not yet cleaned."""
    try:
        if form == "json":
            return _json(text, name)
        if form == "toml":
            return _toml(text, name)
        from adapters.input_yaml import read_yaml

        return read_yaml(text, name)
    except RecursionError:
        raise _too_deep(name) from None


def _too_deep(name: str) -> InvalidInput:
    return InvalidInput(f"{name} is nested more than {DEPTH_LIMIT} levels deep; flatten it.")


def _is_deeper(value: object, levels: int) -> bool:
    if levels < 1:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_is_deeper(each, levels - 1) for each in inner)


def _from_file(file: str, option: str) -> bytes:
    path = Path(file)
    name = source_name(file)
    if path.suffix.lower() not in FORMATS:
        raise InvalidInput(
            f"{name}: the name of an input file ends in .yaml, .yml, .json or .toml; rename it, or pass it through"
            f" standard input with {option} - ."
        )
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise InvalidInput(f"{name} is not a regular file; pass it through standard input with {option} - .")
            return _bounded(stream, name)
    except FileNotFoundError:
        raise InvalidInput(f"{name}: there is no such file; check the path after {option}.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"{name} cannot be read: {reason}. Check the path after {option}.") from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; opening a pipe would wait for somebody to write."""
    return os.open(path, flags | os.O_NONBLOCK)


def _from_stdin(stdin: BinaryIO | None, option: str) -> bytes:
    if stdin is None:
        raise InvalidInput(f"{option} - reads standard input, and there is none here; give a file instead.")
    try:
        return _bounded(stdin, "standard input")
    except (OSError, ValueError) as error:
        raise InvalidInput(f"Standard input cannot be read ({error}); give a file instead.") from None


def _bounded(stream: BinaryIO, name: str) -> bytes:
    data = stream.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise InvalidInput(
            f"{name} is larger than {SIZE_LIMIT // 2**20} MiB; an input file holds fields, not archives."
        )
    return data


def _decoded(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"{name}, line {line}: byte 0x{data[error.start]:02X} is not UTF-8; save it as UTF-8."
        ) from None
    found = CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidInput(f"{name}, line {line}: holds the control character U+{ord(found[0]):04X}; take it out.")
    return text


def _json(text: str, name: str) -> object:
    def table(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            last = {key: at for at, (key, _) in enumerate(pairs)}
            twice = next(key for at, (key, _) in enumerate(pairs) if last[key] != at)
            raise InvalidInput(f"{name}: the field {shown(twice)} is there twice in one table; keep one of them.")
        return fields

    def no_number(word: str) -> object:
        raise InvalidInput(f"{name}: {word} is no number; give a number or leave the field out.")

    try:
        return json.loads(text, object_pairs_hook=table, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{name}, line {error.lineno}, column {error.colno}: not JSON: {_lower(error.msg)}."
        ) from None
    except ValueError:
        raise InvalidInput(f"{name}: holds a number with too many digits; put it in quotes.") from None


def _toml(text: str, name: str) -> object:
    import tomllib

    if LONG_KEY.search(text):
        raise InvalidInput(f"{name}: has a dotted key of more than {DEPTH_LIMIT} parts; flatten it.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{name}: not TOML: {_lower(str(error))}.") from None
    except ValueError as error:
        raise InvalidInput(f"{name}: holds a value that TOML does not know: {_lower(str(error))}.") from None


def _lower(message: str) -> str:
    return plain(message[:1].lower() + message[1:])
