"""Whether another full copy is made for somebody who cannot remove one."""

from typing import TYPE_CHECKING

from domain.errors import AlreadyExists
from usecases.backup_listing import keys_for, known_to
from usecases.backup_verifying import verified
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_writing import BackupWriter

MOST = 8
"""So many copies may be there before the next one: each takes as much room as the log, and only `prune` removes one."""


def is_copy_wanted(project: Project, writer: "BackupWriter") -> bool:
    """Tell whether the newest copy falls short of a full one that would be made now. Raises `AlreadyExists`.

    It does not where it ends with the log, every byte of it is as it was signed, and it is for the same recipients.
    """
    if writer.count and _is_enough(project, writer):
        return False
    if writer.count >= MOST:
        raise AlreadyExists(
            f"{writer.count} copies are there already; remove one that is needed no more.",
            fix=("orch backup prune",),
        )
    return True


def _is_enough(project: Project, writer: "BackupWriter") -> bool:
    from adapters.backup_target import read_target

    if writer.last != project.log.moment().position:
        return False
    known = known_to(project.log, project.places)
    target = read_target(writer.storage, keys_for(writer.storage, None, known))
    newest = target.copies[-1]
    recipients = tuple(writer.author.recipients.fingerprints)
    if any(each.recipients != recipients for each in newest.manifests):
        return False
    return not verified(target, [newest], [], given_key=True)["problems"]
