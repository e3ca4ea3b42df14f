"""What came of asking a time-stamping authority, in words."""

import sys
from shlex import quote

from cli.screen import clean, one_line, paint
from usecases.checkpointing import StampTold


def say_stamp(told: StampTold) -> bool:
    """Say on stderr what came of it; tell whether there is a time stamp."""
    if told["warning"]:
        print(paint(f"! {one_line(told['warning'])}", "yellow", stream=sys.stderr), file=sys.stderr)
        print(f"  → orch audit checkpoint --timestamp {quote(told['url'])}", file=sys.stderr)
        return False
    said = f"time stamp {told['time']}: {clean(told['file'] or '')}"
    print(paint(said, "dim", stream=sys.stderr), file=sys.stderr)
    return True
