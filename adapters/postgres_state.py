"""Which state the heads in a database are in: what tells two states apart, without reading the heads."""

from typing import NamedTuple

from adapters.log_rows import HASH, Row, moment_of, tree_of
from domain.errors import Damaged
from domain.event_log import Moment
from domain.merkle import root_of

FOR_THE_CACHE = """
INSERT INTO orch.store VALUES (
    'cache_secret', encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex')
) ON CONFLICT DO NOTHING
"""
"""244 random bits, which whoever may read the log knows, and nobody else."""
STATE = """
SELECT NULL, t.size, t.recorded_at, t.frontier, (SELECT h.xmin::text FROM orch.heads AS h ORDER BY h.stream LIMIT 1),
    (SELECT s.value FROM orch.store AS s WHERE s.key = 'cache_secret')
FROM orch.tree AS t
"""
"""One row. Appending changes the tree; folding all heads anew replaces each, so the first has another xmin then."""
HEADS = " UNION ALL SELECT stream, version, position, facts, NULL, NULL FROM orch.heads"


class HeadsState(NamedTuple):
    """The state that all heads are in, and the secret of those who may read the log."""

    moment: Moment
    root: bytes
    """Of the tree: it commits to every event, so a log of the same size with other events has another one."""
    written: str
    """The transaction that wrote the first of the heads; empty in an empty log."""
    secret: str
    """Empty in a log that was made without one."""


def state_of(rows: list[Row]) -> tuple[HeadsState, list[Row]]:
    """Return the state, and the rows of the heads that came with it."""
    heads = [row for row in rows if row[0] is not None]
    row = next((row for row in rows if row[0] is None), None)
    if row is None:
        raise Damaged("The log has lost the row that holds its tree.")
    _, size, recorded_at, frontier, written, secret = row
    tree_of((size, frontier, recorded_at))
    edge = [frontier[i : i + HASH] for i in range(0, len(frontier), HASH)]
    return HeadsState(moment_of((size, recorded_at)), root_of(edge), written or "", secret or ""), heads
