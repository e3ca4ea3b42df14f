"""orch recover salvage: all that still verifies of a damaged store, and exactly what does not."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from adapters.new_folders import new_folder, refuse_existing
from cli import exits
from cli.answers import answer
from cli.backup_options import WHERE, Identities, Out, words_of
from cli.backup_project import target_of
from cli.given import flags
from cli.new_names import renaming
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, one_line, paint
from domain.errors import Damaged, NotFound, Refusal

if TYPE_CHECKING:
    from adapters.backup_storage import Storage
    from adapters.places import Places
    from cli.salvage_answers import SalvageAnswer, Stretch
    from cli.salvaging import Asking

FromBackups = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option(
        "--from-backups", metavar=WHERE, parser=words_of, help="Fill gaps from here; otherwise the setting backup.dir."
    ),
]
Against = Annotated[
    Optional[list[Path]],  # noqa: UP045  # as above
    typer.Option("--against", metavar="FILE", help="A checkpoint that you hold; once for each file."),
]
Vkeys = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--vkey", metavar="KEY", help="The verifier key you know; otherwise those that the events name."),
]
REPORT = "salvage.json"
SHOWN = 20


@plain
def salvage(
    asked: Asked,
    out: Out,
    from_backups: FromBackups = None,
    identity: Identities = None,
    against: Against = None,
    vkey: Vkeys = None,
) -> None:
    """Make NEW of every event of a damaged store that still verifies; backups fill what is missing.

    The store is only read. NEW holds the longest beginning without a gap as a store; what comes after it lies in
    NEW/salvaged, and NEW/salvage.json lists exactly what is lost. Exit 0: nothing is lost. 7: something is. 6: nothing
    could be saved.

    Example: orch recover salvage --out salvaged --from-backups backups

    Next: orch recover promote NEW --reason "why the store is replaced"
    """
    from cli.recover_sources import outside
    from cli.salvage_telling import told
    from cli.salvage_writing import write_beside, write_log
    from cli.salvaging import SCRATCH, salvaged_from

    with renaming(out):
        refuse_existing(out.absolute())
    asking = _asking(from_backups, identity, against, vkey)
    new = outside(out, asking.places)
    store = str(asking.places.state)
    with new_folder(new) as part:
        with salvaged_from(asking, part / SCRATCH) as found:
            if not found.leaves:
                remarks = "".join(f" {remark}" for remark in found.remarks)
                raise Damaged(f"Nothing of the log at {asking.places.log} could be saved.{remarks}", fix=(ELSEWHERE,))
            log = write_log(found, part, store)
            files = list(write_beside(found, part, log.size))
            data = told(found, log, files, out=str(new), asking=asking)
        (part / SCRATCH).unlink()
        _write_report(part / REPORT, data)
    answer("recover.salvage", data, as_json=asked.json, show=lambda: _show(data))
    complete = not data["counts"]["lost"] and not data["counts"]["beside"] and not data["counts"]["texts_lost"]
    raise typer.Exit(exits.DONE if complete else exits.INCOMPLETE)


ELSEWHERE = "orch recover salvage --out salvaged --from-backups OTHER_FOLDER"


def _asking(
    from_backups: str | None, identity: list[Path] | None, against: list[Path] | None, vkeys: list[str] | None
) -> "Asking":
    from adapters.backup_packing import identities_from
    from adapters.places import left_of
    from adapters.signed_notes import VerifierKey
    from adapters.stores import refuse_database
    from cli.salvaging import Asking
    from usecases.held import notes_in

    places = left_of(here(), flags=flags())
    refuse_database(places, "orch recover salvage")
    if from_backups is None and not places.state.is_dir():
        raise NotFound(f"There is no project here or above ({here()}).", fix=("orch init",))
    for key in vkeys or ():
        VerifierKey.parse(key)
    notes_in(against or [])
    storage = _storage(places, from_backups)
    return Asking(
        places, storage, from_backups is not None, identities_from(identity or []), vkeys or [], against or []
    )


def _storage(places: "Places", given: str | None) -> "Storage | None":
    """Return where the backups are; settings that cannot be read must not stop a salvage."""
    try:
        return target_of(places, given)
    except Refusal:
        return None


def _write_report(path: Path, data: "SalvageAnswer") -> None:
    import orjson

    from adapters.backup_folder import Folder

    report = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    Folder(path.parent).add(path.name, report)


VOUCHED = {
    "backup": "proven by a signed manifest of the backups",
    "checkpoint": "proven by a signed checkpoint",
    "tree": "fits the store's own tree; nothing signed covers it",
    "itself": "consistent with itself only",
    "contradicted": "a signed checkpoint speaks against it",
    None: "",
}
COLOURS = {"saved": "green", "filled": "cyan", "lost": "red"}


def _show(data: "SalvageAnswer") -> None:
    counts, new = data["counts"], data["out"]
    whole = not counts["lost"] and not counts["beside"] and not counts["texts_lost"]
    mark = paint("✓", "green") if whole else paint("!", "yellow")
    print(f"{mark} {counts['in_log']} of {counts['known']} known events are in {clean(new)}")
    print(f"  saved {counts['saved']}, filled from backups {counts['filled']}, lost {counts['lost']}")
    for stretch in data["stretches"][:SHOWN]:
        print(f"  {_line(stretch)}")
    if len(data["stretches"]) > SHOWN:
        print(f"  … {len(data['stretches']) - SHOWN} more stretches in {REPORT}")
    for row in data["lost"][:SHOWN]:
        known = [clean(words) for words in (row["stream"], row["topic"], row["command_id"]) if words]
        print("; ".join((f"  lost {row['position']}: {one_line(row['why'])}", *known)))
    for text in data["texts_lost"][:SHOWN]:
        print(f"  text lost at {text['position']} ({clean(text['topic'])}): {one_line(text['why'])}")
    for remark in data["remarks"]:
        print(f"  {paint('note', 'dim')} {one_line(remark)}")
    print(f"  {paint('report', 'dim')} {clean(new)}/{REPORT}")
    if data["verification"] is not None:
        _show_next(new)


def _show_next(new: str) -> None:
    from shlex import quote

    print()
    print(f"  {paint('look at it', 'dim')} ORCHESTRATOR_STATE_DIR={clean(quote(new))} orch list")
    command = f'orch recover promote {clean(quote(new))} --reason "why the store is replaced"'
    print(f"  {paint('promote it', 'dim')} {command}")


def _line(stretch: "Stretch") -> str:
    first, last = stretch["first"], stretch["last"]
    where = f"{first}" if first == last else f"{first} to {last}"
    what = paint(f"{stretch['fate']:<6}", COLOURS[stretch["fate"]])
    vouched = VOUCHED[stretch["vouched"]]
    file = f", in {clean(stretch['file'])}" if stretch["file"] else ""
    witness = f" ({one_line(stretch['witness'])})" if stretch["witness"] else ""
    return f"{what} {where}{': ' if vouched else ''}{vouched}{witness}{file}"
