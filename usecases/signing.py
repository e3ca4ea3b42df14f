"""Sign a checkpoint after a verdict or a handoff where the settings ask for it; the verdict stands in any case."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from domain.errors import Refusal
from usecases.project import Project

if TYPE_CHECKING:
    from domain.event_log import Receipt


class Signing(NamedTuple):
    """That a checkpoint is wanted, and where else it goes."""

    anchor: Path | None


class SignedAfter(TypedDict):
    """The checkpoint that covers what was recorded; `warning` says what failed, `fix` how to do it again."""

    size: int | None
    file: str | None
    anchor: str | None
    warning: str | None
    fix: list[str]


def signing_after(project: Project, occasion: str) -> Signing | None:
    """Return how to sign after an occasion, or None where nobody asked for it. Raises `InvalidInput`."""
    from adapters.settings_file import settings_of

    names = ("checkpoints.after", "checkpoints.anchor")
    after, anchor = (value.value for value in settings_of(names, project.places.settings, flags=project.given).values())
    if not isinstance(after, list) or occasion not in after:
        return None
    return Signing(project.places.root / str(anchor) if anchor else None)


def signed_after(project: Project, receipt: "Receipt", signing: Signing) -> SignedAfter:
    """Sign and keep a checkpoint, and anchor it. A repeated command makes up for what is missing, and no more."""
    from adapters.checkpoint_files import anchor, is_anchored
    from usecases.signed_head import signed_head

    told: SignedAfter = {"size": None, "file": None, "anchor": None, "warning": None, "fix": []}
    files = project.checkpoints
    what = "no checkpoint could be signed after it"
    try:
        kept = files.covering(receipt.last) if receipt.repeated else None
        if kept is None:
            head = signed_head(project)
            note, size, path = head.note, head.size, files.keep(head.size, head.note)
        else:
            note, size, path = kept.path.read_bytes(), kept.size, kept.path
        told |= {"size": size, "file": str(path)}
        if signing.anchor is not None:
            what = "its checkpoint could not be anchored"
            if kept is None or not is_anchored(signing.anchor, note):
                anchor(signing.anchor, note)
            told["anchor"] = str(signing.anchor)
    except (Refusal, OSError) as error:
        why = error.message if isinstance(error, Refusal) else f"{error.filename}: {error.strerror}."
        told["warning"] = f"This was recorded at position {receipt.last}, but {what}: {why}"
        told["fix"] = [_again(signing)]
    return told


def _again(signing: Signing) -> str:
    command = "orch audit checkpoint"
    return f"{command} --anchor {quote(str(signing.anchor))}" if signing.anchor else command
