"""Word that a log in a database has grown: the server tells whoever listens, when the commit is there."""

from time import sleep

import psycopg

from adapters.postgres_connection import listening

AWAY_S = 0.5
"""So long it waits before it asks a server that is away again."""


class PostgresChanges:
    """The port `Changes` on LISTEN. Behind a pool that hands out sessions by transaction nothing is ever heard."""

    told = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = listening(url)

    def wait(self, seconds: float) -> bool:
        """Wait for word. A connection that was lost may have missed some, so that counts as one."""
        try:
            if self._connection.closed:
                self._connection = listening(self._url)
                return True
            return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.OperationalError:
            self._connection.close()
            sleep(min(seconds, AWAY_S))
            return False

    def close(self) -> None:
        """Listen no longer."""
        self._connection.close()
