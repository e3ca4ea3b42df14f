"""orch backup verify: check every byte of the backups; no store is needed."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits
from cli.answers import answer
from cli.asked_there import asked_there, refuse_there
from cli.backup_list import around
from cli.backup_options import SETTING, CopyName, From, Identities, Vkeys
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from usecases.backup_listing import keys_for

if TYPE_CHECKING:
    from usecases.backup_answers import BackupVerification


@plain
def verify(
    asked: Asked, from_: From = None, identity: Identities = None, vkey: Vkeys = None, copy: CopyName = None
) -> None:
    """Check files, signatures, the chain of manifests, the tree and every text of the backups. Needs no store.

    Without --from a service checks its own; what is encrypted it compares with what was signed, and does not open.

    Exit 0: verified. 6: damaged. 7: verified, but not all of it.

    Example: orch backup verify --from backups

    Next: orch backup restore --out NEW
    """
    data = _there(identity, vkey, copy) if from_ in (None, SETTING) else None
    if data is None:
        data = _here(from_, identity, vkey, copy)
    answer("backup.verification", data, as_json=asked.json, show=lambda: _show(data))
    raise typer.Exit(exits.VERDICT[data["verdict"]])


def _there(identity: list[Path] | None, vkey: list[str] | None, copy: str | None) -> "BackupVerification | None":
    """Return what a service finds in its backups, or None where the log is opened here."""
    why = "it checks its own backups with the keys of its log, and no key is sent to it"
    fix = ("orch backup verify", "orch backup verify --from PLACE --identity FILE --vkey KEY")
    refuse_there({"--identity": identity, "--vkey": vkey}, why, *fix)
    found: BackupVerification | None = asked_there("POST", "/backups/verify", body={"copy": copy})
    return found


def _here(
    from_: str | None, identity: list[Path] | None, vkey: list[str] | None, copy: str | None
) -> "BackupVerification":
    from adapters.backup_packing import identities_from
    from adapters.backup_target import read_target
    from cli.progress import Progress
    from usecases.backup_verifying import verified

    identities = identities_from(identity or ())
    storage, known = around(from_)
    keys = keys_for(storage, vkey, known)
    target = read_target(storage, keys)
    copies = [target.copy(copy)] if copy else target.copies
    return verified(target, copies, identities, given_key=bool(keys), metering=Progress)


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
