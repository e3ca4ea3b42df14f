"""The command that helps, for what a verification found."""

from collections.abc import Iterable

MENDED = {"head", "snapshot"}
"""What is made from the events and can be made anew, where these hold."""
SALVAGE = "orch recover salvage --out salvaged"
"""What saves all that is left of a damaged store, backups included."""
STRANGERS = {"checkpoint signature", "checkpoint origin"}


def way_out(kinds: Iterable[str]) -> str:
    """Return the command that helps against problems of these kinds."""
    if MENDED.issuperset(kinds):
        return "orch rebuild"
    if STRANGERS.issuperset(kinds):  # another project's checkpoint, or another key: the store may be as good as ever
        return "orch audit key show"
    return SALVAGE
