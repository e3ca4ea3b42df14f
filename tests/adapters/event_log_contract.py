"""The contract of the port `EventLog`: one suite for every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.event_log import EventLog
from tests.adapters.contract_erasures import ErasuresContract
from tests.adapters.contract_reads import ReadsContract
from tests.adapters.contract_snapshots import SnapshotsContract
from tests.adapters.contract_tree import TreeContract
from tests.adapters.contract_writes import WritesContract
from tests.adapters.log_entries import Clock


class EventLogContract(WritesContract, ReadsContract, TreeContract, ErasuresContract, SnapshotsContract):
    """Every promise of the port. A store's tests inherit it and say how a fresh log is made."""

    @pytest.fixture
    def clock(self) -> Clock:
        """Return the clock that the log looks at."""
        return Clock()

    @pytest.fixture
    def log(self, clock: Clock, tmp_path: Path) -> Iterator[EventLog]:
        """Give a fresh log that looks at the clock."""
        raise NotImplementedError

    def test_a_log_knows_its_name(self, log: EventLog) -> None:
        assert log.origin == "example.org/contract"
