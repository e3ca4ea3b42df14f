"""One question to the server through libpq itself, as `psycopg.pq` hands it on: text in, text out."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from select import POLLIN, POLLOUT, poll

import psycopg
from psycopg import errors, pq

from adapters.log_rows import Row

CANCEL_S = 2.0
OFTEN = 3
"""So many times a question is asked on a connection before it is given a name: a command line asks once or twice."""


class Calls:
    """Questions that are asked on one connection again and again: the server keeps them, parsed, under a name.

    Saves some 45 µs of each. A pool may give every transaction another session, which knows no such name: nothing is
    done then, and from there on every question goes as a whole.
    """

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self.connection = connection
        self._asked: Counter[bytes] = Counter()
        self._known: dict[bytes, bytes] = {}
        self._pooled = False

    def ask(self, query: bytes, words: Sequence[bytes]) -> bytes:
        """Ask for one value and wait for it, as `called`."""
        try:
            name = self._name_of(query)
            if name is not None:
                return _value_of(_result(self.connection, lambda line: line.send_query_prepared(name, words)))
        except (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement):
            self._pooled = True
        return called(self.connection, query, words)

    def _name_of(self, query: bytes) -> bytes | None:
        """Return the name of a question, given to it now if it is time; the same in every session."""
        if self._pooled:
            return None
        if query not in self._known:
            self._asked[query] += 1
            if self._asked[query] <= OFTEN:
                return None
            name = b"orch_" + sha256(query).hexdigest()[:16].encode()
            result = _result(self.connection, lambda line: line.send_prepare(name, query))
            if result is None or result.status != pq.ExecStatus.COMMAND_OK:
                raise _error(result)
            self._known[query] = name
        return self._known[query]


def called(connection: "psycopg.Connection[Row]", query: bytes, words: Sequence[bytes]) -> bytes:
    """Ask for one value and wait for it. Raises what psycopg raises.

    Whoever is stopped meanwhile has the server stop, too, and leaves a closed connection: an answer that comes later
    belongs to nobody.
    """
    return _value_of(_result(connection, lambda line: line.send_query_params(query, words)))


def _result(connection: "psycopg.Connection[Row]", send: Callable[[pq.abc.PGconn], None]) -> "pq.abc.PGresult | None":
    line = connection.pgconn
    try:
        send(line)
        while line.flush():  # while the server takes no more it may want to say something first
            if _wait(line, POLLIN | POLLOUT) & POLLIN:
                line.consume_input()
        result, after = _next(line), None
        while (after := _next(line)) is not None:
            result = after
    except psycopg.Error:
        connection.close()
        raise
    except BaseException:
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_S)
        connection.close()
        raise
    return result


def _value_of(result: "pq.abc.PGresult | None") -> bytes:
    if result is None or result.status != pq.ExecStatus.TUPLES_OK:
        raise _error(result)
    return result.get_value(0, 0) or b""


def _next(connection: pq.abc.PGconn) -> pq.abc.PGresult | None:
    while connection.is_busy():
        _wait(connection, POLLIN)
        connection.consume_input()
    return connection.get_result()


def _wait(connection: pq.abc.PGconn, what: int) -> int:
    """Wait where a signal can be heard, and other threads go on."""
    waiting = poll()
    waiting.register(connection.socket, what)
    ((_, ready),) = waiting.poll()
    return ready


def _error(result: pq.abc.PGresult | None) -> psycopg.Error:
    if result is None or result.error_field(pq.DiagnosticField.SQLSTATE) is None:
        return psycopg.OperationalError("the connection is lost" if result is None else result.get_error_message())
    return errors.error_from_result(result)
