"""What the documentation gives to deploy the service with: files that our own readers take, and steps that work."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest
import yaml

from adapters.settings import SETTINGS, chosen, unread
from adapters.settings_file import judged
from cli.main import Orch as Commands
from cli.main import program
from domain.errors import InvalidInput
from tests.cli.conftest import Orch, orch
from tests.reliability.service_process import AS_DEPLOYED

__all__ = ["orch"]  # a fixture

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "deploy"
PAGE = (FOLDER / "README.md").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if service.get("profiles") != ["monitoring"]
}
OTHERS: dict[str, dict[str, Any]] = {name: COMPOSE["services"][name] for name in ("prometheus", "grafana")}
HOME = "/production/orchestrator"
SECRET = re.compile(r"(?i)password|passwd|secret|token|private_?key|credential")


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Containerfile and their words, continued lines joined."""
    lines = (FOLDER / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    found = [line.partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(name, words.strip()) for name, _, words in found]


def of(name: str) -> list[str]:
    return [words for each, words in instructions() if each == name]


def exec_form(words: str) -> list[str]:
    """Return the words of an instruction that starts no shell."""
    found: list[str] = json.loads(words)
    return found


def variables(*, also_commented: bool = False) -> dict[str, str]:
    """Return what the example of an environment sets, and what it only offers."""
    lines = (FOLDER / ".env.example").read_text("utf-8").splitlines()
    line = re.compile(r"#?([A-Z_]+)=(.*)" if also_commented else r"([A-Z_]+)=(.*)")
    return {found[1]: found[2] for found in map(line.fullmatch, lines) if found}


def parsed(words: list[str]) -> click.Command:
    """Return the command that words of `orch` name; its options are judged, and nothing is run."""
    context = click.Context(program(), info_name="orch")
    command: click.Command = context.command
    rest = words
    while isinstance(command, click.Group):
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    command.make_context(words[-1], rest, parent=context.parent)
    return command


def runnable(words: list[str]) -> None:
    """Check a command line of a container; `serve` may not be part of this tree yet."""
    assert words[0] == "orch"
    if words[1] in Commands.entries:
        parsed(words[1:])
    else:
        assert words[1] == "serve"


def test_the_base_image_is_pinned_and_nobody_runs_as_root() -> None:
    for image in of("FROM"):
        assert re.match(r"docker\.io/library/python:3\.\d+-[a-z-]+( AS build)?$", image), image
    minimum = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    version = re.search(r"python:(3\.\d+)", of("FROM")[0])
    assert version and [int(n) for n in version[1].split(".")] >= [int(n) for n in minimum.strip(">=").split(".")]
    last = [name for name, _ in instructions()].index("USER")
    assert of("USER") == ["10001:10001"] and not {"RUN", "COPY"} & {name for name, _ in instructions()[last:]}


def test_the_container_keeps_memory_as_it_is_measured() -> None:
    said = dict(word.split("=", 1) for words in of("ENV") for word in shlex.split(words))
    assert said.items() >= AS_DEPLOYED.items()


def test_nothing_secret_gets_into_the_image() -> None:
    stages = [number for number, (name, _) in enumerate(instructions()) if name == "FROM"]
    for number, (name, words) in enumerate(instructions()):
        assert name not in ("ADD", "ARG")
        assert name != "ENV" or not SECRET.search(words)
        if name == "COPY" and number > stages[-1]:
            assert words.startswith(("--from=build /opt/orchestrator ", "docs/deploy/production.json ")), words
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert "**" in ignored and not {name for name in kept if SECRET.search(name) or name.startswith(".")}
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert {*packages, "pyproject.toml", "README.md", "LICENSE"} <= kept, "what the build needs is there"


def test_every_step_of_the_build_is_a_command_that_a_shell_reads() -> None:
    for step in of("RUN"):
        assert subprocess.run(["sh", "-n", "-c", step]).returncode == 0
        assert "sudo" not in step and "curl" not in step
    (install,) = [step for step in of("RUN") if "pip install" in step]
    extras = set(re.findall(r"\[([a-z0-9,]+)\]", install)[0].split(","))
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras - ({"server"} if "serve" not in Commands.entries else set()) <= known.keys()


def test_the_folders_of_the_image_are_made_as_the_page_says(tmp_path: Path) -> None:
    for step in of("RUN"):
        if step.startswith("install "):
            own = re.sub(r"-[og] 10001 ", "", step).replace(HOME, f"{tmp_path}{HOME}")
            assert subprocess.run(["sh", "-c", own]).returncode == 0
    assert (tmp_path / f"{HOME}/config".lstrip("/")).stat().st_mode & 0o777 == 0o755
    for name in ("data", "data/states", "data/backups", "data/logs"):
        assert (tmp_path / f"{HOME}/{name}".lstrip("/")).stat().st_mode & 0o777 == 0o700
    assert of("WORKDIR")[-1] == f"{HOME}/data" and exec_form(of("VOLUME")[0]) == [f"{HOME}/data"]


def test_what_the_containers_run_is_there() -> None:
    runnable(exec_form(of("CMD")[-1]))
    for service in SERVICES.values():
        runnable(service["command"])


def test_a_misspelt_option_would_be_noticed() -> None:
    with pytest.raises(click.UsageError):
        runnable(["orch", "backup", "ship", "--folow"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_as_little_as_a_unit(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == of("USER")[0] and service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] == ("640m" if name == "orchestrator" else "512m")
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "environment"} & service.keys()
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in service.get("ports", []))
    assert service["healthcheck"].get("disable") or service["healthcheck"]["test"][0] == "CMD"
    assert bool(service["healthcheck"].get("disable")) == ("profiles" in service), "what stays up is looked after"
    places = [volume.split(":")[1] for volume in service["volumes"]]
    assert all(place.startswith(HOME) for place in places)
    assert {volume.split(":")[0] for volume in service["volumes"]} - {"./production.json"} <= COMPOSE["volumes"].keys()
    assert not SECRET.search(json.dumps({key: value for key, value in service.items() if key != "healthcheck"}))


@pytest.fixture
def alive() -> Iterator[list[Any]]:
    """Give a server and the answer that it gives."""
    answers: list[Any] = [200, b'{"status":"healthy","timestamp":"2026-11-24T14:00:00.000000Z"}', 0]

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # so it is called
            self.send_response(answers[0] if self.path == "/health/ready" else 404)
            self.end_headers()
            self.wfile.write(answers[1])

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        answers[2] = server.server_port
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield answers
        server.shutdown()
        thread.join()


def test_the_health_check_tells_a_service_that_lives_from_one_that_does_not(alive: list[Any]) -> None:
    (words,) = of("HEALTHCHECK")
    check = exec_form(words.partition("CMD ")[2])
    assert SERVICES["orchestrator"]["healthcheck"]["test"] == ["CMD", *check], "both say the same"
    assert of("EXPOSE") == ["8420"] and ":8420" in check[-1]

    def status(port: int) -> int:
        own = [sys.executable, "-m", "cli.main", *check[1:-1], check[-1].replace(":8420", f":{port}")]
        return subprocess.run(own, capture_output=True, cwd=ROOT).returncode

    assert status(alive[2]) == 0
    alive[1] = b"{}"
    assert status(alive[2]) == 8
    alive[0] = 503
    assert status(alive[2]) == 8
    alive[1] = b'{"status":"unhealthy","error":"No.","timestamp":"2026-11-24T14:00:00.000000Z"}'
    assert status(alive[2]) == 8
    assert status(1) == 8


def test_every_variable_of_the_example_is_one_that_we_read_and_takes_its_value() -> None:
    said = variables(also_commented=True)
    assert len(said) > len(variables()) > 8
    assert unread(said) == []
    named = {name: value for name, value in said.items() if name.startswith("ORCHESTRATOR_")}
    values = chosen([s.name for s in SETTINGS], dict, env=named, flags={}, file=Path("none"))
    assert values["max_concurrent"].value == 100 and values["backup.retention_days"].value == 30
    assert unread({**said, "ORCHESTRATOR_STATE_DIRS": "x"}) == ["ORCHESTRATOR_STATE_DIRS"]


def test_every_key_of_the_settings_is_one_that_we_obey() -> None:
    path = FOLDER / "production.json"
    said = judged(path, path.read_bytes())
    assert said["state_dir"] == variables()["ORCHESTRATOR_STATE_DIR"]
    assert said["backup.dir"] == variables()["ORCHESTRATOR_BACKUP_DIR"]
    assert isinstance(said["memory_limit_mb"], int)
    assert f"{said['memory_limit_mb'] * 5 // 4}m" == SERVICES["orchestrator"]["mem_limit"]
    with pytest.raises(InvalidInput, match="memoryLimit is no setting"):
        judged(path, path.read_bytes().replace(b"memoryLimitMB", b"memoryLimit"))


@pytest.fixture
def production(orch: Orch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay the files out as the page says, below a folder of the test."""
    home = tmp_path / HOME.lstrip("/")
    for name in ("config", "data"):
        (home / name).mkdir(parents=True)
        (home / name).chmod(0o755)
    for name, to in (("production.json", "config/production.json"), (".env.example", "config/.env")):
        (home / to).write_text((FOLDER / name).read_text("utf-8").replace(HOME, str(home)), "utf-8")
    for name, value in variables().items():
        monkeypatch.setenv(name, value.replace(HOME, str(home)))
    for name, mode in (("backups", 0o2750), ("logs", 0o750)):
        (home / "data" / name).mkdir()
        (home / "data" / name).chmod(mode)
    monkeypatch.chdir(home / "data")
    assert orch("init", "--host", "example.org").status == 0
    return home


def test_a_project_laid_out_as_the_page_says_is_ready_and_works(production: Path, orch: Orch) -> None:
    assert orch("schema", "write").status == 0
    assert orch("backup", "create").status == 0
    told = orch("check", "pre-deploy", "--json")
    assert told.status == 0, told.out
    assert orch("check", "post-deploy", "--yes").status == 0
    assert orch("deploy", "systemd", "--out", str(production / "units")).status == 0


@pytest.mark.in_file
def test_the_modes_are_those_of_the_table(production: Path, orch: Orch) -> None:
    assert orch("spec", "st01-x", "--objectives", "Round trip below 10 ms").status == 0
    (production / "config/.env").chmod(0o600)
    table = re.findall(rf"^\| `{HOME}([\w/.]*)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert len(table) == 11
    for place, mode in table:
        path = production / place.lstrip("/")
        assert path.stat().st_mode & 0o7777 == int(mode, 8), place


def test_the_settings_alone_say_the_same_as_the_variables(
    production: Path, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ("state_dir", "template_dir", "schema_dir", "backup.dir")

    def values() -> list[Any]:
        rows = {row["name"]: row["value"] for row in orch("config", "show", "--json").data["rows"]}
        return [rows[name] for name in paths]

    with_variables = values()
    for name in variables():
        if name != "ORCHESTRATOR_CONFIG":
            monkeypatch.delenv(name)
    assert values() == with_variables and str(production) in with_variables[0]


def test_every_command_on_the_page_can_be_typed() -> None:
    lines = [part for line in re.findall(r"^[#$] (.*)$", PAGE, re.MULTILINE) for part in line.split(" && ")]
    ours = re.compile(r"(^|.*[ /])orch ")
    typed = [ours.sub("", line.partition("   ")[0]) for line in lines if ours.match(line)]
    assert len(typed) == 6
    for words in typed:
        parsed(shlex.split(words))
    for words in re.findall(r"`orch ([^`]+)`", PAGE):
        assert words.split()[0] in Commands.entries or words == "serve", words


def test_what_watches_is_started_on_request_only_and_reads_files_that_are_there() -> None:
    assert SERVICES.keys() | OTHERS.keys() == COMPOSE["services"].keys()
    to_be_made = {"./monitoring/metrics.token"}
    for service in OTHERS.values():
        assert service["profiles"] == ["monitoring"] and service["cap_drop"] == ["ALL"] and service["mem_limit"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        files = {each.partition(":")[0] for each in service["volumes"] if each.startswith("./")} - to_be_made
        assert files and all((FOLDER / file).is_file() for file in files)
