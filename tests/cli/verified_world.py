"""A project with more events than a tile holds, made once, and a checkpoint of it held elsewhere."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters.sqlite_log import SqliteLog
from domain.event_log import Decision
from domain.phase import Phase
from domain.phase_events import BlockerType
from tests.cli.conftest import Answer, Orch, begun_in_a_file
from tests.reliability.ledger import ADA
from usecases.refolding import keep_snapshots

LOG = Path(".orch/log.db")
HELD = "held.txt"


class World(NamedTuple):
    """The project in the current folder, and what the auditor was given when the checkpoint was made."""

    orch: Orch
    key: str
    size: int

    def verify(self, *words: str) -> Answer:
        """Verify as an auditor does who holds the key and the checkpoint."""
        return self.orch("audit", "verify", "--against", HELD, "--vkey", self.key, *words)

    def found(self, *words: str) -> dict[str, Any]:
        """Verify and return the answer, whatever the verdict."""
        return self.verify("--json", *words).data


def make_world(orch: Orch) -> World:
    """Fill the project in the current folder and take a checkpoint."""
    orch("init", "--host", "example.org")
    orch("spec", "st01-x", "--objectives", "Round trip below 10 ms")
    orch("approve", "st01-x", "spec", "--comments", "measurable")
    with SqliteLog.open(LOG) as log:
        log.append([many("st02-many", 290)])
        keep_snapshots(log, 200, done=lambda _: None, every=100)
    orch("block", "st01-x", "no sound card")
    Path(HELD).write_text(orch("audit", "checkpoint").out)
    key = orch("audit", "key", "show", "--json").data["key"]
    return World(orch, key, orch("list", "--json").data["as_of"]["position"])


def many(name: str, number: int) -> Decision:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    phase = Phase.open(name, title="Many", by=ADA, at=at)
    for each in range(number):
        phase.block(BlockerType.RESOURCE_UNAVAILABLE, description=f"blocker {each}", by=ADA, at=at)
    return Decision("many-1", "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Orch, Path], World]:
    """Return what gives every test of a module a copy of one and the same world."""
    made: list[tuple[Path, World]] = []

    def copied(orch: Orch, folder: Path) -> World:
        with begun_in_a_file(orch):
            if not made:
                world = make_world(orch)
                kept = tmp_path_factory.mktemp("kept") / "world"
                shutil.copytree(folder, kept)
                made.append((kept, world))
            else:
                shutil.copytree(made[0][0], folder, dirs_exist_ok=True)
        return made[0][1]._replace(orch=orch)

    return copied


@pytest.fixture
def world(orch: Orch, keep: Callable[[Orch, Path], World], tmp_path: Path) -> World:
    """Return a copy of the world in the current folder."""
    return keep(orch, tmp_path)
