"""orch migrate: the log goes on in another place, the same to the byte."""

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.places import Places, left_of
from adapters.settings import is_database_url
from cli.answers import answer
from cli.backup_options import words_of
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from cli.migrate_answers import MigrateAnswer

FILE = "file"
To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="URL|file",
        parser=words_of,
        help="postgresql://user@host/database, or file: the project's own .orch/log.db.",
    ),
]


@plain
def migrate(asked: Asked, to: To) -> None:
    """Move the log from its file to a PostgreSQL database, from there to another one, or back to a file.

    Stop the service (orch serve) and orch follow first. Everything is copied and verified while writers wait; then the
    log that is left takes no writes any more, and the project goes on with the new one: same name, same bytes, same
    root. If this is interrupted, the same command again finishes it.

    Example: orch migrate --to postgresql://ada@db.example.org/orchestrator

    Next: orch audit verify
    """
    from cli.migrating import Migration

    places = left_of(here(), flags=flags())
    data = Migration(places, _address(places, to), to).carry_out()
    answer("migrate", data, as_json=asked.json, show=lambda: _show(data))


def _address(places: Places, to: str) -> str:
    """Return the address that the words name."""
    if is_database_url(to):
        return to
    if to == FILE:
        return str(places.log)
    raise InvalidInput(
        f"A log moves to a PostgreSQL database or to its file; {to!r} is neither.",
        fix=("orch migrate --to postgresql://user@host/database", f"orch migrate --to {FILE}"),
    )


def _show(data: "MigrateAnswer") -> None:
    print(f"{paint('✓', 'green')} the log is in {clean(data['target'])} now: {data['events']:,} events, verified")
    print(f"  log        {clean(data['origin'])}")
    print(f"  root       {data['root']}")
    print(f"  left       {clean(data['source'])}: it takes no writes any more")
    if data["kept"]:
        print(f"  kept       {clean(data['kept'])}, for reading only")
    if data["setting"]:
        print(f"  setting    {one_line(data['setting'])}")
    for line in data["to_do"]:
        print(f"  → {clean(line)}")


def again(to: str) -> str:
    """Return the command that goes on where one was stopped."""
    return f"orch migrate --to {quote(to)}"
