"""What has to be known of the two logs before one is left for the other."""

from typing import NamedTuple


class ForkFacts(NamedTuple):
    """What the edge knows of the parent, and the name and key it has made for the new log."""

    origin: str
    public_key: str
    parent: str
    parent_size: int
    replaces: str
    checkpoint: str | None
    redacted: tuple[int, ...] = ()
    """Positions whose texts are gone because of redactions that the new log does not hold yet."""
    lost: tuple[int, ...] = ()
    """Positions whose texts are gone because the store they were salvaged from was damaged."""
    binds_agents: bool = False
    """Only people may approve in the parent as it is now; the moment recovered may have been more lenient."""
