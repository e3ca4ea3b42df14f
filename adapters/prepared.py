"""A decision as the bytes that are written, made before any lock is taken; the same for every store."""

from collections.abc import Mapping, Sequence
from os import urandom
from typing import NamedTuple

from adapters.envelope import Prepared, canonical
from adapters.log_rows import HASH
from domain.event_log import Decision


class PreparedDecision(NamedTuple):
    """A decision whose bytes are ready."""

    command_id: str
    fingerprint: str
    events: Sequence[Prepared]
    heads: Mapping[str, bytes]
    expects: Mapping[str, int]
    erases: Sequence[int] = ()


def prepared(decision: Decision, *, origin: str) -> PreparedDecision:
    """Make all bytes of a decision before any lock is taken."""
    from adapters.codec import encode

    written = {event.originator_id for event in decision.events}
    if not written or written != decision.heads.keys() or not written <= decision.expects.keys():
        raise ValueError(f"a decision names the head and the version read of every stream it writes: {written}")
    versions = dict(decision.expects)
    for event in decision.events:
        versions[event.originator_id] += 1
        if event.originator_version != versions[event.originator_id]:
            raise ValueError(f"{event.originator_id} goes on with version {versions[event.originator_id]}: {event}")
    salts = urandom(HASH * len(decision.events))
    events = [
        encode(
            event,
            origin=origin,
            command_id=decision.command_id,
            causation=decision.causation,
            correlation=decision.correlation,
            salt=salts[i * HASH : (i + 1) * HASH],
        )
        for i, event in enumerate(decision.events)
    ]
    heads = {stream: canonical(facts) for stream, facts in decision.heads.items()}
    return PreparedDecision(decision.command_id, decision.fingerprint, events, heads, decision.expects, decision.erases)
