"""What the backup commands know of the project around them: where backups go, for whom, and who signs."""

from time import time_ns
from typing import TYPE_CHECKING

from adapters.backup_addresses import storage_at
from adapters.settings import Source
from adapters.settings_file import settings_of
from cli.given import flags
from cli.project import here
from usecases.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.backup_author import Author
    from adapters.backup_storage import Storage
    from adapters.places import Places


def target_of(places: "Places", given: str | None) -> "Storage":
    """Return where the backups are: what the option says, or the setting, which is relative to the root."""
    if given is not None:
        return storage_at(given, here())
    value = settings_of(["backup.dir"], places.settings, flags=flags())["backup.dir"].value
    return storage_at(str(value), places.root)


def logs_of(places: "Places") -> "Path":
    """Return the folder of the logs: what the setting says, or `logs` beside the store."""
    value = settings_of(["log.dir"], places.settings, flags=flags())["log.dir"]
    return places.state / "logs" if value.source is Source.DEFAULT else places.root / str(value.value)


def is_said(places: "Places") -> bool:
    """Tell whether a setting says where the backups are."""
    source = settings_of(["backup.dir"], places.settings, flags=flags())["backup.dir"].source
    return source is not Source.DEFAULT


def author_of(project: Project, recipients: list[str] | None) -> "Author":
    """Return who makes the backups; the options are stronger than the settings."""
    from adapters.backup_author import Author
    from adapters.backup_packing import recipients_from
    from usecases.signed_head import keys_of, signer_of

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
