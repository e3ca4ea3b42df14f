"""`orch audit verify` against a bare scan of the same table in the same run."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import apsw

from adapters.keys import make_key
from adapters.sqlite_log import SqliteLog
from adapters.templates import JinjaTemplates
from bench.measured import Measured, side_by_side
from cli.verifying import Options, Verifier
from domain.actors import Actor
from domain.commands import InitialiseProject, Meta
from domain.event_log import Decision
from domain.handler import handle
from domain.phase import Phase
from projections.verification import Findings

EVENTS = int(os.environ.get("BENCH_EVENTS", "200000"))
"""BENCH_EVENTS=1000000 takes minutes, most of them to make the log; the ratio is the same."""
BATCH = 100
AT_ONCE = 50
ROUNDS = 3
ADA = Actor("ada")


def verify(folder: Path) -> Iterator[Measured]:
    """Measure a verification without and with the fold that makes all heads anew."""
    path = folder / "verify.db"
    filled(path, EVENTS)
    for name, options, budget in (
        ("envelopes, payloads, columns and tree", Options(fold=False), 4),
        ("everything", Options(), 8),
    ):
        took, bare = side_by_side(lambda o=options: _verified(path, o), lambda: _scanned(path), rounds=ROUNDS)  # type: ignore[misc]  # bound now
        detail = f"{took / EVENTS * 1e6:.1f} µs / {bare / EVENTS * 1e6:.2f} µs an event"
        yield Measured(f"verify {EVENTS:,} events: {name} / bare table scan", took / bare, budget, detail)


def _verified(path: Path, options: Options) -> None:
    with SqliteLog.open(path, read_only=True) as log:
        findings = Findings()
        verifier = Verifier(log, findings, options)
        verifier.run([], done=lambda _: None)
        assert not findings.counts and verifier.rows.events >= EVENTS


def _scanned(path: Path) -> None:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    for _ in connection.execute("SELECT * FROM events"):
        pass
    connection.close()


def filled(path: Path, events: int) -> None:
    """Make a log of so many events, in batches."""
    with SqliteLog.create(path, "example.org/bench") as log:
        at = datetime.now(UTC)
        key = make_key(path.with_name("verify-keys"), log.origin)
        handle(
            InitialiseProject(Meta("init", ADA, at), log.origin, key, "b"),
            log=log,
            templates=JinjaTemplates(path.parent),
        )
        for first in range(0, events // BATCH, AT_ONCE):
            last = min(first + AT_ONCE, events // BATCH)
            log.append([decision_of(f"st{number}-load", BATCH) for number in range(first, last)])


def decision_of(name: str, events: int) -> Decision:
    """Return a command that opens a phase and gives it other titles."""
    at = datetime.now(UTC)
    phase = Phase.open(name, title="Load", by=ADA, at=at)
    for number in range(events - 1):
        phase.retitle(f"The audio engine, seen for the {number}th time this week", by=ADA, at=at)
    return Decision(str(uuid4()), "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})
