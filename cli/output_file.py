"""A file that somebody asked for with -o: its options, where it may lie, and how it is written."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple, Optional

import typer

from adapters.new_files import new_file
from cli.options import typed
from domain.errors import AlreadyExists, InvalidInput

Output = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead, whole or not at all."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Replace the file if it is there.")]


class Written(NamedTuple):
    """What was written: how many bytes, and their SHA-256 in hex."""

    bytes: int
    sha256: str


def refuse_nameless(output: str | None) -> None:
    """Refuse -o without a name that a file could have."""
    if output is not None and (not output or "\x00" in output):
        raise InvalidInput("-o needs the name of a file.")


def refuse_inside(path: Path, state: Path) -> None:
    """Refuse a file where the store is: --yes must never replace the log."""
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(state)):
        raise InvalidInput(f"{path} lies in {state}, where only orch itself writes; name another file.")


@contextmanager
def output_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """Open the file; where one is there, offer the same command with --yes."""
    try:
        with new_file(path, replace=replace) as file:
            yield file
    except AlreadyExists as taken:
        taken.fix = again_with_yes()
        raise


def again_with_yes() -> tuple[str]:
    """Return what was typed, with --yes."""
    words = typed()
    behind = words.index("--") if "--" in words else len(words)
    return (shlex.join(["orch", *words[:behind], "--yes", *words[behind:]]),)


def write_whole(path: Path, data: bytes, *, replace: bool) -> Written:
    """Write some bytes, whole or not at all."""
    with output_file(path, replace=replace) as file:
        file.write(data)
    return Written(len(data), sha256(data).hexdigest())
