"""orch audit timestamp: what an authority's time stamp says about a checkpoint."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Optional, TypedDict

import typer

from cli.answers import answer
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput
from domain.times import rfc3339

LARGEST = 64_000_000
Held = Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="The checkpoint, or a file that gathers several.")]
Token = Annotated[Path, typer.Argument(metavar="TOKEN", help="The authority's answer, such as 12.tsr.")]
Roots = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--roots", metavar="FILE", help="The certificates you trust, in PEM."),
]


class TimestampAnswer(TypedDict):
    """The checkpoint existed at that time, says an authority that leads to one of the roots."""

    file: str
    token: str
    time: str
    authority: str | None
    serial: str
    policy: str
    origin: str
    size: int


@plain
def timestamp(asked: Asked, checkpoint: Held, token: Token, roots: Roots = None) -> None:
    """Check a time stamp over a checkpoint against certificates that you trust, and see its time. No project is needed.

    The signatures of the checkpoint itself are another question: orch audit verify --against. Without orch:
    openssl ts -verify -data held.txt -in 12.tsr -CAfile ca.pem

    Example: orch audit timestamp held.txt held.tsr --roots ca.pem

    Next: orch audit verify --against held.txt
    """
    from adapters.checkpoint_files import notes_of
    from adapters.timestamps import require_extra, verified
    from domain.checkpoints import Checkpoint

    if roots is None:
        raise InvalidInput(
            "Say which certificates you trust.",
            fix=(f"orch audit timestamp {quote(str(checkpoint))} {quote(str(token))} --roots ca.pem",),
        )
    require_extra()
    data = _bytes_of(checkpoint)
    note, stamp = verified(_bytes_of(token), [data, *notes_of(data)], _bytes_of(roots))
    found = Checkpoint.parse(note.decode("utf-8", "replace").rpartition("\n\n")[0] + "\n")
    told: TimestampAnswer = {
        "file": str(checkpoint),
        "token": str(token),
        "time": rfc3339(stamp.time),
        "authority": stamp.authority,
        "serial": stamp.serial,
        "policy": stamp.policy,
        "origin": found.origin,
        "size": found.size,
    }

    def show() -> None:
        print(f"{paint('✓', 'green')} the checkpoint of {found.size} events existed at {told['time']}")
        print(f"  log        {one_line(found.origin)}")
        print(f"  authority  {one_line(stamp.authority or 'without a name')}, serial {clean(stamp.serial)}")

    answer("audit.timestamp", told, as_json=asked.json, show=show)


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.")
        with path.open("rb") as opened:
            return opened.read(LARGEST)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
