"""Leave a log for a recovered one: people decide that, and the new log says so first of all."""

from domain import commands as c
from domain.actors import ActorKind
from domain.errors import PolicyNeedsPerson
from domain.event_log import EventLog
from domain.ledger import Ledger
from domain.read_set import ReadSet
from domain.tree_ranges import range_root_of

LOST = "its text was lost to damage; what the event itself says was salvaged"
ANEW = "its redaction was recorded after the moment of the recovery"


def promote(command: c.PromoteRecovery, read: ReadSet, log: EventLog) -> Ledger:
    """Record the fork, where the events come from, the redactions that the parent recorded later, and lost texts."""
    by, at, reason, fork = command.meta.by, command.meta.at, command.reason, command.fork
    bound = fork.binds_agents or read.policy().state.agents_may_not_approve
    if bound and by.kind is not ActorKind.HUMAN:
        raise PolicyNeedsPerson(by.name, by.kind, may="promote a recovered store")
    size = log.moment().position
    ledger = read.ledger()
    ledger.fork(fork, size=size, root=range_root_of(log)(0, size).hex(), reason=reason, by=by, at=at)
    ledger.recover(size, source=command.source, reason=reason, by=by, at=at)
    for position, why in sorted([*((p, ANEW) for p in fork.redacted), *((p, LOST) for p in fork.lost)]):
        record = next(log.records(position, position))
        ledger.redact(position, stream=record.stream, version=record.version, reason=why, by=by, at=at)
    return ledger
