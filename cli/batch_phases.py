"""Which phases a batch is about: a list, a file, standard input, or all."""

import re
from collections.abc import Callable
from typing import BinaryIO

from domain.errors import InvalidInput

SIZE_LIMIT = 4 * 1024 * 1024
ALL, STDIN, FILE = "all", "-", "@"
COMMENT = re.compile(r"#[^\n]*")
STEM = "orch batch --phases st01-x,st02-y --command"
EXAMPLE = f'{STEM} "status"'


def phases_of(words: str, *, stdin: BinaryIO, known: Callable[[], list[str]]) -> list[str]:
    """Return the phases in the order they were named. Raises `InvalidInput`: none, or one of them twice.

    Whether they are ids of phases is for each command to say: one that is wrong does not stop the others.
    """
    if words == ALL:
        return known()
    if words == STDIN:
        text = _decoded(stdin.read(SIZE_LIMIT + 1), "standard input")
    elif words.startswith(FILE):
        text = _from_file(words.removeprefix(FILE))
    else:
        text = words
    found = [name for name in re.split(r"[\s,]+", COMMENT.sub("", text)) if name]
    if not found:
        raise InvalidInput("--phases names no phase.", fix=(EXAMPLE,))
    for at, name in enumerate(found):
        if name in found[:at]:
            raise InvalidInput(f"--phases names {name[:100]} twice; once is enough.")
    return found


def _from_file(name: str) -> str:
    try:
        with open(name, "rb") as file:
            return _decoded(file.read(SIZE_LIMIT + 1), name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name holds a NUL character"
        raise InvalidInput(f"{name or FILE} cannot be read: {reason}; check the path after --phases @.") from None


def _decoded(data: bytes, name: str) -> str:
    if len(data) > SIZE_LIMIT:
        raise InvalidInput(f"{name} is larger than {SIZE_LIMIT // 2**20} MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name}: byte {error.start} is not UTF-8.") from None
