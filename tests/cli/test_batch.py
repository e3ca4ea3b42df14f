"""orch batch: one command for many phases, and what happened to each."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import orjson
import pytest

from adapters.sqlite_log import SqliteLog
from tests.cli.conftest import Orch, position, the_log
from tests.reliability import ledger

FIVE = "st01-a,st02-b,st03-c,st04-d,st05-e"
SPEC = 'spec --objectives "Round trip below 10 ms"'
HOW = pytest.mark.parametrize("how", [(), ("--parallel",)], ids=["in turn", "parallel"])


@HOW
def test_each_phase_has_its_row_in_the_order_they_were_named(project: Orch, how: tuple[str, ...]) -> None:
    told = project("batch", "--phases", FIVE, "--command", SPEC, *how, "--json").data
    assert [row["phase"] for row in told["rows"]] == FIVE.split(",")
    assert (told["succeeded"], told["failed"], told["not_started"], told["stopped"]) == (5, 0, 0, False)
    for row in told["rows"]:
        assert (row["ok"], row["exit"], row["kind"], row["error"]) == (True, 0, "command.outcome", None)
        assert row["data"]["phase"] == row["phase"] and row["data"]["document"] == f"dev/{row['phase']}/spec.md"
    assert len({row["data"]["command_id"] for row in told["rows"]}) == 5


@HOW
def test_a_failure_stops_nobody_else_and_says_why(project: Orch, how: tuple[str, ...]) -> None:
    said = project("batch", "--phases", "st01-a,BAD,st03-c,no--good,st05-e", "--command", SPEC, *how, "--json")
    assert said.status == 2
    told = said.data
    assert [row["exit"] for row in told["rows"]] == [0, 2, 0, 2, 0] and told["failed"] == 2
    assert {row["error"]["code"] for row in told["rows"] if not row["ok"]} == {"VALIDATION_ERROR"}
    assert [row["phase"] for row in project("list", "--json").data["rows"]] == ["st01-a", "st03-c", "st05-e"]


def test_the_gravest_status_is_the_status_of_the_whole(project: Orch) -> None:
    assert project("spec", "st01-a", "--objectives", "x").status == 0
    said = project("batch", "--phases", "st01-a,st99-no,BAD", "--command", "plan --architecture x", "--json")
    assert [row["exit"] for row in said.data["rows"]] == [3, 4, 2] and said.status == 3


def test_repeating_a_batch_with_its_id_writes_nothing_more(project: Orch) -> None:
    words = ("batch", "--phases", FIVE, "--command", SPEC, "--command-id", "b1", "--parallel", "--json")
    first = project(*words).data
    before = position(project)
    assert project(*words).data["rows"] == first["rows"] and position(project) == before


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("status", "phase.status"),
        ("orch history", "phase.history"),
        ("show spec", "phase.document"),
        ("approve spec --comments 'well, done'", "command.outcome"),
        ("request spec", "command.outcome"),
        ("depend {} --on st09-other", "command.outcome"),
    ],
)
def test_any_command_that_takes_a_phase_runs(project: Orch, command: str, kind: str) -> None:
    for phase in ("st01-a", "st09-other"):
        assert project("spec", phase, "--objectives", "x").status == 0
    said = project("batch", "--phases", "st01-a", "--command", command, "--json")
    assert said.status == 0, said
    assert said.data["rows"][0]["kind"] == kind


@pytest.mark.parametrize(
    ("command", "saying"),
    [
        ("list", "takes no PHASE"),
        ("batch", "takes no PHASE"),
        ("statsu", "Did you mean 'status'?"),
        ("audit", "group of commands"),
        ("audit trail", "takes no PHASE"),
        ("", "says nothing"),
        ("spec 'unclosed", "cannot be read"),
        ("status --json", "behind orch batch itself"),
        ("approve spec --command-id=x", "behind orch batch itself"),
    ],
)
def test_a_command_that_cannot_be_run_is_refused_before_anything(project: Orch, command: str, saying: str) -> None:
    said = project("batch", "--phases", "st01-a", "--command", command, "--json")
    assert said.status == 2 and saying in said.error["message"]


def test_phases_come_from_a_file_from_standard_input_or_are_all(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("phases.txt").write_text("st01-a\nst02-b  # the second\n\n")
    assert project("batch", "--phases", "@phases.txt", "--command", SPEC).status == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"st03-c st04-d")))
    assert project("batch", "--phases", "-", "--command", SPEC).status == 0
    told = project("batch", "--phases", "all", "--command", "status", "--json").data
    assert [row["phase"] for row in told["rows"]] == ["st01-a", "st02-b", "st03-c", "st04-d"]
    for words, saying in (("st01-a,st01-a", "twice"), (" , ", "names no phase"), ("@nope.txt", "cannot be read")):
        said = project("batch", "--phases", words, "--command", "status", "--json")
        assert said.status == 2 and saying in said.error["message"]


def test_people_see_what_each_command_says(project: Orch) -> None:
    said = project("batch", "--phases", "st01-a,st99-no", "--command", "spec --objectives x")
    assert "st01-a: spec iteration 1 recorded" in said.out and "2 succeeded, 0 failed" in said.out
    said = project("batch", "--phases", "st01-a,st98-no", "--command", "approve spec")
    assert said.status == 4 and "✗ st98-no  exit 4" in said.out and "1 succeeded, 1 failed" in said.out


def test_an_approval_in_a_batch_is_held_to_the_policy(project: Orch) -> None:
    assert project("batch", "--phases", "st01-a,st02-b", "--command", SPEC).status == 0
    said = project("batch", "--phases", "all", "--command", "approve spec", "--actor-kind", "agent", "--json")
    assert said.status == 3
    assert [row["error"]["code"] for row in said.data["rows"]] == ["POLICY_VIOLATION"] * 2


@pytest.mark.in_file
def test_sixty_at_once_lose_nothing_and_share_their_commits(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    write = SqliteLog._write

    def counted(self: SqliteLog, batch: list[object]) -> object:
        commits.append(len(batch))
        return write(self, batch)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(SqliteLog, "_write", counted)
    names = [f"st{at:02d}-x" for at in range(60)]
    told = project("batch", "--phases", ",".join(names), "--command", SPEC, "--parallel", "--json").data
    assert told["succeeded"] == 60 and position(project) == 2 + 3 * 60
    assert sum(commits) == 60 and len(commits) < 60, commits
    assert all((Path("dev") / name / "spec.md").is_file() for name in names)
    with the_log() as log:
        assert ledger.check(log)


def test_how_many_run_at_once_is_a_setting(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    told = project("config", "show", "--json").data["rows"]
    assert [row["value"] for row in told if row["name"] == "max_concurrent"] == [100]
    monkeypatch.setenv("ORCHESTRATOR_MAX_CONCURRENT", "2")
    assert project("batch", "--phases", FIVE, "--command", SPEC, "--parallel").status == 0
    monkeypatch.setenv("ORCHESTRATOR_MAX_CONCURRENT", "none")
    assert project("batch", "--phases", FIVE, "--command", "status", "--parallel", "--json").status == 2


@pytest.mark.in_file
def test_no_more_run_at_once_than_may_wait_to_be_recorded(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_OPERATION_QUEUE_SIZE", "1")
    write = SqliteLog._write
    shared: list[int] = []

    def counted(self: SqliteLog, batch: list[object]) -> object:
        shared.append(len(batch))
        return write(self, batch)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(SqliteLog, "_write", counted)
    names = ",".join(f"st{at:02d}-x" for at in range(20))
    assert project("batch", "--phases", names, "--command", SPEC, "--parallel").status == 0
    assert shared == [1] * 20
    monkeypatch.setenv("ORCHESTRATOR_OPERATION_QUEUE_SIZE", "0")
    assert project("batch", "--phases", names, "--command", SPEC, "--parallel", "--json").status == 2


def test_outside_of_a_project_nothing_is_begun(orch: Orch) -> None:
    said = orch("batch", "--phases", FIVE, "--command", SPEC, "--parallel", "--json")
    assert said.status == 4 and said.error["fix"] == ["orch init"]


def test_ctrl_c_lets_those_finish_that_run_and_starts_no_more(project: Orch) -> None:
    names = [f"st{at:03d}-x" for at in range(200)]
    root = str(Path(__file__).parents[2])
    # A shell starts what runs in the background with SIGINT ignored, and children inherit that.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from cli.main import run; run()"
    words = ["batch", "--phases", ",".join(names), "--command", SPEC, "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=root),
    ) as process:
        until = monotonic() + 300
        while position(project) < 8 and monotonic() < until:
            sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 130, (out[-500:], err[-2000:])
    told = orjson.loads(out)["data"]
    done = [row for row in told["rows"] if row["ok"]]
    assert told["stopped"] and 0 < len(done) < 200 and told["not_started"] == 200 - len(done)
    assert {row["exit"] for row in told["rows"]} == {0, None}
    assert position(project) == 2 + 3 * len(done)  # what is in the log is what was said, and the other way round
