"""The whole engine agrees with a plain model of it, on the log in memory and on the real one."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.sqlite_log import SqliteLog
from domain.errors import Rejected
from domain.event_log import EventLog
from domain.topics import TOPICS
from tests.memory_log import MemoryLog
from tests.properties.engine_machine import EngineMachine

EXAMPLES, STEPS = 300, 50
OUTSIDE = {"DocumentEdited", "TextErased", "StoreRecovered", "StoreRetired", "RedactedSince"} | {
    *("GateClosed", "ReceiptRefused", "TokenNeedsPerson", "StoreMoved", "StoreUnsettled"),
    *("PolicyForbidsAutomatic", "PhaseNotImported", "StepWrittenHere"),
}
"""What the command line or the store refuses before the engine is asked, and what only workflows and imports ask for:
their tests tell those stories."""
OF_RECOVERY = {
    "ledger.forked",
    "ledger.recovered",
    "point.named",
    "token.issued",
    "token.revoked",
    "phase.imported",
    "phase.verdict_imported",
}
"""Events that need more than one log, or change nothing in this one: the tests of recovery and of imports tell their
stories."""


class InMemory(EngineMachine):
    def open_log(self) -> EventLog:
        return MemoryLog(clock=lambda: self.store_clock)


class OnSqlite(EngineMachine):
    def open_log(self) -> EventLog:
        self.folder = Path(mkdtemp(prefix="orch-engine-"))
        return SqliteLog.create(self.folder / "log.db", "host/project", clock=lambda: self.store_clock)

    def open_again(self) -> EventLog:
        self.log.close()
        return SqliteLog.open(self.folder / "log.db", clock=lambda: self.store_clock)

    def teardown(self) -> None:
        super().teardown()
        rmtree(self.folder)


@pytest.mark.parametrize("machine", [InMemory, OnSqlite])
def test_the_engine_agrees_with_its_model(machine: type[EngineMachine]) -> None:
    machine.steps = 0
    machine.answers.clear()
    machine.topics.clear()
    machine.endings.clear()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.steps >= 2_000, "as many commands were asked as were promised"
    answers = {"accepted", "repeated", "CommandIdReused", "ReasonMissing", "InvalidInput", "NotFound"}
    answers |= {rule.__name__ for rule in Rejected.__subclasses__()} - OUTSIDE
    assert {"ratify", "reject", "ask", "draft"} == {*machine.endings}, "emergencies ended in every way"
    # Another release of hypothesis makes other examples: it may miss a rare answer, but not many.
    assert len(answers - {*machine.answers}) <= 2, "every answer was given"
    assert len({*TOPICS} - OF_RECOVERY - {*machine.topics}) <= 1, "every event happened"
