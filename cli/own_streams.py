"""Let threads run commands at the same time: each has its own standard streams, as processes have."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any, NamedTuple

_own = local()


class Said(NamedTuple):
    """What one command wrote."""

    out: str
    err: str


class _Stream:
    """A standard stream that is this thread's own where it has one, and the process's otherwise."""

    def __init__(self, name: str, real: Any) -> None:
        self._name, self._real = name, real

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(_own, self._name, self._real), attribute)


@contextmanager
def own_streams() -> Iterator[None]:
    """Make threads able to have streams of their own, as long as the block runs."""
    before = sys.stdin, sys.stdout, sys.stderr
    names: tuple[Any, ...] = tuple(_Stream(name, getattr(sys, name)) for name in ("stdin", "stdout", "stderr"))
    sys.stdin, sys.stdout, sys.stderr = names
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def apart() -> Iterator[list[Said]]:
    """Give this thread empty streams of its own; what was written is in the list once the block has ended."""
    written: list[Said] = []
    _own.stdin, _own.stdout, _own.stderr = _text(), _text(), _text()
    try:
        yield written
    finally:
        written.append(Said(_read(_own.stdout), _read(_own.stderr)))
        del _own.stdin, _own.stdout, _own.stderr


def _text() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)


def _read(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "backslashreplace")
