"""What came of asking a time-stamping authority, in words."""

import sys
from shlex import quote

from cli.screen import clean, one_line, paint
from usecases.checkpointing import StampTold


def say_stamp(told: StampTold, *, by_service: bool = False) -> bool:
    """Say on stderr what came of it; tell whether there is a time stamp. A service asks the authority it knows."""
    if told["warning"]:
        print(paint(f"! {one_line(told['warning'])}", "yellow", stream=sys.stderr), file=sys.stderr)
        naming = "" if by_service else f" --timestamp {quote(told['url'])}"
        print(f"  → orch audit checkpoint{naming}", file=sys.stderr)
        return False
    said = f"time stamp {told['time']}: {clean(told['file'] or '')}"
    print(paint(said, "dim", stream=sys.stderr), file=sys.stderr)
    return True
