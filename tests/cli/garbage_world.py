"""A project beside folders that are none of its business, and what must hold after any words at all."""

import io
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import orjson

from adapters.sqlite_log import SqliteLog
from cli.edge import run_command
from cli.main import program
from tests.reliability import ledger

STATUSES = {0, 2, 3, 4, 5, 6, 7, 8, 130}
"""The table of exit statuses without 1, which is a bug."""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 without tab and line feed, DEL, C1, what reorders text or ends a line in secret, lone surrogates."""
PATIENCE_SECONDS = 30
VERBATIM = {"--raw", "--help"}

Snapshot = dict[str, tuple[str, int, bytes]]


class Hung(BaseException):
    """A command waits for something that never comes; not an Exception, so that no handler turns it into words."""


class Said(NamedTuple):
    """What one command left behind."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def error(self) -> dict[str, Any]:
        """The error of the one JSON document."""
        found: dict[str, Any] = orjson.loads(self.out)["error"]
        return found


class World:
    """A folder with a project in it, and a folder of others beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.others = folder / "others"

    def make(self) -> None:
        """Fill the folder: phases in every state, and files that nobody may touch."""
        self.project.mkdir()
        self.others.mkdir()
        (self.others / "secret.md").write_text("Nobody reads or writes this.\n")
        self.must("init", "--host", "example.org")
        for phase in ("st01-done", "st02-middle", "st03-blocked", "st04-archived"):
            self.must("spec", phase, "--objectives", "Round trip below 10 ms,No drop-outs")
        for step, words in DRAFTS.items():
            self.must("approve", "st01-done", PREVIOUS[step])
            self.must(step, "st01-done", *words)
        self.must("approve", "st01-done", "tasks")
        self.must("approve", "st02-middle", "spec")
        self.must("research", "st02-middle", "--foundation", "Known since 1960.")
        self.must("block", "st03-blocked", "The microphone is broken")
        self.must("depend", "st03-blocked", "--on", "st02-middle")
        self.must("archive", "st04-archived", "--reason", "Not needed")

    def copy(self, folder: Path) -> "World":
        """Return the same world elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return World(folder)

    def must(self, *words: str) -> Said:
        """Run a command that has to succeed."""
        said = self.run(*words)
        assert said.status == 0, said
        return said

    def run(
        self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Said:
        """Run one command in this process and return what it said; it is not judged yet."""
        streams = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (stdin, b"", b"")]
        before = Path.cwd()
        os.chdir(cwd or self.project)
        try:
            with (
                patch.object(sys, "stdin", streams[0]),
                patch.object(sys, "stdout", streams[1]),
                patch.object(sys, "stderr", streams[2]),
                patch.object(sys, "argv", ["orch", *words]),
                patch.dict(os.environ, {**BARE, **(env or {})}),
                patience(),
            ):
                status = run_command(program(), words)
        finally:
            os.chdir(before)
        for stream in streams[1:]:
            stream.flush()
        out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])
        return Said(words, status, out, err)

    def tried(self, *words: str, **around: Any) -> Said:
        """Run one command and judge everything it left behind."""
        outside, before = snapshot(self.others), self.length()
        said = self.run(*words, **around)
        judge(said)
        assert snapshot(self.others) == outside, f"{said} touched what is outside of the project"
        is_told_to = any(word.rpartition("=")[2] in ("..", "../") for word in words)  # `backup create --to=..` may
        assert is_told_to or {path.name for path in self.folder.iterdir()} <= {"project", "others"}, said
        if said.status and not is_verdict(said):
            assert self.length() == before, f"{said} was refused and yet recorded"
        return said

    def length(self) -> int:
        """Return how many events are recorded; 0 where there is no log that can be read."""
        try:
            with SqliteLog.open(self.project / ".orch" / "log.db", read_only=True) as log:
                return log.moment().position
        except Exception:  # noqa: BLE001 - some tests damage the log in any way there is
            return 0

    def check_log(self) -> None:
        """Check everything the log promises about itself."""
        with SqliteLog.open(self.project / ".orch" / "log.db", read_only=True) as log:
            assert ledger.check(log)


BARE = {
    "ORCHESTRATOR_ACTOR": "ada",
    "ORCHESTRATOR_ACTOR_KIND": "human",
    "ORCHESTRATOR_STATE_DIR": "",
    "ORCHESTRATOR_TEMPLATE_DIR": "",
    "ORCHESTRATOR_COMMAND_ID": "",
    "ORCHESTRATOR_CONFIG": "",
    "ORCHESTRATOR_BACKUP_DIR": "",
    "FORCE_COLOR": "",
}
DRAFTS = {
    "research": ("--foundation", "Known since 1960."),
    "plan": ("--architecture", "Two layers."),
    "prd": ("--goal", "Sound."),
    "tasks": ("--tasks", "First,Second", "--hours", "4,6"),
}
PREVIOUS = {"research": "spec", "plan": "research", "prd": "plan", "tasks": "prd"}


VERDICTS = {
    ("audit", "verify"): (6, 7),
    ("audit", "reviews"): (6,),
    ("audit", "checkpoint"): (8,),  # signed, but not time-stamped
    ("backup", "verify"): (6, 7),
    ("recover", "verify"): (6, 7),
    ("recover", "salvage"): (7,),
    ("doctor",): (6, 8),
    ("health",): (6, 8),
    ("rebuild",): (6,),
    ("check", "pre-deploy"): (3,),
    ("check", "post-deploy"): (3,),
    ("check", "concurrency"): (3,),
    ("bench", "compare"): (3,),
    ("workflow",): (2, 3, 5),  # refused at a later step, after the first records
    ("batch",): (2, 3, 4, 5, 6, 7, 8, 130),  # the gravest of its phases; the answer names each
    ("template", "check"): (2,),
    ("schema", "compare"): (2,),
    ("config", "check"): (2,),
    ("import",): (7,),  # some phases are not imported
}


def is_verdict(said: Said) -> bool:
    """Tell whether this is the answer of a command that looked at everything and says what it found with its status."""
    verdicts = VERDICTS.get(said.words[:2]) or VERDICTS.get(said.words[:1]) or ()
    return said.status in verdicts and bool(said.out) and not said.out.startswith('{"ok":false')


def judge(said: Said) -> None:
    """Hold an answer against the conventions of the command line."""
    assert said.status in STATUSES, said
    assert "Traceback" not in said.out + said.err, said
    assert not CONTROL.search(said.err), (CONTROL.search(said.err), said)
    if VERBATIM.isdisjoint(said.words):
        assert not CONTROL.search(said.out), (CONTROL.search(said.out), said)
    if "--json" in said.words:
        judge_json(said)
    elif said.status and not is_verdict(said):
        assert said.out == "", said
        assert said.err, said


def judge_json(said: Said) -> None:
    """Exactly one JSON document, with the fields that every answer has."""
    assert said.out.endswith("\n") and said.out.count("\n") == 1, said
    document = orjson.loads(said.out)
    if said.status == 0 or is_verdict(said):
        assert document["ok"] is True and document["kind"] and document["version"] == 1, said
        assert isinstance(document["data"], dict)
        return
    assert document["ok"] is False
    error = document["error"]
    assert set(error) == {"code", "message", "fix"}, said
    assert re.fullmatch("[A-Z_]+", error["code"]) and error["code"] != "BUG", said
    assert error["message"] and isinstance(error["fix"], list)
    assert all(isinstance(line, str) and line for line in error["fix"]), said


def snapshot(folder: Path) -> Snapshot:
    """Return every file below a folder: what it is, when it was written, what it holds."""
    found: Snapshot = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (oct(status.st_mode), status.st_mtime_ns if path.is_file() else 0, data)
    return found


@contextmanager
def patience(seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Raise `Hung` when what is inside takes longer."""

    def hung(_number: int, _frame: object) -> None:
        raise Hung(f"still waiting after {seconds} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def json_or_not(words: Sequence[str], *, as_json: bool) -> tuple[str, ...]:
    """Return the words with `--json` or without it, before any `--`."""
    return (*words[:1], "--json", *words[1:]) if as_json else tuple(words)
