"""Where the backups of a project go, for whom, and who signs them: as the settings say."""

from collections.abc import Mapping
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING

from adapters.backup_addresses import storage_at
from adapters.places import Places
from adapters.settings import NOBODYS, Source
from adapters.settings_file import settings_of
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_author import Author
    from adapters.backup_storage import Storage


def storage_of(places: Places, given: Mapping[str, str] = NOBODYS) -> "Storage":
    """Return where the setting says that the backups are; it is relative to the root."""
    value = settings_of(["backup.dir"], places.settings, flags=given)["backup.dir"].value
    return storage_at(str(value), places.root)


def logs_of(places: Places, given: Mapping[str, str] = NOBODYS) -> Path:
    """Return the folder of the logs: what the setting says, or `logs` beside the store."""
    value = settings_of(["log.dir"], places.settings, flags=given)["log.dir"]
    return places.state / "logs" if value.source is Source.DEFAULT else places.root / str(value.value)


def is_said(places: Places, given: Mapping[str, str] = NOBODYS) -> bool:
    """Tell whether a setting says where the backups are."""
    source = settings_of(["backup.dir"], places.settings, flags=given)["backup.dir"].source
    return source is not Source.DEFAULT


def author_of(project: Project, recipients: list[str] | None = None) -> "Author":
    """Return who makes the backups; recipients that are given are stronger than the settings."""
    from adapters.backup_author import Author
    from adapters.backup_packing import recipients_from
    from usecases.signed_head import keys_of, signer_of

    said = settings_of(["backup.recipients"], project.places.settings, flags=project.given)["backup.recipients"].value
    words = recipients or (said if isinstance(said, list) else [])
    keys = keys_of(project)
    return Author(
        project.log.origin,
        (keys.current, *keys.replaced),
        signer_of(project, size=project.log.tree().size).note,
        recipients_from(words),
        lambda: time_ns() // 1000,
    )
