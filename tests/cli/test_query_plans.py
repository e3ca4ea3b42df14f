"""No read goes through the whole log, as SQLite says how it answers, and by the rows that come back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from cli.lazy import LazyGroup, load
from cli.main import Orch as OrchGroup
from domain.event_log import Decision
from domain.phase import Phase
from tests.cli.conftest import Orch, the_log
from tests.reliability.ledger import ADA
from usecases.refolding import keep_snapshots

pytestmark = pytest.mark.in_file

LOG = Path(".orch/log.db")
PHASES, EVENTS = 40, 60
"""Of the load beside the phases that are asked about: each phase, and the events of each."""
MOST = 600
"""Events that a command may look at here: a page of the log, and what the phases that it shows say."""

LITTLE = (
    "monitor --once",
    "reopen st01-x spec --reason more",
    "spec st01-x --objectives Small",
    "request st01-x spec",
    "reject st01-x spec --feedback vague",
    "spec st01-x --objectives Latency",
    "approve st01-x spec",
    "research st01-x --justification Why",
    "block st01-x words",
    "unblock st01-x B1 --reason done",
    "depend st01-x --on st10-load",
    "retitle st01-x Audio",
    "remember words",
    "policy set --minimum-approvers 2",
    "role grant ada lead",
    "role revoke ada lead",
    "token create ada",
    "task list st01-x",
    "task list",
    "gate st01-x spec",
    "policy show",
    "role list",
    "token list",
    "status st01-x",
    "status st01-x --at position:20",
    "status st01-x --at 2099-01-01T00:00:00Z",
    "list",
    "list --at position:700",
    "dashboard",
    "dashboard --at position:700",
    "progress --limit 3",
    "progress st01-x",
    "show st01-x spec",
    "show st01-x spec --at position:20",
    "history st01-x",
    "history st01-x --at position:20",
    "replay st01-x",
    "diff st01-x",
    "why st01-x",
    "next",
    "next --at position:700",
    "search latency",
    "search latency --phase st01-x",
    "follow --once",
    "follow --status",
    "follow --wait 20",
    "context",
    "export st01-x",
    "audit trail --limit 20",
    "audit checkpoint",
    "audit prove 7 -o proof",
    "audit prove --between 1000 2000",
    "audit reviews",
    "audit key show",
    "recover points",
    "recover point before-release",
    "doctor --quick",
    "doctor st01-x",
    "deploy systemd --out units",
    "check pre-deploy",
    "check post-deploy --yes",
    "check concurrency --operations 5",
)
WHOLE = {
    "audit trail": "tells everything that was recorded, unless it is given a limit",
    "audit exceptions": "counts over all events of the time that it is asked about",
    "audit population": "counts over all events of the time that it is asked about",
    "audit sample": "draws from all events of the time that it is asked about",
    "audit verify": "hashes every event",
    "audit export -o evidence.zip": "puts every event into a file",
    "doctor": "verifies, unless it is to be quick",
    "follow --rebuild": "makes from all events what follows them",
    "rebuild --check": "folds every event and compares",
    "recover plan --to position:1400": "folds the log up to another moment to tell what would be lost",
    "recover diff --to position:1400": "folds the log up to another moment to compare it",
}
ELSEWHERE = {
    "a write that asks what those above ask": (
        *("init", "setup", "plan", "prd", "tasks", "edit", "checkout", "reconfirm", "handoff", "archive"),
        *("task start", "task done", "task reopen", "task assign", "task sync", "workflow", "batch", "import"),
        *("audit review", "audit redact", "audit key rotate", "token revoke"),
    ),
    "copies, moves or repairs whole logs": (
        *("backup create", "backup ship", "backup list", "backup verify", "backup drill", "backup restore"),
        *("backup prune", "recover run", "recover documents", "recover verify", "recover salvage", "recover promote"),
        *("migrate", "upgrade"),
    ),
    "reads no event": (
        *(
            "audit timestamp",
            "serve",
            "bench baseline",
            "bench compare",
            "config show",
            "version",
            "completion",
            "schema list",
            "schema show",
            "schema check",
        ),
        *("config check", "config set", "schema write", "schema compare"),
        *("template list", "template show", "template check", "template eject", "template diff", "template rebuild"),
    ),
    "of a phase that is handed off, it reads what `export` reads": ("package",),
    "the same as dashboard": ("board",),
    "decides on a copy in memory, and reads no more than a status": ("health",),
}
"""Commands that are not run here, and why."""


class Asked:
    """What was asked of the log, and how many events came back."""

    def __init__(self) -> None:
        self.statements: dict[str, Any] = {}
        self.rows = 0

    def scans(self) -> list[tuple[str, str]]:
        """Return the statements that SQLite answers by going through all events, each with the step that does so."""
        plain = apsw.Connection(str(LOG), flags=apsw.SQLITE_OPEN_READONLY)
        steps = [
            (sql, str(row[3]))
            for sql, values in self.statements.items()
            if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", sql)
            for row in plain.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
        plain.close()
        return [(sql, step) for sql, step in steps if step.startswith("SCAN events")]


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Note what every connection to the log is asked, whoever opens it."""
    asked = Asked()

    def noted(cursor: apsw.Cursor, sql: str, values: Any) -> bool:
        asked.statements[sql] = values
        if re.search(r"\bFROM events\b", sql):
            cursor.row_trace = counted
        return True

    def counted(_: apsw.Cursor, row: Any) -> Any:
        asked.rows += 1
        return row

    def hook(connection: apsw.Connection) -> None:
        if Path(connection.filename).name == LOG.name:
            connection.exec_trace = noted

    with monkeypatch.context() as patched:
        patched.setattr(apsw, "connection_hooks", [*apsw.connection_hooks, hook])
        yield asked


@pytest.fixture
def large(project: Orch) -> Orch:
    """Return `orch` in a project where st01-x is worked on and many other events were recorded besides."""
    assert project("spec", "st01-x", "--objectives", "Latency below 10 ms").status == 0
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with the_log(to_write=True) as log:
        for number in range(PHASES):
            phase = Phase.open(f"st{number + 10}-load", title="Load", by=ADA, at=at)
            for each in range(EVENTS - 1):
                phase.retitle(f"title {each}", by=ADA, at=at)
            log.append([Decision(f"load-{number}", "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})])
        keep_snapshots(log, log.moment().position, done=lambda _: None, every=100)
    assert project("approve", "st01-x", "spec").status == 0
    assert project("follow", "--once").status == 0  # from here on the index and the documents have only to follow
    return project


def test_no_command_but_those_that_must_goes_through_the_whole_log(
    large: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in LITTLE:
        with watched(monkeypatch) as asked:
            answer = large(*words.split())
        assert answer.status == 0, (words, answer.err)
        assert not asked.scans(), words
        assert asked.rows <= MOST, words
        assert asked.statements, "the connection was watched"


def test_the_exceptions_are_some(large: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    size = large("list", "--json").data["as_of"]["position"]
    for words in WHOLE:
        with watched(monkeypatch) as asked:
            answer = large(*words.split())
        assert answer.status in (0, 6, 7), (words, answer.err)  # what it found is for other tests
        assert asked.rows >= size if "--to" not in words else asked.rows > MOST, words


def test_a_scan_would_be_noticed(large: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(monkeypatch) as asked, SqliteLog.open(LOG.absolute(), read_only=True) as log:
        assert log._one("SELECT count(*) FROM events WHERE topic = ?", ("phase.opened",)) == (PHASES + 1,)
        assert len(list(log.records())) > PHASES * EVENTS
    assert [step for _, step in asked.scans()] == ["SCAN events"]
    assert asked.rows > PHASES * EVENTS


def test_every_command_is_run_here_or_says_why_not() -> None:
    told = {*LITTLE, *WHOLE, *(name for names in ELSEWHERE.values() for name in names)}
    untold = [name for name in commands(OrchGroup) if not any(f"{line} ".startswith(f"{name} ") for line in told)]
    assert untold == []


def commands(group: type[LazyGroup]) -> Iterator[str]:
    """Yield the names of all commands, those in groups behind the name of the group."""
    for name, entry in group.entries.items():
        found = load(entry.place)
        if isinstance(found, type):
            yield from (f"{name} {each}" for each in commands(found))
        else:
            yield name
