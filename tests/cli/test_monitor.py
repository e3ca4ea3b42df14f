"""orch monitor: one look or many, at a service or at the project, for people and for programs."""

import os
import pty
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen, run
from sys import executable
from typing import Any

import orjson
import pytest

from api.server import Where
from cli.edge import run_command
from cli.main import program
from cli.monitor_figures import Samples, of_service, quantile, samples_in
from cli.monitor_page import lines_of
from cli.monitor_service import service_at
from domain.access_token import Scope
from domain.errors import InvalidInput
from tests.api.served import Client, environment, issued, new_project, opened, served
from tests.certificates import signed_by_itself
from tests.cli.conftest import Orch

WORDS = [executable, "-m", "cli.main", "monitor"]


@pytest.mark.at_the_log("through a service it is the service that is looked at")
def test_a_project_is_looked_at_without_a_service(drafted: Orch) -> None:
    seen = drafted("monitor", "--once", "--json").data
    assert seen["health"] == "healthy" and seen["log_position"] == seen["unshipped_events"] > 0
    assert seen["running"] is None and seen["operations_per_second"] is None and seen["unknown"] == []
    shown = drafted("monitor", "--once").out
    assert "healthy" in shown and "events are in none" in shown and "none yet" in shown


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Client, dict[str, str]]]:
    """Return a service that was asked a few things, and what `orch monitor` has to know about it."""
    new_project(tmp_path)
    with opened(tmp_path) as project, served(project) as client:
        holder = client.shows(issued(project))
        holder.post("/phases/st01-x/spec", {"objectives": ["a"]})
        holder.get("/phases/st99-none")
        yield holder, environment() | {"ORCHESTRATOR_TOKEN": issued(project, Scope.METRICS)}


def looked(env: dict[str, str], *words: str, cwd: Path) -> Any:
    return run([*WORDS, *words], env=env, cwd=cwd, capture_output=True, text=True, timeout=30)


def test_a_service_is_looked_at_from_anywhere(service: tuple[Client, dict[str, str]], tmp_path: Path) -> None:
    client, env = service
    url = f"http://127.0.0.1:{client.port}"
    (tmp_path / "elsewhere").mkdir()
    done = looked(env, "--url", url, "--once", "--json", cwd=tmp_path / "elsewhere")
    assert done.returncode == 0, done.stderr
    seen = orjson.loads(done.stdout)["data"]
    assert seen["health"] in ("healthy", "alive") and seen["source"] == url and seen["version"] == "0.1.0"
    assert seen["outcomes"]["recorded"] == 1 and seen["outcomes"]["not_found"] >= 1
    assert seen["p99_seconds"] >= seen["p50_seconds"] > 0 and seen["success_ratio"] == 1.0
    assert seen["memory_bytes"] > 10_000_000 and seen["log_position"] >= 4
    shown = looked(env, "--url", url, "--once", cwd=tmp_path)
    assert "100.00 % went well" in shown.stdout and "1 recorded" in shown.stdout


def test_every_look_is_a_document_until_it_is_ended(service: tuple[Client, dict[str, str]], tmp_path: Path) -> None:
    client, env = service
    words = [*WORDS, "--url", f"http://127.0.0.1:{client.port}", "--json", "--interval", "0.2"]
    process = Popen(words, env=env, cwd=tmp_path, stdout=PIPE)
    assert process.stdout
    looks = [orjson.loads(process.stdout.readline()) for _ in range(2)]
    client.post("/phases/st02-x/spec", {"objectives": ["a"]})
    while looks[-1]["data"]["outcomes"]["recorded"] < 2:
        looks.append(orjson.loads(process.stdout.readline()))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert {look["kind"] for look in looks} == {"monitor"}
    assert looks[-1]["data"]["p50_seconds"] > 0 and looks[1]["data"]["p50_seconds"] is None, "since the look before"


def test_a_terminal_is_written_over_and_left_well(service: tuple[Client, dict[str, str]], tmp_path: Path) -> None:
    client, env = service
    leader, follower = pty.openpty()
    words = [*WORDS, "--url", f"http://127.0.0.1:{client.port}", "--interval", "0.2"]
    process = Popen(words, env=env | {"TERM": "xterm"}, cwd=tmp_path, stdout=follower, stderr=follower)
    shown = b""
    while shown.count(b"\x1b[H") < 3:
        shown += os.read(leader, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    os.close(follower)
    os.close(leader)
    assert b"operations" in shown and b"Traceback" not in shown


def test_a_service_that_is_away_is_said_once_or_waited_for(tmp_path: Path) -> None:
    env = environment() | {"ORCHESTRATOR_TOKEN": "orch_0b8f3a52c1d2_" + "a" * 43}
    done = looked(env, "--url", "http://127.0.0.1:9", "--once", "--json", cwd=tmp_path)
    assert done.returncode == 8 and orjson.loads(done.stdout)["error"]["code"] == "UNAVAILABLE"
    process = Popen(
        [*WORDS, "--url", "http://127.0.0.1:9", "--json", "--interval", "0.2"], env=env, cwd=tmp_path, stdout=PIPE
    )
    assert process.stdout
    looks = [orjson.loads(process.stdout.readline())["data"]["health"] for _ in range(2)]
    process.terminate()
    process.communicate(timeout=20)
    assert looks == ["unreachable"] * 2


@pytest.mark.parametrize("scope", [Scope.READ, Scope.ADMIN])
def test_a_token_of_another_scope_is_refused(
    scope: Scope, service: tuple[Client, dict[str, str]], tmp_path: Path
) -> None:
    client, env = service
    made = client.post("/tokens", {"name": "m", "kind": "service", "scopes": [scope.value]}).data
    env = env | {"ORCHESTRATOR_TOKEN": made["secret"]}
    done = looked(env, "--url", f"http://127.0.0.1:{client.port}", "--once", "--json", cwd=tmp_path)
    found = orjson.loads(done.stdout)["error"]
    assert (done.returncode, found["code"]) == (3, "FORBIDDEN")
    assert "--scope metrics" in found["fix"][0] and made["secret"] not in done.stdout


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "http://orch.example.org", "http://10.0.0.1:8420", "https://a:b@x", "ftp://127.0.0.1"),
        *("http://127.0.0.1:99999", "http://127.0.0.1/?x=1", "http://127.0.0.1\n/"),
    ],
)
def test_an_address_that_would_leak_the_token_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_TOKEN", "orch_0b8f3a52c1d2_" + "a" * 43)
    with pytest.raises(InvalidInput):
        service_at(url).health()


@pytest.mark.parametrize("token", ["", " ", "é", "a\x00b"])
def test_a_token_is_needed(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRATOR_TOKEN", raising=False)
    if "\x00" not in token:
        monkeypatch.setenv("ORCHESTRATOR_TOKEN", token)
    with pytest.raises(InvalidInput) as caught:
        service_at("http://127.0.0.1:8420")
    assert caught.value.fix


def test_settings_say_where_the_token_and_the_authority_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_project(tmp_path)
    certificate = signed_by_itself(tmp_path, "server")
    where = Where("127.0.0.1", 0, certificate=certificate, key=certificate.with_suffix(".key"))
    away = tmp_path / "away"
    (away / ".orch").mkdir(parents=True)
    with opened(tmp_path) as project, served(project, where) as client:
        (away / "token").touch(0o600)
        (away / "token").write_text(issued(project, Scope.METRICS))
        (away / ".orch/config.toml").write_text(
            f'url = "https://127.0.0.1:{client.port}"\ntoken_file = "token"\nca_file = "{certificate}"\n'
        )
        monkeypatch.chdir(away)
        for name in ("ORCHESTRATOR_TOKEN", "ORCHESTRATOR_URL"):
            monkeypatch.delenv(name, raising=False)
        for words in (["monitor", "--once", "--json"], ["health", "--json"]):
            assert run_command(program(), words) == 0
            assert orjson.loads(capsys.readouterr().out)["ok"]
        assert run_command(program(), ["monitor", "--once", "--url", f"https://localhost:{client.port}"]) == 8
        assert "certificate of somebody else" in capsys.readouterr().err


def test_a_quantile_is_reckoned_as_prometheus_does() -> None:
    buckets = {"0.1": 10.0, "0.5": 30.0, "1.0": 40.0, "+Inf": 40.0}
    assert quantile(buckets, 0.5) == 0.3 and quantile(buckets, 1.0) == 1.0 and quantile(buckets, 0.25) == 0.1
    assert quantile({"0.1": 0.0, "+Inf": 5.0}, 0.5) == 0.1 and quantile({}, 0.5) is None
    assert quantile({"0.1": 0.0, "+Inf": 0.0}, 0.5) is None


def test_a_service_that_was_started_again_counts_from_nothing() -> None:
    def page(recorded: int, at: float) -> Samples:
        line = 'orch_operation_seconds_count{operation="x",outcome="recorded"}'
        head = "# TYPE orch_operation_seconds histogram\n"
        return samples_in(f"{head}{line} {recorded}\norch_log_position 7\n", at=at)

    first = of_service("s", "healthy", page(100, 10.0), None, clock=0.0)
    later = of_service("s", "healthy", page(5, 20.0), page(100, 10.0), clock=0.0)
    assert first["operations_per_second"] is None and later["operations_per_second"] == 0.5
    assert later["log_position"] == 7


def test_what_a_stranger_answers_is_shown_as_one_safe_line() -> None:
    page = samples_in('orch_build_info{version="1\\n\x1b[31m"} 1\n', at=1.0)
    shown = "\n".join(lines_of(of_service("http://x", "he\x1b[31mllo\n", page, None, clock=0.0)))
    assert "\x1b[31m" not in shown and "⏎" in shown


def test_what_answers_without_figures_is_told(tmp_path: Path) -> None:
    process = Popen(
        [executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], cwd=tmp_path, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout
    port = process.stdout.readline().split(b"port ")[1].split()[0].decode()
    env = environment() | {"ORCHESTRATOR_TOKEN": "orch_0b8f3a52c1d2_" + "a" * 43}
    done = looked(env, "--url", f"http://127.0.0.1:{port}", "--once", cwd=tmp_path)
    process.kill()
    process.communicate()
    assert done.returncode == 8 and "not as orch does" in done.stderr and "Traceback" not in done.stderr
