"""How the service runs: it says when it takes connections and when no more, and ends well."""

import asyncio
import socket
from collections.abc import Callable, Collection
from contextlib import ExitStack

import uvicorn

from adapters.process_memory import trim
from adapters.service_log import ServiceLog
from api.catching_up import CatchingUp
from api.standing import Standing

TRIMMED_TICKS = 100
"""Tenths of a second between two times that memory is given back."""
HURRY_S = 1.0
"""How long those who end by themselves get after a second signal, and then how long what is cancelled may take."""


class Server(uvicorn.Server):
    """A server that says when it takes connections, and when no more."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        told: Callable[[], None],
        ending: Callable[[], None],
        standing: Standing,
        documents: CatchingUp,
        log: ServiceLog,
        closing: ExitStack,
    ) -> None:
        super().__init__(config)
        self._told, self._ending, self._standing, self._documents = told, ending, standing, documents
        self._log = log
        self.closing = closing
        """What has to be let go of in the end."""

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second whether to end; now and then give memory back that only lies in pieces."""
        if counter % TRIMMED_TICKS == TRIMMED_TICKS - 1:
            asyncio.get_running_loop().run_in_executor(None, trim)
        return await super().on_tick(counter)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until it is ended, then let go of what watched it. Raises what ended it, as `Standing` found it."""
        with self.closing:
            super().run(sockets)
            self._standing.refuse_replaced()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections, and say so."""
        await super().startup(sockets)
        if self.started:
            self._told()
            self._standing.watch(self._end)
            self._documents.begin()

    def _end(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it ends, and answer what was accepted. A second SIGINT lets go of what is not answered by then."""
        self._ending()
        await super().shutdown(sockets)
        if self.force_exit:
            await self._let_go()

    async def _let_go(self) -> None:
        """Cancel what is still worked on, and say so; a command that is being recorded is recorded or not, as ever."""
        left = await _still_working([*self.server_state.tasks])
        self._log.say("warning", "service.hurried", unanswered=len(left))
        for task in left:
            task.cancel()
        await _still_working(left)
        await self.lifespan.shutdown()  # uvicorn leaves that out, and its end would be told as an error


async def _still_working(tasks: "Collection[asyncio.Task[None]]") -> "Collection[asyncio.Task[None]]":
    """Return the tasks that are not done in a moment."""
    return (await asyncio.wait(tasks, timeout=HURRY_S))[1] if tasks else ()
