"""The backups where the settings say that they are: nobody names another place here, and nobody hands over a key."""

from functools import partial
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from adapters.drills import Drill
from api.answering import answer
from api.asking import Key, PresentRecoverer, unquoted
from api.outside import name_of, outside, rows_outside
from api.parts import part
from api.progressing import long_answer
from api.words import Words
from usecases.backup_copies import is_copy_wanted
from usecases.backup_drilling import drilled
from usecases.backup_freshness import freshness
from usecases.backup_listing import backups_of, keys_for, listed
from usecases.backup_locked import LOCKED_HERE, refuse_locked
from usecases.backup_making import backed_up
from usecases.backup_once import Once
from usecases.backup_places import author_of, storage_of
from usecases.backup_verifying import verified
from usecases.command_ids import checked_id
from usecases.meters import Metering
from usecases.project import Project

router = part(prefix="/backups", tags=["backups"])
CopyName = Annotated[
    str | None, Field(max_length=100, description="A copy by its name; otherwise all.", examples=["copy-0001"])
]
Newest = Annotated[str | None, Field(max_length=100, description="A copy by its name; otherwise the newest.")]


class Making(Words):
    """How much is added."""

    full: Annotated[bool, Field(description="Begin a new copy with everything, not only what is new.")] = False


class Checking(Words):
    """Which copies are read."""

    copy_name: Annotated[CopyName, Field(alias="copy")] = None


class Trying(Words):
    """Which copy is tried."""

    copy_name: Annotated[Newest, Field(alias="copy")] = None


@router.get("", summary="The copies of the log, and how far each goes")
def list_backups(ask: PresentRecoverer) -> Response:
    """Return what the manifests say, the last drill, and how many events are in no backup."""
    found = listed(*backups_of(ask.project))
    rows = rows_outside(found["rows"], ask.project, "problem")
    data: dict[str, Any] = {**found, "folder": name_of(found["folder"]), "rows": rows}
    data["drill"] = _drill(found["drill"], ask.project) if found["drill"] else None
    return answer("backup.list", data)


@router.get("/status", summary="How fresh the backups are")
def backup_status(ask: PresentRecoverer) -> Response:
    """Return the age of the newest backup and of the last drill, and what would be lost with the disk."""
    found = freshness(ask.project)
    return answer("backup.status", {**found, "drill": _drill(found["drill"], ask.project) if found["drill"] else None})


@router.post("", summary="Add what is new to the backups")
async def create_backup(
    ask: PresentRecoverer, request: Request, words: Making | None = None, key: Key = None
) -> Response:
    """Add what is new, sealed by a signed checkpoint, encrypted to those whom the settings name.

    A full copy is made only where the newest one lacks something or is not whole. The same Idempotency-Key makes one
    backup, and answers the same.
    """
    full = words is not None and words.full
    once = None if key is None else Once(ask.project, checked_id(unquoted(key)), by=ask.by.actor, full=full)

    def work(metering: Metering) -> Response:
        project = ask.project._replace(metering=metering)
        storage, is_wanted = storage_of(project.places, project.given), partial(is_copy_wanted, project)
        found = backed_up(project, storage, author_of(project), full=full, is_wanted=is_wanted, once=once)
        warnings = [outside(each, project) for each in found["warnings"]]
        response = answer("backup.made", {**found, "folder": name_of(found["folder"]), "warnings": warnings})
        if once is not None and once.is_repeated:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    return await long_answer(request, work)


@router.post("/verify", summary="Check every byte of the backups")
async def verify_backups(ask: PresentRecoverer, request: Request, words: Checking | None = None) -> Response:
    """Check files, signatures, manifests, tree and texts. `verdict` says how they are, with status 200.

    What is encrypted is compared with its manifests and not opened: its keys are not here.
    """
    name = words.copy_name if words else None

    def work(metering: Metering) -> Response:
        target, known = backups_of(ask.project)
        is_known = bool(keys_for(target.storage, None, known))
        copies = [target.copy(name)] if name else target.copies
        found = verified(target, copies, [], given_key=is_known, metering=metering, locked=LOCKED_HERE)
        problems = rows_outside(found["problems"], ask.project, "what")
        return answer("backup.verification", {**found, "folder": name_of(found["folder"]), "problems": problems})

    return await long_answer(request, work)


@router.post("/drill", summary="Restore the backups for trial")
async def drill_backups(ask: PresentRecoverer, request: Request, words: Trying | None = None) -> Response:
    """Restore into a scratch store, compare root and state with the log, remember what came of it: `passed`.

    What is encrypted is refused: its keys are not here.
    """
    name = words.copy_name if words else None

    def work(metering: Metering) -> Response:
        project = ask.project._replace(metering=metering)
        refuse_locked(project, name)
        return answer(
            "backup.drill", _drill(drilled(project, storage_of(project.places, project.given), [], name), project)
        )

    return await long_answer(request, work)


def _drill(found: Drill, project: Project) -> dict[str, Any]:
    why = found["why"] and outside(found["why"], project)
    return {**found, "folder": name_of(found["folder"]), "why": why}
