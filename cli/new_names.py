"""A name that is taken: the same command with one that is free."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.new_files import free_name
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


def _renamed(word: str, old: Path, name: str) -> str:
    option, equals, value = word.rpartition("=")
    return f"{option}{equals}{Path(value).with_name(name)}" if value and Path(value).absolute() == old else word
