"""orch backup list: which copies and segments there are."""

from typing import TYPE_CHECKING, NamedTuple

from adapters.backup_addresses import storage_at
from adapters.places import find
from adapters.stores import open_log
from cli.answers import answer
from cli.backup_options import From, Vkeys
from cli.backup_project import target_of
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, one_line, paint
from domain.errors import Refusal
from domain.times import rfc3339
from usecases.backup_keys import Signed, signed_by

if TYPE_CHECKING:
    from adapters.backup_manifests import Manifest
    from adapters.backup_reading import Backups
    from adapters.backup_storage import Storage
    from adapters.backup_target import Copy
    from adapters.drills import Drill
    from cli.backup_answers import BackupList, CopyRow, SegmentRow


@plain
def list_backups(asked: Asked, from_: From = None, vkey: Vkeys = None) -> None:
    """List the copies of the log and how far each goes.

    Manifests are read, and every file has to be there in its size. What is in the files, orch backup verify reads.

    Example: orch backup list --from backups

    Next: orch backup verify
    """
    from adapters.backup_target import read_target

    storage, known = around(from_)
    target = read_target(storage, keys_for(storage, vkey, known))
    data: BackupList = {
        "folder": storage.where,
        "origin": target.listed.origin,
        "rows": [_row(copy) for copy in target.copies],
        "strangers": list(target.strangers),
        "unshipped": max(0, known.size - max((c.last for c in target.copies), default=0)) if known else None,
        "drill": known.drill if known else None,
    }
    answer("backup.list", data, as_json=asked.json, show=lambda: _show(data))


class Known(NamedTuple):
    """What the store around us knows, where there is one that can be read: backups need none."""

    signed: Signed
    size: int
    redactions: dict[int, int]
    drill: "Drill | None"

    def tell(self, backups: "Backups") -> None:
        """Tell backups of this log, or of one that it left, what was erased of the events that both share."""
        shared = self.signed.lineage.shared_with(backups.origin, backups.head.last)
        elsewhere = backups.origin != self.signed.origin
        redactions = {gone: by for gone, by in self.redactions.items() if gone <= shared or not elsewhere}
        backups.obey(redactions, elsewhere=elsewhere)


def around(given: str | None) -> "tuple[Storage, Known | None]":
    """Return where the backups are, and what the store around us knows."""
    from adapters.drills import last_drill
    from cli.backup_adding import redacted_in

    try:
        places = find(here(), flags=flags())
    except Refusal:
        if given is None:
            raise
        return storage_at(given, here()), None
    storage = target_of(places, given)
    try:
        with open_log(places, read_only=True) as log:
            known = Known(signed_by(log), log.moment().position, redacted_in(log), last_drill(places.drills))
            return storage, known
    except (Refusal, LookupError, TypeError, ValueError):  # whatever is wrong with the store, the backups are not
        return storage, None


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


def _show(data: "BackupList") -> None:
    print(f"{clean(data['folder'])}: backups of {clean(data['origin'])}")
    for row in data["rows"]:
        mark = paint("✗", "red") if row["problem"] else paint("✓", "green")
        partly = "partly encrypted" if any(segment["recipients"] for segment in row["segments"]) else "plain text"
        how = "encrypted" if row["encrypted"] else partly
        size = f"{row['bytes']:,} bytes in {len(row['segments'])} segments, {how}"
        print(f"{mark} {row['copy']}  positions 1 to {row['last']}, {size}")
        print(f"    recorded {row['recorded_first']} to {row['recorded_last']}, last added {row['made_at']}")
        if row["problem"]:
            print(f"    {one_line(row['problem'])}")
    if data["rows"] and not any(row["problem"] for row in data["rows"]):
        print("every file is there in its size; orch backup verify reads what is in them")
    for name in data["strangers"]:
        print(f"{paint('✗', 'red')} {one_line(name)} is in no list of backups")
    if data["unshipped"]:
        print(f"{data['unshipped']:,} events are in no backup yet")
    drill = data["drill"]
    if drill is None:
        print(f"{paint('no drill yet', 'yellow')}: orch backup drill tries whether they bring the log back")
    else:
        said = "passed" if drill["passed"] else f"failed: {one_line(drill['why'] or '')}"
        print(f"last drill {drill['at']}: {said} ({drill['seconds']:.1f} s)")
