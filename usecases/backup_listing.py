"""Which copies and segments there are, and what the store around them knows of them."""

from typing import TYPE_CHECKING, NamedTuple

from adapters.drills import Drill, last_drill
from adapters.places import Places
from domain.event_log import EventLog
from domain.times import rfc3339
from usecases.backup_adding import redacted_in
from usecases.backup_keys import Signed, signed_by
from usecases.backup_places import storage_of
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_manifests import Manifest
    from adapters.backup_reading import Backups
    from adapters.backup_storage import Storage
    from adapters.backup_target import Copy, Target
    from usecases.backup_answers import BackupList, CopyRow, SegmentRow


class Known(NamedTuple):
    """What a store knows of its backups; where there is none that can be read, backups need none."""

    signed: Signed
    size: int
    redactions: dict[int, int]
    drill: Drill | None

    def tell(self, backups: "Backups") -> None:
        """Tell backups of this log, or of one that it left, what was erased of the events that both share."""
        shared = self.signed.lineage.shared_with(backups.origin, backups.head.last)
        elsewhere = backups.origin != self.signed.origin
        redactions = {gone: by for gone, by in self.redactions.items() if gone <= shared or not elsewhere}
        backups.obey(redactions, elsewhere=elsewhere)


def known_to(log: EventLog, places: Places) -> Known:
    """Return what a store knows."""
    signed = signed_by(log)
    return Known(signed, log.moment().position, redacted_in(log), last_drill(places.drills, signed.lineage))


def keys_for(
    storage: "Storage", given: list[str] | None, known: Known | None, *, ignore_list: bool = False
) -> tuple[str, ...]:
    """Return the keys to check signatures with: those given, or those of the store whose backups these are.

    Nothing where there are neither: the backups name their key themselves.
    """
    from adapters.signed_notes import VerifierKey

    for key in given or ():
        VerifierKey.parse(key)  # words that are no key are the caller's mistake, not damage
    if given:
        return tuple(given)
    return () if known is None or ignore_list else known.signed.keys_for(storage)


def listed(target: "Target", known: Known | None) -> "BackupList":
    """Return the copies at a place, and how far each goes."""
    counted = target.copies_of(known.signed.origin) if known else ()
    return {
        "folder": target.storage.where,
        "origin": target.listed.origin,
        "rows": [_row(copy) for copy in target.copies],
        "strangers": list(target.strangers),
        "of_this_log": target.listed.origin == known.signed.origin if known else None,
        "unshipped": max(0, known.size - max((copy.last for copy in counted), default=0)) if known else None,
        "drill": known.drill if known else None,
    }


def _row(copy: "Copy") -> "CopyRow":
    segments = copy.manifests
    return {
        "copy": copy.name,
        "last": copy.last,
        "recorded_first": rfc3339(segments[0].recorded_first) if segments else None,
        "recorded_last": rfc3339(segments[-1].recorded_last) if segments else None,
        "made_at": rfc3339(segments[-1].made_at) if segments else None,
        "bytes": copy.size,
        "encrypted": bool(segments) and all(m.recipients for m in segments),
        "segments": [_segment(m) for m in segments],
        "problem": copy.problem.message if copy.problem else None,
    }


def _segment(manifest: "Manifest") -> "SegmentRow":
    return {
        "first": manifest.first,
        "last": manifest.last,
        "recorded_first": rfc3339(manifest.recorded_first),
        "recorded_last": rfc3339(manifest.recorded_last),
        "made_at": rfc3339(manifest.made_at),
        "file": manifest.segment.name,
        "bytes": manifest.segment.size,
        "recipients": list(manifest.recipients),
    }


def backups_of(project: Project) -> "tuple[Target, Known]":
    """Read what lies where the settings say that the backups are, and what the store knows of it."""
    from adapters.backup_target import read_target

    storage = storage_of(project.places, project.given)
    known = known_to(project.log, project.places)
    return read_target(storage, keys_for(storage, None, known)), known
