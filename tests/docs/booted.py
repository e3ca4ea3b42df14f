"""A machine that was really booted: a fresh Debian with systemd as its first process, in a container of systemd-nspawn.

Documents are typed on it as they stand there, by root, at a terminal. `/production` is a disk of its own, a file with
ext4 in it, whose power can be cut. The network is that of this machine: packages come from where they come from here.
"""

import fcntl
import os
import re
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic, sleep

from tests.docs.machine import ROOT, Line

PROGRAMS = ("mmdebstrap", "systemd-nspawn", "nsenter", "mke2fs", "losetup", "git", "script")
PACKAGES = "systemd-sysv,dbus,udev,login,passwd,ca-certificates,iproute2,procps,util-linux"
ADDRESS = "ADDRESS-OF-THIS-REPOSITORY"
BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
GOING_DOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN; with 2 (no flush of the journal) the file system ends as if the power had gone."""
ENV = {"HOME": "/root", "SHELL": "/bin/bash", "TERM": "dumb", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> str | None:
    """Return why no machine can be booted here, or None."""
    if os.geteuid() != 0:
        return "only root can boot a machine"
    absent = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:{PATH}") is None]
    return f"{', '.join(absent)} are not installed" if absent else None


def all_lines_in(text: str) -> list[Line]:
    """Return every command of a document, those that install the program included."""
    found = []
    for kind, block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words, _, remark = line.removeprefix("# ").removeprefix("$ ").partition("  # exit ")
            if kind == "sh" or line.startswith(("# ", "$ ")):
                found.append(Line(words.strip(), int(remark or 0)))
    return found


class Booted:
    """A machine below a folder, and a terminal on it."""

    def __init__(self, folder: Path) -> None:
        self._root, self._disk, self._image = folder / "root", folder / "production", folder / "production.img"
        self._console = folder / "console"
        self._manager: subprocess.Popen[bytes] | None = None
        _run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(self._root))
        (self._root / "etc/apt/apt.conf.d/90yes").write_text('APT::Get::Assume-Yes "true";\n')
        for trusted in ("etc/ssl/certs/ca-certificates.crt", "etc/resolv.conf"):
            (self._root / trusted).unlink(missing_ok=True)
            shutil.copyfile(f"/{trusted}", self._root / trusted)
        (self._root / "etc/pip.conf").write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")
        _run("git", "clone", "--quiet", "--bare", str(ROOT), str(self._root / "srv/orchestrator.git"))
        (self._root / "root/.gitconfig").write_text("[safe]\n\tdirectory = *\n")
        with self._image.open("wb") as made:
            made.truncate(1 << 30)
        _run("mke2fs", "-q", "-t", "ext4", str(self._image))
        self._disk.mkdir()

    def boots(self) -> None:
        """Switch it on, and wait until it has come up."""
        _run("mount", "-o", "loop", str(self._image), str(self._disk))
        words = ["systemd-nspawn", "--register=no", "--keep-unit", "--resolv-conf=off", "-M", "machine", "--boot"]
        with self._console.open("ab") as said:
            self._manager = subprocess.Popen(
                [*words, f"--bind={self._disk}:/production", "-D", str(self._root)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        until(lambda: self.types("systemctl is-system-running --wait")[0] == 0)

    def types(self, words: str, *, patience: float = 900.0) -> tuple[int, str]:
        """Type a command as root, and return how it ended and what it said."""
        into = ["nsenter", "-t", str(self._first()), "-m", "-u", "-i", "-p", "-C"]
        env = ["env", "-i", f"PATH={PATH}", *(f"{name}={value}" for name, value in ENV.items())]
        words = f"cd /root; {words}"
        done = subprocess.run(
            [*into, *env, "script", "-qec", words, "/dev/null"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience,
        )
        return done.returncode, done.stdout.replace("\r\n", "\n")

    def follows(self, lines: Iterable[Line]) -> str:
        """Type the commands of a document into one shell, and return all it said. Each has to end as it says."""
        script = "exec 2>&1\n"
        for words, status in lines:
            script += f"{words.replace(ADDRESS, '/srv/orchestrator.git')}\nended=$?\n"
            script += f'[ "$ended" = {status} ] || {{ echo "ENDED WITH $ended, not {status}:" {words!r}; exit 99; }}\n'
        (self._root / "root/typed").write_text(script)
        status, said = self.types("bash /root/typed")
        assert status == 0, said[-6000:]
        return said

    def says(self, words: str) -> str:
        """Return what a command says that has to end well."""
        status, said = self.types(words)
        assert status == 0, said
        return said.strip()

    def loses_power(self) -> None:
        """End it in the middle of whatever it does: what its disk was not told to keep is gone."""
        opened = os.open(self._disk, os.O_RDONLY)
        fcntl.ioctl(opened, GOING_DOWN, struct.pack("I", 2))
        os.close(opened)
        self.ends()

    def ends(self) -> None:
        """Switch it off without a word."""
        if self._manager is None:
            return
        first = self._first()
        os.kill(first, signal.SIGKILL)
        self._manager.kill()
        self._manager.wait()
        self._manager = None
        until(lambda: not Path(f"/proc/{first}").exists())
        until(lambda: subprocess.run(["umount", str(self._disk)], capture_output=True).returncode == 0)
        until(lambda: not subprocess.run(["losetup", "-j", str(self._image)], capture_output=True).stdout)

    def path(self, place: str) -> Path:
        """Return where a file of the machine is; on its disk, too."""
        if place.startswith("/production/"):
            return self._disk / place.removeprefix("/production/")
        return self._root / place.lstrip("/")

    def _first(self) -> int:
        """Return its first process, as it is called outside."""
        assert self._manager is not None
        children = Path(f"/proc/{self._manager.pid}/task/{self._manager.pid}/children")
        until(lambda: bool(children.read_text().split()))
        return int(children.read_text().split()[0])


def until(holds: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something holds."""
    ends = monotonic() + seconds
    while not holds():
        assert monotonic() < ends, "it did not come to that"
        sleep(0.1)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
