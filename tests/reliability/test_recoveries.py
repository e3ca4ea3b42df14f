"""Full recoveries at random moments, half of them from backups: equal states, and the roots that were signed."""

import random
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.sqlite_log import SqliteLog
from domain.aggregates import EventSourced
from domain.event_log import Head
from domain.times import rfc3339
from projections.folding import fold
from tests.cli.conftest import Orch, orch, project
from tests.properties.busy_log import keep_busy
from tests.reliability.ledger import LONG
from usecases.reads import decoded
from usecases.recovered import state_digest

__all__ = ["orch", "project"]  # fixtures
EVENTS = 10_000 if LONG else 600
RECOVERIES = 300 if LONG else 8
LOG = Path(".orch/log.db")


class Known(NamedTuple):
    """What was known of the log before it was lost: its times, its roots as signed, and the digest of every state."""

    times: list[int]
    states: dict[int, str]
    signed: dict[int, str]


@pytest.fixture
def busy(project: Orch) -> tuple[Orch, Known]:
    """Return a project with a busy log, checkpoints and backups of it, and what is known of it."""
    dice = random.Random(20261128)
    for part in range(1, 6):
        with SqliteLog.open(LOG) as log:
            keep_busy(log, EVENTS * part // 5, dice)
        assert project("audit", "checkpoint").status == 0
        assert project("backup", "create").status == 0
    signed = {int(note.stem): note.read_text().split("\n")[2] for note in Path(".orch/checkpoints").glob("*.note")}
    return project, Known(*_states(dice), signed)


def _states(dice: random.Random) -> tuple[list[int], dict[int, str]]:
    """Fold the log once; keep the digests of some states on the way, those before every checkpoint among them."""
    with SqliteLog.open(LOG, read_only=True) as log:
        size = log.moment().position
        wanted = {*dice.sample(range(1, size + 1), RECOVERIES)}
        aggregates: dict[str, EventSourced] = {}
        heads: dict[str, Head] = {}
        times, states = [], {}
        for record, event in decoded(log.records()):
            after = fold(aggregates, record.position, record.stream, event)
            heads[record.stream] = Head(record.stream, after.version, record.position, after.head())
            times.append(record.recorded_at)
            if record.position in wanted:
                states[record.position] = state_digest(heads)
        return times, states


def test_recoveries_at_random_moments_are_the_log_as_it_was(busy: tuple[Orch, Known]) -> None:
    run, known = busy
    for turn, (position, state) in enumerate(known.states.items()):
        if turn == RECOVERIES // 2:  # from here on there is no store any more
            for file in Path(".orch").glob("log.db*"):
                file.unlink()
        sources = () if LOG.exists() else ("--from-backups", ".orch/backups")
        within = position < len(known.times) and known.times[position] == known.times[position - 1]
        to = f"position:{position}" if within or turn % 2 else rfc3339(known.times[position - 1])
        found = run("recover", "run", "--to", to, "--out", "new", "--json", *sources).data
        verified = found["verification"]
        assert (found["as_of"]["position"], verified["verdict"], verified["state"]) == (position, "verified", state)
        assert [each["size"] for each in verified["checkpoints"]] == sorted(
            (size for size in known.signed if size <= position), key=str
        )
        assert all(each["holds"] for each in verified["checkpoints"])
        shutil.rmtree("new")
    assert not LOG.exists()
