"""What a move says where a service, or another program, has the file open that is to be left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.file_holders import lasting_holder
from domain.errors import Unavailable

PATIENCE_S = 5.0
"""Commands that are at work have let go of the file by then."""


def refuse_open(path: Path, *, again: str) -> None:
    """Refuse to begin while somebody keeps the file open. Raises `Unavailable`; nothing was done."""
    holder = lasting_holder(path, patience_s=PATIENCE_S)
    if holder is not None:
        raise Unavailable(
            f"Process {holder} has {path} open, as a service (orch serve) or orch follow does. Stop the service first;"
            " nothing was moved.",
            fix=_stops(str(holder), again),
        )


@contextmanager
def saying_what_is_left(path: Path, *, to: str, again: str) -> Iterator[None]:
    """Say how far the move has come where the file cannot be put aside, because somebody has opened it meanwhile."""
    said = (
        f"The log has moved to {to}, whole and verified, and takes no writes in {path} any more; but {{who}} that"
        " file open, so it could not be put aside. Stop the service, then type this command again: it does the rest."
    )
    holder = lasting_holder(path, patience_s=PATIENCE_S)
    if holder is not None:
        raise Unavailable(said.format(who=f"process {holder} has"), fix=_stops(str(holder), again))
    try:
        yield
    except Unavailable as error:
        if not path.is_file():
            raise
        raise Unavailable(said.format(who="another program has"), fix=_stops("PID", again)) from error


def _stops(process: str, again: str) -> tuple[str, str]:
    return f"systemctl stop orchestrator.service  # started by hand: kill {process}", again
