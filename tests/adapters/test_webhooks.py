"""Webhooks: signed so that the specification's own library believes them, tried again, never led elsewhere."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
from standardwebhooks import Webhook

from adapters.webhooks import Deliveries, Hook, Message, hook_from, hook_secret
from domain.errors import InvalidInput, Refusal

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@contextmanager
def receiver(*statuses: int) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """Answer with these statuses in turn, the last for ever."""
    seen: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(statuses[min(len(seen), len(statuses)) - 1])
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", seen
    finally:
        server.shutdown()
        server.server_close()


def delivered(url: str, *, waits: tuple[float, ...] = (0.0, 0.0)) -> list[tuple[str, int]]:
    told: list[tuple[str, int]] = []
    hook = Hook(url, base64.b64decode(SECRET[6:]))
    deliveries = Deliveries(hook, told=lambda result, _, attempt: told.append((result, attempt)), waits=waits)
    deliveries.send("msg_1", {"type": "security.alert", "data": {"count": 1}})
    until = monotonic() + 20
    while (not told or told[-1][0] == "failed") and monotonic() < until:
        sleep(0.01)
    deliveries.close()
    return told


def test_the_library_of_the_specification_believes_it() -> None:
    with receiver(204) as (url, seen):
        assert delivered(url) == [("delivered", 1)]
    ((path, headers, body),) = seen
    assert path == "/hook" and headers["webhook-id"] == "msg_1"
    assert Webhook(SECRET).verify(body, headers) == {"type": "security.alert", "data": {"count": 1}}
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(body + b" ", headers)


def test_it_is_tried_again_with_the_same_id_and_given_up_in_the_end() -> None:
    with receiver(500, 503, 200) as (url, seen):
        assert delivered(url) == [("failed", 1), ("failed", 2), ("delivered", 3)]
    assert {headers["webhook-id"] for _, headers, _ in seen} == {"msg_1"}
    with receiver(500) as (url, seen):
        assert delivered(url)[-1] == ("given_up", 3) and len(seen) == 3


@pytest.mark.parametrize(("status", "attempts"), [(302, 3), (307, 3), (410, 1)])
def test_it_is_never_led_elsewhere_and_gone_is_gone(status: int, attempts: int) -> None:
    with receiver(status) as (url, seen):
        assert delivered(url)[-1] == ("given_up", attempts)
    assert {path for path, _, _ in seen} == {"/hook"} and len(seen) == attempts


def test_nobody_there_is_tried_again_and_an_end_does_not_wait_for_it() -> None:
    began = monotonic()
    hook = Hook("http://127.0.0.1:9/", bytes(32))
    deliveries = Deliveries(hook, told=lambda *_: None, waits=(60.0,))
    deliveries.send("msg_1", {})
    sleep(0.3)
    deliveries.close()
    assert monotonic() - began < 10


def test_the_time_of_an_attempt_is_signed() -> None:
    hook = Hook("https://example.org/", base64.b64decode(SECRET[6:]))
    message = Message("msg_1", b"{}")
    one, other = hook.headers(message, at=1), hook.headers(message, at=2)
    assert one["webhook-signature"] != other["webhook-signature"] and one["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    "url",
    ["http://example.org/x", "https://ada:secret@example.org/", "http://10.0.0.1/", "http://localhost.example.org/"],
)
def test_where_a_secret_would_leak_nothing_is_sent(url: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text(SECRET)
    with pytest.raises(InvalidInput) as caught:
        hook_from(url, file)
    assert "secret@" not in str(caught.value)
    assert hook_from("https://example.org/x", file).secret == bytes(range(32))
    assert hook_from("http://127.0.0.1:1/x", file).url


@pytest.mark.parametrize("words", ["", "secret", "whsec_", "whsec_***", "whsec_" + "A" * 8, "whsec_" + "A" * 200])
def test_a_file_without_a_secret_is_refused_and_its_words_are_not_repeated(words: str, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.touch(0o600)
    file.write_text(words)
    with pytest.raises(InvalidInput) as caught:
        hook_secret(file)
    assert len(words) < 12 or words not in str(caught.value)


def test_a_secret_that_everybody_can_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text(SECRET)
    file.chmod(0o604)
    with pytest.raises(InvalidInput, match="read by others"):
        hook_secret(file)
    with pytest.raises(Refusal):
        hook_from("https://example.org/", None)
    with pytest.raises(Refusal):
        hook_from("https://example.org/", tmp_path / "none")


def test_a_pipe_into_which_nobody_writes_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    began = monotonic()
    with pytest.raises(InvalidInput, match="no regular file"):
        hook_from("https://example.org/", tmp_path / "pipe")
    assert monotonic() - began < 5
