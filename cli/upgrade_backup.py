"""The backup before an upgrade: made, and read again byte by byte, before anything is changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from cli.backup_create import made_now, say
from cli.backup_project import target_of
from cli.project import opened
from domain.errors import Damaged
from usecases.backup_listing import keys_for

if TYPE_CHECKING:
    from usecases.backup_answers import BackupProblem


class BackupBefore(TypedDict):
    """The backup that was made before; `incomplete` says that it is encrypted and no identity opened it."""

    folder: str
    copy: str
    last: int
    root: str
    verdict: Literal["verified", "incomplete"]


def backup_before(to: str | None, recipient: list[str] | None, identity: list[Path] | None) -> BackupBefore:
    """Back up what is new and verify the copy. Raises `Damaged` where the backup is not what it should be."""
    from adapters.backup_packing import identities_from
    from adapters.backup_target import read_target
    from cli.backup_list import around
    from cli.progress import Progress
    from usecases.backup_verifying import verified

    identities = identities_from(identity or ())
    with opened() as project:
        made = made_now(project, to, recipient)
        for warning in made["warnings"]:
            say(warning)
        storage = target_of(project.places, to)
    target = read_target(storage, keys_for(storage, None, around(to)[1]))
    found = verified(target, [target.copy(made["copy"])], identities, given_key=True, metering=Progress)
    if found["verdict"] == "damaged":
        raise Damaged(f"The backup does not verify, and nothing was upgraded: {_first(found['problems'])}.", fix=FIX)
    return {
        "folder": made["folder"],
        "copy": made["copy"],
        "last": made["last"],
        "root": made["root"],
        "verdict": found["verdict"],
    }


FIX = ("orch backup verify", "orch upgrade --with-backup --to ANOTHER")


def _first(problems: "list[BackupProblem]") -> str:
    return problems[0]["what"].rstrip(".")
