"""Check every byte of the backups."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.errors import Damaged
from usecases.meters import Metering, unseen

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from adapters.backup_target import Copy, Target
    from usecases.backup_answers import BackupProblem, BackupVerification, CheckedCopy

OWN_KEY = "The signatures were checked with the key that the backups name themselves; give the one that you know."
LOCKED = "Encrypted segments were compared with their manifests but not opened: that takes their private key."
NONE = "No copy is finished there, so nothing was checked that a log could be made of; orch backup create makes one."
ROLLED_BACK = "Whether there were newer backups that somebody removed together with their list cannot be seen here."


def verified(
    target: "Target",
    copies: Sequence["Copy"],
    identities: list[Any],
    *,
    given_key: bool,
    metering: Metering = unseen,
    locked: str = LOCKED,
) -> "BackupVerification":
    """Return what a look at every byte of some copies finds; `locked` says what opens what could not be opened."""
    from adapters.backup_reading import Backups

    problems: list[BackupProblem] = [
        {"copy": None, "what": f"{target.storage.named(name)} is in no list of backups"} for name in target.strangers
    ]
    rows: list[CheckedCopy] = []
    with metering(sum(copy.last for copy in copies), "events") as progress:
        for copy in copies:
            if copy.problem is not None:
                problems.append({"copy": copy.name, "what": copy.problem.message})
                continue
            try:
                rows.append(_checked(Backups(target, copy, identities), progress.advance))
            except Damaged as error:
                problems.append({"copy": copy.name, "what": error.message})
    gaps = ([] if given_key else [OWN_KEY]) + ([] if all(row["opened"] for row in rows) else [locked])
    gaps += [] if copies else [NONE]
    return {
        "verdict": "damaged" if problems else "incomplete" if gaps else "verified",
        "folder": target.storage.where,
        "origin": target.listed.origin,
        "key": target.listed.keys[0],
        "rows": rows,
        "problems": problems,
        "not_proved": [*gaps, ROLLED_BACK],
    }


def _checked(backups: "Backups", done: Any) -> "CheckedCopy":
    backups.check_files()
    can_open = backups.can_open
    texts = erased = 0
    if can_open:
        frontier: list[bytes] = []
        for manifest in backups.segments:
            entries = backups.verified(manifest, frontier)
            texts += sum(entry.event.payload is not None for entry in entries)
            erased += len(manifest.erased)
            done(len(entries))
        for manifest in backups.segments:
            if manifest.files is not None:
                backups.files(manifest.last)
    copy = backups.copy
    return {
        "copy": copy.name,
        "last": copy.last,
        "segments": len(copy.manifests),
        "bytes": copy.size,
        "opened": can_open,
        "texts": texts,
        "erased": erased,
        "root": backups.head.root.hex() if can_open else None,
    }
