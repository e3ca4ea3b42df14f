"""Word of changes from the server: heard after the commit, also where the connection was lost meanwhile."""

from time import monotonic

import psycopg

from adapters.postgres_changes import PostgresChanges
from adapters.postgres_log import PostgresLog
from tests.adapters.log_entries import accepted, decision


def test_what_is_appended_is_heard_once_and_silence_is_waited_for(log_database: str) -> None:
    changes = PostgresChanges(log_database)
    with PostgresLog.open(log_database) as log:
        assert not changes.wait(0.05)
        accepted(log, decision("phase:a"))
        assert changes.wait(5)
        assert log.moment().position == 1
        accepted(log, decision("phase:a", after=1))  # between two calls
        assert changes.wait(5) and not changes.wait(0.05)
    changes.close()


def test_after_a_lost_connection_it_says_that_something_may_have_happened(log_database: str) -> None:
    changes = PostgresChanges(log_database)
    with psycopg.connect(log_database, autocommit=True) as other, PostgresLog.open(log_database) as log:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        accepted(log, decision("phase:a"))  # nobody tells it
        until = monotonic() + 10
        while not changes.wait(0.1):
            assert monotonic() < until
        accepted(log, decision("phase:a", after=1))
        assert changes.wait(5)
    changes.close()
