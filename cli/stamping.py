"""Ask a time-stamping authority about a checkpoint that was just signed."""

import sys
from shlex import quote
from typing import TypedDict

from adapters.checkpoint_files import CheckpointFiles
from cli.screen import clean, one_line, paint
from domain.errors import Refusal
from domain.times import rfc3339


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

    judge_value(BY_NAME["checkpoints.timestamp_url"], url, "--timestamp")
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


def say_stamp(told: StampTold) -> bool:
    """Say on stderr what came of it; tell whether there is a time stamp."""
    if told["warning"]:
        print(paint(f"! {one_line(told['warning'])}", "yellow", stream=sys.stderr), file=sys.stderr)
        print(f"  → orch audit checkpoint --timestamp {quote(told['url'])}", file=sys.stderr)
        return False
    said = f"time stamp {told['time']}: {clean(told['file'] or '')}"
    print(paint(said, "dim", stream=sys.stderr), file=sys.stderr)
    return True
