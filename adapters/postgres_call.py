"""One question to the server through libpq itself, as `psycopg.pq` hands it on: text in, text out."""

from collections.abc import Sequence
from contextlib import suppress
from select import POLLIN, POLLOUT, poll

import psycopg
from psycopg import errors, pq

from adapters.log_rows import Row

CANCEL_S = 2.0


def called(connection: "psycopg.Connection[Row]", query: bytes, words: Sequence[bytes]) -> bytes:
    """Ask for one value and wait for it. Raises what psycopg raises.

    Whoever is stopped meanwhile has the server stop, too, and leaves a closed connection: an answer that comes later
    belongs to nobody.
    """
    line = connection.pgconn
    try:
        line.send_query_params(query, words)
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
