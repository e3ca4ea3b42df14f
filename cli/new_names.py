"""A name that is taken: the same command with one that is free."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from cli.options import typed
from domain.errors import AlreadyExists


@contextmanager
def renaming(out: Path) -> Iterator[None]:
    """Where `out` turns out to be taken, offer the command that was typed with a name beside it that is free."""
    try:
        yield
    except AlreadyExists as taken:
        words = typed()
        free = free_name(out.absolute()).name
        again = [_renamed(word, out.absolute(), free) for word in words]
        if again != words:
            taken.fix = (shlex.join(["orch", *again]),)
        raise


def free_name(path: Path) -> Path:
    """Return the first of path-2, path-3, … that is not there."""
    names = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(name for name in names if not os.path.lexists(name))


def _renamed(word: str, old: Path, name: str) -> str:
    option, equals, value = word.rpartition("=")
    return f"{option}{equals}{Path(value).with_name(name)}" if value and Path(value).absolute() == old else word
