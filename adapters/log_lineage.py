"""Whether a log says of itself that it goes on where another one was left."""

from domain.event_log import EventLog
from domain.ledger_state import LedgerState
from domain.lineage import Fork, Lineage
from domain.project_state import ProjectState


def left_by(log: EventLog, origin: str) -> Fork | None:
    """Return where a log left another one of that name, or None where it never was that one, or still is."""
    heads = log.heads(["project", "ledger"])[1]
    if not {"project", "ledger"} <= heads.keys():
        return None
    forks = LedgerState.from_facts(heads["ledger"].facts).forks
    return Lineage(ProjectState.from_facts(heads["project"].facts).origin, forks).fork_from(origin)
