"""orch deploy systemd writes units that systemd takes, that may do little, and whose commands work."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapters.unit_files import unit_names
from cli import exits
from tests.cli.conftest import Orch, the_log
from tests.reliability.service_process import AS_DEPLOYED

pytestmark = pytest.mark.at_the_log("units are written for the machine of the log")

SERVICES = [name for name in unit_names() if name.endswith(".service")]
MOST = 20
"""Tenths of the exposure that systemd reckons: 2.0 of 10."""
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a while")
NETWORK = {
    "ORCHESTRATOR_BACKUP_DIR": "s3://bucket/prefix",
    "ORCHESTRATOR_CHECKPOINTS_TIMESTAMP_URL": "https://tsa.example.org",
}


def line_of(unit: Path, name: str) -> list[str]:
    """Return what every line of a unit with that name says."""
    return [line.partition("=")[2] for line in unit.read_text("utf-8").splitlines() if line.startswith(f"{name}=")]


def test_every_file_is_written_once_and_replaced_only_with_yes(project: Orch) -> None:
    told = project("deploy", "systemd", "--out", "units", "--json").data
    assert told["written"] == unit_names() and not told["unchanged"]
    assert {path.name for path in Path("units").iterdir()} == set(unit_names())
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in Path("units").iterdir())
    assert project("deploy", "systemd", "--out", "units", "--json").data["unchanged"] == unit_names()

    service = Path("units/orchestrator.service")
    service.write_text("[Service]\n")
    refused = project("deploy", "systemd", "--out", "units", "--user", "orch", "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert refused.error["fix"] == ["orch deploy systemd --out units --user orch --json --yes"]
    assert service.read_text() == "[Service]\n"
    assert line_of(Path("units/orchestrator-ship.service"), "User") == ["orchestrator"], (
        "nothing else was written either"
    )

    replaced = project("deploy", "systemd", "--out", "units", "--user", "orch", "--yes", "--json").data
    assert service.name in replaced["written"] and "orchestrator-backup.timer" in replaced["unchanged"]
    assert line_of(service, "User") == ["orch"] == line_of(service, "Group")


def test_a_link_is_not_written_through(project: Orch) -> None:
    Path("units").mkdir()
    Path("elsewhere").write_text("mine\n")
    Path("units/orchestrator.service").symlink_to(Path("elsewhere").absolute())
    assert project("deploy", "systemd", "--out", "units").status == 3
    assert project("deploy", "systemd", "--out", "units", "--yes").status == 2
    assert Path("elsewhere").read_text() == "mine\n"


@analyze
@pytest.mark.in_file
@pytest.mark.parametrize("env", [{}, NETWORK], ids=["alone", "on the network"])
@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_is_exposed_to_2_of_10_at_most(
    unit: str, env: dict[str, str], project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert project("deploy", "systemd", "--out", "units").status == 0
    words = ("systemd-analyze", "security", "--offline=true", f"--threshold={MOST}", "--no-pager", f"units/{unit}")
    said = subprocess.run(words, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", said.stdout)[1]) <= MOST / 10  # type: ignore[index]


@analyze
def test_a_unit_without_its_hardening_would_be_noticed(project: Orch) -> None:
    assert project("deploy", "systemd", "--out", "units").status == 0
    unit = Path("units/orchestrator.service")
    unit.write_text(re.sub(r"(?m)^(Protect|Restrict|SystemCall|Capability).*\n", "", unit.read_text()))
    words = ("systemd-analyze", "security", "--offline=true", f"--threshold={MOST}", "--no-pager", str(unit))
    assert subprocess.run(words, capture_output=True).returncode != 0


@analyze
@pytest.mark.parametrize("name", ["plain", "with 100% of it, $HOME and spaces"])
def test_systemd_reads_the_units_without_a_word(name: str, orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(name).mkdir()
    monkeypatch.chdir(name)
    assert orch("init", "--host", "example.org").status == 0
    for file in ("age.txt", "held.txt", "env"):
        Path(file).touch()
    given = ("--identity", "age.txt", "--held", "held.txt", "--env-file", "env")
    assert orch("deploy", "systemd", "--out", "../units", *given).status == 0
    units = sorted(map(str, Path("../units").absolute().resolve().glob("*.*r*")))
    units = [unit for unit in units if unit.endswith((".service", ".timer"))]
    said = subprocess.run(("systemd-analyze", "verify", "--man=no", *units), capture_output=True, text=True)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    working = line_of(Path("../units/orchestrator.service"), "WorkingDirectory")
    assert working == [str(Path.cwd()).replace("%", "%%")]


def test_the_limits_and_places_are_those_of_the_settings(project: Orch, tmp_path: Path) -> None:
    Path("backups").mkdir()
    Path(".orch/config.toml").write_text(f'memory_limit_mb = 768\n[backup]\ndir = "{tmp_path}/backups"\n')
    told = project("deploy", "systemd", "--out", "units", "--group", "staff", "--port", "9000", "--json").data
    assert (told["memory_limit_mb"], told["backups"]) == (768, f"{tmp_path}/backups")
    for unit in SERVICES:
        most = "960M" if unit == "orchestrator.service" else "768M"  # it refuses work before the kernel ends it
        assert line_of(Path("units") / unit, "MemoryMax") == [most]
    service = Path("units/orchestrator.service")
    assert line_of(service, "ReadWritePaths") == [f'"{tmp_path}/.orch" "{tmp_path}/dev"']
    assert line_of(service, "Group") == ["staff"] and line_of(service, "ExecStart")[0].endswith("serve --port 9000")
    backup = Path("units/orchestrator-backup.service")
    assert line_of(backup, "ReadWritePaths") == [f'"{tmp_path}/.orch" "{tmp_path}/backups"']
    verify = Path("units/orchestrator-verify.service")
    assert line_of(verify, "User") == ["orchestrator-verify"] and not line_of(verify, "ReadWritePaths")
    assert line_of(verify, "InaccessiblePaths") == [f'-"{tmp_path}/.orch"']


def test_the_service_keeps_memory_as_it_is_measured(project: Orch) -> None:
    assert project("deploy", "systemd", "--out", "units").status == 0
    said = line_of(Path("units/orchestrator.service"), "Environment")
    assert said == [f"{name}={value}" for name, value in AS_DEPLOYED.items()]


def test_the_service_may_write_its_logs_where_the_settings_have_them(project: Orch, tmp_path: Path) -> None:
    assert project("deploy", "systemd", "--out", "inside").status == 0
    assert line_of(Path("inside/orchestrator.service"), "ReadWritePaths") == [f'"{tmp_path}/.orch" "{tmp_path}/dev"']
    assert "logs" not in Path("inside/orchestrator.tmpfiles.conf").read_text()
    Path(".orch/config.toml").write_text('[log]\ndir = "told here"\n')
    assert project("deploy", "systemd", "--out", "beside").status == 0
    (writable,) = line_of(Path("beside/orchestrator.service"), "ReadWritePaths")
    assert shlex.split(writable) == [f"{tmp_path}/.orch", f"{tmp_path}/dev", f"-{tmp_path}/told here"]
    made = f'd "{tmp_path}/told here" 0750 orchestrator orchestrator -'
    assert made in Path("beside/orchestrator.tmpfiles.conf").read_text().splitlines()


def test_what_a_variable_says_here_is_said_to_the_units(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_BACKUP_DIR", "s3://bucket/100%")
    assert project("deploy", "systemd", "--out", "units").status == 0
    assert '"ORCHESTRATOR_BACKUP_DIR=s3://bucket/100%%"' in line_of(
        Path("units/orchestrator-ship.service"), "Environment"
    )
    assert "s3://bucket/100%%" in line_of(Path("units/orchestrator-verify.service"), "ExecStart")[0]


@pytest.mark.parametrize("name", ["a\nExecStartPre=/bin/sh", "a%h", "root user", "-a", "0", "A", "a" * 32, "ä"])
@pytest.mark.parametrize("option", ["--user", "--group", "--verify-user"])
def test_a_name_cannot_be_more_than_a_name(option: str, name: str, project: Orch) -> None:
    refused = project("deploy", "systemd", "--out", "units", f"{option}={name}", "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert not Path("units").exists()
    (fix,) = refused.error["fix"]
    assert project(*shlex.split(fix)[1:]).status == 0, "the whole command, which can be pasted"


@pytest.mark.parametrize("path", ["a\nUser=root", 'a"b', "a\\b", "a ", "a'b"])
@pytest.mark.parametrize("option", ["--orch", "--identity", "--held", "--env-file"])
def test_a_path_cannot_be_more_than_a_path(option: str, path: str, project: Orch) -> None:
    refused = project("deploy", "systemd", "--out", "units", option, path, "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert not Path("units").exists()


def test_who_verifies_is_somebody_else(project: Orch) -> None:
    refused = project("deploy", "systemd", "--out", "units", "--verify-user", "orchestrator", "--json")
    assert refused.status == 2
    (fix,) = refused.error["fix"]
    assert project(*shlex.split(fix)[1:]).status == 0


def test_there_has_to_be_a_project(orch: Orch) -> None:
    assert orch("deploy", "systemd", "--out", "units", "--project", ".").status == 4
    assert not Path("units").exists()


def test_what_would_not_run_is_said(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "ORCHESTRATOR_BACKUP_RECIPIENTS", "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
    )
    told = project("deploy", "systemd", "--out", "units", "--orch", "/nowhere/orch", "--json").data["warnings"]
    for words in ("/nowhere/orch", "in the store itself", "no --identity"):
        assert any(words in warning for warning in told), (words, told)
    verify = Path("units/orchestrator-verify.service")
    assert len(line_of(verify, "ExecStart")) == 1, "what cannot be opened is not restored"


def words_of(line: str, **specifiers: str) -> list[str]:
    """Return a command line of a unit as systemd would run it."""
    for letter, value in specifiers.items():
        line = re.sub(rf"(?<!%)%{letter}", value, line)
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]


ANOTHER = """
import json, os, subprocess, sys
from cli.edge import run_command
from cli.main import program

uid, umask, rehearsal, real, rehearsed, lines = json.loads(sys.argv[1])

def run(folder, lines):
    os.chdir(folder)
    return [
        run_command(program(), words[1:]) if words[0].endswith("orch") else subprocess.run(words).returncode
        for words in lines
    ]

run(rehearsal, rehearsed)
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
os.umask(umask)
print("statuses", json.dumps(run(real, lines)))
"""


def as_another(uid: int, umask: int, place: Path, cwd: Path, lines: list[list[str]]) -> list[int]:
    """Run commands as a user who may not read this interpreter: a rehearsal with a copy has loaded all of it."""
    copy = place.with_name(f"{place.name}-rehearsal")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(place, copy)
    settings = copy / "project/.orch/config.toml"
    settings.write_text(settings.read_text().replace(str(place), str(copy)))
    rehearsed = [[word.replace(str(place), str(copy)) for word in words] for words in lines]
    what = [uid, umask, str(copy / cwd.relative_to(place)), str(cwd), rehearsed, lines]
    env = {"PATH": os.environ["PATH"], "HOME": "/", "LANG": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", ANOTHER, json.dumps(what)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[int] = json.loads(done.stdout.rpartition("statuses")[2])
    return found


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that everybody may enter: those of pytest are for their owner only."""
    with TemporaryDirectory(prefix="orch-deployed-") as name:
        Path(name).chmod(0o755)
        (Path(name) / "machine").mkdir()
        yield Path(name) / "machine"


@root
@pytest.mark.in_file
def test_another_user_verifies_what_was_shipped_and_cannot_read_the_store(
    orch: Orch, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of the units, run as they stand: backups as their owner makes them, verified as somebody else."""
    project, backups, state = place / "project", place / "backups", place / "state"
    project.mkdir()
    monkeypatch.chdir(project)
    assert orch("init", "--host", "example.org").status == 0
    assert orch("spec", "st01-x", "--objectives", "Round trip below 10 ms").status == 0
    (project / ".orch/config.toml").write_text(f'[backup]\ndir = "{backups}"\n')
    (place / "held.txt").write_text(orch("audit", "checkpoint").out)
    assert orch("deploy", "systemd", "--out", str(place / "units"), "--held", str(place / "held.txt")).status == 0
    owner, other = 61_001, 61_002
    for path in (project, *project.rglob("*")):
        os.chown(path, owner, owner)
    backups.mkdir()
    os.chown(backups, owner, other)
    backups.chmod(0o2750)
    for folder in (state / "orchestrator-verify", state / "orchestrator-verify/.orch"):
        folder.mkdir(parents=True)
        os.chown(folder, other, other)

    def run(unit: str, name: str, cwd: Path, uid: int) -> list[int]:
        found = place / "units" / unit
        lines = [words_of(line, S=str(state), d=str(place)) for line in line_of(found, name)]
        lines = [[word.replace(f"{place}/held", f"{place}/held.txt") for word in words] for words in lines]
        return as_another(uid, int(line_of(found, "UMask")[0], 8), place, cwd, lines)

    made = run("orchestrator-backup.service", "ExecStart", project, owner)
    assert made == [0, 0]
    assert run("orchestrator-drill.service", "ExecStart", project, owner) == [0]

    outside = state / "orchestrator-verify"
    assert run("orchestrator-verify.service", "ExecStartPre", outside, other) == [0]
    assert run("orchestrator-verify.service", "ExecStart", outside, other) == [0, 0, 0]
    assert (outside / "restored/log.db").is_file()
    assert run("orchestrator-verify.service", "ExecStopPost", outside, other) == [0]
    assert not (outside / "restored").exists()

    peek = subprocess.run(
        ["cat", project / ".orch/log.db"], user=other, group=other, extra_groups=[], capture_output=True
    )
    assert peek.returncode != 0

    (segment,) = backups.glob("copy-*/segment-*")
    *kept, last = segment.read_bytes()
    segment.write_bytes(bytes((*kept, last ^ 1)))
    assert run("orchestrator-verify.service", "ExecStart", outside, other)[0] == 6


@root
@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd-tmpfiles is not installed")
@pytest.mark.parametrize("group", ["orchestrator", "staff-of-it"])
def test_users_and_folders_are_made_as_the_files_say(group: str, project: Orch, tmp_path: Path) -> None:
    Path(".orch/config.toml").write_text('[backup]\ndir = "/var/backups/orchestrator"\n')
    assert project("deploy", "systemd", "--out", "units", "--group", group).status == 0
    machine = tmp_path / "machine"
    (machine / "etc").mkdir(parents=True)
    for kind, more in (("sysusers", []), ("tmpfiles", ["--create"])):
        (machine / f"etc/{kind}.d").mkdir()
        shutil.copy(f"units/orchestrator.{kind}.conf", machine / f"etc/{kind}.d/orchestrator.conf")
        said = subprocess.run([f"systemd-{kind}", f"--root={machine}", *more], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
    entries = (line.split(":") for line in (machine / "etc/passwd").read_text().splitlines())
    users = {entry[0]: (int(entry[2]), int(entry[3])) for entry in entries}
    assert set(users) == {"orchestrator", "orchestrator-verify"}
    backups = (machine / "var/backups/orchestrator").stat()
    assert (backups.st_uid, backups.st_gid) == (users["orchestrator"][0], users["orchestrator-verify"][1])
    assert backups.st_mode & 0o7777 == 0o2750
    assert (machine / str(tmp_path / ".orch").lstrip("/")).stat().st_mode & 0o7777 == 0o700


@analyze
@pytest.mark.in_file
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_commands_call_nothing_that_the_units_forbid(project: Orch, tmp_path: Path) -> None:
    assert project("spec", "st01-x", "--objectives", "Round trip below 10 ms").status == 0
    assert project("backup", "create", "--to", "backups").status == 0
    assert project("deploy", "systemd", "--out", "units").status == 0
    allowed: set[str] = set()
    for line in line_of(Path("units/orchestrator-drill.service"), "SystemCallFilter"):
        for name in line.removeprefix("~").split():
            allowed = allowed - calls(name) if line.startswith("~") else allowed | calls(name)
    (drill,) = line_of(Path("units/orchestrator-drill.service"), "ExecStart")
    traced = ("strace", "-f", "-qq", "-o", "trace", *words_of(drill), "--from", "backups")
    done = subprocess.run(traced, capture_output=True, text=True)
    if "ptrace" in done.stderr:
        pytest.skip("nothing can be traced here")
    assert done.returncode == 0, done.stderr
    called = set(re.findall(r"(?m)^\d+ +(\w+)\(", Path("trace").read_text()))
    assert {"openat", "fsync"} <= called
    assert called - allowed <= ({"fchown"} if os.geteuid() == 0 else set()), "SQLite gives files away only as root"
    with the_log() as log:
        assert log.moment().position


def calls(group: str) -> set[str]:
    """Return the system calls of a group as systemd knows it."""
    words = ("systemd-analyze", "syscall-filter", "--no-pager", group)
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\n")[1:]
    names = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return {each for name in names for each in (calls(name) if name.startswith("@") else {name})}


def test_the_service_is_watched_and_not_begun_anew_where_that_mends_nothing(project: Orch) -> None:
    assert project("deploy", "systemd", "--out", "units").status == 0
    unit = Path("units/orchestrator.service")
    assert line_of(unit, "Type") == ["notify"] and line_of(unit, "NotifyAccess") == ["main"]
    assert line_of(unit, "Restart") == ["on-failure"], "a watchdog that was let down is a failure, too"
    assert int(line_of(unit, "WatchdogSec")[0]) >= 30
    in_vain = {int(status) for status in line_of(unit, "RestartPreventExitStatus")[0].split()}
    assert in_vain == {exits.USAGE, 3, 4, exits.DAMAGED, exits.NOT_READY}
    assert exits.UNAVAILABLE not in in_vain, "a store that was replaced, and a disk that is away, are begun anew"
    shipping = line_of(Path("units/orchestrator-ship.service"), "RestartPreventExitStatus")
    assert shipping == [f"{exits.USAGE} {exits.NOT_READY}"]


@pytest.mark.in_file
@pytest.mark.parametrize("setting", ["oidc.issuer", "security.webhook_url", "tracing.endpoint"])
def test_a_service_that_calls_others_may_leave_the_machine_and_the_others_may_not(project: Orch, setting: str) -> None:
    assert project("deploy", "systemd", "--out", "alone").status == 0
    assert project("config", "set", setting, "https://others.example.org").status == 0
    assert project("deploy", "systemd", "--out", "asking").status == 0
    assert line_of(Path("alone/orchestrator.service"), "IPAddressDeny") == ["any"]
    assert line_of(Path("asking/orchestrator.service"), "IPAddressDeny") == []
    assert line_of(Path("asking/orchestrator-ship.service"), "PrivateNetwork") == ["yes"]


def test_files_that_units_would_miss_are_warned_of_and_named_by_their_whole_paths(project: Orch) -> None:
    given = ["--env-file", "below/../nope.env", "--identity", "below/../nope.txt", "--held", "../nope2.txt"]
    told = project("deploy", "systemd", "--out", "units", *given, "--json").data["warnings"]
    here = Path.cwd()
    missing = [here / "nope.txt", here.parent / "nope2.txt", here / "nope.env"]
    options = ("--identity", "--held", "--env-file")
    for path, option in zip(missing, options, strict=True):
        assert f"there is no file at {path}, as {option} says: a unit that needs it does not start." in told
    assert line_of(Path("units/orchestrator.service"), "EnvironmentFile") == [str(here / "nope.env")]
    assert ".." not in "".join(path.read_text("utf-8") for path in Path("units").iterdir() if "verify" in path.name)
    for path in missing:
        path.touch()
    again = project("deploy", "systemd", "--out", "units", *given, "--json").data["warnings"]
    assert not any("there is no file" in each for each in again)
    for path in missing:
        path.unlink()
