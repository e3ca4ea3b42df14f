"""In one process: a durable command, fifty at once, and appending in batches, against raw SQLite."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

import apsw

from adapters.keys import make_key
from adapters.sqlite_log import SqliteLog
from adapters.templates import JinjaTemplates
from bench.measured import Measured, seconds, side_by_side
from bench.tree import upkeep
from domain.actors import Actor
from domain.commands import Command, DraftDocument, InitialiseProject, Meta, RequestApproval
from domain.event_log import Decision, EventLog
from domain.handler import handle
from domain.phase import Phase
from domain.phase_events import BlockerType
from domain.steps import Step

ADA = Actor("ada")
FIELDS = {"objectives": ["Round trip below 10 ms", "No allocation on the audio thread"]}
ROW_BYTES = 700, 1200
"""Envelope and payload of the raw row: about what a small draft takes."""


def store(folder: Path) -> Iterator[Measured]:
    """Measure the log with everything it promises switched on."""
    log = _fresh(folder, "ours")
    templates = JinjaTemplates(folder / "no-overrides")
    raw = Raw(folder / "raw.db")

    def carry_out(command: Command) -> None:
        handle(command, log=log, templates=templates)

    carry_out(_draft("st01-request"))
    for _ in range(600):  # until both logs write over a WAL they have checkpointed, as they do ever after
        raw.one()
        carry_out(RequestApproval(_meta(), "st01-request", Step.SPEC))
    ours, commit = side_by_side(
        lambda: carry_out(RequestApproval(_meta(), "st01-request", Step.SPEC)), raw.one, rounds=400
    )
    yield _ratio("one durable command (request) / one raw INSERT+COMMIT", ours, commit, 3)
    names = count()
    opened = (_opened(f"single-{next(names)}") for _ in count())
    yield upkeep(folder / "ours" / "log.db", lambda: log.append([next(opened)]), rounds=300)
    names = count()
    ours, commit = side_by_side(lambda: carry_out(_draft(f"draft-{next(names)}")), raw.one, rounds=400)
    yield _ratio("one durable spec with its rendering / one raw INSERT+COMMIT", ours, commit, None)
    yield _fifty_at_once(carry_out, raw)
    yield _batches(log, raw)
    log.close()


def _fifty_at_once(carry_out: Callable[[Command], None], raw: "Raw") -> Measured:
    with ThreadPoolExecutor(50) as threads:
        list(threads.map(carry_out, [_draft(f"warm-{n}") for n in range(50)]))
        rounds = count()

        def ours() -> None:
            turn = next(rounds)
            list(threads.map(carry_out, [_draft(f"round-{turn}-{n}") for n in range(50)]))

        took, fifty = side_by_side(ours, raw.fifty_times_one, rounds=15)
    allowed = max(0.040, 2 * fifty)
    detail = f"{took * 1000:.1f} ms; fifty raw commits {fifty * 1000:.1f} ms; allowed {allowed * 1000:.0f} ms"
    return Measured("50 concurrent spec commands / what is allowed", took / allowed, 1, detail)


def _batches(log: EventLog, raw: "Raw") -> Measured:
    names = count()
    rounds = 60
    ours = []
    theirs = []
    for _ in range(rounds):
        decision = _hundred_events(f"batch-{next(names)}")
        ours.append(seconds(lambda decision=decision: log.append([decision])))  # type: ignore[misc]  # bound now
        theirs.append(seconds(raw.hundred))
    took, bare = sorted(ours)[rounds // 2], sorted(theirs)[rounds // 2]
    detail = f"{took * 1e4:.1f} µs / {bare * 1e4:.1f} µs an event"
    return Measured("events a second in batches of 100 / raw executemany", bare / took, 0.6, detail, at_least=True)


def _hundred_events(name: str) -> Decision:
    at = datetime.now(UTC)
    phase = Phase.open(name, title="Batch", by=ADA, at=at)
    for number in range(99):
        phase.block(BlockerType.RESOURCE_UNAVAILABLE, description=f"blocker number {number}", by=ADA, at=at)
    return Decision(str(uuid4()), "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})


def _opened(name: str) -> Decision:
    phase = Phase.open(name, title="Single", by=ADA, at=datetime.now(UTC))
    return Decision(str(uuid4()), "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})


def _fresh(folder: Path, name: str) -> SqliteLog:
    (folder / name).mkdir(mode=0o700)
    log = SqliteLog.create(folder / name / "log.db", "example.org/bench")
    key = make_key(folder / name / "keys", log.origin)
    handle(InitialiseProject(_meta(), log.origin, key, "bench"), log=log, templates=JinjaTemplates(folder))
    return log


def _draft(phase: str) -> DraftDocument:
    return DraftDocument(_meta(), phase, Step.SPEC, FIELDS)


def _meta() -> Meta:
    return Meta(str(uuid4()), ADA, datetime.now(UTC))


def _ratio(name: str, ours: float, raw: float, budget: float | None) -> Measured:
    return Measured(name, ours / raw, budget, f"{ours * 1000:.2f} ms / {raw * 1000:.2f} ms")


class Raw:
    """What SQLite does by itself: the same pragmas and columns, nothing computed, nothing checked."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path))
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE events (position INTEGER PRIMARY KEY, recorded_at INTEGER, clock INTEGER, stream TEXT,"
            " version INTEGER, topic TEXT, command_id TEXT, envelope BLOB, salt BLOB, payload BLOB, leaf BLOB,"
            " UNIQUE (stream, version)) STRICT"
        )
        self._positions = count(1)

    def one(self) -> None:
        """Insert one row durably."""
        self._insert(1)

    def fifty_times_one(self) -> None:
        """Insert fifty rows, each durably."""
        for _ in range(50):
            self.one()

    def hundred(self) -> None:
        """Insert a hundred rows durably."""
        self._insert(100)

    def _insert(self, number: int) -> None:
        envelope, payload = (b"x" * size for size in ROW_BYTES)
        rows = [
            (p, p, p, "phase:st01-audio-engine", p, "phase.opened", "0" * 36, envelope, b"s" * 32, payload, b"l" * 32)
            for p in (next(self._positions) for _ in range(number))
        ]
        with self._connection:
            self._connection.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
