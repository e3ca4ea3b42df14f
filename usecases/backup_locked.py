"""Backups that are encrypted, where no key opens them: a service has none, and takes none from anybody."""

from domain.errors import InvalidInput
from usecases.backup_listing import backups_of
from usecases.project import Project

LOCKED_HERE = (
    "Encrypted segments were compared with their manifests but not opened: the service has no key to them. Where the"
    " key is, orch backup verify --from PLACE --identity FILE opens them."
)


def refuse_locked(project: Project, copy: str | None = None) -> None:
    """Refuse to look into a copy that is encrypted, the newest one where none is named. Raises as `Target.copy`."""
    found = backups_of(project)[0].copy(copy)
    if any(manifest.recipients for manifest in found.manifests):
        raise InvalidInput(
            f"{found.name} is encrypted, and the service has no key to it: it can compare its bytes with what was"
            " signed, and whoever has the key can open it.",
            fix=(
                "orch backup verify",
                "orch backup verify --from PLACE --identity FILE",
                "orch backup drill --identity FILE",
            ),
        )
