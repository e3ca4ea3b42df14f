"""orch backup verify: check every byte of the backups; no store is needed."""

from typing import TYPE_CHECKING, Any

import typer

from cli import exits
from cli.answers import answer
from cli.backup_list import around, keys_for
from cli.backup_options import CopyName, From, Identities, Vkeys
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from domain.errors import Damaged

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from adapters.backup_target import Target
    from cli.backup_answers import BackupProblem, BackupVerification, CheckedCopy

OWN_KEY = "The signatures were checked with the key that the backups name themselves; give the one you know: --vkey."
LOCKED = "Encrypted segments were compared with their manifests but not opened; give --identity."
ROLLED_BACK = "Whether there were newer backups that somebody removed together with their list cannot be seen here."


@plain
def verify(
    asked: Asked, from_: From = None, identity: Identities = None, vkey: Vkeys = None, copy: CopyName = None
) -> None:
    """Check files, signatures, the chain of manifests, the tree and every text of the backups. Needs no store.

    Exit 0: verified. 6: damaged. 7: verified, but not all of it.

    Example: orch backup verify --from backups

    Next: orch backup restore --out NEW
    """
    from adapters.backup_packing import identities_from
    from adapters.backup_target import read_target

    identities = identities_from(identity or ())
    storage, known = around(from_)
    keys = keys_for(storage, vkey, known)
    target = read_target(storage, keys)
    copies = [target.copy(copy)] if copy else target.copies
    data = verified(target, copies, identities, given_key=bool(keys))
    answer("backup.verification", data, as_json=asked.json, show=lambda: _show(data))
    raise typer.Exit(exits.VERDICT[data["verdict"]])


def verified(target: "Target", copies: "Any", identities: list[Any], *, given_key: bool) -> "BackupVerification":
    """Return what a look at every byte of some copies finds."""
    from adapters.backup_reading import Backups
    from cli.progress import Progress

    problems: list[BackupProblem] = [
        {"copy": None, "what": f"{target.storage.named(name)} is in no list of backups"} for name in target.strangers
    ]
    rows: list[CheckedCopy] = []
    with Progress(sum(copy.last for copy in copies)) as progress:
        for copy in copies:
            if copy.problem is not None:
                problems.append({"copy": copy.name, "what": copy.problem.message})
                continue
            try:
                rows.append(_checked(Backups(target, copy, identities), progress.advance))
            except Damaged as error:
                problems.append({"copy": copy.name, "what": error.message})
    gaps = ([] if given_key else [OWN_KEY]) + ([] if all(row["opened"] for row in rows) else [LOCKED])
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


COLOURS = {"verified": "green", "incomplete": "yellow", "damaged": "red"}
SAYS = {
    "verified": "verified: these are the bytes that were signed",
    "incomplete": "what was checked holds; not everything is proved",
    "damaged": "damaged: do not rely on these backups",
}


def _show(data: "BackupVerification") -> None:
    mark = "✗" if data["verdict"] == "damaged" else "✓"
    print(f"{paint(mark, COLOURS[data['verdict']])} {SAYS[data['verdict']]}")
    print(f"  log   {clean(data['origin'])}")
    print(f"  key   {one_line(data['key'])}")
    for row in data["rows"]:
        what = f"{row['texts']} texts" if row["opened"] else "not opened"
        print(f"  {row['copy']}  positions 1 to {row['last']}, {row['segments']} segments, {what}")
    for problem in data["problems"]:
        print(f"  {problem['copy'] or 'folder'}: {one_line(problem['what'])}")
    for sentence in data["not_proved"]:
        print(f"  not proved: {sentence}")
