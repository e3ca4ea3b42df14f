"""Change one setting in a file of settings; everything else in it stays as somebody wrote it."""

import fcntl
import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters.durable import sync
from adapters.new_files import new_file
from adapters.settings import Setting
from adapters.settings_file import bytes_of, is_json, judged, said_in
from domain.errors import FilesUnavailable, InvalidInput


def change(path: Path, setting: Setting, value: object) -> tuple[object, bool]:
    """Set a setting in a file, or take it out for None; return what the file said, and whether that changed.

    The value is judged as the file would say it, so one that is wrong there can be set right, whatever others are. The
    file is written whole or not at all; a new one gets mode 0600. Two that change it at once take turns. Raises
    `InvalidInput` for a file with names in it that are no settings, `FilesUnavailable`.
    """
    edit = _in_json if is_json(path) else _in_toml
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(path.parent):
            data = bytes_of(path, named=False)
            before = said_in(path, data).get(setting.guide if is_json(path) else setting.name)
            changed = edit(data.decode("utf-8-sig"), setting, value).encode()
            judged(path, changed, [setting.name])
            if before == value and type(before) is type(value):
                return before, False
            _replace(path, changed)
            return before, True
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or path}: {error.strerror or error}.") from error


def _in_toml(text: str, setting: Setting, value: object) -> str:
    import tomlkit  # keeps comments, order and spaces, which the standard library's reader does not

    document = tomlkit.parse(text)
    _put(document, setting.name, value, tomlkit.table)
    return tomlkit.dumps(document)


def _in_json(text: str, setting: Setting, value: object) -> str:
    import json

    tables: dict[str, Any] = json.loads(text) if text.strip() else {}
    _put(tables, setting.guide, value, dict)
    return json.dumps(tables, indent=2, ensure_ascii=False) + "\n"


def _put(tables: MutableMapping[str, Any], key: str, value: object, table: Callable[[], Any]) -> None:
    *names, last = key.split(".")
    for name in names:
        if name not in tables:
            if value is None:
                return
            tables[name] = table()
        tables = tables[name]
        if not isinstance(tables, MutableMapping):
            raise InvalidInput(f"{name} is no table in this file.", fix=("orch config check",))
    if value is None:
        tables.pop(last, None)
    else:
        tables[last] = value


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    with new_file(path, replace=True) as opened:
        opened.write(data)
        os.fchmod(opened.fileno(), mode)
    sync(path.parent)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder: a file that is replaced cannot be locked itself."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
