"""What operators ask over HTTP: what is wrong, settings, backups, recoveries; and what stood at a moment."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import apsw
import orjson
import pytest

from adapters.receipts import proven
from adapters.sqlite_log import SqliteLog
from api.outside import name_of, settings_outside
from domain.steps import Step
from tests.api.served import AGENT, IN_SILENCE, Client, issued, new_project, opened, served
from tests.api.test_operations import FIELDS, draft_all
from usecases.backup_copies import MOST as MOST_COPIES
from usecases.project import Project
from usecases.recovered_stores import MOST
from usecases.settings_shown import settings_shown

PHASE = "st01-audio-engine"
RECIPIENT = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[tuple[Project, Client]]:
    """Return a project in a folder with a space in its name, its backups beside it, and a client of it."""
    folder = tmp_path / "my project"
    folder.mkdir()
    new_project(folder)
    with opened(folder) as project:
        settings = {**IN_SILENCE, "backup.dir": str(tmp_path / "the backups")}
        with served(project, settings=settings) as client:
            yield project, client.shows(issued(project))


def spec(client: Client, phase: str = PHASE) -> int:
    """Draft a spec and return its position."""
    position: int = client.post(f"/phases/{phase}/spec", FIELDS["spec"]).data["position"]
    return position


def test_the_doctor_tells_what_is_wrong_and_no_place(here: tuple[Project, Client], tmp_path: Path) -> None:
    project, client = here
    spec(client)
    found = client.get("/doctor")
    assert found.data["verdict"] == "warnings" and len({row["check"] for row in found.data["rows"]}) == 14
    project.places.keys.chmod(0o755)
    (project.places.phase(PHASE) / "spec.md").write_text("# other\n", "utf-8")
    again = client.get("/doctor?quick=true")
    wrong = {row["check"]: row for row in again.data["rows"] if row["level"] != "ok"}
    assert "keys" in wrong["permissions"]["message"] and wrong["permissions"]["fix"] == ["chmod go-rwx '.orch/keys'"]
    assert "dev/st01-audio-engine/spec.md" in wrong["documents"]["message"]
    assert client.get(f"/doctor?phase={PHASE}").data["rows"][0]["check"] == "store"
    assert client.get("/doctor?phase=st99-none").status == 404
    assert client.get("/doctor?phase=UP").code == "VALIDATION_ERROR"
    for reply in (found, again):
        assert str(tmp_path).encode() not in reply.body and b"my project" not in reply.body


def test_damage_is_an_answer_of_the_doctor(here: tuple[Project, Client]) -> None:
    project, client = here
    spec(client)
    with closing(apsw.Connection(str(project.places.log))) as db:
        db.execute("DELETE FROM heads WHERE stream = ?", (f"phase:{PHASE}",))
    found = client.get("/doctor").data
    assert found["verdict"] == "damaged"
    assert client.post("/rebuild", {"check": True}).data["other_heads"] == [f"phase:{PHASE}"]
    assert client.get("/doctor?quick=true").status == 200
    assert client.post("/rebuild").data["other_heads"] == [f"phase:{PHASE}"]
    assert client.post("/rebuild", {"check": True}).data["other_heads"] == []
    assert client.post("/rebuild", {"chek": True}).code == "VALIDATION_ERROR"


def test_settings_are_told_without_places_and_secrets(here: tuple[Project, Client], tmp_path: Path) -> None:
    project, client = here
    secrets = (
        'backup.dir = "/srv/far away/backups"\nsecurity.webhook_url = "https://hooks.example.org:8443/T0/secret?k=1"\n'
        'security.webhook_secret_file = "/etc/orch/hook"\ncheckpoints.timestamp_url = "https://u:p@tsa.example.org"\n'
    )
    project.places.settings.write_text(secrets, "utf-8")
    reply = client.get("/config")
    rows = {row["name"]: row for row in reply.data["rows"]}
    assert rows["security.webhook_url"]["value"] == "https://hooks.example.org:8443/…"
    assert rows["checkpoints.timestamp_url"]["value"] == "https://tsa.example.org"
    assert rows["security.webhook_secret_file"]["value"] == "hook"
    assert rows["backup.dir"]["source"] == "flag" and rows["backup.dir"]["value"] == "the backups"
    assert rows["log.level"]["value"] == "info" and reply.data["file"] == "config.toml"
    for address in ("S3://KEY:SECRET@b", "https://key:secret@h/b", "sftp://u:pw@h"):
        assert name_of("the database log on /run/postgresql") == "the database"
        assert name_of(address) == f"{address.partition(':')[0]}://…"
    for said in (b"T0/secret", b"u:p@", b"/etc", str(tmp_path).encode(), b"far away"):
        assert said not in reply.body


def test_of_an_address_only_its_kind_is_told(here: tuple[Project, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    project, _ = here
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", "postgresql://orch:x@db.example.org/orch")
    monkeypatch.setenv("ORCHESTRATOR_BACKUP_DIR", "s3://bucket/prefix")
    rows = {row["name"]: row for row in settings_outside(settings_shown(project.places, {}))["rows"]}
    assert rows["database_url"]["value"] == "postgresql://…" and rows["backup.dir"]["value"] == "s3://…"
    assert rows["database_url"]["where"] == "ORCHESTRATOR_DATABASE_URL"


def test_backups_are_made_checked_and_tried_where_the_settings_say(
    here: tuple[Project, Client], tmp_path: Path
) -> None:
    project, client = here
    missing = client.get("/backups")
    assert missing.status == 404 and missing.json["detail"] == "There are no backups at the backups."
    none = client.get("/backups/status").data
    assert (none["copies"], none["last"], none["made_at"], none["drill"]) == (0, 0, None, None)
    assert none["unshipped"] == project.log.moment().position
    last = spec(client)
    made = client.post("/backups").data
    assert (made["folder"], made["copy"], made["last"]) == ("the backups", "copy-0001", last)
    assert (tmp_path / "the backups" / "copy-0001").is_dir()
    assert client.post("/backups").data["first"] is None, "nothing is new"
    same = client.post("/backups", {"full": True}).data
    assert (same["copy"], same["first"]) == ("copy-0001", None), "what is there is a full copy"
    before, last = last, spec(client, "st03-tape")
    full = client.post("/backups", {"full": True}, Idempotency_Key="full").data
    assert (full["copy"], full["first"], full["last"]) == ("copy-0002", 1, last)
    assert client.post("/backups/verify").data["verdict"] == "verified"
    assert client.post("/backups/verify", {"copy": "copy-0001"}).data["rows"][0]["last"] == before
    assert client.post("/backups/verify", {"copy": "copy-0009"}).status == 404
    assert client.post("/backups/drill").data["passed"]
    later = spec(client, "st02-mixer")
    listed = client.get("/backups").data
    assert [row["copy"] for row in listed["rows"]] == ["copy-0001", "copy-0002"]
    assert listed["unshipped"] == later - last and listed["drill"]["folder"] == "the backups"
    status = client.get("/backups/status").data
    assert (status["copies"], status["usable"], status["last"], status["unshipped"]) == (2, 2, last, later - last)
    assert status["drill"]["passed"] and status["rto_seconds"] > 0 and 0 <= status["age_seconds"] < 60
    file = next((tmp_path / "the backups" / "copy-0001").glob("segment-*"))
    file.write_bytes(b"x" + file.read_bytes()[1:])
    damaged = client.post("/backups/verify")
    assert damaged.data["verdict"] == "damaged" and damaged.data["problems"][0]["copy"] == "copy-0001"
    assert str(tmp_path).encode() not in damaged.body
    assert client.post("/backups", {"to": "/tmp/elsewhere"}).code == "VALIDATION_ERROR"  # noqa: S108  # nobody goes there


def test_a_full_copy_is_made_where_the_newest_one_is_not_whole_and_not_without_end(
    here: tuple[Project, Client], tmp_path: Path
) -> None:
    _, client = here
    for number in range(1, MOST_COPIES + 1):
        assert client.post("/backups", {"full": True}).data["copy"] == f"copy-{number:04d}"
        file = next((tmp_path / "the backups" / f"copy-{number:04d}").glob("segment-*"))
        file.write_bytes(b"x" + file.read_bytes()[1:])
    refused = client.post("/backups", {"full": True})
    assert (refused.status, refused.code) == (422, "ALREADY_EXISTS")
    assert refused.json["fix"] == ["orch backup prune"]
    assert len(list((tmp_path / "the backups").glob("copy-*"))) == MOST_COPIES


def test_the_same_key_answers_the_same_backup_whatever_was_recorded_since(tmp_path: Path) -> None:
    new_project(tmp_path)
    settings = {**IN_SILENCE, "backup.dir": str(tmp_path / "backups")}
    with opened(tmp_path) as project:
        token = issued(project)
        with served(project, settings=settings) as client:
            holder = client.shows(token)
            made = holder.post("/backups", {"full": True}, Idempotency_Key="nightly")
            assert (made.data["copy"], made.data["first"]) == ("copy-0001", 1)
            assert "idempotent-replayed" not in made.headers
            spec(holder)
        with served(project, settings=settings) as client:  # it is kept over the end of the service
            holder = client.shows(token)
            again = holder.post("/backups", {"full": True}, Idempotency_Key='"nightly"')
            assert again.data == made.data and again.headers["idempotent-replayed"] == "true"
            other = holder.post("/backups", Idempotency_Key="nightly")
            assert (other.status, other.code) == (422, "COMMAND_ID_REUSED")
            stranger = client.shows(issued(project, to=AGENT)).post(
                "/backups", {"full": True}, Idempotency_Key="nightly"
            )
            assert (stranger.status, stranger.code) == (422, "COMMAND_ID_REUSED"), "a key is of who uses it"
            added = holder.post("/backups", Idempotency_Key="hourly").data
            assert added["copy"] == "copy-0001" and added["first"] == made.data["last"] + 1
            spec(holder, "st02-mixer")
            assert holder.post("/backups", Idempotency_Key="hourly").data == added
            assert holder.post("/backups", {"full": True}).data["copy"] == "copy-0002", "no key, another request"
    assert len(list((tmp_path / "backups").glob("copy-*"))) == 2


def test_a_key_answers_no_backup_that_is_gone_or_lies_elsewhere_than_backups_go_now(tmp_path: Path) -> None:
    new_project(tmp_path)
    first, second = tmp_path / "backups", tmp_path / "others"
    with opened(tmp_path) as project:
        token = issued(project)
        for folder in (first, second):
            with served(project, settings={**IN_SILENCE, "backup.dir": str(folder)}) as client:
                made = client.shows(token).post("/backups", Idempotency_Key="nightly")
                assert made.data["folder"] == folder.name and "idempotent-replayed" not in made.headers
                again = client.shows(token).post("/backups", Idempotency_Key="nightly")
                assert again.data == made.data and again.headers["idempotent-replayed"] == "true"
        rmtree(second)
        with served(project, settings={**IN_SILENCE, "backup.dir": str(second)}) as client:
            made = client.shows(token).post("/backups", Idempotency_Key="nightly")
            assert made.data["first"] == 1 and "idempotent-replayed" not in made.headers
            assert (second / "copy-0001").is_dir()


@pytest.mark.parametrize("made", [{}, [], 5, {"folder": 3}])
def test_what_is_no_answer_of_ours_was_not_made_under_a_key(here: tuple[Project, Client], made: object) -> None:
    project, client = here
    assert client.post("/backups", Idempotency_Key="nightly").status == 200
    path = project.places.backups_asked
    rows = orjson.loads(path.read_bytes())
    path.write_bytes(orjson.dumps([{**rows[0], "made": made}]))
    assert client.post("/backups", Idempotency_Key="nightly").status == 200


def test_what_lies_in_the_place_of_our_files_is_nothing_that_a_request_said_wrong(
    here: tuple[Project, Client], tmp_path: Path
) -> None:
    project, client = here
    assert client.post("/backups", Idempotency_Key="nightly").status == 200
    kept = project.places.backups_asked
    kept.rename(tmp_path / "aside")
    before = [*files_below(project.places.state / "backups")]
    spec(client)

    def in_the_way(path: Path) -> Iterator[None]:
        path.symlink_to(tmp_path / "aside")
        yield
        path.unlink()
        path.mkdir()
        yield
        path.rmdir()
        os.mkfifo(path)
        yield
        path.unlink()

    for _ in in_the_way(kept):
        refused = client.post("/backups", Idempotency_Key="nightly")
        assert (refused.status, refused.code) == (503, "FILESYSTEM_ERROR")
        assert refused.json["detail"] == "backups-asked.json is no regular file; move it away."
        assert refused.json["fix"] == ["mv '.orch/backups-asked.json' '.orch/backups-asked.json.old'"]
        assert [*files_below(project.places.state / "backups")] == before, "nothing was made that nobody is told of"
    (tmp_path / "aside").rename(kept)
    assert client.post("/backups", Idempotency_Key="nightly").headers["idempotent-replayed"] == "true"
    note = project.places.checkpoints / f"{project.log.moment().position}.note"
    for _ in in_the_way(note):
        refused = client.post("/audit/checkpoint")
        assert (refused.status, refused.code) == (503, "FILESYSTEM_ERROR"), refused.body


def files_below(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_full_copy_is_made_for_those_whom_the_settings_name_now(tmp_path: Path) -> None:
    new_project(tmp_path)
    settings = {**IN_SILENCE, "backup.dir": str(tmp_path / "backups")}
    with opened(tmp_path) as project:
        token = issued(project)
        with served(project, settings=settings) as client:
            assert client.shows(token).post("/backups").data["copy"] == "copy-0001"
        project.places.settings.write_text(f'backup.recipients = ["{RECIPIENT}"]\n', "utf-8")
        with served(project, settings=settings) as client:
            for _ in range(2):
                made = client.shows(token).post("/backups", {"full": True}).data
                assert (made["copy"], made["encrypted"]) == ("copy-0002", True)


def test_a_recovery_is_planned_made_once_and_verified(here: tuple[Project, Client], tmp_path: Path) -> None:
    project, client = here
    first, last = spec(client), spec(client, "st02-mixer")
    before = project.log.moment()
    plan = client.get(f"/recover/plan?to=position:{first}").data
    assert plan["as_of"]["position"] == first and plan["lost"]["opened_later"] == ["st02-mixer"]
    assert [each["kind"] for each in plan["sources"]] == ["store", "backup"]
    made = client.post("/recover/run", {"to": f"position:{first}"}, Idempotency_Key="back")
    found = made.data["verification"]
    assert (found["verdict"], found["size"], found["prefix_of"]["agrees"]) == ("verified", first, True)
    again = client.post("/recover/run", {"to": f"position:{first}"}, Idempotency_Key="back")
    assert again.headers["idempotent-replayed"] == "true" and again.data["out"] == made.data["out"]
    assert client.post("/recover/run", {"to": f"position:{last}"}, Idempotency_Key="back").code == "COMMAND_ID_REUSED"
    name = made.data["out"]
    with SqliteLog.open(project.places.state / "recovered" / name / "log.db", read_only=True) as log:
        assert log.moment().position == first and list(log.records()) == list(project.log.records(1, first))
    assert client.post("/recover/verify", {"store": name}).data["verdict"] == "verified"
    assert client.post("/recover/verify", {"store": "0" * 16}).status == 404
    assert client.post("/recover/verify", {"store": "../../x"}).code == "VALIDATION_ERROR"
    assert client.post("/recover/run", {"to": "point:none"}).status == 404
    assert client.post("/recover/run", {"to": "checkpoint:/etc/passwd"}).code == "VALIDATION_ERROR"
    for reply in (made, again):
        assert str(tmp_path).encode() not in reply.body
    assert project.log.moment() == before, "nothing of all that is an event"


def test_what_backups_hold_is_recovered_from_them_alone(here: tuple[Project, Client], tmp_path: Path) -> None:
    _, client = here
    words = {"to": "now", "from_backups": True}
    assert client.post("/recover/run", words).status == 404
    last = spec(client)
    client.post("/backups")
    spec(client, "st02-mixer")
    plan = client.get("/recover/plan?to=now&from_backups=true")
    assert plan.data["as_of"]["position"] == last and plan.data["source"]["kind"] == "backup"
    made = client.post("/recover/run", words, Idempotency_Key="held")
    assert made.data["verification"]["verdict"] == "verified" and made.data["as_of"]["position"] == last
    again = client.post("/recover/run", words, Idempotency_Key="held")
    assert again.headers["idempotent-replayed"] == "true" and again.data["out"] == made.data["out"]
    assert client.post("/recover/run", {"to": "now"}, Idempotency_Key="held").code == "COMMAND_ID_REUSED"
    assert client.post("/recover/run", {**words, "to": f"position:{last + 1}"}).status == 404
    assert str(tmp_path).encode() not in plan.body + made.body + again.body


def test_so_many_recovered_stores_are_kept_and_no_more(here: tuple[Project, Client]) -> None:
    _, client = here
    for _ in range(MOST):
        assert client.post("/recover/run", {"to": "now"}).status == 200
    refused = client.post("/recover/run", {"to": "now"})
    assert (
        refused.status == 422
        and refused.code == "ALREADY_EXISTS"
        and "rm -r '.orch/recovered/" in refused.json["fix"][0]
    )


def test_what_a_recovery_that_was_killed_left_is_named_and_goes(here: tuple[Project, Client]) -> None:
    project, client = here
    folder = project.places.state / "recovered"
    left, filled = (folder / f".{digit * 16}.{digit * 16}.part" for digit in "0f")
    for each in (left, filled):
        each.mkdir(parents=True)
        (each / "log.db").write_bytes(b"half of a log")
    holder = os.open(filled, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    rows = [row for row in client.get("/doctor?quick=true").data["rows"] if row["check"] == "leftovers"]
    assert [(row["level"], row["fix"]) for row in rows] == [("warning", [f"rm -r '.orch/recovered/{left.name}'"])]
    for _ in range(MOST - 1):
        assert client.post("/recover/run", {"to": "now"}).status == 200
    assert filled.is_dir() and not left.exists()
    assert client.post("/recover/run", {"to": "now"}).code == "ALREADY_EXISTS", "one is being made"
    assert len(list(folder.iterdir())) == MOST, "nothing of the refused one is left"
    os.close(holder)
    assert client.post("/recover/run", {"to": "now"}).status == 200 and not filled.exists()


def test_a_text_that_is_erased_later_is_told_to_be_in_a_recovered_store(here: tuple[Project, Client]) -> None:
    _, client = here
    client.post("/directives", {"text": "Call 555 0123"})
    position = client.get("/audit/trail?topic=project.directive_remembered").data["rows"][-1]["position"]
    name = client.post("/recover/run", {"to": "now"}).data["out"]
    told = client.post("/audit/redact", {"position": position, "reason": "It named a person"}).data
    assert any(f"recovered/{name}/log.db holds" in sentence for sentence in told["out_of_reach"])


def test_gates_receipts_keys_and_proofs_of_a_moment(here: tuple[Project, Client]) -> None:
    _, client = here
    draft_all(client, PHASE)
    digest = client.get(f"/phases/{PHASE}/spec").data["digest"]
    then = client.get("/phases").data["as_of"]["position"]
    key = client.get("/audit/key").data["key"]
    client.post(f"/phases/{PHASE}/spec/reopen", {"reason": "A third layer"})
    client.post("/audit/key/rotate", {"reason": "The laptop is lost"})
    gate = f"/phases/{PHASE}/spec/gate"
    assert client.get(f"{gate}?digest={digest}").code == "GATE_CLOSED"
    assert client.get(f"{gate}?digest={digest}&at=position:{then}").data["digest"] == digest
    assert client.get(f"{gate}?digest={digest}&at=position:3").status in (404, 422)
    assert client.get(f"{gate}?at=position:{then}").code == "VALIDATION_ERROR"
    text = client.get(f"/phases/{PHASE}/spec?at=position:{then}").data["text"]
    assert client.post(f"{gate}?at=position:{then}", {"text": text}).data["iteration"] == 1
    assert client.post(f"{gate}?at=position:{then}", {"text": f"{text}more"}).code == "GATE_CLOSED"
    assert client.get(f"/audit/key?at=position:{then}").data == {"key": key, "replaced": []}
    assert client.get("/audit/key").data["replaced"] == [key]
    now = client.get("/audit/key").data["key"]
    receipt = client.get(f"/phases/{PHASE}/spec/receipt?at=position:{then}").body
    assert proven(receipt, phase=PHASE, step=Step.SPEC, vkeys=[now]).digest == digest
    assert f"\n{then}\n".encode() in receipt, "it is signed for the log as long as it was"
    assert client.get(f"/phases/{PHASE}/spec/receipt").code == "GATE_CLOSED"
    proof = client.get(f"/audit/proofs/2?at=position:{then}").data
    assert proof["size"] == then and client.get("/audit/proofs/2").data["size"] > then
    root = client.get(f"/audit/consistency?old={then}&new={then + 1}").data["old_root"]
    assert proof["root"] == root
    assert client.get(f"/audit/proofs/{then + 1}?at=position:{then}").status == 404
    assert client.get("/audit/proofs/2?at=position:0").status == 404


@pytest.mark.parametrize("path", ["/templates", "/schemas", "/config", "/doctor", "/backups", "/openapi.json"])
def test_what_is_no_state_of_the_log_refuses_a_moment(path: str, client: Client) -> None:
    reply = client.get(f"{path}?at=position:1")
    if path == "/openapi.json":  # nobody asks who reads it
        assert reply.status == 200
    else:
        assert reply.code == "VALIDATION_ERROR" and reply.json["detail"].startswith("No moment")


def test_a_log_in_a_database_is_looked_after_in_the_same_way(database: str, tmp_path: Path) -> None:
    new_project(tmp_path, database)
    with opened(tmp_path, database) as project, served(project) as nobody:
        client = nobody.shows(issued(project))
        first, last = spec(client), spec(client, "st02-mixer")
        found = client.get("/doctor")
        assert found.data["verdict"] == "warnings" and database.encode() not in found.body
        assert client.post("/backups").data["last"] == last
        assert client.post("/backups/drill").data["passed"]
        plan = client.get(f"/recover/plan?to=position:{first}")
        assert plan.data["lost"]["opened_later"] == ["st02-mixer"] and str(tmp_path).encode() not in plan.body
        made = client.post("/recover/run", {"to": f"position:{first}"}).data
        assert made["verification"]["verdict"] == "verified"
        assert client.post("/recover/verify", {"store": made["out"]}).data["prefix_of"]["agrees"]
        assert client.post("/rebuild", {"check": True}).data["other_heads"] == []
        assert client.get("/audit/proofs/1?at=position:2").data["size"] == 2
