"""Which origin each row of a log has to name: a fork says that the log goes on as another one."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Damaged
from domain.event_log import Head
from domain.ledger import STREAM as LEDGER
from domain.lineage import Lineage
from domain.project import STREAM as PROJECT
from projections.log_keys import lineage_of
from projections.verification import Findings

FACTS = frozenset(("origin", "parent", "size", "root", "parent_size", "checkpoint", "public_key", "replaces"))


class Forks:
    """The forks that the heads name, and those that are met on the way; nothing is noted before the end."""

    def __init__(self, origin: str, heads: Mapping[str, Head], findings: Findings, *, first: int) -> None:
        self._note = findings.note
        self.lineage = _lineage(origin, heads)
        self.first = self.lineage.origin_at(first) if self.lineage.forks else origin
        """What the first row has to name."""
        self.sizes = [fork.size for fork in self.lineage.forks if fork.size >= first - 1]
        """The sizes at which the root of the tree is asked for."""
        self._met: dict[int, Mapping[str, Any]] = {}

    def met(self, position: int, envelope: Any) -> str | None:
        """Take a fork into account: from its own row on the log has another name, which is returned.

        Nothing is returned for a row that does not say what a fork says: the fold refuses it, and names it.
        """
        facts = envelope.get("facts") if type(envelope) is dict else None
        if type(facts) is not dict or facts.keys() != FACTS:
            return None
        self._met[position] = facts
        return str(facts["origin"])

    def compare(self, roots: Mapping[int, bytes], origin: str) -> None:
        """Hold what the forks say against the rebuilt tree, and the last name against that of the store."""
        last = self.first
        for position, facts in sorted(self._met.items()):
            size, last = position - 1, str(facts["origin"])
            if facts["size"] != size:
                self._note(position, "fork", f"after {size} events", f"after {facts['size']}")
            if str(facts["public_key"]).partition("+")[0] != facts["origin"]:
                self._note(position, "fork", f"a key of {facts['origin']}", facts["public_key"])
            if size in roots and roots[size].hex() != facts["root"]:
                self._note(position, "fork", f"the root {roots[size].hex()} of {size} events", facts["root"])
        if last != origin:
            self._note(None, "origin", last, origin)


def _lineage(origin: str, heads: Mapping[str, Head]) -> Lineage:
    """Return the names the log has had; heads that say nothing sensible are found out by the fold."""
    try:
        return lineage_of(heads[PROJECT], heads.get(LEDGER))
    except (Damaged, KeyError, TypeError, ValueError, AttributeError):
        return Lineage(origin)
