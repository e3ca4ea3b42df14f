"""A backup that was asked for under a key is made once: whoever repeats the request is answered the same.

That holds while the backup is there. Nobody is told that they have one whose copy was removed, or lies elsewhere than
backups go now: the same request makes another one then.
"""

from hashlib import sha256
from typing import TYPE_CHECKING, cast

from adapters.backups_asked import AskedBackup, made_under, remember
from domain.actors import Actor
from domain.errors import CommandIdReused
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_writing import BackupWriter
    from usecases.backup_answers import BackupMade


class Once:
    """One request for a backup and its key."""

    def __init__(self, project: Project, command_id: str, *, by: Actor, full: bool) -> None:
        self._path, self._id = project.places.backups_asked, command_id
        self._by, self._full = f"{by.kind}:{by.name}", full
        self._key = sha256(f"{project.log.origin}\n{command_id}".encode()).hexdigest()
        self.is_repeated = False
        """Whether the answer is that of another time."""

    def known(self, writer: "BackupWriter") -> "BackupMade | None":
        """Return what was made under the key and is there. Raises `CommandIdReused` for another request, or asker."""
        found = made_under(self._path, self._key)
        if found is None or not _is_told(found.made):
            return None
        if (found.by, found.full) != (self._by, self._full):
            raise CommandIdReused(self._id)
        made = cast("BackupMade", found.made)
        if made["folder"] != writer.storage.where or not writer.lists(made["copy"], made["last"]):
            return None
        self.is_repeated = True
        return made

    def remember(self, made: "BackupMade") -> None:
        """Keep what was made under the key."""
        remember(self._path, AskedBackup(self._key, self._by, self._full, {**made}))


def _is_told(made: object) -> bool:
    """Tell whether that is what this version answers: another one, or a hand, may have written something else."""
    from usecases.backup_answers import BackupMade

    return isinstance(made, dict) and made.keys() == BackupMade.__annotations__.keys()
