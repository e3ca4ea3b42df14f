"""What a package is checked with: keys, earlier checkpoints with their proofs, and the seal on its list of files."""

from base64 import b64encode
from hashlib import sha256

from adapters.evidence_verify import FORMAT, FORMAT_VERSION, key_of
from adapters.evidence_zip import EvidenceZip
from adapters.keys import load_key
from adapters.proof_files import hash_lines
from adapters.signed_notes import note, opened, sign
from domain.checkpoints import Checkpoint
from domain.errors import Damaged, InvalidInput, SignatureRefused
from domain.proofs import RangeRoot, consistency_proof
from projections.log_keys import LogKeys
from usecases.project import Project
from usecases.signed_head import SignedHead


def add_keys(package: EvidenceZip, keys: LogKeys) -> None:
    """Add every key that has spoken for the log, each as a verifier key and as OpenSSL reads it."""
    names = [f"replaced-{number}" for number in range(1, len(keys.replaced) + 1)]
    for name, text in zip([*names, "current"], [*keys.replaced, keys.current], strict=True):
        key = key_of(text)
        if key is None:
            raise Damaged(f"The log names a key that is none: {text[:120]!r}.", fix=("orch audit verify",))
        package.add(f"keys/{name}.vkey", f"{text}\n".encode())
        package.add(f"keys/{name}.pem", key.pem())


def add_older(package: EvidenceZip, project: Project, head: SignedHead, keys: LogKeys, range_root: RangeRoot) -> int:
    """Add the checkpoints that this project signed before, each with the proof that the log grew out of it."""
    files = project.checkpoints
    older = [size for size in files.sizes() if size < head.size]
    for size in older:
        data = files.read(size)
        _refuse_another_history(size, data, project, keys, range_root)
        package.add(f"checkpoints/{size}.note", data)
        package.add(
            f"consistency/{size}-{head.size}", hash_lines(consistency_proof(size, head.size, range_root)).encode()
        )
    return len(older)


def seal(manifest: bytes, project: Project, head: SignedHead, keys: LogKeys) -> bytes:
    """Return a note by which the key in force says that this manifest belongs to that checkpoint.

    Its first line is no log's name and its second no size, so that nobody can take it for a checkpoint.
    """
    root = b64encode(head.root).decode()
    lines = (f"{FORMAT} {FORMAT_VERSION}", project.log.origin, f"{head.size} {root}", sha256(manifest).hexdigest())
    text = "".join(f"{line}\n" for line in lines)
    return note(text, [sign(text, keys.current, load_key(project.places.keys, keys.current))])


def _refuse_another_history(size: int, data: bytes, project: Project, keys: LogKeys, range_root: RangeRoot) -> None:
    """A checkpoint of ours that does not fit our log is what auditors look for; a package must not hide it."""
    path = project.places.checkpoints / f"{size}.note"
    try:
        found = Checkpoint.parse(opened(data, [keys.current, *keys.replaced]).text)
        fits = found == (project.log.origin, size, range_root(0, size), ())
    except (InvalidInput, SignatureRefused):
        fits = False
    if not fits:
        raise Damaged(
            f"{path} is not a checkpoint of this log's first {size} events; nothing was exported.",
            fix=(f"orch audit verify --against {path}",),
        )
