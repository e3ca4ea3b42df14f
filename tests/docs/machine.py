"""A machine to follow documents on: their commands, as they stand there, in a real shell, below a folder of the test.

Paths of the documents lie below that folder. What a sandbox does not have stands on PATH: `systemctl` runs the commands
of the unit files that were really written (tests/docs/systemctl.py); `runuser` stays who we are, as `chown` and the
owners of `install` and `useradd` do, because the users of the documents are not made on the machine that tests.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLACES = ("/production/orchestrator", "/opt/orchestrator", "/usr/local/src/orchestrator", "/etc/", "/root/")
STANDS_FOR = {
    "systemctl": f'exec {shlex.quote(sys.executable)} {shlex.quote(str(ROOT / "tests/docs/systemctl.py"))} "$@"',
    "runuser": 'shift 3; exec "$@"',
    "useradd": "exit 0",
    "chown": "exit 0",
    "install": (
        'words=(); while [ $# -gt 0 ]; do case "$1" in -o|-g) shift 2;; *) words+=("$1"); shift;; esac; done;'
        ' exec /usr/bin/install "${words[@]}"'
    ),
    "systemd-sysusers": "exit 0",
    "systemd-tmpfiles": "exit 0",
}


class Line(NamedTuple):
    """A command of a document, and how it has to end."""

    words: str
    status: int


def lines_in(text: str) -> list[Line]:
    """Return the commands of the console blocks: behind `#` or `$`, and `# exit N` behind those that end otherwise."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith(("# ", "$ ")):
                words, _, remark = line[2:].partition("  # exit ")
                found.append(Line(words.strip(), int(remark or 0)))
    return found


class Machine:
    """The folder that stands for the machine, and a shell on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        for name, words in STANDS_FOR.items():
            (self._bin / name).write_text(f"#!/bin/bash\n{words}\n")
            (self._bin / name).chmod(0o755)
        (folder / "opt/orchestrator").mkdir(parents=True)
        (folder / "opt/orchestrator/bin").symlink_to(Path(sys.executable).parent)
        for name in ("etc/systemd/system", "etc/sysusers.d", "etc/tmpfiles.d", "root"):
            (folder / name).mkdir(parents=True)
        checkout = self.path("/usr/local/src/orchestrator")
        for name in ("production.json", ".env.example", "nginx/orchestrator.conf", "nginx/behind-proxy.conf"):
            place = checkout / "docs/deploy" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.own((ROOT / "docs/deploy" / name).read_text("utf-8")))
        (folder / "docs").symlink_to(checkout / "docs")

    def own(self, words: str) -> str:
        """Return words with the places of this machine in them."""
        for place in PLACES:
            words = re.sub(rf"(?<![\w.]){re.escape(place)}", f"{self.folder}{place}", words)
        return words.replace(":8420", f":{self.port}").replace("--port 8420", f"--port {self.port}")

    def path(self, place: str) -> Path:
        """Return where a place of the documents is."""
        return self.folder / place.lstrip("/")

    def follow(self, lines: list[Line], *, patience: float = 240.0) -> str:
        """Type the commands into one shell, and return all it said. Each has to end as the document says."""
        script = "exec 2>&1\n"
        for words, status in lines:
            own = self.own(words)
            script += f"echo {shlex.quote('$ ' + own)}\n{own}\nended=$?\n"
            script += f'[ "$ended" = {status} ] || {{ echo "ENDED WITH $ended, not {status}"; exit 99; }}\n'
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "PYTHON"))}
        env = kept | {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "MACHINE": str(self.folder),
            "PORT": str(self.port),
            "ORCHESTRATOR_ACTOR": "grace",
            "ORCHESTRATOR_ACTOR_KIND": "human",
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            ["bash", "--norc", "-c", script], cwd=self.folder, env=env, capture_output=True, text=True, timeout=patience
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def ends(self) -> None:
        """Stop whatever still runs."""
        self.follow([Line("systemctl stop-all", 0)])
