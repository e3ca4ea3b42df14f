"""What the service says about itself: in the guide's shape, really tried, cheap to ask, and nothing more than that."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest

from adapters.process_memory import ProcessMemory
from api import checkup
from api.checkup import Checkup
from tests.api.served import PATIENCE, Client, new_project, opened, served
from usecases.health import Sick, examine
from usecases.project import Project

PATHS = ("/health/live", "/health/ready", "/health/orchestrator")
OTHER_HEADS = "UPDATE heads SET facts = CAST(json_set(CAST(facts AS TEXT), '$.made_up', 9) AS BLOB)"
TESTS = {"stateManager": True, "templateEngine": True, "commandRouting": True}
ROOMY = ProcessMemory(1 << 50)


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    with opened(folder) as found:
        yield found


@pytest.fixture
def own(project: Project) -> Iterator[Client]:
    with served(project) as found:
        yield found


def break_template(project: Project) -> None:
    project.places.templates.mkdir(parents=True, exist_ok=True)
    (project.places.templates / "spec.md.j2").write_text("{{ d.nothing.at.all }}")


def test_it_is_in_the_shape_of_the_guide_and_needs_no_token(own: Client, project: Project) -> None:
    before = project.log.moment()
    for path in PATHS[1:]:
        reply = own.get(path)
        assert reply.status == 200 and reply.headers["cache-control"] == "no-store"
        assert set(reply.json) == {"status", "timestamp", "version", "uptime", "memory", "tests"}
        assert reply.json["status"] == "healthy" and reply.json["tests"] == TESTS
        assert datetime.fromisoformat(reply.json["timestamp"]).tzinfo and reply.json["uptime"] >= 0
        assert reply.json["memory"]["rss"] > 10_000_000
    live = own.get(PATHS[0]).json
    assert set(live) == {"status", "timestamp", "version", "uptime", "memory"} and live["status"] == "healthy"
    assert project.log.moment() == before, "nothing was recorded"


def test_what_does_not_work_is_said_and_nothing_else(own: Client, project: Project) -> None:
    break_template(project)
    for path in PATHS[1:]:
        reply = own.get(path)
        assert reply.status == 503 and reply.headers["retry-after"] == "1"
        assert set(reply.json) == {"status", "error", "timestamp"} and reply.json["status"] == "unhealthy"
        assert reply.json["error"] == "templateEngine: a document cannot be rendered (TEMPLATE_ERROR)."
    assert own.get(PATHS[0]).status == 200, "the process answers"


def test_it_is_well_again_when_what_was_wrong_is_mended(own: Client, project: Project) -> None:
    break_template(project)
    assert own.get(PATHS[1]).status == 503
    (project.places.templates / "spec.md.j2").unlink()
    asyncio.run(asyncio.sleep(checkup.KEPT_S))
    assert own.get(PATHS[1]).status == 200


def test_each_part_is_really_tried(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert examine(project) == TESTS
    break_template(project)
    with pytest.raises(Sick, match="templateEngine"):
        examine(project)
    (project.places.templates / "spec.md.j2").write_text("Nothing of what was said.")
    with pytest.raises(Sick, match="templateEngine"):
        examine(project)
    (project.places.templates / "spec.md.j2").unlink()
    monkeypatch.setattr("domain.drafting.draft", lambda *_: 1 / 0)
    with pytest.raises(Sick, match=r"commandRouting: a command cannot be decided \(BUG\)"):
        examine(project)


def test_a_head_that_is_not_what_the_events_say_is_noticed(project: Project) -> None:
    import apsw

    with apsw.Connection(str(project.places.log)) as connection:
        connection.execute(OTHER_HEADS)
        changed = connection.changes()
    assert changed
    with pytest.raises(Sick, match="stateManager") as found:
        examine(project)
    assert found.value.damaged


def test_a_store_that_is_gone_is_noticed_and_its_place_is_not_told(own: Client, project: Project) -> None:
    project.log.close()
    reply = own.get(PATHS[2])
    assert reply.status == 503 and reply.json["error"].startswith("stateManager: the log cannot be read (")
    assert str(project.places.root) not in reply.body.decode()


def test_however_often_it_is_asked_it_looks_once_a_second(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkup.KEPT_S == 1.0
    monkeypatch.setattr(checkup, "KEPT_S", 60.0)  # on a busy machine so many questions may take longer than a second
    looked: list[int] = []

    def look(_: Project) -> dict[str, bool]:
        looked.append(1)
        return TESTS

    async def story() -> None:
        found = Checkup(project, ROOMY, look=look)
        for _ in range(50):
            assert (await found.verdict()).tests == TESTS
        await asyncio.gather(*(found.verdict() for _ in range(50)))

    asyncio.run(story())
    assert len(looked) == 1


def test_what_hangs_is_not_well_and_is_not_asked_again_meanwhile(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "LONGEST_S", 0.1)
    goes_on, looked = Event(), []

    def look(_: Project) -> dict[str, bool]:
        looked.append(1)
        assert goes_on.wait(PATIENCE)
        return TESTS

    async def story() -> None:
        found = Checkup(project, ROOMY, look=look)
        for _ in range(3):
            verdict = await found.verdict()
            assert verdict.why and "did not answer" in verdict.why
        goes_on.set()
        monkeypatch.setattr(checkup, "LONGEST_S", PATIENCE)
        assert (await found.verdict()).why is None

    asyncio.run(story())
    assert len(looked) == 1


def test_an_ending_service_is_alive_and_not_ready(tmp_path: Path) -> None:
    from threading import Thread

    from api.server import bound, server_of
    from tests.api.served import HERE, WIDE, described_when_asked, issued

    new_project(tmp_path)
    with described_when_asked(), opened(tmp_path) as project, bound(HERE) as listening:
        ready = Event()
        server = server_of(project, HERE, told=ready.set, bounds=WIDE)
        service = server.config.app._app._admission.app.state.service  # type: ignore[union-attr]  # the application it was made with
        thread = Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
        thread.start()
        assert ready.wait(PATIENCE) and not service.is_ending()
        assert Client(listening.getsockname()[1], issued(project)).get("/health/ready").status == 200
        server.should_exit = True
        thread.join(PATIENCE)
        assert service.is_ending()
