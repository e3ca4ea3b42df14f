"""Where the backup commands look: what their option says, or the setting."""

from typing import TYPE_CHECKING

from adapters.backup_addresses import storage_at
from cli.given import flags
from cli.project import here
from usecases.backup_places import storage_of

if TYPE_CHECKING:
    from adapters.backup_storage import Storage
    from adapters.places import Places


def target_of(places: "Places", given: str | None) -> "Storage":
    """Return where the backups are: what the option says, or the setting, which is relative to the root."""
    return storage_of(places, flags()) if given is None else storage_at(given, here())
