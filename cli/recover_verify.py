"""orch recover verify: check a recovered store, and hold it against the log it came from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.settings import is_database_url
from adapters.stores import opened_at
from cli import exits
from cli.answers import answer
from cli.backup_options import words_of
from cli.options import Asked, plain
from cli.recover_there import verified_there
from cli.screen import clean, one_line, paint
from domain.errors import NotFound
from projections.counts import counted

if TYPE_CHECKING:
    from usecases.recover_answers import RecoveryVerification

New = Annotated[
    str,
    typer.Argument(metavar="NEW", parser=words_of, help="The store folder that a recovery made, or its database."),
]


@plain
def verify(asked: Asked, new: New) -> None:
    """Check every event of NEW, its tree and its heads, and that it is a prefix of the project's store.

    Of a store that a service made NEW is the name that orch recover run told.

    Exit 0: verified. 6: damaged. 7: verified, but neither the store nor one of its checkpoints was there to hold it
    against.

    Example: orch recover verify recovered

    Next: orch recover promote NEW --reason "why the project goes back"
    """
    found = verified_there(new) or verified(new)
    answer("recover.verification", found, as_json=asked.json, show=lambda: show(found))
    raise typer.Exit(exits.VERDICT[found["verdict"]])


def verified(new: str) -> "RecoveryVerification":
    """Verify a recovered store with all that is at hand."""
    from cli.progress import Progress
    from cli.recover_sources import parent_at_hand
    from usecases.recover_checks import check
    from usecases.recovered import recovered_note

    in_database = is_database_url(new)
    folder = None if in_database else Path(new).absolute()
    if folder and not (folder / "log.db").is_file():
        raise NotFound(f"There is no store at {new}.", fix=("orch recover run --to now --out recovered",))
    address = str(folder / "log.db") if folder else new
    with opened_at(address, read_only=True) as log:
        size, origin, note = log.moment().position, log.origin, recovered_note(log)
    damaged = note is not None and note.source == "salvage"
    with parent_at_hand(folder or new, damaged=damaged) as (parent, fold), Progress(size) as progress:
        alike = parent is not None and parent.shares(origin, size) == size
        state = fold(size) if fold and alike else None
        return check(address, parent=parent, state=state, done=progress.advance)


COLOURS = {"verified": "green", "incomplete": "yellow", "damaged": "red"}
SAYS = {
    "verified": "verified, and a prefix of the log it came from",
    "incomplete": "verified in itself; nothing from outside says that it is the log it came from",
    "damaged": "damaged: do not use this store",
}
SHOWN = 10


def show(found: "RecoveryVerification") -> None:
    """Print a verification for people."""
    mark = "✗" if found["verdict"] == "damaged" else "✓"
    print(f"{paint(mark, COLOURS[found['verdict']])} {SAYS[found['verdict']]}")
    show_proof(found)
    for problem in found["problems"][:SHOWN]:
        place = "the log" if problem["position"] is None else f"position {problem['position']}"
        print(f"  {place}: {problem['what']}")
        print(f"      expected {one_line(problem['expected'] or '—')}")
        print(f"      found    {one_line(problem['found'] or '—')}")
    for sentence in found["not_proved"]:
        print(f"  not proved: {one_line(sentence)}")


def show_proof(found: "RecoveryVerification") -> None:
    """Print what was checked, and against what."""
    print(f"  store      {clean(found['store'])}")
    print(f"  log        {clean(found['origin'])}")
    texts = f"{counted(found['payloads'], 'text')}, {found['erased']} erased"
    print(f"  checked    {counted(found['events'], 'event')}, {texts}")
    print(f"  root       {found['root']}")
    print(f"  state      {found['state']}")
    prefix = found["prefix_of"]
    if prefix is not None:
        agrees = "prefix of" if prefix["agrees"] else "no prefix of"
        print(f"  {agrees:<10} {one_line(prefix['where'])} ({counted(prefix['size'], 'event')})")
    for one in found["checkpoints"]:
        holds = "holds" if one["holds"] else "does not hold"
        print(f"  checkpoint {holds}: {one_line(one['file'])} ({counted(one['size'] or 0, 'event')})")
    if found["redacted_later"]:
        print(f"  erased by redactions recorded later: {', '.join(map(str, found['redacted_later']))}")
    if found["texts_lost"]:
        print(f"  texts lost to damage: {', '.join(map(str, found['texts_lost']))}")
