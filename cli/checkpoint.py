"""orch audit checkpoint: sign what the log holds, so that nobody can rewrite it unseen."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from adapters.checkpoint_files import CheckpointFiles, anchor
from adapters.settings_file import settings_of
from cli import exits
from cli.answers import answer
from cli.given import flags
from cli.options import Asked, plain
from cli.project import Project, opened
from cli.reads import decoded
from cli.screen import clean, paint
from cli.stamping import refuse_no_stamps, say_stamp, told_stamp
from domain.errors import NotFound

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from projections.log_keys import LogKeys

Anchor = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--anchor", metavar="FILE", help="Append the checkpoint to this file too, on another machine's disk."),
]


Timestamp = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--timestamp", metavar="URL", help="Ask this authority when the checkpoint existed (RFC 3161)."),
]


class SignedHead(NamedTuple):
    """A tree head with its signatures."""

    size: int
    root: bytes
    note: bytes
    signed_by: list[str]
    missing: list[str]
    """Replaced keys that should have signed once more, but whose private half is gone."""


@plain
def checkpoint(asked: Asked, anchor_file: Anchor = None, timestamp: Timestamp = None) -> None:
    """Sign the log's tree head and print the signed note. Give it to somebody who does not own this store.

    With --timestamp (or the setting checkpoints.timestamp_url) an authority's time stamp is kept beside it. Exit 8: it
    is signed and printed, but there is no time stamp; repeat the command.

    Example: orch audit checkpoint --anchor checkpoints.txt

    Next: orch audit checkpoint > held.txt
    """
    with opened() as project:
        anchor_file, url = _elsewhere(project, anchor_file, timestamp)
        if url:
            refuse_no_stamps(url)
        head = signed_head(project)
        files = CheckpointFiles(project.places.checkpoints)
        path = files.keep(head.size, head.note)
        if anchor_file is not None:
            anchor(anchor_file, head.note)
    stamp = told_stamp(files, head.size, head.note, url) if url else None
    for key in head.missing:
        print(paint(f"The private half of {clean(key)} is not here; it does not sign.", "yellow"), file=sys.stderr)
    data = {
        "origin": project.log.origin,
        "size": head.size,
        "root": head.root.hex(),
        "note": head.note.decode(),
        "signed_by": head.signed_by,
        "not_signed_by": head.missing,
        "file": str(path),
        "anchor": str(anchor_file) if anchor_file else None,
        "timestamp": stamp,
    }
    answer("audit.checkpoint", data, as_json=asked.json, show=lambda: print(head.note.decode(), end=""))
    if stamp is not None and not say_stamp(stamp):
        raise typer.Exit(exits.UNAVAILABLE)


def _elsewhere(project: Project, anchor_file: Path | None, timestamp: str | None) -> tuple[Path | None, str | None]:
    """Return the anchor and the authority: those that were named, or those of the settings."""
    names = ("checkpoints.anchor", "checkpoints.timestamp_url")
    known = settings_of(names, project.places.settings, flags=flags())
    anchor_name, url = (value.value for value in known.values())
    if anchor_file is None and anchor_name:
        anchor_file = project.places.root / str(anchor_name)
    return anchor_file, timestamp or (str(url) if url else None)


def keys_of(project: Project) -> "LogKeys":
    """Return the keys that have spoken for the log."""
    from projections.log_keys import log_keys

    heads = project.log.heads(["project", "ledger"])[1]
    if "project" not in heads:
        raise NotFound("The log holds no project yet.", fix=("orch init",))
    return log_keys(heads["project"], heads.get("ledger"))


class Signer(NamedTuple):
    """The private keys that sign for a log now, and what could not be loaded of them."""

    pairs: "list[tuple[str, Ed25519PrivateKey]]"
    missing: list[str]

    def note(self, text: str) -> bytes:
        """Return the signed note of a text."""
        from adapters.signed_notes import note, sign

        return note(text, [sign(text, key, private) for key, private in self.pairs])


def signer_of(project: Project, *, size: int) -> Signer:
    """Return every key that has to sign a tree of a size: the one in force, and those replaced since the last one."""
    from adapters.keys import load_key
    from adapters.log_notes import refuse_ended
    from projections.log_keys import signers

    refuse_ended(project.places.state, project.log.notes())
    keys = keys_of(project)
    # A checkpoint signed before at this very size does not count: signing again gives the same note, not a poorer one.
    last = CheckpointFiles(project.places.checkpoints).last(below=size)
    rotations = decoded(project.log.stream("ledger"))
    found = Signer([], [])
    for key in signers(keys, rotations, covered=last.size if last else 0):
        try:
            found.pairs.append((key, load_key(project.places.keys, key)))
        except NotFound:
            if key == keys.current:
                raise
            found.missing.append(key)
    return found


def signed_head(project: Project) -> SignedHead:
    """Return the log's tree head as it is now, signed by every key that has to."""
    from domain.checkpoints import Checkpoint

    tree = project.log.tree()
    signer = signer_of(project, size=tree.size)
    body = Checkpoint(project.log.origin, tree.size, tree.root).text()
    return SignedHead(tree.size, tree.root, signer.note(body), [key for key, _ in signer.pairs], signer.missing)
