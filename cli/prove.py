"""orch audit prove: what shows somebody else that an event is in the log, or that one log grew out of another."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from adapters.envelope import entry_of
from adapters.proof_files import hash_lines, tlog_proof, write_new
from cli.answers import answer
from cli.new_names import renaming
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from domain.errors import InvalidInput, NotFound
from usecases.signed_head import keys_of, signed_head

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


@plain
def prove(asked: Asked, position: Position = None, out: Out = None, between: Between = None) -> None:
    """Prove that an event is in the log, or with --between that the log only grew.

    Example: orch audit prove 3 --out proof

    Next: check it elsewhere, for example with Go's sumdb/tlog
    """
    if between is not None and out is not None:
        raise InvalidInput(
            "--between prints its hashes; send them to a file.",
            fix=(f"orch audit prove --between {between[0]} {between[1]}",),
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
    from domain.proofs import inclusion_proof
    from domain.tree_ranges import range_root_of

    with opened() as project:
        record = next(project.log.records(position, position), None)
        if record is None:
            size = project.log.moment().position
            fix = (f"orch audit prove {size} -o proof",) if size else ("orch init",)
            raise NotFound(f"The log ends at position {size}; there is no position {position}.", fix=fix)
        head = signed_head(project)
        proof = inclusion_proof(position - 1, head.size, range_root_of(project.log))
        key = keys_of(project).current
        project.checkpoints.keep(head.size, head.note)
    files = {
        "proof.tlog-proof": tlog_proof(position - 1, proof, head.note),
        "entry": entry_of(record.position, record.recorded_at, record.clock, record.envelope),
        "vkey": f"{key}\n".encode(),
    }
    with renaming(out):
        write_new(out, files)
    data = {
        "position": position,
        "index": position - 1,
        "size": head.size,
        "root": head.root.hex(),
        "topic": record.topic,
        "leaf": record.leaf.hex(),
        "proof": [each.hex() for each in proof],
        "folder": str(out),
        "files": sorted(files),
    }

    def show() -> None:
        print(f"{paint('✓', 'green')} position {position} ({record.topic}) is in the log of {head.size} events.")
        for name in sorted(files):
            print(f"  {clean(str(out / name))}")

    answer("audit.proof", data, as_json=asked.json, show=show)


def _consistency(asked: Asked, old: int, new: int) -> None:
    from domain.proofs import consistency_proof
    from domain.tree_ranges import range_root_of

    with opened() as project:
        size = project.log.moment().position
        fix = (f"orch audit prove --between 1 {size}",)
        if not 1 <= old <= new:
            raise InvalidInput(f"Two sizes from 1 to {size} are needed, the older first; got {old} and {new}.", fix=fix)
        if new > size:
            raise NotFound(f"The log ends at position {size}; it never had {new} events.", fix=fix)
        range_root = range_root_of(project.log)
        proof = consistency_proof(old, new, range_root)
        roots = range_root(0, old), range_root(0, new)
    data = {
        "old": old,
        "new": new,
        "old_root": roots[0].hex(),
        "new_root": roots[1].hex(),
        "proof": [each.hex() for each in proof],
    }
    answer("audit.consistency", data, as_json=asked.json, show=lambda: print(hash_lines(proof), end=""))
