"""Sign what the log holds, and ask an authority when that was."""

from pathlib import Path
from typing import TypedDict

from adapters.checkpoint_files import CheckpointFiles, anchor
from adapters.settings_file import settings_of
from domain.errors import InvalidInput, Refusal
from domain.times import rfc3339
from usecases.project import Far, Project
from usecases.signed_head import signed_head


class StampTold(TypedDict):
    """What the authority said, and where its answer is kept; `warning` says why there is no time stamp."""

    url: str
    time: str | None
    authority: str | None
    file: str | None
    warning: str | None


def refuse_no_stamps(url: str) -> None:
    """Refuse what can give no time stamp, before anything is signed."""
    from adapters.settings import BY_NAME, judge_value
    from adapters.timestamps import require_extra

    judge_value(BY_NAME["checkpoints.timestamp_url"], url, "--timestamp", fix=("orch audit checkpoint --help",))
    require_extra()


def told_stamp(files: CheckpointFiles, size: int, note: bytes, url: str) -> StampTold:
    """Ask for a time stamp over a note and keep it; the checkpoint stands without it."""
    from adapters.timestamps import stamped

    told: StampTold = {"url": url, "time": None, "authority": None, "file": None, "warning": None}
    try:
        token, stamp = stamped(url, note)
        kept = files.keep_stamp(size, token)
    except Refusal as refusal:
        told["warning"] = f"The checkpoint is signed and kept, but there is no time stamp: {refusal.message}"
    else:
        told |= {"time": rfc3339(stamp.time), "authority": stamp.authority, "file": str(kept)}
    return told


class CheckpointAnswer(TypedDict):
    """A signed checkpoint; `note` is what auditors keep. Keys are verifier keys, C2SP signed-note."""

    origin: str
    size: int
    root: str
    note: str
    signed_by: list[str]
    not_signed_by: list[str]
    file: str
    anchor: str | None
    timestamp: StampTold | None


def checkpoint(project: Project, anchor_file: Path | None, url: str | None) -> CheckpointAnswer:
    """Sign the log's tree head and keep it; append it to an anchor, and have it stamped, where those are named."""
    files = project.checkpoints
    if url:
        refuse_no_stamps(url)
    if project.far is not None:
        return _signed_there(project, project.far, anchor_file, url)
    head = signed_head(project)
    path = files.keep(head.size, head.note)
    if anchor_file is not None:
        anchor(anchor_file, head.note)
    return {
        "origin": project.log.origin,
        "size": head.size,
        "root": head.root.hex(),
        "note": head.note.decode(),
        "signed_by": head.signed_by,
        "not_signed_by": head.missing,
        "file": str(path),
        "anchor": str(anchor_file) if anchor_file else None,
        "timestamp": told_stamp(files, head.size, head.note, url) if url else None,
    }


def _signed_there(project: Project, far: Far, anchor_file: Path | None, url: str | None) -> CheckpointAnswer:
    """Have the service sign, keep and stamp as its settings say; append the checkpoint to an anchor that is here."""
    if url:
        raise InvalidInput(
            "A time stamp is kept where the log is: the service asks for one with every checkpoint, if it is set"
            " to (checkpoints.timestamp_url).",
            fix=("orch audit checkpoint",),
        )
    told: CheckpointAnswer = far.post("/audit/checkpoint", {})
    note = told["note"].encode()
    if anchor_file is not None:
        anchor(anchor_file, note)
        told["anchor"] = str(anchor_file)
    told["file"] = str(project.checkpoints.keep(told["size"], note))
    return told


def elsewhere(project: Project, anchor_file: Path | None, timestamp: str | None) -> tuple[Path | None, str | None]:
    """Return the anchor and the authority: those that were named, or those of the settings.

    Where a service signs, its settings name the authority, and those of a copy name none.
    """
    names = ("checkpoints.anchor", "checkpoints.timestamp_url")
    known = settings_of(names, project.places.settings, flags=project.given)
    anchor_name, url = (value.value for value in known.values())
    if anchor_file is None and anchor_name:
        anchor_file = project.places.root / str(anchor_name)
    if project.far is not None:
        url = None
    return anchor_file, timestamp or (str(url) if url else None)
