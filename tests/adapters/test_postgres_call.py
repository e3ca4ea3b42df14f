"""Questions that are asked again and again have a name at the server; a session that does not know it is no trouble."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from adapters.postgres_call import OFTEN, Calls

TWICE = b"SELECT $1::integer * 2"
NAMED = "SELECT count(*) FROM pg_prepared_statements"


@pytest.fixture
def calls(database: str) -> Iterator[Calls]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield Calls(connection)


def doubled(calls: Calls, number: int) -> int:
    return int(calls.ask(TWICE, (b"%d" % number,)))


def named(calls: Calls) -> int:
    (count,) = calls.connection.execute(NAMED).fetchone() or (0,)
    return int(count)


def test_only_what_is_asked_often_is_given_a_name(calls: Calls) -> None:
    assert [doubled(calls, number) for number in range(OFTEN)] == [0, 2, 4]
    assert named(calls) == 0
    assert [doubled(calls, number) for number in range(10)] == [*range(0, 20, 2)]
    assert named(calls) == 1


def test_a_session_that_does_not_know_the_name_is_asked_in_full(calls: Calls) -> None:
    """As behind a pool that gives every transaction another session."""
    assert [doubled(calls, number) for number in range(10)] == [*range(0, 20, 2)]
    calls.connection.execute("DEALLOCATE ALL")
    assert [doubled(calls, number) for number in range(10)] == [*range(0, 20, 2)]
    assert named(calls) == 0


def test_a_session_to_which_another_gave_the_name_is_asked_in_full(calls: Calls) -> None:
    before = Calls(calls.connection)
    assert [doubled(before, number) for number in range(10)] == [*range(0, 20, 2)]
    assert [doubled(calls, number) for number in range(10)] == [*range(0, 20, 2)]
    assert named(calls) == 1


def test_what_the_server_refuses_is_raised_and_the_connection_goes_on(calls: Calls) -> None:
    for _ in range(OFTEN * 2):
        with pytest.raises(errors.InvalidTextRepresentation):
            calls.ask(TWICE, (b"two",))
        assert doubled(calls, 4) == 8
    for _ in range(OFTEN * 2):
        with pytest.raises(errors.UndefinedFunction):
            calls.ask(b"SELECT no_such_function($1::integer)", (b"1",))
