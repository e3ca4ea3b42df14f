"""What a log holds, in few words: two logs of one measure hold the same events, in the same tree and the same state."""

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from adapters.backup_segments import record_of
from adapters.envelope import canonical, leaf_of
from adapters.stored_events import stored
from domain.errors import Damaged
from domain.merkle import grow, root_of

if TYPE_CHECKING:
    from adapters.stores import AnyLog


class Measure(NamedTuple):
    """A log's name, its events and what was made of them."""

    origin: str
    size: int
    root: bytes
    """Of a tree that was made of the events anew."""
    events: bytes
    """SHA-256 of everything that is stored of the events, erasable texts included."""
    heads: bytes
    """SHA-256 of the heads of all streams."""


def measured(log: "AnyLog") -> Measure:
    """Read a whole log. Raises `Damaged` where events, tree and tables do not fit each other."""
    frontier: list[bytes] = []
    events, heads = sha256(), sha256()
    size = 0
    for record in log.records():
        leaf = leaf_of(record)
        if leaf != record.leaf or record.position != size + 1:
            raise Damaged(f"The event at position {record.position} is not the one in the tree.", fix=("orch doctor",))
        grow(frontier, size, leaf)
        events.update(record_of(record.position, stored(record)))
        size += 1
    root = root_of(frontier)
    tree = log.tree()
    if (tree.size, tree.root) != (size, root):
        raise Damaged("The tree is not that of the events.", fix=("orch doctor",))
    for told in log.unsound():
        raise Damaged(f"The tables are damaged: {told}.", fix=("orch doctor",))
    for _, head in sorted(log.heads_below("")[1].items()):
        heads.update(canonical(list(head)) + b"\n")
    return Measure(log.origin, size, root, events.digest(), heads.digest())
