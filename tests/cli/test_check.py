"""orch check: whether a deployment is ready, whether it works, and that fifty commands at once are all durable."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cli import check_concurrency, scratch
from domain.phase_ids import stream_of
from tests.adapters.schema_1 import as_schema_1
from tests.cli.at_a_terminal import at_a_terminal
from tests.cli.conftest import Answer, Orch, position, the_log
from tests.cli.garbage_world import snapshot
from usecases import doctor_files

pytestmark = pytest.mark.at_the_log("orch check is typed there")

BEFORE = [
    *("program", "settings", "templates", "schemas", "store", "version", "permissions", "file_system", "disk", "key"),
    *("backups", "performance"),
]


@pytest.fixture(autouse=True)
def on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no disk for a broken one because others work on this machine."""
    monkeypatch.setattr(check_concurrency, "SLOWEST_S", 60.0)


def level_of(answer: Answer, check: str) -> str:
    """Return the worst of what a check found."""
    levels = {row["level"] for row in answer.data["rows"] if row["check"] == check}
    return next(level for level in ("failed", "warning", "ok") if level in levels)


def failed(answer: Answer) -> set[str]:
    """Return the checks that failed; the exit status says the same."""
    found = {row["check"] for row in answer.data["rows"] if row["level"] == "failed"}
    assert answer.status == (3 if found else 0)
    return found


def fixes_of(answer: Answer) -> list[str]:
    return [line for row in answer.data["rows"] if row["level"] == "failed" for line in row["fix"]]


def before(orch: Orch) -> Answer:
    return orch("check", "pre-deploy", "--json")


def after(orch: Orch, *more: str) -> Answer:
    return orch("check", "post-deploy", "--yes", "--json", *more)


def test_a_sound_project_is_ready_and_nothing_is_changed(drafted: Orch) -> None:
    assert drafted("schema", "write").status == 0
    assert drafted("backup", "create").status == 0
    assert before(drafted).status == 0
    files, events = snapshot(Path.cwd()), position(drafted)
    told = before(drafted)
    assert failed(told) == set() and told.data["ready"] is True
    assert list(dict.fromkeys(row["check"] for row in told.data["rows"])) == BEFORE
    assert level_of(told, "schemas") == level_of(told, "backups") == "ok"
    assert told.data["raw_commit_ms"] > 0 and told.data["operation_ms"] > 0
    beside = ("log.db-shm", "log.db-wal")  # of readers, as with every read
    assert {n: f for n, f in snapshot(Path.cwd()).items() if not n.endswith(beside)} == {
        n: f for n, f in files.items() if not n.endswith(beside)
    }
    assert position(drafted) == events


def test_in_words_every_check_has_a_line(project: Orch) -> None:
    said = project("check", "pre-deploy").out
    for name in BEFORE:
        assert name.replace("_", " ") in said, name


def test_a_template_that_cannot_be_rendered_is_named(project: Orch) -> None:
    assert project("template", "eject", "spec").status == 0
    template = Path(".orch/templates/spec.md.j2")
    template.write_text(template.read_text() + "{{ nobody_knows_this }}")
    told = before(project)
    assert failed(told) == {"templates"} and fixes_of(told) == ["orch template check spec"]
    assert project("template", "check", "spec").status == 2, "the fix shows the mistake"


def test_schemas_of_another_version_are_found(project: Orch) -> None:
    assert level_of(before(project), "schemas") == "warning", "nothing was published"
    assert project("schema", "write").status == 0
    Path(".orch/schemas/output/next.json").write_text("{}")
    told = before(project)
    assert failed(told) == {"schemas"} and fixes_of(told)[-1] == "orch schema write"
    assert project("schema", "write").status == 0
    assert failed(before(project)) == set()


def test_a_store_that_others_may_read_is_not_ready(project: Orch) -> None:
    Path(".orch/keys").chmod(0o755)
    told = before(project)
    assert failed(told) == {"permissions"}
    for line in fixes_of(told):
        assert os.system(line) == 0  # noqa: S605  # what a person would paste
    assert failed(before(project)) == set()


def test_settings_that_cannot_be_obeyed_are_found(project: Orch) -> None:
    Path(".orch/config.toml").write_text("memory_limit = 1\n")
    assert "settings" in failed(before(project))


def test_a_full_disk_is_not_ready(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_files, "free_bytes", lambda _: 1024)
    assert failed(before(project)) == {"disk"}


@pytest.mark.in_file
def test_a_log_of_an_older_version_has_to_be_upgraded_first(drafted: Orch, tmp_path: Path) -> None:
    log = Path(".orch/log.db")
    as_schema_1(log, tmp_path / "old.db")
    for end in ("", "-wal", "-shm"):
        Path(f"{log}{end}").unlink(missing_ok=True)
    (tmp_path / "old.db").rename(log)
    log.chmod(0o600)
    told = before(drafted)
    assert failed(told) == {"version"} and fixes_of(told) == ["orch upgrade --with-backup"]
    assert drafted("upgrade", "--with-backup").status == 0
    assert failed(before(drafted)) == set()


@pytest.mark.in_file
def test_a_store_that_is_damaged_is_not_ready(drafted: Orch) -> None:
    Path(".orch/log.db").write_bytes(b"no log")
    assert "store" in failed(before(drafted))


def test_a_disk_on_which_nobody_could_work_is_not_ready(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_concurrency, "SLOWEST_S", 0.0)
    assert failed(before(project)) == {"performance"}
    assert failed(project("check", "concurrency", "--operations", "3", "--json")) == {"concurrency"}


def test_without_a_project_there_is_nothing_to_check(orch: Orch) -> None:
    assert before(orch).status == 4


def test_a_phase_is_drafted_read_and_archived_by_whoever_asks(project: Orch) -> None:
    events = position(project)
    told = after(project, "--actor", "grace", "--actor-kind", "human")
    assert failed(told) == set() and told.data["works"] is True
    assert [row["check"] for row in told.data["rows"] if row["check"] in ("spec", "status", "archive")] == [
        *("spec", "status", "archive")
    ]
    phase = told.data["phase"]
    rows = project("history", phase, "--json").data["rows"]
    assert [row["position"] for row in rows] == list(range(events + 1, position(project) + 1))
    assert (told.data["first"], told.data["last"]) == (events + 1, position(project))
    assert {row["actor"]["name"] for row in rows} == {"grace"} and rows[-1]["topic"] == "phase.archived"
    assert project("spec", phase, "--objectives", "more").status == 3, "it is read-only"
    assert after(project).data["phase"] != phase
    assert project("doctor").status == 0


def test_away_from_a_terminal_it_has_to_be_meant(project: Orch) -> None:
    events = position(project)
    refused = project("check", "post-deploy", "--json")
    assert (refused.status, refused.error["fix"]) == (2, ["orch check post-deploy --yes"])
    assert position(project) == events


@pytest.mark.parametrize(("typed", "status", "events"), [("y", 0, 4), ("n", 130, 0)])
def test_at_a_terminal_somebody_is_asked(project: Orch, typed: str, status: int, events: int) -> None:
    length = position(project)
    with at_a_terminal("check", "post-deploy") as session:
        session.says("archive it?")
        session.type(f"{typed}\r")
        assert session.ends() == status
    assert position(project) == length + events


def test_a_document_that_is_not_what_was_recorded_is_found(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usecases.writes.publish", lambda *_, **__: None)
    told = after(project)
    assert failed(told) == {"status"} and told.data["last"] is not None
    with the_log() as log:
        head = log.heads([stream_of(told.data["phase"])])[1][stream_of(told.data["phase"])]
    assert head.facts["archived"], "it does not stay open"


@pytest.fixture
def service() -> Iterator[str]:
    """Give the address of a server that says it is healthy below /orch, and of nothing else."""

    class Alive(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # so it is called
            self.send_response(200 if self.path.startswith("/orch") else 404)
            self.end_headers()
            if self.path == "/orch/health/ready":
                self.wfile.write(b'{"status":"healthy","timestamp":"2026-11-24T14:00:00.000000Z"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Alive) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_service_is_asked_whether_it_is_healthy(project: Orch, service: str) -> None:
    assert level_of(after(project, "--url", f"{service}/orch/"), "service") == "ok"
    for url in (service, f"{service}/orch/other", "http://127.0.0.1:1", "file:///etc/passwd", "nonsense"):
        told = after(project, "--url", url)
        assert failed(told) == {"service"} and told.data["first"] is None, "nothing is recorded then"


@pytest.mark.parametrize("operations", [1, 50])
def test_commands_at_once_are_all_durable(operations: int, project: Orch) -> None:
    events, files = position(project), {path.name for path in Path(".orch").iterdir()}
    told = project("check", "concurrency", "--operations", str(operations), "--json")
    assert failed(told) == set()
    assert told.data["operations"] == told.data["durable"] == operations
    assert told.data["seconds"] > 0 and told.data["raw_seconds"] > 0 and told.data["ratio"] > 0
    assert told.data["folder"] == str(Path(".orch").absolute())
    assert position(project) == events and {path.name for path in Path(".orch").iterdir()} == files


def test_one_that_is_lost_would_be_noticed(orch: Orch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "draft", lambda project, phase: phase == "st0001-events" or draft(project, phase))
    told = orch("check", "concurrency", "--operations", "4", "--in", str(tmp_path), "--json")
    assert failed(told) == {"concurrency"} and told.data["durable"] == 3


draft = scratch.draft


def test_a_disk_that_is_not_there_is_named(orch: Orch) -> None:
    told = orch("check", "concurrency", "--in", "/nowhere", "--json")
    assert failed(told) == {"concurrency"} and "/nowhere" in told.data["rows"][0]["message"]
