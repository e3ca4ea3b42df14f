"""Commands through a real PgBouncer that hands out sessions by transaction: as many processes as like."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run
from time import monotonic, sleep

import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres_log import PostgresLog
from tests.cli.conftest import Orch, orch
from tests.pgbouncer import pooled
from tests.postgres_server import as_url
from tests.reliability.ledger import check

__all__ = ["orch"]  # a fixture

ORCH = str(Path(sys.executable).with_name("orch"))
PROCESSES, COMMANDS = 8, 5
PATIENCE_S = 60.0


@pytest.fixture
def there(orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orch]:
    """Return `orch` in a project whose database is behind a pool."""
    told = conninfo_to_dict(database)
    if not str(told.get("host", "")).startswith("/"):
        pytest.skip("the server of the tests was named, and has a password that no pool here knows")
    with pooled(database) as through:
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", as_url(through))
        yield orch


def test_eight_processes_write_through_a_pool(there: Orch, database: str) -> None:
    assert there("init", "--host", "example.org").status == 0
    script = f'for turn in $(seq {COMMANDS}); do "$0" spec "st0$1-x" --objectives "$turn" --json || exit; done'
    writers = [
        Popen(["bash", "-c", script, ORCH, str(number)], stdout=PIPE, stderr=PIPE, text=True, stdin=DEVNULL)
        for number in range(PROCESSES)
    ]
    for writer in writers:
        _, err = writer.communicate(timeout=PATIENCE_S * 4)
        assert writer.returncode == 0, err
    with PostgresLog.open(database, read_only=True) as log:
        assert len(check(log)) == PROCESSES * COMMANDS + 1
    for words in (("list",), ("status", "st00-x"), ("audit", "verify"), ("rebuild", "--check"), ("doctor",)):
        assert there(*words).status in (0, 7), words
    assert there("audit", "redact", "3", "--reason", "a name", "--yes").status == 0
    assert there("approve", "st00-x", "spec").status == 0


def test_what_follows_hears_nothing_through_a_pool_and_looks_instead(there: Orch, tmp_path: Path) -> None:
    assert there("init", "--host", "example.org").status == 0
    assert there("spec", "st01-x", "--objectives", "x").status == 0
    with (tmp_path / "said").open("wb") as said:
        follower = Popen([ORCH, "follow"], stderr=said, stdout=said, stdin=DEVNULL)
    try:
        running = monotonic() + PATIENCE_S
        while "orch follow runs" not in there("follow", "--status").out:
            assert follower.poll() is None and monotonic() < running, (tmp_path / "said").read_text()
            sleep(0.1)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        for words in (("init",), ("spec", "st02-y", "--objectives", "written elsewhere")):
            done = run([ORCH, *words], cwd=elsewhere, env=os.environ, capture_output=True, text=True, stdin=DEVNULL)
            assert done.returncode == 0, done
        last = str(there("list", "--json").data["as_of"]["position"])
        assert there("follow", "--wait", last, "--timeout", "30").status == 0
        assert "written elsewhere" in Path("dev/st02-y/spec.md").read_text("utf-8")
    finally:
        follower.send_signal(signal.SIGTERM)
        follower.wait(PATIENCE_S)
    assert follower.returncode == 0, (tmp_path / "said").read_text()
