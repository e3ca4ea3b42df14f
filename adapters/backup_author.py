"""Who makes backups, and for whom."""

from collections.abc import Callable
from typing import NamedTuple

from adapters.backup_manifests import Sign
from adapters.backup_packing import Recipients


class Author(NamedTuple):
    """Who makes backups of which log, and for whom."""

    origin: str
    keys: tuple[str, ...]
    """As in a manifest."""
    sign: Sign
    recipients: Recipients
    clock: Callable[[], int]
    """µs since the epoch."""
