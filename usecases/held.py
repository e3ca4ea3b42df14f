"""The checkpoints that an auditor brings: read, their signatures checked, ready to be held against the log."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from adapters.checkpoint_files import SUFFIX, CheckpointFiles, notes_of
from adapters.signed_notes import LARGEST, opened
from domain.checkpoints import Checkpoint
from domain.errors import FilesUnavailable, InvalidInput, SignatureRefused
from domain.lineage import Fork, Lineage
from projections.verification import AbandonedRange, Findings, HeldCheckpoint

MOST_FILE = 64 * LARGEST


class Held(NamedTuple):
    """A note that is signed by a known key, and speaks of this log."""

    file: str
    checkpoint: Checkpoint
    signed_by: tuple[str, ...]

    def told(self, *, holds: bool) -> HeldCheckpoint:
        """Return it as the answer shows it."""
        size, root = self.checkpoint.size, self.checkpoint.root.hex()
        return {"file": self.file, "size": size, "root": root, "signed_by": list(self.signed_by), "holds": holds}


def notes_in(files: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Return every signed note of some files, with the name of its file. Raises `InvalidInput`."""
    found = []
    for path in files:
        try:
            with path.open("rb") as file:
                data = file.read(MOST_FILE + 1)
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}.", fix=("orch audit verify",)) from None
        if len(data) > MOST_FILE:
            raise InvalidInput(f"{path} is larger than {MOST_FILE} bytes.")
        notes = notes_of(data)
        if not notes:
            raise InvalidInput(f"{path} holds no checkpoint.", fix=("orch audit checkpoint",))
        found += [(str(path), note) for note in notes]
    return found


def held(
    notes: Sequence[tuple[str, bytes]],
    vkeys: Sequence[str],
    *,
    origin: str,
    findings: Findings,
    lineage: Lineage | None = None,
    abandoned: list[AbandonedRange] | None = None,
) -> tuple[list[Held], list[HeldCheckpoint]]:
    """Return the checkpoints that count, and those that do not because nobody known signed them or of another log.

    Where the log was forked from others, theirs count as far as both share their events. `abandoned` takes what
    checkpoints from beyond a fork cover: they prove nothing about this log, and nothing against it.
    """
    good, bad = [], []
    for file, note in notes:
        try:
            text, signed_by, _ = opened(note, vkeys)
            checkpoint = Checkpoint.parse(text)
        except InvalidInput as error:
            raise InvalidInput(f"{file}: {error.message}", fix=("orch audit checkpoint",)) from None
        except SignatureRefused as error:
            named = note.partition(b"\n")[0].decode(errors="replace")
            found = f"{file}, which names the log {named}: {error.message}"
            findings.note(None, "checkpoint signature", "a signature of a known key", found)
            bad.append(HeldCheckpoint(file=file, size=None, root=None, signed_by=[], holds=False))
            continue
        one = Held(file, checkpoint, signed_by)
        fork = lineage.fork_from(checkpoint.origin) if lineage else None
        if not any(key.partition("+")[0] == checkpoint.origin for key in signed_by):
            findings.note(None, "checkpoint signature", f"a key of {checkpoint.origin}", f"{file}: {signed_by[0]}")
            bad.append(one.told(holds=False))
        elif checkpoint.origin == origin or (fork and checkpoint.size <= fork.size):
            good.append(one)
        elif fork and abandoned is not None:
            abandoned.append(beyond(fork, one))
            bad.append(one.told(holds=False))
        else:
            findings.note(None, "checkpoint origin", f"{checkpoint.origin} ({file})", origin)
            bad.append(one.told(holds=False))
    return good, bad


def kept(
    files: CheckpointFiles, keys: Sequence[str], *, origin: str, lineage: Lineage, findings: Findings
) -> list[Held]:
    """Return the checkpoints that lie beside the log. They prove nothing, but one that does not fit tells something."""
    found: list[Held] = []
    for size in files.sizes():
        name = f"checkpoints/{size}{SUFFIX}"
        try:
            good, _ = held([(name, files.read(size))], keys, origin=origin, findings=findings, lineage=lineage)
        except (InvalidInput, FilesUnavailable) as error:
            findings.note(None, "kept checkpoint", "a signed checkpoint", error.message)
            continue
        for one in good:
            if one.checkpoint.size != size:
                findings.note(None, "kept checkpoint", f"one of {size} events ({name})", one.checkpoint.size)
        found += good
    return found


def beyond(fork: Fork, one: Held) -> AbandonedRange:
    """Return the range that a checkpoint from beyond a fork covers."""
    origin, last = one.checkpoint.origin, one.checkpoint.size
    if origin == fork.parent:  # of an older log, left earlier, the fork does not say how long it was
        last = max(last, fork.parent_size)
    return {"file": one.file, "origin": origin, "first": fork.size + 1, "last": last, "fork": fork.size}
