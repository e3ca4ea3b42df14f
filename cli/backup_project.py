"""What the backup commands know of the project around them: where backups go, for whom, and who signs."""

from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from adapters.settings_file import settings_of
from cli.given import flags
from cli.project import Project

if TYPE_CHECKING:
    from adapters.backup_author import Author
    from adapters.places import Places

To = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--to", metavar="DIR", help="The folder of the backups; otherwise the setting backup.dir."),
]
From = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--from", metavar="DIR", help="The folder of the backups; otherwise the setting backup.dir."),
]
RecipientWords = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--recipient", metavar="AGE", help="Encrypt to this age key (age1… or ssh-ed25519 …); repeatable."),
]
Identities = Annotated[
    Optional[list[Path]],  # noqa: UP045  # as above
    typer.Option("--identity", metavar="FILE", help="A private key that opens the backups; repeatable."),
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


def target_of(places: "Places", given: Path | None) -> Path:
    """Return the folder of the backups: the option's, or the setting's, relative to the root."""
    if given is not None:
        return given.absolute()
    value = settings_of(["backup.dir"], places.settings, flags=flags())["backup.dir"].value
    return (places.root / str(value)).absolute()


def author_of(project: Project, recipients: list[str] | None) -> "Author":
    """Return who makes the backups; the options are stronger than the settings."""
    from adapters.backup_author import Author
    from adapters.backup_packing import recipients_from
    from cli.checkpoint import keys_of, signer_of

    value = settings_of(["backup.recipients"], project.places.settings, flags=flags())["backup.recipients"].value
    words = recipients or (value if isinstance(value, list) else [])
    keys = keys_of(project)
    return Author(
        project.log.origin,
        (keys.current, *keys.replaced),
        signer_of(project, size=project.log.tree().size).note,
        recipients_from(words),
        lambda: time_ns() // 1000,
    )
