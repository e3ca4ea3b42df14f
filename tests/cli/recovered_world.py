"""A project that somebody will want to go back in, and what is needed to judge whether that worked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from domain.event_log import Record
from projections.heads import heads_from
from tests.cli.conftest import Answer, Orch
from usecases.reads import decoded
from usecases.recovered import state_digest

LOG = Path(".orch/log.db")
NEW = "new"
WHY = ("--reason", "the approval was a mistake")


@pytest.fixture
def lived(project: Orch) -> Orch:
    """Return a function that runs `orch` in a project of 15 events: positions 1-2, 3-5, 6, 7-8, 9, 10-12, 13, 14-15."""
    project("spec", "st01-x", "--objectives", "Round trip below 10 ms")
    project("approve", "st01-x", "spec", "--comments", "measurable")
    project("research", "st01-x", "--foundation", "known")
    project("reject", "st01-x", "research", "--feedback", "too short")
    project("spec", "st02-y", "--objectives", "Another one")
    project("approve", "st02-y", "spec")
    project("research", "st02-y", "--foundation", "new")
    return project


def recovered(orch: Orch, to: str, *words: str, out: str = NEW) -> Answer:
    """Recover into a new store; it has to work."""
    answer = orch("recover", "run", "--to", to, "--out", out, "--json", *words)
    assert answer.status == 0, answer
    return answer


def promoted(orch: Orch, *words: str, out: str = NEW) -> Answer:
    """Promote a recovered store; it has to work."""
    answer = orch("recover", "promote", out, *WHY, "--yes", "--json", *words)
    assert answer.status == 0, answer
    return answer


def rows(store: Path | str, upto: int | None = None) -> list[Record]:
    """Return the rows of a store."""
    with SqliteLog.open(Path(store) / "log.db", read_only=True) as log:
        return list(log.records(1, upto))


def folded_state(store: Path | str, upto: int) -> str:
    """Return the digest of a fold of the first events of a store."""
    with SqliteLog.open(Path(store) / "log.db", read_only=True) as log:
        return state_digest(heads_from(decoded(log.records(1, upto))))


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder; what SQLite keeps for its readers is nobody's business."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith(("-shm", "-writers")) and "cache" not in file.parts
    }


@contextmanager
def in_store(folder: Path | str) -> Iterator[None]:
    """Work with another store than the project's."""
    os.environ["ORCHESTRATOR_STATE_DIR"] = str(Path(folder).absolute())
    try:
        yield
    finally:
        del os.environ["ORCHESTRATOR_STATE_DIR"]
