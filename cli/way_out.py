"""The command that helps, for what a verification found."""

from collections.abc import Iterable

from adapters.places import left_of
from adapters.way_back import plan_back
from cli.given import flags
from cli.project import here

MENDED = {"head", "snapshot"}
"""What is made from the events and can be made anew, where these hold."""
STRANGERS = {"checkpoint signature", "checkpoint origin"}


def way_out(kinds: Iterable[str]) -> str:
    """Return the command that helps against problems of these kinds."""
    if MENDED.issuperset(kinds):
        return "orch rebuild"
    if STRANGERS.issuperset(kinds):  # another project's checkpoint, or another key: the store may be as good as ever
        return "orch audit key show"
    places = left_of(here(), flags=flags())
    return plan_back(places.root, places.settings, flags=flags())
