"""What a move says where a service, or another program, has the file open that is to be left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from adapters.file_holders import lasting_holder, program_of, service_of
from cli.screen import one_line
from domain.errors import Unavailable

PATIENCE_S = 5.0
"""Commands that are at work have let go of the file by then."""


def refuse_open(path: Path, *, again: str) -> None:
    """Refuse to begin while somebody keeps the file open. Raises `Unavailable`; nothing was done."""
    holder = lasting_holder(path, patience_s=PATIENCE_S)
    if holder is not None:
        found = _told(holder)
        raise Unavailable(
            f"Process {found.who} has {path} open. {found.wanted} first; nothing was moved.",
            fix=(found.line, again),
        )


@contextmanager
def saying_what_is_left(path: Path, *, to: str, again: str) -> Iterator[None]:
    """Say how far the move has come where the file cannot be put aside, because somebody has opened it meanwhile."""

    def said(who: str, wanted: str) -> str:
        return (
            f"The log has moved to {to}, whole and verified, and takes no writes in {path} any more; but {who} has that"
            f" file open, so it could not be put aside. {wanted}, then type this command again: it does the rest."
        )

    holder = lasting_holder(path, patience_s=PATIENCE_S)
    if holder is not None:
        found = _told(holder)
        raise Unavailable(said(f"process {found.who}", found.wanted), fix=(found.line, again))
    try:
        yield
    except Unavailable as error:
        if not path.is_file():
            raise
        raise Unavailable(
            said("another program", "Wait for it, or stop it"),
            fix=(f"fuser -v {quote(str(path))}  # which it is", again),
        ) from error


class _Holder(NamedTuple):
    """Which process has the file open, what is wanted of whoever moves the log, and the line for that."""

    who: str
    wanted: str
    line: str


def _told(process: int) -> _Holder:
    service = service_of(process)
    if service:
        return _Holder(
            f"{process} ({service})",
            "Stop the service",
            f"systemctl stop orchestrator.service  # started by hand: kill {process}",
        )
    name = one_line(program_of(process))  # a process may call itself anything
    who = f"{process} ({name})" if name else str(process)
    return _Holder(who, "Wait for it, or stop it", f"ps -fp {process}  # what it does: a backup ends by itself")
