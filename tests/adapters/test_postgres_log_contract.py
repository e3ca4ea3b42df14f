"""The log in PostgreSQL keeps every promise of the port."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.postgres_log import PostgresLog
from domain.event_log import EventLog
from tests.adapters.contract_sharing import SharingContract
from tests.adapters.event_log_contract import EventLogContract
from tests.adapters.log_entries import Clock


class ServerClock(Clock):
    """The server's clock, set by the test: the log has no other."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute("CREATE TABLE public.clock (now bigint); INSERT INTO public.clock VALUES (0)")
        self._connection.execute(
            "CREATE OR REPLACE FUNCTION orch.clock() RETURNS bigint LANGUAGE sql VOLATILE AS"
            " $$ SELECT now FROM public.clock $$"
        )
        super().__init__()

    @property
    def now(self) -> int:
        return self._now

    @now.setter
    def now(self, now: int) -> None:
        self._now = now
        self._connection.execute("UPDATE public.clock SET now = %s", (now,))

    def close(self) -> None:
        self._connection.close()


class TestPostgresLog(EventLogContract, SharingContract):
    @pytest.fixture
    def clock(self, log_database: str) -> Iterator[Clock]:
        """Give the clock of the server, standing still."""
        clock = ServerClock(log_database)
        yield clock
        clock.close()

    @pytest.fixture
    def log(self, clock: Clock, log_database: str, tmp_path: Path) -> Iterator[EventLog]:
        """Give a log in a database of its own."""
        with PostgresLog.open(log_database) as log:
            yield log
