"""Which moment of the past an answer is about, in words."""

import sys

from cli.screen import paint
from domain.event_log import Moment
from domain.times import rfc3339


def say(moment: Moment) -> None:
    """Tell a person which moment the answer is about: its position, and the times around it."""
    first, after = moment.recorded_at, moment.next_recorded_at
    when = f"as of position {moment.position}, recorded {rfc3339(first)}" if first is not None else "before all events"
    then = f"; the next event was recorded {rfc3339(after)}" if after is not None else "; nothing was recorded since"
    print(paint(f"{when}{then}", "dim", stream=sys.stderr), file=sys.stderr)
