"""orch recover run: the log as it was at a moment, in a store of its own, proven."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from adapters.new_folders import new_folder
from cli.answers import answer
from cli.backup_options import FromBackups, Identities, Into, Moment, OutOrInto, path_of
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from cli.new_store import Destination
    from usecases.recover_answers import RecoveryAnswer


class Hints(NamedTuple):
    """What is typed next."""

    look: str
    promote: str


DocumentsTo = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option(
        "--documents", metavar="DIR", parser=path_of, help="Write the documents as of T too, to a new folder."
    ),
]


@plain
def run(
    asked: Asked,
    to: Moment,
    out: OutOrInto = None,
    into: Into = None,
    from_backups: FromBackups = None,
    identity: Identities = None,
    documents: DocumentsTo = None,
) -> None:
    """Make NEW, a store that holds the log as it was at T, and verify it. Nothing else changes, nothing is appended.

    A service makes it beside its own store where neither --out nor --into names a place, and says what it is called;
    one that is named is made here, of what the service sends.

    It is a folder, or with --into a PostgreSQL database. Every read works on it: ORCHESTRATOR_STATE_DIR=NEW orch list.
    It takes no writes until it is promoted.

    Example: orch recover run --to point:before-review --out recovered

    Next: orch recover promote NEW --reason "why the project goes back"
    """
    from cli.new_store import destination, new_store
    from cli.progress import Progress
    from cli.recover_sources import outside, source_of
    from cli.undone import warn_of
    from usecases.recover_moments import moment_to, resolution
    from usecases.recovering import made, undone_by

    if out is None and into is None:
        from cli.recover_there import made_there

        found_there = made_there(to, from_backups, identity, documents)
        if found_there is not None:
            told, hints = found_there
            answer("recover.run", told, as_json=asked.json, show=lambda: _show(told, hints))
            return warn_of(told["undone_revocations"], promoted=False)
    there = destination(out, into)
    if documents is not None and out is not None and documents.absolute() == out.absolute():
        again = f"orch recover run --to {quote(to)} --out {there.words} --documents {there.words}-documents"
        raise InvalidInput("The documents need a folder of their own.", fix=(again,))
    with source_of(from_backups, identity) as source:
        if out is not None:
            there = there._replace(folder=outside(out, source.places))
        moment = moment_to(source, to)
        with new_store(there) as new, _documents(documents) as folder:
            found = made(new.address, source, to, moment, new.notes, metering=Progress)
            written = _written(new.address, folder)
        undone = undone_by(source, moment.position, found)
    found["store"] = there.where
    data: RecoveryAnswer = {
        **resolution(source, to, moment),
        "out": there.where,
        "place": there.where,
        "documents": [str(documents / name) for name in written] if documents else [],
        "undone_revocations": undone,
        "verification": found,
    }
    hints = _hints(there, through_service=source.places.url is not None)
    answer("recover.run", data, as_json=asked.json, show=lambda: _show(data, hints))
    return warn_of(undone, promoted=False)


def _hints(there: "Destination", *, through_service: bool) -> Hints:
    """Return what is typed next; whoever works through a service looks past it, and carries the store there."""
    promote = f'orch recover promote {there.words} --reason "why the project goes back"'
    if not through_service:
        return Hints(there.look, promote)
    from cli.from_afar import WHERE

    past = "ORCHESTRATOR_URL= " if there.folder is None else "cd $(mktemp -d) && mkdir .orch && ORCHESTRATOR_URL= "
    return Hints(f"{past}{there.look}", f"{promote}{WHERE}, once it lies there")


@contextmanager
def _documents(path: Path | None) -> Iterator[Path | None]:
    if path is None:
        yield None
        return
    with new_folder(path.absolute()) as part:
        yield part


def _written(log: str, folder: Path | None) -> list[str]:
    """Write every document of a log into a folder, and return their names in it."""
    if folder is None:
        return []
    from cli.recover_texts import texts_in

    names = []
    for name, text in texts_in(log):
        file = folder / name
        file.parent.mkdir(mode=0o755, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        names.append(name)
    return names


def _show(data: "RecoveryAnswer", hints: Hints) -> None:
    from cli.recover_verify import show_proof

    found, moment = data["verification"], data["as_of"]
    print(f"{paint('✓', 'green')} the log as of position {moment['position']}, verified")
    print(f"  recorded   {moment['recorded_at']}; next event {moment['next_recorded_at'] or 'none: this is the end'}")
    show_proof(found)
    if data["splits_command"]:
        print(paint("  Only a part of the command at this position lies before it.", "yellow"))
    for sentence in found["not_proved"]:
        print(f"  not proved: {one_line(sentence)}")
    for name in data["documents"]:
        print(f"  document   {clean(name)}")
    print()
    print(f"  {paint('look at it', 'dim')} {clean(hints.look)}")
    print(f"  {paint('promote it', 'dim')} {clean(hints.promote)}")
