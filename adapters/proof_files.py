"""Proofs as files that others can check without us (C2SP tlog-proof; one base64 hash a line)."""

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from adapters.durable import sync
from adapters.new_files import new_file
from domain.errors import AlreadyExists, FilesUnavailable, Refusal

HEADER = "c2sp.org/tlog-proof@v1"


def tlog_proof(index: int, proof: Sequence[bytes], checkpoint: bytes, *, extra: bytes | None = None) -> bytes:
    """Return an inclusion proof with its checkpoint: header, index from 0, hashes, an empty line, the signed note.

    `extra` is what the format lets an application carry along; it proves nothing by itself.
    """
    carried = "" if extra is None else f"extra {b64encode(extra).decode()}\n"
    return f"{HEADER}\n{carried}index {index}\n{hash_lines(proof)}\n".encode() + checkpoint


def hash_lines(hashes: Sequence[bytes]) -> str:
    """Return the hashes in base64, each on a line of its own."""
    return "".join(f"{b64encode(each).decode()}\n" for each in hashes)


def write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, made where it is missing: all of them or none, and never over another file."""
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = [name for name in files if os.path.lexists(folder / name)]
        if taken:
            raise AlreadyExists(f"There is a file already: {folder / taken[0]}.", fix=(f"ls {quote(str(folder))}",))
        for name, content in files.items():
            with new_file(folder / name, replace=False) as opened:
                opened.write(content)
            made.append(folder / name)
        sync(folder)
    except (OSError, Refusal) as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FilesUnavailable(f"{folder}: {error.strerror}.") from error
        raise
