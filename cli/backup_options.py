"""The options of the commands that write backups, read them, or make a store of them: each is declared here once."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from adapters.settings import is_database_url
from cli.options import typed_with
from domain.errors import InvalidInput


def path_of(words: str) -> Path:
    """Return the path that words name. Raises `InvalidInput` for what can name none."""
    return Path(words_of(words))


def words_of(words: str) -> str:
    """Return words that can name a path. Raises `InvalidInput` for what can name none."""
    if not words or "\x00" in words:
        raise InvalidInput("A path has to have a name, without a NUL character in it.")
    return words


def database_of(words: str) -> str:
    """Return the address of a database. Raises `InvalidInput`."""
    if not is_database_url(words):
        raise InvalidInput(
            "--into takes the address of a PostgreSQL database.",
            fix=(typed_with(words, "postgresql://user@host/database"),),
        )
    return words


WHERE = "DIR|s3://…"
SETTING = "backup.dir"
"""Instead of a place: where the setting of this name says that the backups are."""
To = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option(
        "--to", metavar=WHERE, parser=words_of, help="Where backups go; otherwise what the setting backup.dir says."
    ),
]
From = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option(
        "--from", metavar=WHERE, parser=words_of, help="Where the backups are; otherwise the setting backup.dir."
    ),
]
FromBackups = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option(
        "--from-backups",
        metavar=WHERE,
        parser=words_of,
        help="Take the events from backups alone; the store may be gone. backup.dir: where that setting says.",
    ),
]
RecipientWords = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--recipient", metavar="AGE", help="Encrypt to this age key (age1… or ssh-ed25519 …); repeatable."),
]
Identities = Annotated[
    Optional[list[Path]],  # noqa: UP045  # as above
    typer.Option("--identity", metavar="FILE", parser=path_of, help="A private key that opens backups; repeatable."),
]
Vkeys = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option(
        "--vkey",
        metavar="KEY",
        help="The verifier key you know; otherwise the store's, or the backups' own.",
    ),
]
CopyName = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--copy", metavar="NAME", help="A copy as orch backup list names it; otherwise the newest."),
]
Moment = Annotated[
    str,
    typer.Option(
        "--to", metavar="T", help="2026-11-24T14:00:00Z, position:N, checkpoint:FILE, point:NAME, or now: all there is."
    ),
]
OutOrInto = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--out", metavar="NEW", parser=path_of, help="The store folder to make; there may be none yet."),
]
Into = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option(
        "--into", metavar="URL", parser=database_of, help="An empty PostgreSQL database to make the store in, instead."
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", metavar="NEW", parser=path_of, help="The store folder to make; there may be none yet."),
]
