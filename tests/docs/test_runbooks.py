"""Every runbook, after its disaster was made: its commands, as they stand there, bring the project back."""

import re
import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns

import apsw
import pyrage
import pytest

from adapters.sqlite_log import SqliteLog
from domain.actors import Actor
from domain.event_log import Decision
from domain.phase import Phase
from tests.cli.conftest import Orch, orch, project

__all__ = ["orch", "project"]  # fixtures
PAGE = Path(__file__).parents[2] / "docs" / "runbooks.md"
STORE = Path(".orch/log.db")
HOUR_US = 3_600_000_000


def sections() -> dict[str, str]:
    """Return the text of every runbook by its heading."""
    _, *parts = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands(section: str) -> list[tuple[str, int]]:
    """Return the commands of a section, and how each has to end."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            words, _, remark = line[2:].partition("  #")
            found.append((words.strip(), int(remark.removeprefix(" exit ")) if remark else 0))
    return found


@pytest.fixture
def world(project: Orch, tmp_path: Path) -> Orch:
    """Return a project with encrypted backups, an age identity, and a checkpoint held elsewhere."""
    identity(Path("key.txt"))
    project("spec", "st01-audio-engine", "--objectives", "Round trip below 10 ms")
    project("approve", "st01-audio-engine", "spec", "--comments", "measurable")
    project("research", "st01-audio-engine", "--foundation", "known")
    assert project("backup", "create").status == 0
    assert project("backup", "drill", "--identity", "key.txt").status == 0
    Path("held.txt").write_text(project("audit", "checkpoint").out)
    return project


def identity(path: Path) -> None:
    """Make an age identity and let backups be encrypted to it."""
    made = pyrage.x25519.Identity.generate()
    path.write_text(f"{made}\n")
    backups = Path("mnt/backups").absolute()
    settings = f'[backup]\ndir = "{backups}"\nrecipients = ["{made.to_public()}"]\n'
    Path(".orch/config.toml").write_text(settings)


def changed(statement: str) -> None:
    """Change the store behind the program's back."""
    connection = apsw.Connection(str(STORE))
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()


def disk_lost() -> None:
    shutil.rmtree(".orch")


def corrupt() -> None:
    for end in ("-wal", "-shm"):
        STORE.with_name(f"log.db{end}").unlink(missing_ok=True)
    content = bytearray(STORE.read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    STORE.write_bytes(content)


def head_wrong() -> None:
    changed("UPDATE heads SET facts = CAST(replace(facts, 'audio', 'radio') AS BLOB)")


def rewritten() -> None:
    changed("UPDATE events SET payload = CAST(replace(payload, '10 ms', '99 ms') AS BLOB) WHERE position = 4")


def clock_ahead() -> None:
    with SqliteLog.open(STORE, clock=lambda: time_ns() // 1000 + 3 * HOUR_US) as log:
        phase = Phase.open("st02-later", title="Later", by=Actor("ada"), at=datetime.now(UTC))
        log.append([Decision("later", "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})])


def key_lost() -> None:
    for key in Path(".orch/keys").iterdir():
        key.unlink()


def identity_lost() -> None:
    Path("key.txt").unlink()
    identity(Path("new-key.txt"))


def nothing() -> None:
    pass


DISASTERS: dict[str, Callable[[], None]] = {
    "The disk is lost": disk_lost,
    "The file is corrupt": corrupt,
    "Only heads, snapshots or files are wrong": head_wrong,
    "A wrong command": nothing,
    "A laptop is stolen": nothing,
    "An insider rewrote history": rewritten,
    "The clock was wrong": clock_ahead,
    "The signing key is lost": key_lost,
    "The age identity is lost": identity_lost,
}


def test_every_runbook_is_tried() -> None:
    assert sections().keys() == DISASTERS.keys()
    assert all(commands(section) for section in sections().values())


@pytest.mark.parametrize("title", DISASTERS)
def test_the_commands_of_a_runbook_bring_the_project_back(world: Orch, title: str) -> None:
    DISASTERS[title]()
    for line, status in commands(sections()[title]):
        words = shlex.split(line.replace("/mnt/", f"{Path.cwd()}/mnt/"))
        if words[0] == "cp":
            shutil.copytree(words[2], words[3])
            continue
        assert words[0] == "orch", line
        words, into = (words[:-2], Path(words[-1])) if ">" in words else (words, None)
        answer = world(*words[1:])
        assert answer.status == status, (line, answer)
        if into is not None:
            into.write_text(answer.out)
    assert world("audit", "verify").status in (0, 7)
    assert world("status", "st01-audio-engine").status == 0
