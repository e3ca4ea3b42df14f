"""What the backups can give to a salvage: leaves that a signed manifest vouches for, and the events themselves."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from adapters.backup_reading import Backups, redactions_in
from adapters.backup_storage import Storage
from adapters.backup_target import Target, origin_in, read_target, read_without_list
from adapters.keys import kept_keys
from adapters.salvage_finds import Finds
from domain.errors import Damaged, InvalidInput, NotFound, Refusal, SignatureRefused, Unavailable
from domain.lineage import Lineage


class FromBackups(NamedTuple):
    """What was read of the backups, and where they are."""

    folder: str
    leaves: dict[int, bytes]
    redactions: dict[int, int]
    keys: tuple[str, ...]
    last: int
    remarks: list[str]


def read_backups(
    finds: Finds,
    storage: Storage,
    identities: Sequence[Any],
    *,
    keys: Sequence[str],
    lineage: Lineage | None,
    done: Callable[[int], None],
) -> FromBackups:
    """Take every event of every segment that verifies; a broken one costs its own events, and no more.

    Raises `NotFound` where there are no backups, `Damaged` or `InvalidInput` where none of them can be used.
    """
    remarks: list[str] = []
    target = _target(storage, keys, remarks)
    origin = target.listed.origin
    if not keys:
        remarks.append(f"Only the key that the backups in {storage.where} name themselves says whose they are.")
    leaves: dict[int, bytes] = {}
    shared = max(
        (copy.last if lineage is None else lineage.shared_with(origin, copy.last) for copy in target.copies), default=0
    )
    if not shared:
        raise InvalidInput(
            f"{storage.where} holds backups of {origin}, which is another log.",
            fix=("orch backup list --from OTHER_FOLDER",),
        )
    for copy in reversed(target.copies):
        if copy.problem is not None:
            remarks.append(f"{copy.name} of the backups is broken: {copy.problem.message}")
        if not copy.manifests:
            continue
        backups = Backups(target, copy, identities)
        frontier: list[bytes] = []
        for manifest in copy.manifests:
            wanted = range(manifest.first, min(manifest.last, shared) + 1)
            if not all(position in leaves for position in wanted):
                try:
                    entries = backups.verified(manifest, list(frontier))
                except (Damaged, Unavailable) as error:
                    remarks.append(f"A segment of {copy.name} cannot be used: {error.message}")
                    entries = []
                for position, (leaf, event) in zip(wanted, entries, strict=False):
                    if leaves.setdefault(position, leaf) == leaf:
                        finds.offer(position, leaf, event, own=True, backup=True)
                done(len(entries))
            frontier = list(manifest.frontier)
    names = target.listed.keys
    redactions = {gone: by for gone, by in redactions_in(target.copies).items() if gone <= shared}
    return FromBackups(storage.where, leaves, redactions, names, shared, remarks)


def _target(storage: Storage, keys: Sequence[str], remarks: list[str]) -> Target:
    try:
        return read_target(storage, keys)
    except SignatureRefused:
        raise
    except (Damaged, NotFound) as error:
        try:
            found = read_without_list(storage, keys)
        except Refusal:
            raise error from None
        remarks.append(f"The list of the backups cannot be used; their manifests alone were: {error.message}")
        return found


def keys_of_backups(storage: Storage, keys: Sequence[str], kept: Path) -> Sequence[str]:
    """Return the keys to check backups with: those that the log names, or those that its own folder keeps."""
    try:
        return [*keys, *kept_keys(kept, origin_in(storage))]
    except Refusal:
        return keys
