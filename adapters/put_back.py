"""The way back of a folder that followed a log, while the one that it left is still in force."""

from pathlib import Path
from shlex import quote

from adapters.keys import kept_keys
from adapters.log_notes import RETIRED
from adapters.places import MARK, Places
from adapters.retiring import CHECKPOINTS, FOLDER, KEYS
from domain.event_log import EventLog


def back_to(places: Places, log: EventLog) -> tuple[str, ...]:
    """Return the line that lets a folder belong to a log again whose key it put aside.

    There is none where it has no such key, or where that log has ended: then it was right to leave it.
    """
    kept = _kept(places, log)
    if kept is None or RETIRED in log.notes():
        return ()
    checkpoints = places.checkpoints
    steps = [f"mv {quote(str(kept / KEYS))}/*.pem {quote(str(places.keys))}/"]
    if (kept / CHECKPOINTS).is_dir():
        if checkpoints.is_dir():  # they cover the other log
            steps.append(f"mv {quote(str(checkpoints))} {quote(str(kept / 'checkpoints-after'))}")
        steps.append(f"mv {quote(str(kept / CHECKPOINTS))} {quote(str(checkpoints))}")
    steps += [f"rm {quote(str(places.state / MARK))}", "orch init"]
    return (" && ".join(steps),)


def _kept(places: Places, log: EventLog) -> Path | None:
    """Return where a key of a log lies among what was put aside."""
    folders = sorted((places.state / FOLDER).glob(f"*/{KEYS}"))
    return next((folder.parent for folder in folders if kept_keys(folder, log.origin)), None)
