"""How the service listens: what it has to say goes out at once."""

import asyncio
import socket

import pytest

from api.server import Where, bound


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_of_two_parts_does_not_wait_for_the_first_to_be_acknowledged(host: str) -> None:
    """Nagle's algorithm and a delayed acknowledgement together cost 40 ms for every request."""

    async def option() -> int:
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with bound(Where(host, 0)) as listening:
            async with await asyncio.start_server(take, sock=listening):
                _, writer = await asyncio.open_connection(host, listening.getsockname()[1])
                at_once = await told
                writer.close()
                return at_once

    assert asyncio.run(option()) != 0
