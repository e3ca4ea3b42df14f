"""orch audit prove: what shows somebody else that an event is in the log, or that one log grew out of another."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from adapters.proof_files import hash_lines, write_new
from cli.answers import answer
from cli.new_names import renaming
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import clean, paint
from domain.errors import InvalidInput

Position = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[POSITION]", min=1, help="The event to prove."),
]
Out = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("-o", "--out", metavar="DIR", help="Where proof.tlog-proof, entry and vkey go."),
]
Between = Annotated[
    Optional[tuple[int, int]],  # noqa: UP045  # as above
    typer.Option("--between", metavar="OLD NEW", help="Prove that the log of NEW events grew out of that of OLD."),
]


@reading
def prove(asked: Asked, position: Position = None, out: Out = None, between: Between = None) -> None:
    """Prove that an event is in the log, or with --between that the log only grew.

    With --at the log is signed as it was then, and the event has to be in that.

    Example: orch audit prove 3 --out proof

    Next: check it elsewhere, for example with Go's sumdb/tlog
    """
    if between is not None and out is not None:
        raise InvalidInput(
            "--between prints its hashes; send them to a file.",
            fix=(f"orch audit prove --between {between[0]} {between[1]}",),
        )
    if between is not None and asked.at is not None:
        raise InvalidInput(
            "--between names both moments itself.", fix=(f"orch audit prove --between {between[0]} {between[1]}",)
        )
    if between is not None:
        _consistency(asked, *between)
    elif position is None or out is None:
        raise InvalidInput(
            "Say which event and where the proof goes, or --between two sizes.",
            fix=(f"orch audit prove {position or 1} -o proof", "orch audit prove --between 1 2"),
        )
    else:
        _inclusion(asked, position, out)


def _inclusion(asked: Asked, position: int, out: Path) -> None:
    from usecases.proving import inclusion

    with opened() as project:
        data, files = inclusion(project, position, folder=str(out), at=asked.at)
    with renaming(out):
        write_new(out, files)

    def show() -> None:
        size, topic = data["size"], data["topic"]
        print(f"{paint('✓', 'green')} position {position} ({topic}) is in the log of {size} events.")
        for name in sorted(files):
            print(f"  {clean(str(out / name))}")

    answer("audit.proof", data, as_json=asked.json, show=show)


def _consistency(asked: Asked, old: int, new: int) -> None:
    from usecases.proving import consistency

    with opened() as project:
        data = consistency(project, old, new)
    proof = [bytes.fromhex(each) for each in data["proof"]]
    answer("audit.consistency", data, as_json=asked.json, show=lambda: print(hash_lines(proof), end=""))
