"""Which key speaks for the log."""

import pytest

from domain.commands import InitialiseProject, RotateKey
from domain.errors import ReasonMissing
from domain.event_log import Head
from domain.handler import handle
from domain.ledger import STREAM
from domain.ledger_state import LedgerState
from tests.memory_log import MemoryLog
from tests.reliability.ledger import TEMPLATES, meta


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    handle(InitialiseProject(meta(), log.origin, "first", "project"), log=log, templates=TEMPLATES)
    return log


def ledger_of(log: MemoryLog) -> LedgerState:
    head: Head = log.heads([STREAM])[1][STREAM]
    return LedgerState.from_facts(head.facts)


def test_a_rotation_replaces_the_key_and_remembers_those_before_it(log: MemoryLog) -> None:
    for key in ("second", "third"):
        handle(RotateKey(meta(), key, "lost"), log=log, templates=TEMPLATES)
    assert ledger_of(log) == LedgerState("third", ("first", "second"), 2)


def test_a_rotation_needs_a_reason(log: MemoryLog) -> None:
    before = log.moment().position
    for _ in range(2):
        with pytest.raises(ReasonMissing):
            handle(RotateKey(meta(), "second", " "), log=log, templates=TEMPLATES)
        assert log.moment().position == before
        handle(RotateKey(meta(), "second", "lost"), log=log, templates=TEMPLATES)
        before += 1


def test_repeating_a_rotation_keeps_the_first_key(log: MemoryLog) -> None:
    handle(RotateKey(meta("once"), "second", "lost"), log=log, templates=TEMPLATES)
    again = handle(RotateKey(meta("once"), "a key made for the second try", "lost"), log=log, templates=TEMPLATES)
    assert again.repeated and ledger_of(log).public_key == "second"
