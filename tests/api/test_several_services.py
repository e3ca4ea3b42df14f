"""Two services over one log in PostgreSQL: who one lets in the other does, and of two writers one is first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from domain.access_token import Scope
from tests.api.served import PATIENCE, Client, Reply, issued, new_project, opened, served

SPEC = {"objectives": ["Round trip below 10 ms"]}


@pytest.fixture
def two(tmp_path: Path, database: str) -> Iterator[tuple[Client, Client]]:
    """Return clients of two services, which belong to folders of their own."""
    with ExitStack() as around:
        clients = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            new_project(folder, database)
            project = around.enter_context(opened(folder, database))
            clients.append(around.enter_context(served(project)).shows(issued(project)))
        yield clients[0], clients[1]


def test_what_one_records_the_other_knows_at_once(two: tuple[Client, Client]) -> None:
    one, other = two
    drafted = one.post("/phases/st01-x/spec", SPEC, Idempotency_Key="draft")
    assert other.shows(one.token).get("/phases/st01-x").headers["etag"] == drafted.headers["etag"]
    again = other.shows(one.token).post("/phases/st01-x/spec", SPEC, Idempotency_Key="draft")
    assert again.data == drafted.data and again.headers["idempotent-replayed"] == "true"
    made = one.post("/tokens", {"name": "builder", "kind": "agent", "scopes": [Scope.READ]}).data
    assert other.shows(made["secret"]).get("/phases").status == 200
    assert other.post(f"/tokens/{made['token']['id']}/revoke", {}).status == 200
    assert one.shows(made["secret"]).get("/phases").code == "UNAUTHENTICATED"


def test_of_two_who_saw_the_same_version_one_is_first(two: tuple[Client, Client]) -> None:
    one, other = two
    etag = one.post("/phases/st01-x/spec", SPEC).headers["etag"]
    for number in range(8):
        together = Barrier(2)

        def write(client: Client, number: int = number, etag: str = etag, together: Barrier = together) -> Reply:
            together.wait(PATIENCE)
            return client.post("/phases/st01-x/retitle", {"title": f"{number} {client.port}"}, If_Match=etag)

        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(write, (one, other)))
        (first,) = [reply for reply in replies if reply.status == 200]
        (second,) = [reply for reply in replies if reply.status != 200]
        assert second.status == 412 and second.code == "CONFLICT"
        etag = first.headers["etag"]
    assert len([row for row in one.get("/phases/st01-x/history").data["rows"] if row["topic"] == "phase.retitled"]) == 8
