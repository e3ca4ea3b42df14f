"""Opening the backups that a recovery takes its events from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.backup_packing import identities_from
from adapters.backup_reading import open_backups
from adapters.places import Places
from cli.backup_list import around
from usecases.backup_listing import keys_for
from usecases.recover_backups import BackupSource


@contextmanager
def backups_at(places: Places, given: str, identities: Sequence[Path]) -> Iterator[BackupSource]:
    """Open the backups at a place; every file is compared with its signed manifest first."""
    storage, known = around(given)
    keys = keys_for(storage, None, known)
    backups = open_backups(storage, identities_from(identities), vkeys=keys)
    if known is not None:
        known.tell(backups)
    backups.check_files()
    yield BackupSource(places, backups)
