"""The file of settings: `.orch/config.toml`, or one in TOML or JSON that somebody named."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from adapters.settings import ALWAYS, BY_NAME, EARLY, HELP, NOBODYS, SETTINGS, Value, chosen, is_named, judge_value
from domain.errors import FilesUnavailable, InvalidInput

LARGEST = 64 * 1024


MARKS = (b"_dir", b"Directory", b"database", b"cache", b"url", b"timeout", b"Timeout", b"false", b"\\")
"""One of these is in every file that says something which every command asks for."""


def early_in(path: Path, *, named: bool) -> dict[str, object]:
    """Return what a file says of the settings that every command asks for.

    The project's own file is not parsed where it cannot say: a key without escapes is in the bytes as it is. One that
    somebody named is judged by every command, or what is misspelt in it would be left out in silence.
    """
    data = bytes_of(path, named=named)
    return judged(path, data, EARLY) if named or any(mark in data for mark in MARKS) else {}


def settings_in(path: Path, *, named: bool) -> dict[str, object]:
    """Return everything that a file sets, by the names of the settings. Raises `InvalidInput`."""
    return judged(path, bytes_of(path, named=named))


def settings_of(
    names: Iterable[str], file: Path, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS
) -> dict[str, Value]:
    """Return settings with where each one comes from; the whole file is judged, whatever is asked for."""
    named = is_named(env=env, flags=flags)
    in_file = settings_in(file, named=named)
    return chosen(names, lambda: in_file, env=env, flags=flags, file=file)


def bytes_of(path: Path, *, named: bool) -> bytes:
    """Return what is in the file; nothing where there is none, unless it was named."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait
            raise InvalidInput(f"{path} is no regular file; settings are read from one.", fix=HELP)
        with path.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        if named:
            raise InvalidInput(f"There is no file of settings at {path}.", fix=HELP) from None
        return b""
    except ValueError:
        raise InvalidInput("The path of the file of settings holds a NUL character.", fix=HELP) from None
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    if len(data) > LARGEST:
        raise InvalidInput(f"{path} is larger than {LARGEST // 1024} KiB; a file of settings is small.", fix=HELP)
    return data


def judged(path: Path, data: bytes, wanted: Sequence[str] = tuple(BY_NAME)) -> dict[str, object]:
    """Return the wanted settings; the names of all are judged, the values of those and of what is always so."""
    said = said_in(path, data)
    known = names_in(path)
    _refuse_unknown(path, unknown_in(path, said), list(known))
    keys = {name: key for key, name in known.items()}
    for name in {*wanted, *(setting.name for setting in ALWAYS)}:
        if keys[name] in said:
            judge_value(BY_NAME[name], said[keys[name]], f"{path}: {keys[name]}", fix=("orch config check", *HELP))
    return {name: said[keys[name]] for name in wanted if keys[name] in said}


def is_json(path: Path) -> bool:
    """Tell whether a file has the names of the guide's JSON."""
    return path.suffix.lower() == ".json"


def names_in(path: Path) -> dict[str, str]:
    """Return the names of the settings by their keys in a file of that kind."""
    return {setting.guide if is_json(path) else setting.name: setting.name for setting in SETTINGS}


def unknown_in(path: Path, said: Mapping[str, object]) -> list[str]:
    """Return the keys that are no settings."""
    known = names_in(path)
    return [key for key in said if key not in known and not _is_empty(key, said, known)]


def said_in(path: Path, data: bytes) -> dict[str, object]:
    """Return everything that a file says, its tables joined with dots. Raises `InvalidInput` for what is no file."""
    from adapters.input_files import parsed

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text (byte {error.start}).", fix=HELP) from None
    if not text.strip():
        return {}
    try:
        tables = parsed(text, "json" if is_json(path) else "toml", str(path))
    except InvalidInput as error:
        error.fix = HELP
        raise
    if not isinstance(tables, dict):
        raise InvalidInput(f"{path}: the top has to be a table of settings.", fix=HELP)
    return dict(_flat(tables))


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value with the names of its tables before its own."""
    for key, value in table.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _is_empty(key: str, said: Mapping[str, object], known: Iterable[str]) -> bool:
    """Tell whether that is an empty table where settings could be."""
    return said[key] == {} and any(name.startswith(f"{key}.") for name in known)


def _refuse_unknown(path: Path, unknown: list[str], known: list[str]) -> None:
    """Refuse keys that nothing obeys."""
    from adapters.input_rules import nearest, plain

    if unknown:
        names = ", ".join(plain(key, 80) for key in unknown[:20])
        are = "is no setting" if len(unknown) == 1 else "are no settings"
        raise InvalidInput(f"{path}: {names} {are} of this version; {nearest(unknown[0], known)}", fix=HELP)
