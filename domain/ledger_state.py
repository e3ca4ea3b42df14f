"""Which keys speak for the log. The head of the ledger's stream."""

from typing import Any, NamedTuple

from domain.errors import Damaged
from domain.lineage import Fork


class LedgerState(NamedTuple):
    """Until the first rotation the project's own key speaks, and nothing stands here."""

    public_key: str = ""
    """The verifier key in force."""
    replaced: tuple[str, ...] = ()
    """The keys before it, the oldest first."""
    rotated: int = 0
    """The event that put the key in force."""
    forks: tuple[Fork, ...] = ()
    """The logs that were left for this one, the oldest first."""

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        facts = {"public_key": self.public_key, "replaced": list(self.replaced), "rotated": self.rotated}
        # heads that were written before there were forks do not name them
        return facts | ({"forks": [list(fork) for fork in self.forks]} if self.forks else {})

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "LedgerState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            forks = tuple(Fork(*fork) for fork in facts.get("forks", ()))
            return cls(facts["public_key"], tuple(facts["replaced"]), facts["rotated"], forks)
        except (KeyError, TypeError) as error:
            raise Damaged(f"The head of the ledger does not say what it is: {error!r}.") from None
