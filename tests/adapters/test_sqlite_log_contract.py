"""The log in SQLite keeps every promise of the port."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from domain.event_log import EventLog
from tests.adapters.contract_sharing import SharingContract
from tests.adapters.event_log_contract import EventLogContract
from tests.adapters.log_entries import Clock


class TestSqliteLog(EventLogContract, SharingContract):
    @pytest.fixture
    def log(self, clock: Clock, tmp_path: Path) -> Iterator[EventLog]:
        """Give a log in a folder of its own."""
        with SqliteLog.create(tmp_path / "log.db", "example.org/contract", clock=clock) as log:
            yield log
