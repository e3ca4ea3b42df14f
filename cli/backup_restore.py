"""orch backup restore: make a new store from the backups, as of any moment."""

from time import monotonic
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli.answers import answer
from cli.backup_list import around
from cli.backup_options import CopyName, From, Identities, Into, OutOrInto, Vkeys
from cli.options import Asked, plain
from cli.screen import clean, paint
from domain.errors import NotFound
from domain.event_log import Moment, TreeHead
from domain.times import rfc3339
from projections.moments import as_of
from usecases.backup_listing import keys_for

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from cli.new_store import Destination
    from usecases.backup_answers import Restored

Moments = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--to", metavar="T", help="As of a moment: 2026-11-24T14:00:00Z or position:N; otherwise the newest."),
]
IgnoreList = Annotated[
    bool, typer.Option("--ignore-list", help="Go by the manifests alone where backups.note is lost or broken.")
]


@plain
def restore(
    asked: Asked,
    out: OutOrInto = None,
    into: Into = None,
    to: Moments = None,
    from_: From = None,
    identity: Identities = None,
    vkey: Vkeys = None,
    copy: CopyName = None,
    ignore_list: IgnoreList = False,
) -> None:
    """Make a new store from the backups, verified; never over an old one. Texts erased later stay erased.

    It is a folder, or with --into a PostgreSQL database, whatever the backups were made of: the root is the same. Every
    read works on it: ORCHESTRATOR_STATE_DIR=NEW orch list. It takes no writes until it is promoted.

    Example: orch backup restore --from backups --out restored

    Next: orch recover promote NEW --reason "why the store is replaced"
    """
    from adapters.backup_packing import identities_from
    from adapters.backup_reading import open_backups
    from cli.new_store import destination

    there = destination(out.absolute() if out else None, into)
    identities = identities_from(identity or ())
    storage, known = around(from_)
    began = monotonic()
    keys = keys_for(storage, vkey, known, ignore_list=ignore_list)
    backups = open_backups(storage, identities, vkeys=keys, copy=copy, ignore_list=ignore_list)
    if known is not None:
        known.tell(backups)
    backups.check_files()
    moment = resolved(to, backups)
    tree, names = restored(backups, moment.position, there, to or "now")
    data: Restored = {
        "folder": there.where,
        "copy": backups.copy.name,
        "origin": backups.origin,
        "events": tree.size,
        "root": tree.root.hex(),
        "redacted": len(backups.carried(moment.position)),
        "files": names,
        "seconds": round(monotonic() - began, 3),
        "as_of": as_of(moment),
    }
    answer("backup.restored", data, as_json=asked.json, show=lambda: _show(data, there))


def resolved(to: str | None, backups: "Backups") -> Moment:
    """Return the moment that the words name, in the backups."""
    from usecases.moments import position_of, time_of

    if to is None:
        return backups.moment()
    if to.startswith("position:"):
        moment = backups.moment(position_of(to.removeprefix("position:")))
    else:
        moment = backups.moment_at(time_of(to))
    if not moment.position:
        first = rfc3339(moment.next_recorded_at or 0)
        raise NotFound(f"{to} is before the first event, which was recorded at {first}.", fix=("orch backup list",))
    return moment


def restored(backups: "Backups", position: int, there: "Destination", to: str) -> tuple[TreeHead, list[str]]:
    """Make a store of the events up to a position, with what rides along; return its tree head and those files.

    A database has no room for files.
    """
    from adapters.backup_files import unpack
    from cli.new_store import new_store
    from cli.progress import Progress
    from usecases.backup_restoring import refilled_from

    with new_store(there) as new:
        tree = refilled_from(backups, position, new.address, to, new.notes, metering=Progress)
        archive = backups.files(position) if new.folder else None
        return tree, unpack(archive, new.folder) if archive and new.folder else []


def _show(data: "Restored", there: "Destination") -> None:
    print(f"{paint('✓', 'green')} {clean(data['folder'])} holds {data['events']:,} events, verified")
    print(f"  root   {data['root']}")
    at, after = data["as_of"]["recorded_at"], data["as_of"]["next_recorded_at"]
    print(f"  as of  position {data['as_of']['position']}, recorded {at or 'never'}; the next event: {after or 'none'}")
    if data["redacted"]:
        print(f"  {data['redacted']} texts are left out: they were erased later")
    if data["files"]:
        print(f"  {len(data['files'])} files rode along and lie beside the log: settings, templates, logs")
    print(f"  → {clean(there.look)}")
    print(f'  → orch recover promote {clean(there.words)} --reason "why the store is replaced"')
