"""orch health: for scripts, by its exit status, of a project and of a service."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.cli.conftest import Orch, by_the_log, position

OTHER_HEADS = "UPDATE heads SET facts = CAST(json_set(CAST(facts AS TEXT), '$.made_up', 9) AS BLOB)"
TESTS = {"stateManager": True, "templateEngine": True, "commandRouting": True}


def test_a_project_that_works_is_healthy_and_nothing_is_recorded(project: Orch) -> None:
    before = position(project)
    told = project("health", "--json")
    assert (told.status, told.data["status"], told.data["tests"]) == (0, "healthy", TESTS)
    assert told.data["error"] is None and told.data["version"]
    assert "healthy" in project("health").out and position(project) == before


def test_what_does_not_work_is_named_and_the_status_says_so(project: Orch) -> None:
    templates = by_the_log(".orch/templates")
    templates.mkdir()
    (templates / "spec.md.j2").write_text("{{ d.nothing.at.all }}")
    told = project("health", "--json")
    assert (told.status, told.data["status"]) == (8, "unhealthy")
    assert told.data["error"] == "templateEngine: a document cannot be rendered (TEMPLATE_ERROR)."
    assert "unhealthy" in project("health").out


@pytest.mark.in_file
def test_damage_has_the_status_of_damage(project: Orch) -> None:
    import apsw

    with apsw.Connection(".orch/log.db") as connection:
        connection.execute(OTHER_HEADS)
    told = project("health", "--json")
    assert (told.status, told.data["error"]) == (6, "stateManager: the log cannot be read (STATE_ERROR).")


@pytest.fixture
def service() -> Iterator[tuple[str, list[Any]]]:
    """Give the address of a server, and the answer that it gives."""
    answers: list[Any] = [200, b""]

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # so it is called
            self.send_response(answers[0] if self.path == "/health/ready" else 404)
            self.end_headers()
            self.wfile.write(answers[1])

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        thread.join()


WELL = (
    b'{"status":"healthy","timestamp":"2026-11-24T14:00:00.000000Z","version":"0.1.0","uptime":1.5,'
    b'"memory":{"rss":1},"tests":{"stateManager":true}}'
)
ILL = b'{"status":"unhealthy","error":"The service is ending.","timestamp":"2026-11-24T14:00:00.000000Z"}'


def test_a_service_is_asked_and_no_project_is_needed(orch: Orch, service: tuple[str, list[Any]]) -> None:
    url, answers = service
    answers[:] = [200, WELL]
    told = orch("health", "--url", f"{url}/", "--json")
    assert (told.status, told.data["uptime"], told.data["tests"]) == (0, 1.5, {"stateManager": True})
    answers[:] = [503, ILL]
    told = orch("health", "--url", url, "--json")
    assert (told.status, told.data["error"]) == (8, "The service is ending.")


@pytest.mark.parametrize(("status", "body"), [(200, b"{}"), (200, b"<html>"), (500, WELL), (503, b""), (200, ILL)])
def test_who_answers_otherwise_is_not_our_service(
    orch: Orch, service: tuple[str, list[Any]], status: int, body: bytes
) -> None:
    url, answers = service
    answers[:] = [status, body]
    told = orch("health", "--url", url, "--json")
    assert told.status == 8 and "not as this service does" in told.error["message"]


def test_an_address_that_nobody_answers_at_is_unavailable_and_no_address_is_wrong(orch: Orch) -> None:
    assert orch("health", "--url", "http://127.0.0.1:1", "--json").status == 8
    assert orch("health", "--url", "file:///etc/passwd", "--json").status == 2
    assert orch("health", "--json").status == 4, "there is no project here"
