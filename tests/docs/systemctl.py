"""What systemd does with unit files, as far as following a document needs it: the commands in them, really run.

Services are started in the background and stopped by SIGTERM; one of Type=notify is waited for until it says READY=1. A
one-shot service runs to its end. Timers are only looked at: they name a service that has to be there.
"""

import os
import shlex
import signal
import socket
import sys
from pathlib import Path
from subprocess import DEVNULL, Popen, run
from tempfile import mkdtemp
from time import monotonic, sleep

MACHINE = Path(os.environ["MACHINE"])
UNITS, RUN = MACHINE / "etc/systemd/system", MACHINE / "run"
PATIENCE = 60.0


def settings(unit: str) -> dict[str, list[str]]:
    """Return what a unit file and the files beside it say, by name; a name without a value forgets those before."""
    found: dict[str, list[str]] = {}
    for file in (UNITS / unit, *sorted((UNITS / f"{unit}.d").glob("*.conf"))):
        for line in file.read_text("utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                found[name] = [*found.get(name, []), value] if value else []
    return found


def named(words: list[str]) -> list[str]:
    """Return the units that words of a command line name."""
    return [word if "." in word else f"{word}.service" for word in words if not word.startswith("-")]


def start(unit: str) -> None:
    """Start a unit, and wait as systemd would."""
    said = settings(unit)
    if unit.endswith(".timer"):
        assert (UNITS / unit.replace(".timer", ".service")).is_file(), f"{unit} is for no service"
        return
    env, folder = surroundings(said)
    if said["Type"] == ["oneshot"]:
        allowed = {0, *map(int, said.get("SuccessExitStatus", []))}
        for line in (*said.get("ExecStartPre", []), *said["ExecStart"], *said.get("ExecStopPost", [])):
            status = run(words_of(line), cwd=folder, env=env).returncode
            assert status in allowed, f"{unit}: {line} ended with {status}"
        return
    if is_running(unit):
        return
    RUN.mkdir(exist_ok=True)
    (line,) = said["ExecStart"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (RUN / f"{unit}.log").open("ab") as log:
        name = f"{mkdtemp(prefix='orch-')}/notify"  # a path of a socket has 107 bytes, and the machine's may be long
        told.bind(name)
        told.settimeout(PATIENCE)
        env["NOTIFY_SOCKET"] = name
        process = Popen(
            words_of(line), cwd=folder, env=env, stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        (RUN / f"{unit}.pid").write_text(str(process.pid))
        if said["Type"] == ["notify"]:
            assert b"READY=1" in told.recv(4096)
        assert process.poll() is None, f"{unit} ended at once"


def stop(unit: str) -> None:
    """Stop a unit, and wait until it has ended."""
    if not is_running(unit):
        return
    pid = int((RUN / f"{unit}.pid").read_text())
    os.kill(pid, signal.SIGTERM)
    until = monotonic() + PATIENCE
    while is_running(unit):
        assert monotonic() < until, f"{unit} does not end"
        sleep(0.05)
    (RUN / f"{unit}.pid").unlink()


def is_running(unit: str) -> bool:
    """Tell whether the process of a unit is there and is no zombie."""
    try:
        pid = int((RUN / f"{unit}.pid").read_text())
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def surroundings(said: dict[str, list[str]]) -> tuple[dict[str, str], Path]:
    """Return the environment and the folder of a unit; only what it says itself is in it, and where Python finds us."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ["PYTHONPATH"], "HOME": "/nonexistent"}
    for line in said.get("Environment", []):
        for each in shlex.split(line):
            name, _, value = each.partition("=")
            env[name] = value
    for file in said.get("EnvironmentFile", []):
        for line in Path(file).read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.partition("=")
                env[name] = value
    folder = Path(places(said["WorkingDirectory"][0]))
    folder.mkdir(parents=True, exist_ok=True)
    for name in said.get("StateDirectory", []):
        for each in name.split():
            (MACHINE / "var/lib" / each).mkdir(parents=True, exist_ok=True)
    return env, folder


def words_of(line: str) -> list[str]:
    """Return the words of a command line in a unit."""
    return [word.replace("$$", "$") for word in shlex.split(places(line))]


def places(words: str) -> str:
    """Return words with the specifiers that our units use filled in."""
    return words.replace("%S", str(MACHINE / "var/lib")).replace("%%", "%")


def main(verb: str, *rest: str) -> int:
    """Do what `systemctl` is asked."""
    units = named(list(rest))
    if verb == "stop-all":
        units, verb = [path.stem for path in RUN.glob("*.pid")], "stop"
    for unit in units:
        assert verb == "stop" or (UNITS / unit).is_file(), f"there is no {unit}"
        if verb in ("restart", "stop", "disable"):
            stop(unit)
        if verb in ("start", "restart") or (verb == "enable" and "--now" in rest):
            start(unit)
        if verb in ("is-active", "status") and not is_running(unit):
            print("inactive")
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
