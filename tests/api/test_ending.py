"""How the service ends, and what becomes of whoever it was talking to."""

import gzip
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from subprocess import PIPE, Popen, run
from threading import Thread
from time import monotonic, sleep
from typing import Any

import orjson
import pytest

from api.received import BODY_SECONDS
from tests.api.served import PATIENCE, Client, environment, opened, until
from tests.api.test_events import following
from tests.api.test_process import running, token_for, words

SPEC = {"objectives": ["Round trip below 10 ms"]}


@contextmanager
def hangups(handler: signal.Handlers) -> Iterator[None]:
    """Let processes that are started inherit what becomes of SIGHUP, whatever it is for the tests."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    "signals",
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT,),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGHUP,),
    ],
)
def test_it_ends_well_however_often_it_is_told_while_somebody_follows(
    signals: tuple[signal.Signals, ...], folder: Path
) -> None:
    token = token_for(folder)
    with (
        hangups(signal.SIG_DFL),
        running(folder) as (process, anybody),
        following(anybody.shows(token), "/events?after=0") as stream,
    ):
        first = stream.readline()
        assert first.startswith(b": the log")
        began = monotonic()
        for each in signals:
            process.send_signal(each)
            sleep(0.05)
        rest = stream.read()
        assert process.wait(PATIENCE) == 0 and monotonic() - began < 10
        assert process.stderr is not None
        assert all(orjson.loads(line)["event"] for line in process.stderr), "nothing is told raw"
    assert (first + rest).endswith(b"\n\n"), "what was begun is whole"


def test_a_hangup_that_is_to_be_ignored_is(folder: Path) -> None:
    """As under nohup."""
    token = token_for(folder)
    with hangups(signal.SIG_IGN), running(folder) as (process, anybody):
        process.send_signal(signal.SIGHUP)
        sleep(0.3)
        assert anybody.shows(token).get("/phases").status == 200


def test_a_long_answer_that_has_begun_is_whole(folder: Path) -> None:
    token = token_for(folder)
    with running(folder) as (process, anybody):
        client = anybody.shows(token)
        text = "# Long\n\n" + os.urandom(1_500_000).hex()
        assert client("PUT", "/phases/st01-x/spec", {"text": text}).status == 200
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(PATIENCE)
            slow.connect(("127.0.0.1", client.port))
            head = f"GET /api/v1/phases/st01-x/spec HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            slow.sendall(f"{head}Accept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode())
            said = slow.recv(4096)
            process.send_signal(signal.SIGTERM)
            sleep(0.3)
            with suppress(OSError):
                while part := slow.recv(1 << 20):
                    said += part
        assert process.wait(PATIENCE) == 0
    head_, _, body = said.partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head_.lower()
    if b"transfer-encoding: chunked" in head_.lower():
        body = b"".join(_chunks(body))
    assert text.removeprefix("# Long\n\n").encode() in gzip.decompress(body)


def _chunks(body: bytes) -> Any:
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return
        yield rest[:length]
        body = rest[length + 2 :]
    raise AssertionError("the answer was cut off")


def test_half_a_request_does_not_hold_up_the_end_for_longer_than_it_may_take(folder: Path) -> None:
    token = token_for(folder)
    with (
        running(folder) as (process, anybody),
        closing(socket.create_connection(("127.0.0.1", anybody.port))) as silent,
        closing(socket.create_connection(("127.0.0.1", anybody.port))) as begun,
    ):
        begun.sendall(b"GET /health/live HTTP/1.1\r\nHost: loc")
        assert anybody.shows(token).get("/phases").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert silent.recv(10) == b""


def test_a_client_that_leaves_finds_what_it_asked_for_done_once_or_not_at_all(folder: Path) -> None:
    token = token_for(folder)
    with running(folder) as (process, anybody):
        client = anybody.shows(token)
        body = b'{"objectives": ["a"]}'
        for number in range(40):
            with closing(socket.create_connection(("127.0.0.1", client.port))) as leaving:
                leaving.sendall(
                    f"POST /api/v1/phases/st{number:02}-x/spec HTTP/1.1\r\nHost: localhost\r\n"
                    f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: k{number}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                if number == 39:
                    leaving.recv(1)  # however slow the machine is, one at least was done
                sleep(number / 4000)
        replies = [
            client.post(f"/phases/st{number:02}-x/spec", {"objectives": ["a"]}, Idempotency_Key=f"k{number}")
            for number in range(40)
        ]
        assert {reply.status for reply in replies} == {200}
        assert any("idempotent-replayed" in reply.headers for reply in replies)
        rows = client.get("/audit/trail?topic=phase.document_drafted").data["rows"]
        assert len(rows) == 40, "each once"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_writers_that_go_on_while_it_ends_are_answered_or_find_nothing_done(folder: Path) -> None:
    token, told = token_for(folder), []

    def write(client: Client, number: int) -> None:
        for count in range(1000):
            try:
                reply = client.post(
                    f"/phases/st{number:02}-x/retitle", {"title": f"{count}"}, Idempotency_Key=f"{number}-{count}"
                )
            except (OSError, HTTPException):  # it is gone
                return
            told.append((f"{number}-{count}", reply.status))

    with running(folder) as (process, anybody):
        client = anybody.shows(token)
        for number in range(6):
            assert client.post(f"/phases/st{number:02}-x/spec", SPEC).status == 200
        writing = [Thread(target=write, args=(client, number)) for number in range(6)]
        for each in writing:
            each.start()
        until(lambda: len(told) > 6)
        for _ in range(5):
            process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        for each in writing:
            each.join(PATIENCE)
    with opened(folder) as project:
        assert told and {status for _, status in told} <= {200, 422, 503}
        for key, status in told:
            assert (project.log.receipt(key) is not None) == (status == 200), key


def test_a_second_service_of_one_project_serves_too_and_its_end_ends_no_other(folder: Path) -> None:
    token = token_for(folder)
    with running(folder) as (first, one), running(folder) as (second, other):
        assert one.shows(token).post("/phases/st01-x/spec", SPEC).status == 200
        assert other.shows(token).get("/phases/st01-x").status == 200
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE) == 0
        assert one.shows(token).post("/phases/st02-x/spec", SPEC).status == 200
        first.send_signal(signal.SIGTERM)
        assert first.wait(PATIENCE) == 0


def test_a_log_of_a_newer_version_is_not_served(folder: Path) -> None:
    import apsw

    token_for(folder)
    connection = apsw.Connection(str(folder / ".orch" / "log.db"))
    (version,) = next(connection.execute("PRAGMA user_version"))
    connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.close()
    done = run(words("serve", "--port", "0"), cwd=folder, env=environment(), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 2 and b"newer version" in done.stderr and b"Traceback" not in done.stderr


def test_a_project_that_cannot_be_written_is_not_served(folder: Path) -> None:
    """Whoever may write everything writes here, too; then there is nothing to see."""
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    (folder / ".orch").chmod(0o500)
    done = run(words("serve", "--port", "0"), cwd=folder, env=environment(), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 8 and b"Traceback" not in done.stderr


def test_a_pipe_that_nobody_reads_stops_nothing(folder: Path) -> None:
    token = token_for(folder)
    process = Popen(words("serve", "--port", "0", "--json"), cwd=folder, env=environment(), stdout=PIPE, stderr=PIPE)
    try:
        assert process.stdout is not None and process.stderr is not None
        client = Client(int(orjson.loads(process.stdout.readline())["data"]["url"].rpartition(":")[2]), token)
        process.stdout.close()
        process.stderr.close()
        assert client.post("/phases/st01-x/spec", SPEC).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait(PATIENCE)


def is_closed(port: int) -> bool:
    """Tell whether nobody listens there any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_lets_go_of_what_is_not_answered_and_says_only_that(
    first: signal.Signals, folder: Path
) -> None:
    token = token_for(folder)
    head = f"POST /api/v1/phases/st01-x/spec HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    with running(folder) as (process, anybody), socket.create_connection(("127.0.0.1", anybody.port)) as halfway:
        halfway.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n".encode())
        client = anybody.shows(token)
        until(lambda: b"\norch_requests_running 2.0\n" in client.get("/metrics").body)
        process.send_signal(first)
        until(lambda: is_closed(anybody.port))
        process.send_signal(signal.SIGINT)
        assert process.wait(BODY_SECONDS - 5) == 0, "it does not wait for the rest"
        assert process.stderr is not None
        said = [orjson.loads(line) for line in process.stderr.read().splitlines()]
    assert b"Traceback" not in orjson.dumps(said)
    told = {line["event"]: line for line in said if line["event"] != "documents.up_to_date"}
    assert set(told) == {"service.hurried", "request"}, said
    assert told["service.hurried"]["unanswered"] == 1 and told["request"]["outcome"] == "gone"
