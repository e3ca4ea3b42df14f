"""The log in memory keeps every promise of the port, so that stories told on it are true."""

from pathlib import Path

import pytest

from domain.event_log import EventLog
from tests.adapters.event_log_contract import EventLogContract
from tests.adapters.log_entries import Clock
from tests.memory_log import MemoryLog


class TestMemoryLog(EventLogContract):
    @pytest.fixture
    def log(self, clock: Clock, tmp_path: Path) -> EventLog:
        """Return a log that forgets."""
        return MemoryLog("example.org/contract", clock=clock)
