"""What operators type, far from the log: the service does it, and says what the same command says beside the log."""

import asyncio
import re
import shlex
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree
from time import sleep
from typing import Any

import pyrage
import pytest

from adapters.service_at import ServiceAt
from adapters.service_line import ServiceLine
from adapters.workspace import Workspace
from api import progressing
from cli import progress
from cli.from_afar import WHERE, from_afar
from domain.access_token import Scope
from tests.api.served import IN_SILENCE, issued, new_project, opened, served
from tests.cli.conftest import Answer
from tests.cli.test_progress import Terminal
from tests.cli.through_service import Far, begun, beside, far, far_from, placeless, short_pauses, worked_on
from usecases.backup_making import backed_up
from usecases.backup_places import author_of, storage_of

__all__ = ["begun", "far", "short_pauses"]  # fixtures
pytestmark = [pytest.mark.in_file, pytest.mark.usefixtures("short_pauses")]
OPERATED = (
    "backup list", "backup drill", "doctor", "backup create", "backup create", "backup list", "backup verify",
    "backup verify --copy copy-0001", "backup verify --copy copy-0009", "backup drill", "doctor --quick",
    "doctor st01-x", "doctor st09-none", "doctor UP", "rebuild --check", "rebuild", "recover plan --to position:5",
    "recover plan --to position:99", "recover plan --to yesterday", "recover plan --to now --from-backups backup.dir",
    "recover run --to position:5 --out old", "recover verify old", "recover verify none",
)  # fmt: skip
"""What is typed on both sides, one after the other, about the same log."""
ADMINS = ("doctor", "rebuild", "rebuild --check", "config show --service")
RECOVERERS = (
    "backup list", "backup create", "backup verify", "backup drill", "recover plan --to now", "recover run --to now",
    "recover verify 0123456789abcdef",
)  # fmt: skip
MOMENTS = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
FIGURES = "seconds|rto_seconds|rpo_seconds|checkpoint_age_seconds|drill_age|free_bytes|bytes"
MEASURED = re.compile(rf'"({FIGURES})":[\d.]+|\b[\d.,]+ (s|bytes|MiB)\b')


def told(answer: Answer, far: Far, *folders: Path) -> tuple[int, str, str]:
    """Return an answer without places, times of day, durations and sizes, and without what is typed next."""
    out, err = re.sub(r"^  (look at|promote) it .*\n", "", answer.out, flags=re.M), answer.err
    for folder in folders:
        out, err = ((text.replace(f"{folder}/.orch/", "").replace(f"{folder}/", "")) for text in (out, err))
    status, out, _ = placeless(answer._replace(out=out), far)
    out, err = (MEASURED.sub("N", MOMENTS.sub("T", text)).replace(WHERE, "") for text in (out, err))
    out = out.replace("checkpoints/", "")  # the folder in which they are kept there
    return status, re.sub(r'("where":|prefix of  )"?[\w./-]*"?', r"\1", out), err


def test_what_operators_type_says_what_it_says_beside_the_log(far: Far, tmp_path: Path) -> None:
    worked_on(far)
    near, there = tmp_path / "near", far.project.places.root
    copytree(there, near)
    for line in OPERATED:
        for form in ([], ["--json"]):
            if line.startswith("recover run") and form:
                continue  # what it makes is there already
            here = far.orch(*line.split(), *form)
            with beside(far, near):
                local = far.orch(*line.split(), *form)
            assert told(here, far, there, far.folder) == told(local, far, near), line


def test_a_token_opens_what_its_scope_says_and_nothing_more_is_asked_for(far: Far) -> None:
    for scope, opens, refused in ((Scope.ADMIN, ADMINS, RECOVERERS), (Scope.RECOVER, RECOVERERS, ADMINS)):
        far.shows(scope)
        for line in opens:
            assert far.orch(*line.split()).status in (0, 4), line
        for line in refused:
            lacking = far.orch(*line.split(), "--json")
            assert (lacking.status, lacking.error["code"]) == (3, "FORBIDDEN"), line
    far.shows(Scope.READ)
    before = far.project.log.moment()
    for line in (*ADMINS, *RECOVERERS):
        assert far.orch(*line.split()).status == 3, line
    assert far.project.log.moment() == before and not (far.project.places.state / "recovered/x").exists()


def test_commands_that_mend_are_marked_where_they_are_for_the_machine_of_the_service(far: Far) -> None:
    worked_on(far)
    (far.project.places.phase("st01-x") / "spec.md").write_text("# By hand\n")
    far.project.places.keys.chmod(0o755)
    rows = {row["check"]: row for row in far.orch("doctor", "--json").data["rows"] if row["level"] != "ok"}
    assert [line.replace("'", "") for line in rows["permissions"]["fix"]] == [f"chmod go-rwx .orch/keys{WHERE}"]
    put_back, reopen = rows["documents"]["fix"]
    assert put_back == f"orch checkout st01-x spec{WHERE}" and not reopen.endswith(WHERE)
    assert rows["checkpoints"]["fix"] == ["orch audit checkpoint"] and rows["backups"]["fix"] == ["orch backup create"]
    assert WHERE in far.orch("doctor").out


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("orch rebuild", False), ("orch backup drill", False), ("orch backup verify --from X --identity F", False),
        ("orch recover run --to now --out recovered", False), ("orch token create lin --scope read", False),
        ("orch recover salvage --out salvaged", True), ("orch backup prune", True), ("orch config show", True),
        ("orch backup create --to ANOTHER", True), ("orch template eject spec", True), ("orch checkout x spec", True),
        ("chmod go-rwx 'keys'", True), ("df -h .", True), ("echo 'half", True), ("orch", True), ("orch nothing", False),
    ],
)  # fmt: skip
def test_a_command_is_typed_there_where_it_needs_the_machine(line: str, there: bool) -> None:
    assert from_afar(line) == (f"{line}{WHERE}" if there else line)


@pytest.mark.parametrize(
    "line",
    [
        "backup create --to away", "backup create --recipient age1x", "backup drill --from away",
        "backup drill --identity key.txt", "backup verify --identity key.txt", "backup verify --vkey k",
        "backup list --vkey k", "recover plan --to now --from-backups backup.dir --identity key.txt",
        "recover diff --to now --from-backups backup.dir", "recover run --to now --documents docs",
        "recover run --to now --from-backups away",
    ],
)  # fmt: skip
def test_options_that_name_a_place_or_a_key_are_refused_with_what_is_right_from_afar(far: Far, line: str) -> None:
    refused = far.orch(*line.split(), "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert "that is done where the log is" in refused.error["message"] and far.url in refused.error["message"]
    first, *_, last = refused.error["fix"]
    place = " --out recovered" if line.startswith("recover run") else ""  # beside the log a place has to be named
    assert last == f"orch {line} --json{place}{WHERE}"
    assert not first.endswith(WHERE) and far.orch(*first.split()[1:]).status in (0, 4)


def test_the_place_of_the_setting_is_that_of_the_service(far: Far) -> None:
    worked_on(far)
    assert far.orch("backup", "create").status == 0
    far.shows(Scope.READ, Scope.RECOVER)
    for line in ("backup list", "backup verify"):
        named = far.orch(*line.split(), "--from", "backup.dir", "--json")
        assert (named.status, named.data) == (0, far.orch(*line.split(), "--json").data), line


def test_a_first_backup_that_was_left_half_done_is_not_taken_for_one(far: Far) -> None:
    worked_on(far)
    project, telling = far.project, progressing.Telling()
    telling.nobody = True
    with pytest.raises(progressing.Left):
        backed_up(project._replace(metering=telling.metering), storage_of(project.places, {}), author_of(project))
    checked = far.orch("backup", "verify", "--json")
    assert (checked.status, checked.data["verdict"], checked.data["rows"]) == (7, "incomplete", [])
    assert any("No copy is finished there" in each for each in checked.data["not_proved"])
    rows = {row["check"]: row for row in far.orch("doctor", "--json").data["rows"]}
    assert (rows["backups"]["level"], rows["backups"]["fix"]) == ("warning", ["orch backup create"])
    assert far.orch("backup", "create").status == far.orch("backup", "verify").status == 0


def test_what_is_to_be_recovered_from_a_place_here_is_not_taken_from_the_store_instead(
    far: Far, tmp_path: Path
) -> None:
    worked_on(far)
    assert far.orch("backup", "create").status == 0
    copytree(far.project.places.state / "backups", tmp_path / "away")
    fix = far.orch("recover", "run", "--to", "now", "--from-backups", str(tmp_path / "away"), "--json").error["fix"]
    assert far.orch(*fix[1].split()[1:]).data["source"]["kind"] == "backup"


def test_work_that_is_quiet_for_longer_than_a_question_may_take_is_waited_for(far: Far) -> None:
    worked_on(far)
    far.env.setenv("ORCHESTRATOR_OPERATION_TIMEOUT_MS", "1000")
    with ThreadPoolExecutor(1) as pool:
        with Workspace(far.project.places).locked("st01-x"):
            waits = pool.submit(far.orch, "rebuild")
            sleep(2.5)
            assert not waits.done()
        assert waits.result().status == 0


def test_work_is_asked_for_once_over_a_line_that_had_a_stream(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    worked_on(far)
    monkeypatch.setattr(progressing, "PATIENCE_S", 0.0)
    asked, request, events = [], HTTPConnection.request, progressing._told

    async def ended_late(*words: Any) -> AsyncGenerator[bytes, None]:
        async for each in events(*words):
            yield each
        await asyncio.sleep(0.2)  # the answer is there before the end of the stream is

    monkeypatch.setattr(progressing, "_told", ended_late)

    def counted(connection: HTTPConnection, method: str, path: str, *words: Any) -> None:
        asked.append(path)
        request(connection, method, path, *words)

    monkeypatch.setattr(HTTPConnection, "request", counted)
    at = ServiceAt("http", "127.0.0.1", far.client.port, "", far.shows(Scope.ADMIN), None, 30.0)
    with closing(ServiceLine(at)) as line:
        for _ in range(3):
            line.work("POST", "/rebuild", {}, lambda _: None)
    assert asked == ["/api/v1/rebuild"] * 3


def test_what_is_encrypted_is_compared_there_and_opened_where_the_key_is(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"{identity}\n")
    copytree(begun, tmp_path / "served")
    settings = f'[backup]\nrecipients = ["{identity.to_public()}"]\ndir = "{tmp_path}/away"\n'
    (tmp_path / "served/.orch/config.toml").write_text(settings)
    with (
        opened(tmp_path / "served") as project,
        far_from(project, tmp_path / "elsewhere", monkeypatch, capsys) as far,
    ):
        vkey = far.orch("audit", "key", "show", "--json").data["key"]
        made = far.orch("backup", "create", "--json")
        assert (made.data["encrypted"] and made.err == "") or "on the disk that holds the store" in made.err
        checked = far.orch("backup", "verify")
        assert checked.status == 7 and "the service has no key to them" in checked.out
        assert "--from PLACE --identity FILE" in checked.out
        for words in (("backup", "drill"), ("recover", "run", "--to", "now", "--from-backups", "backup.dir")):
            refused = far.orch(*words, "--json")
            assert refused.status == 2 and "the service has no key to it" in refused.error["message"]
            assert refused.error["fix"] == [
                "orch backup verify",
                "orch backup verify --from PLACE --identity FILE",
                f"orch backup drill --identity FILE{WHERE}",
            ]
        away = ("--from", str(tmp_path / "away"), "--identity", str(tmp_path / "key.txt"))
        opened_here = far.orch("backup", "verify", *away, "--vkey", vkey, "--json")
        assert (opened_here.status, opened_here.data["rows"][0]["opened"]) == (0, True)
        plan = far.orch("recover", "plan", "--to", "now", "--json").data
        assert [(each["kind"], each["usable"]) for each in plan["sources"]] == [("store", True), ("backup", False)]
    assert far.orch("backup", "verify", *away, "--vkey", vkey).status == 0  # no service is needed for it


def test_a_store_is_recovered_beside_the_service_or_here(far: Far) -> None:
    worked_on(far)
    assert far.orch("audit", "checkpoint").status == 0
    (far.folder / "held.txt").write_text(far.orch("audit", "checkpoint").out)
    assert far.orch("remember", "Never").status == 0
    end = far.project.log.moment().position
    made = far.orch("recover", "run", "--to", "checkpoint:held.txt", "--json").data
    assert (made["to"], made["as_of"]["position"]) == ("checkpoint:held.txt", end - 1)
    store = far.project.places.state / "recovered" / made["out"]
    assert (store / "log.db").is_file() and made["verification"]["prefix_of"]["agrees"]
    assert far.orch("recover", "plan", "--to", "checkpoint:held.txt", "--json").data["lost"]["events"] == 1
    checked = far.orch("recover", "verify", made["out"])
    assert checked.status == 0 and "a prefix of the log it came from" in checked.out
    words = far.orch("recover", "run", "--to", "now").out
    assert f"orch list{WHERE}" in words and f'project goes back"{WHERE}, which is stopped before' in words
    far.shows(Scope.READ)  # what is made here is made of what may be read
    here = far.orch("recover", "run", "--to", f"position:{end - 1}", "--out", "old", "--documents", "docs", "--json")
    assert here.data["verification"]["root"] == made["verification"]["root"]
    parent = here.data["verification"]["prefix_of"]
    assert (parent["where"], parent["agrees"]) == (far.url, True)
    assert (far.folder / "docs/st01-x/spec.md").is_file()
    assert far.orch("recover", "verify", "old").status == 0
    assert f"{WHERE}, once it lies there" in far.orch("recover", "run", "--to", "now", "--out", "new").out


@pytest.mark.parametrize(
    ("state", "place"),
    [(".orch", ".orch"), ("the state, (here)", "the state, (here)"), ("/away, (there)", "state_dir")],
)
def test_a_store_that_the_service_recovered_is_named_as_it_is_typed_on_its_machine(
    state: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, away = tmp_path / "s3cret, (old)" / "served", state.startswith("/")
    (root / ".orch").mkdir(parents=True, mode=0o700)
    said = f"{root.parent}{state}" if away else state
    (root / ".orch/config.toml").write_text(f'state_dir = "{said}"\n')
    new_project(root)
    with opened(root) as project, far_from(project, tmp_path / "elsewhere", monkeypatch, capsys) as far:
        assert far.orch("init").status == 0
        told = far.orch("recover", "run", "--to", "now")
        made = far.orch("recover", "run", "--to", "now", "--json").data
        assert made["place"] == f"{place}/recovered/{made['out']}"
        assert (project.places.state / "recovered" / made["out"] / "log.db").is_file()
        (promote,) = re.findall("orch recover promote (.*) --reason", told.out)
        assert shlex.split(promote)[0].startswith(f"{place}/recovered/") and "s3cret" not in told.out + told.err
        assert ("config show state_dir" in told.out) == away
        if not away:  # it is typed as it stands there
            with beside(far, root), far.env.context() as there:
                there.setenv("ORCHESTRATOR_STATE_DIR", made["place"])
                assert far.orch("list").status == 0


def test_settings_of_the_service_are_shown_where_they_are_asked_for(far: Far) -> None:
    (far.project.places.settings).write_text('[log]\nlevel = "warn"\n')
    shown = far.orch("config", "show", "log.level", "--service", "--json").data
    assert [(row["name"], row["value"], row["source"]) for row in shown["rows"]] == [("log.level", "warn", "file")]
    assert far.orch("config", "show", "log.level", "--json").data["rows"][0]["value"] == "info"
    assert "warn" in far.orch("config", "show", "--service").out
    with beside(far, far.project.places.root):
        refused = far.orch("config", "show", "--service", "--json")
    assert (refused.status, refused.error["fix"][0]) == (2, "orch config show")


def test_how_far_the_service_is_is_shown_to_a_person(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    worked_on(far)
    monkeypatch.setattr(progressing, "PATIENCE_S", 0.0)
    monkeypatch.setattr(progressing, "EVERY_S", 0.0)
    monkeypatch.setattr(progress, "PATIENCE_S", 0.0)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    for line in ("backup create", "backup verify", "backup drill", "doctor", "rebuild", "recover run --to now"):
        terminal.truncate(0)
        answered = far.orch(*line.split(), "--json")
        assert answered.status == 0 and answered.data, line
        assert re.search(r"[\d,]+ of [\d,]+ (events|phases)", terminal.getvalue()), line


def test_a_copy_is_no_store_that_a_doctor_could_look_at(far: Far) -> None:
    worked_on(far)
    (far.folder / ".orch/config.toml").write_text("url = 3\n")
    far.env.delenv("ORCHESTRATOR_URL")
    assert far.orch("doctor", "--json").error["message"].endswith("got 3.")
    (far.folder / ".orch/config.toml").unlink()
    refused = far.orch("doctor", "--json")
    assert refused.status == 4 and "is a copy of what a service has" in refused.error["message"]


def test_a_copy_of_another_log_is_refused_before_anything_is_done(far: Far, tmp_path: Path) -> None:
    worked_on(far)
    other = tmp_path / "other"
    other.mkdir()
    new_project(other)
    with opened(other) as project, served(project, settings=IN_SILENCE) as client:
        far.asks(f"http://127.0.0.1:{client.port}")
        far.env.setenv("ORCHESTRATOR_TOKEN", issued(project))
        for line in ("backup create", "rebuild", "doctor"):
            refused = far.orch(*line.split())
            assert refused.status == 2 and "is a copy of the log" in refused.err
        assert not (project.places.state / "backups").exists()


def test_a_log_in_a_database_is_looked_after_from_afar(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "served").mkdir()
    new_project(tmp_path / "served", database)
    with (
        opened(tmp_path / "served", database) as project,
        far_from(project, tmp_path / "elsewhere", monkeypatch, capsys) as far,
    ):
        worked_on(far)
        assert far.orch("backup", "create").status == far.orch("backup", "drill").status == 0
        assert far.orch("audit", "checkpoint").status == 0
        found = far.orch("doctor", "--json")
        assert (found.status, found.data["unshipped_events"]) == (0, 0) and database not in found.out
        assert found.data["verdict"] in ("fine", "warnings") and found.data["rto_seconds"] > 0
        assert far.orch("backup", "verify").status == far.orch("rebuild", "--check").status == 0
        assert far.orch("recover", "plan", "--to", "position:5").status == 0
        made = far.orch("recover", "run", "--to", "position:5", "--json").data
        assert far.orch("recover", "verify", made["out"]).status == 0
        assert far.orch("recover", "run", "--to", "position:5", "--out", "old").status == 0
        far.shows(Scope.READ)
        assert far.orch("doctor", "--json").error["code"] == "FORBIDDEN"
