"""orch backup restore: make a new store from the backups, as of any moment."""

from pathlib import Path
from shlex import quote
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Optional

import orjson
import typer

from cli.answers import answer
from cli.backup_list import around
from cli.backup_project import CopyName, From, Identities, Vkeys
from cli.options import Asked, plain
from cli.screen import clean, paint
from domain.errors import Damaged
from domain.event_log import Moment, TreeHead
from projections.moments import as_of

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from cli.backup_answers import Restored

Out = Annotated[Path, typer.Option("--out", metavar="NEW", help="The folder of the new store; nothing may be there.")]
Moments = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--to", metavar="T", help="As of a moment: 2026-11-24T14:00:00Z or position:N; otherwise the newest."),
]


@plain
def restore(
    asked: Asked,
    out: Out,
    to: Moments = None,
    from_: From = None,
    identity: Identities = None,
    vkey: Vkeys = None,
    copy: CopyName = None,
) -> None:
    """Make a new store from the backups, verified; never over an old one. Texts erased later stay erased.

    Next: ORCHESTRATOR_STATE_DIR=NEW orch audit verify
    """
    from adapters.backup_packing import identities_from
    from adapters.backup_reading import open_backups
    from adapters.new_folders import refuse_existing

    out = out.absolute()
    refuse_existing(out)
    identities = identities_from(identity or ())
    folder, _ = around(from_)
    began = monotonic()
    backups = open_backups(folder, identities, vkeys=vkey or (), copy=copy)
    backups.check_files()
    moment = resolved(to, backups)
    tree, names = restored(backups, moment.position, out)
    data: Restored = {
        "folder": str(out),
        "copy": backups.copy.name,
        "origin": backups.origin,
        "events": tree.size,
        "root": tree.root.hex(),
        "redacted": len(backups.carried(moment.position)),
        "files": names,
        "seconds": round(monotonic() - began, 3),
        "as_of": as_of(moment),
    }
    answer("backup.restored", data, as_json=asked.json, show=lambda: _show(data))


def resolved(to: str | None, backups: "Backups") -> Moment:
    """Return the moment that the words name, in the backups."""
    from cli.moments import position_of, time_of

    if to is None:
        return backups.moment()
    if to.startswith("position:"):
        return backups.moment(position_of(to.removeprefix("position:")))
    return backups.moment_at(time_of(to))


def restored(backups: "Backups", position: int, out: Path) -> tuple[TreeHead, list[str]]:
    """Make a store of the events up to a position, with what rides along; return its tree head and those files."""
    from adapters.new_folders import new_folder
    from adapters.sqlite_log import CARRIED
    from cli.progress import Progress
    from cli.refilling import refill

    carried: dict[str, Any] = {str(gone): by for gone, by in backups.carried(position).items()}
    notes = {CARRIED: orjson.dumps(carried).decode()} if carried else None
    with new_folder(out) as part, Progress(position) as progress:
        tree = refill(part / "log.db", backups.origin, backups.events(position), notes=notes, done=progress.advance)
        verify_new(part / "log.db", tree, position)
        return tree, []


def verify_new(path: Path, tree: TreeHead, position: int) -> None:
    """Read a new store once more, from the disk. Raises `Damaged`."""
    from adapters.sqlite_log import SqliteLog
    from cli.verifying import Options, Verifier
    from projections.verification import Findings

    findings = Findings()
    with SqliteLog.open(path, read_only=True) as log:
        verifier = Verifier(log, findings, Options())
        verifier.run([], done=lambda _: None)
        if findings.first is not None or verifier.size != position or verifier.root != tree.root:
            what = findings.first["what"] if findings.first else "tree"
            raise Damaged(f"The new store is not what the backups hold ({what}); nothing was kept of it.")


def _show(data: "Restored") -> None:
    print(f"{paint('✓', 'green')} {clean(data['folder'])} holds {data['events']:,} events, verified")
    print(f"  root   {data['root']}")
    at, after = data["as_of"]["recorded_at"], data["as_of"]["next_recorded_at"]
    print(f"  as of  position {data['as_of']['position']}, recorded {at or 'never'}; the next event: {after or 'none'}")
    if data["redacted"]:
        print(f"  {data['redacted']} texts are left out: they were erased after that moment")
    print(f"  → ORCHESTRATOR_STATE_DIR={quote(data['folder'])} orch list")
