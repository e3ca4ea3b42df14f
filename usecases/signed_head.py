"""The log's tree head, signed by every key that has to."""

from typing import TYPE_CHECKING, NamedTuple

from domain.errors import NotFound
from usecases.project import Project
from usecases.reads import decoded, heads_at

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from domain.event_log import Moment
    from projections.log_keys import LogKeys


class SignedHead(NamedTuple):
    """A tree head with its signatures."""

    size: int
    root: bytes
    note: bytes
    signed_by: list[str]
    missing: list[str]
    """Replaced keys that should have signed once more, but whose private half is gone."""


def keys_of(project: Project, moment: "Moment | None" = None) -> "LogKeys":
    """Return the keys that have spoken for the log, by a moment or by now."""
    from projections.log_keys import log_keys

    heads = heads_at(project, ["project", "ledger"], moment)
    if "project" not in heads and moment is not None:
        raise NotFound("The log held no project then, and no key spoke for it.", fix=("orch audit key show",))
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
    last = project.checkpoints.last(below=size)
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


def signed_head(project: Project, size: int | None = None) -> SignedHead:
    """Return the log's tree head as it is now, or as it was at a size, signed by every key that has to."""
    if project.far is not None and size is not None:
        from domain.checkpoints import Checkpoint

        note = project.far.note_then(size)
        then = Checkpoint.parse(note.decode("utf-8", "replace").rpartition("\n\n")[0] + "\n")
        return SignedHead(then.size, then.root, note, [], [])
    if project.far is not None:
        told = project.far.post("/audit/checkpoint", {})  # the keys are there
        root = bytes.fromhex(told["root"])
        return SignedHead(told["size"], root, told["note"].encode(), told["signed_by"], told["not_signed_by"])
    from domain.checkpoints import Checkpoint
    from domain.tree_ranges import range_root_of

    size, root = project.log.tree()[:2] if size is None else (size, range_root_of(project.log)(0, size))
    signer = signer_of(project, size=size)
    body = Checkpoint(project.log.origin, size, root).text()
    return SignedHead(size, root, signer.note(body), [key for key, _ in signer.pairs], signer.missing)
