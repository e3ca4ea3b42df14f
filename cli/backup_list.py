"""orch backup list: which copies and segments there are."""

from typing import TYPE_CHECKING

from adapters.backup_addresses import storage_at
from adapters.places import find
from cli.answers import answer
from cli.asked_there import asked_there, refuse_there
from cli.backup_options import SETTING, From, Vkeys
from cli.backup_project import target_of
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here, log_at
from cli.screen import clean, one_line, paint
from cli.service_named import service_named
from domain.errors import Refusal
from usecases.backup_listing import Known, keys_for, known_to, listed

if TYPE_CHECKING:
    from adapters.backup_storage import Storage
    from usecases.backup_answers import BackupList


@plain
def list_backups(asked: Asked, from_: From = None, vkey: Vkeys = None) -> None:
    """List the copies of the log and how far each goes.

    Manifests are read, and every file has to be there in its size. What is in the files, orch backup verify reads.

    Example: orch backup list --from backups

    Next: orch backup verify
    """
    tells_drill = True
    data = _there(vkey) if from_ in (None, SETTING) else None
    if data is None:
        from adapters.backup_target import read_target

        storage, known = around(from_)
        data = listed(read_target(storage, keys_for(storage, vkey, known)), known)
        tells_drill = known is None or service_named() is None  # a service remembers those of its own backups
    answer("backup.list", data, as_json=asked.json, show=lambda: _show(data, tells_drill=tells_drill))


def _there(vkey: list[str] | None) -> "BackupList | None":
    """Return what a service says of its backups, or None where the log is opened here."""
    why = "it looks at its own backups with the keys of its log"
    refuse_there({"--vkey": vkey}, why, "orch backup list", "orch backup list --from PLACE --vkey KEY")
    found: BackupList | None = asked_there("GET", "/backups")
    return found


def around(given: str | None) -> "tuple[Storage, Known | None]":
    """Return where the backups are, and what the store around us knows, or the one behind a service that answers."""
    if given == SETTING:
        refuse_there(
            {f"--from-backups {SETTING}": given}, "it sends its backups to nobody", "orch recover plan --to now"
        )
        given = None
    try:
        places = find(here(), flags=flags())
    except Refusal:
        if given is None:
            raise
        return storage_at(given, here()), None
    storage = target_of(places, given)
    try:
        with log_at(places, read_only=True) as log:
            return storage, known_to(log, places)
    except (Refusal, LookupError, TypeError, ValueError):  # whatever is wrong with the store, the backups are not
        return storage, None


def _show(data: "BackupList", *, tells_drill: bool) -> None:
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
    if data["of_this_log"] is False:
        print(f"{paint('!', 'yellow')} that is another log: nothing of this one is in them; see orch doctor")
    if data["unshipped"]:
        print(f"{data['unshipped']:,} events are in no backup yet")
    if not tells_drill:
        return
    drill = data["drill"]
    if drill is None:
        print(f"{paint('no drill yet', 'yellow')}: orch backup drill tries whether they bring the log back")
    else:
        said = "passed" if drill["passed"] else f"failed: {one_line(drill['why'] or '')}"
        print(f"last drill {drill['at']}: {said} ({drill['seconds']:.1f} s)")
