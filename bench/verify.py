"""`orch audit verify` against a bare scan of the same table in the same run, and how much memory it takes."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run
from uuid import uuid4

import apsw

from adapters.keys import make_key
from adapters.sqlite_log import SqliteLog
from adapters.templates import JinjaTemplates
from bench.measured import Measured, side_by_side
from bench.tree import proofs
from domain.actors import Actor
from domain.commands import InitialiseProject, Meta
from domain.event_log import Decision
from domain.handler import handle
from domain.phase import Phase
from projections.verification import Findings
from usecases.verifying import Options, Verifier

EVENTS = int(os.environ.get("BENCH_EVENTS", "200000"))
"""BENCH_EVENTS=1000000 takes minutes, most of them to make the log; the ratio is the same."""
BATCH = 100
AT_ONCE = 50
ROUNDS = 3
ADA = Actor("ada")
READINGS = (
    ("envelopes, payloads and tree", Options(read=False, fold=False), 4),
    ("everything, with columns and a full fold", Options(), 8),
)


def verify(folder: Path) -> Iterator[Measured]:
    """Measure the hashes alone, everything, a proof, and the memory of it all.

    The memory is the peak of both processes together, at full size against a tenth of it. A phase here has a hundred
    events, so there are ten times as many states to fold, too.
    """
    path = filled(folder / "verify.db", EVENTS)
    for name, options, budget in READINGS:
        took, bare = side_by_side(lambda o=options: _verified(path, o), lambda: _scanned(path), rounds=ROUNDS)  # type: ignore[misc]  # bound now
        detail = f"{took / EVENTS * 1e6:.1f} µs / {bare / EVENTS * 1e6:.2f} µs an event"
        yield Measured(f"verify {EVENTS:,} events: {name} / bare table scan", took / bare, budget, detail)
    yield proofs(path)
    full, tenth = _peak(path), _peak(filled(folder / "tenth.db", EVENTS // 10))
    detail = f"{full / 1024:.1f} MiB / {tenth / 1024:.1f} MiB"
    yield Measured(f"memory to verify {EVENTS:,} events / a tenth of them", full / tenth, 1.25, detail)


def _verified(path: Path, options: Options) -> None:
    with SqliteLog.open(path, read_only=True) as log:
        findings = Findings()
        verifier = Verifier(log, findings, options, address=str(path))
        verifier.run([], done=lambda _: None)
        assert not findings.counts and verifier.rows.payloads >= EVENTS
        assert verifier.root == log.tree().root


def _scanned(path: Path) -> None:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    for _ in connection.execute("SELECT * FROM events"):
        pass
    connection.close()


def _peak(path: Path) -> int:
    """Return the most memory a verification takes, in KiB: a process of its own measures itself and its helper."""
    done = run([sys.executable, "-m", "bench.peak", str(path)], check=True, capture_output=True, text=True)
    return int(done.stdout)


def filled(path: Path, events: int) -> Path:
    """Make a log of so many events, in batches."""
    with SqliteLog.create(path, "example.org/bench") as log:
        at = datetime.now(UTC)
        key = make_key(path.with_name(f"{path.stem}-keys"), log.origin)
        handle(
            InitialiseProject(Meta("init", ADA, at), log.origin, key, "b"),
            log=log,
            templates=JinjaTemplates(path.parent),
        )
        for first in range(0, events // BATCH, AT_ONCE):
            last = min(first + AT_ONCE, events // BATCH)
            log.append([decision_of(f"st{number}-load", BATCH) for number in range(first, last)])
    return path


def decision_of(name: str, events: int) -> Decision:
    """Return a command that opens a phase and gives it other titles."""
    at = datetime.now(UTC)
    phase = Phase.open(name, title="Load", by=ADA, at=at)
    for number in range(events - 1):
        phase.retitle(f"The audio engine, seen for the {number}th time this week", by=ADA, at=at)
    return Decision(str(uuid4()), "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})
