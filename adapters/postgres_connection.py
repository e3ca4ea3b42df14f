"""One connection to the log in PostgreSQL: found anew when it is lost, and its errors in our words."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from time import monotonic, sleep
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.log_rows import Row
from adapters.places import NAME_IT
from adapters.postgres_call import Calls
from adapters.postgres_refused import refusals
from adapters.postgres_words import spoken, unavailable
from domain.errors import InvalidInput, Unavailable

Answer = TypeVar("Answer")
CONNECT_S = 5
READ_S = 5.0
"""How long a question is asked again where the server is gone: whoever asks can ask again, and waits for no answer."""
SILENT = {"tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}
"""After how long a server that acknowledges nothing is gone; otherwise that takes a quarter of an hour."""
PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5
WAITS_FOR_STANDBYS = "SyncRepWaitForLSN"
"""The server's function that warns where a commit was made to stop waiting; the warning has no code of its own."""


class _Lost(Exception):
    """The connection is gone, or no new one can be had."""

    def __init__(self, error: psycopg.OperationalError) -> None:
        super().__init__(str(error))
        self.error = error


class Line:
    """A connection that threads may share, for statements that may be repeated.

    Every statement of ours may: a command is known by its id, and everything else puts the same thing there twice.
    So a statement whose answer was lost is asked again, on a new connection; through a list of hosts in the address
    that is another server, once it takes writes. What only reads is asked again for `READ_S`, an append for as long as
    it may wait.
    """

    def __init__(self, url: str, *, read_only: bool, timeout_s: float) -> None:
        self.where = named(url)
        self._told = _told(url, read_only=read_only)
        self._timeout_s = timeout_s
        self._turn = RLock()
        with spoken(self.where), refusals(url, self.where):
            self._connection = self._connect()
        self._role = self._connection.info.user
        self._unconfirmed = ""
        self._calls = Calls(self._connection)
        self._lost: psycopg.OperationalError | None = None
        self._lost_at = 0.0

    def ask(self, query: str, values: Row | None = None) -> list[Row]:
        """Return the rows of an answer, all of one moment; what is asked is one transaction."""

        def asked(connection: "psycopg.Connection[Row]") -> list[Row]:
            with connection.cursor(binary=True) as cursor:
                cursor.execute(query.encode(), values)
                return cursor.fetchall() if cursor.description else []

        return self._asked(asked, patience_s=min(self._timeout_s, READ_S))

    def call(self, query: bytes, words: Sequence[bytes]) -> bytes:
        """Return the one value of an answer, everything as the text that the server takes and gives.

        A third of the time of `ask`, which makes values of SQL from those of Python and back: an append has none.
        """

        def asked(connection: "psycopg.Connection[Row]") -> bytes:
            if self._calls.connection is not connection:
                self._calls = Calls(connection)
            with self._confirmed():
                return self._calls.ask(query, words)

        return self._asked(asked, patience_s=self._timeout_s)

    def _connect(self) -> "psycopg.Connection[Row]":
        connection = _connected(self._told)
        connection.add_notice_handler(self._noticed)
        return connection

    @contextmanager
    def _confirmed(self) -> Iterator[None]:
        """Refuse an answer that a server gave whose wait for its standbys was ended: it goes on as if all were well."""
        self._unconfirmed = ""
        yield
        if self._unconfirmed:
            raise Unavailable(
                f"{self.where.capitalize()} has answered, but its standbys have not confirmed it: {self._unconfirmed}."
                " Repeating the command is safe, and waits for them."
            )

    def _noticed(self, notice: errors.Diagnostic) -> None:
        """Hear that a commit no longer waits for its standbys, of which the server only warns."""
        if notice.source_function == WAITS_FOR_STANDBYS:
            self._unconfirmed = notice.message_primary or "its wait was ended"

    def _asked(self, how: Callable[["psycopg.Connection[Row]"], Answer], *, patience_s: float) -> Answer:
        """Ask, and where the connection is lost ask again on a new one."""
        until, pause, lost = monotonic() + patience_s, PAUSE_S, False
        with spoken(self.where, self._role):
            while True:
                try:
                    return self._tried(how)
                except _Lost as gone:
                    if monotonic() + pause > until:
                        raise unavailable(self.where, gone.error) from gone.error
                except psycopg.OperationalError as error:
                    if lost:  # what was asked on a connection that is lost may be done yet
                        raise unavailable(self.where, error) from error
                    raise
                lost = True
                sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _tried(self, how: Callable[["psycopg.Connection[Row]"], Answer]) -> Answer:
        """Ask once. Whoever waits for the turn while somebody finds the server gone need not find it anew."""
        since = monotonic()
        with self._turn:
            if self._lost is not None and self._lost_at > since:
                raise _Lost(self._lost)
            try:
                if self._connection.closed:
                    self._connection = self._connect()
                return how(self._connection)
            except psycopg.OperationalError as error:
                if not _is_lost(self._connection, error):
                    raise
                self._lost, self._lost_at = error, monotonic()
                raise _Lost(error) from error

    @contextmanager
    def alone(self, lock: int) -> Iterator["psycopg.Connection[Row]"]:
        """Hold an advisory lock and a transaction, committed when the block ends well; never begun again by itself."""
        with self._turn, spoken(self.where, self._role), self._confirmed(), self._connection.transaction():
            self._connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(int(self._timeout_s * 1000)),))
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
            yield self._connection

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()


def listening(url: str) -> "psycopg.Connection[Row]":
    """Return a connection that hears of every commit; on a standby, which tells nobody, it hears nothing."""
    with spoken(named(url)), refusals(url, named(url)):
        connection = _connected(_told(url, read_only=True))
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,):
            connection.execute("LISTEN orch")
        return connection


def named(url: str) -> str:
    """Return an address as it may be shown: which database, on which host, and no password."""
    try:
        told = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise InvalidInput(
            f"That is no address of a PostgreSQL database: {str(error).strip()}.",
            fix=(NAME_IT,),
        ) from None
    host = told.get("host") or told.get("hostaddr") or os.environ.get("PGHOST") or "this machine"
    service = told.get("service") or os.environ.get("PGSERVICE")
    name = told.get("dbname") or os.environ.get("PGDATABASE") or told.get("user") or "the user's own database"
    return f"the service {service}" if service and not told.get("dbname") else f"the database {name} on {host}"


def _connected(told: str) -> "psycopg.Connection[Row]":
    # No prepared statements of psycopg's: a pool between us and the server may give each transaction another session.
    return psycopg.connect(told, autocommit=True, prepare_threshold=None)


def _told(url: str, *, read_only: bool) -> str:
    """Return what libpq is told: the address, and what it leaves open."""
    said: dict[str, Any] = {"client_encoding": "UTF8", "fallback_application_name": "orch"}
    given = conninfo_to_dict(url)
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        said["connect_timeout"] = CONNECT_S
    said |= {name: value for name, value in SILENT.items() if name not in given}
    if not read_only and "target_session_attrs" not in given and "PGTARGETSESSIONATTRS" not in os.environ:
        said["target_session_attrs"] = "read-write"  # of several hosts the one that takes writes
    return make_conninfo(url, **said)


def _is_lost(connection: "psycopg.Connection[Row]", error: psycopg.OperationalError) -> bool:
    """Tell whether the connection is gone, and so whether it makes sense to ask again."""
    return bool(connection.closed) or isinstance(error, errors.CannotConnectNow | errors.AdminShutdown)
