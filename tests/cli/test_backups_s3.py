"""Backups in a bucket: every command says the same as for a folder, and ends with the same exit status."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import orjson
import pyrage
import pytest

from adapters import s3_lease
from adapters.sqlite_log import SqliteLog
from tests.adapters.s3_servers import Server, moto_server, rclone_server
from tests.cli.conftest import Orch, position, the_log
from tests.cli.verified_world import many

__all__ = ["moto_server", "rclone_server"]  # fixtures

ROOT = Path(__file__).parents[2]


@pytest.fixture
def moto(moto_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    for name, value in moto_server.environment().items():
        monkeypatch.setenv(name, value)
    return moto_server


@pytest.fixture(params=["moto", "rclone"])
def to(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a place in a bucket of its own, on each of the servers."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return f"s3://{server.bucket()}/some/where"


def told(where: str, data: Any) -> Any:
    """Return an answer without what differs: where, when, how long, how large; and a bucket is on no disk of ours."""
    if isinstance(data, dict):
        left_out = ("seconds", "slowest_seconds", "at", "made_at", "drill", "bytes", "warnings")
        return {name: told(where, each) for name, each in data.items() if name not in left_out}
    if isinstance(data, list):
        return [told(where, each) for each in data]
    return data.replace(where, "WHERE").replace("in-s3", "in-dir") if isinstance(data, str) else data


@pytest.mark.at_the_log("the settings that say for whom lie there")
def test_every_command_answers_as_it_does_for_a_folder(drafted: Orch, to: str) -> None:
    identity = pyrage.x25519.Identity.generate()
    Path("key.txt").write_text(f"{identity}\n")
    Path(".orch/config.toml").write_text(f'[backup]\nrecipients = ["{identity.to_public()}"]\n')
    away = str(Path("away").absolute())
    seen = set()

    def both(*words: str) -> int:
        """Run a command for the folder and for the bucket, `@` in its words being the place; compare the answers."""
        answers = []
        for short, where in (("dir", away), ("s3", to)):
            line = [word.replace("in-@", f"in-{short}").replace("@", where) for word in words]
            said = drafted(*line, "--json")
            answers.append((said.status, told(where, orjson.loads(said.out))))
            assert "Traceback" not in said.err
        assert answers[0] == answers[1], words
        seen.add(words[:2])
        return answers[1][0]

    key = ("--identity", "key.txt")
    old = ("--keep-days", "0", "--keep-copies", "1", *key)
    assert both("backup", "list", "--from", "@") == 4
    assert both("backup", "create", "--to", "@") == both("backup", "create", "--to", "@") == 0
    drafted("block", "st01-x", "a pause")
    assert both("backup", "create", "--to", "@") == both("backup", "create", "--to", "@", "--full") == 0
    drafted("block", "st01-x", "another pause")
    assert both("backup", "ship", "--to", "@") == 0
    assert both("backup", "list", "--from", "@") == 0
    assert both("backup", "verify", "--from", "@") == 7
    assert both("backup", "verify", "--from", "@", *key) == 0
    assert both("backup", "verify", "--from", "@", "--copy", "copy-0009") == 4
    assert both("backup", "drill", "--from", "@", *key) == 0
    assert both("backup", "restore", "--from", "@", "--out", "in-@", *key) == 0
    assert both("backup", "restore", "--from", "@", "--out", "none-in-@") == 2
    old_one = ("--copy", "copy-0001", "--to", "position:3")
    assert both("backup", "restore", "--from", "@", "--out", "old-in-@", *old_one, *key) == 0
    assert both("recover", "plan", "--to", "position:3", "--from-backups", "@", *key) == 0
    assert both("recover", "run", "--to", "position:3", "--out", "run-in-@", "--from-backups", "@", *key) == 0
    assert both("backup", "prune", "--to", "@", *old) == both("backup", "prune", "--to", "@", *old, "--yes") == 0
    assert both("backup", "list", "--from", "@") == both("backup", "verify", "--from", "@", *key) == 0
    assert len(seen) == 9


@pytest.mark.in_file
def test_a_lost_store_comes_back_from_a_bucket_that_the_settings_name(drafted: Orch, to: str) -> None:
    Path("config.toml").write_text(f'[backup]\ndir = "{to}"\n')
    drafted("approve", "st01-x", "spec")
    shutil.copy("config.toml", ".orch/config.toml")
    made = drafted("backup", "create", "--json")
    assert made.status == 0 and made.data["folder"] == to
    assert "plain text" in made.err and "on the disk" not in made.err
    with the_log() as log:
        kept = list(log.records())
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    refused = drafted("list", "--json")
    line = f"orch recover run --to now --out recovered --from-backups {to}"
    assert refused.status == 4 and refused.error["fix"][0] == line
    assert drafted(*line.split()[1:]).status == 0
    with SqliteLog.open(Path("recovered/log.db"), read_only=True) as log:
        assert list(log.records()) == kept


def test_one_event_more_asks_as_often_and_moves_as_much_however_long_the_log_is(
    drafted: Orch, moto: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LASTS_S", "RENEWED_S"):  # on a busy machine a backup may take so long that its lease is renewed
        monkeypatch.setattr(s3_lease, name, 3600.0)
    to = f"s3://{moto.bucket()}"
    counts = []
    for turn in range(12):
        drafted("block", "st01-x", f"reason {turn:03}")
        before = len(moto.asked())
        assert drafted("backup", "create", "--to", to).status == 0
        asked = moto.asked()[before:]
        counts.append((len(asked), sum(each.received + each.sent for each in asked)))
    (first, few), (last, much) = counts[2], counts[-1]
    assert first == last <= 20, [each.line for each in moto.asked()[-20:]]
    assert much < few * 1.3, "the frontier of the tree grows with its depth, nothing else does"
    row = drafted("backup", "list", "--from", to, "--json").data["rows"][0]
    assert len(row["segments"]) == 12


def test_nothing_is_written_in_parts(drafted: Orch, moto: Server) -> None:
    to = f"s3://{moto.bucket()}"
    drafted("backup", "create", "--to", to)
    lines = [each.line for each in moto.asked()]
    assert lines and not [line for line in lines if "uploads" in line or "uploadId" in line]
    tried = [line.split("?")[0] for line in lines if line.startswith("PUT") and "backups-" in line]
    assert tried


@pytest.mark.at_the_log("processes of their own back up to a place that is named")
def test_four_that_back_up_at_once_take_turns(drafted: Orch, to: str) -> None:
    with the_log(to_write=True) as log:
        log.append([many("st02-many", 300)])
    line = [sys.executable, "-m", "cli.main", "backup", "create", "--to", to]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [Popen(line, env=environment, stdout=PIPE, stderr=PIPE) for _ in range(3)]
    answers = [each.communicate(timeout=90) for each in both]
    assert [each.returncode for each in both] == [0] * 3, answers
    (row,) = drafted("backup", "list", "--from", to, "--json").data["rows"]
    assert row["last"] == position(drafted) and len(row["segments"]) == 1


def test_without_the_extra_it_says_what_to_install(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    refused = drafted("backup", "create", "--to", "s3://bucket/x", "--json")
    assert refused.status == 2 and refused.error["fix"] == ["pip install 'nss-orchestrator[s3]'"]


def test_backups_in_a_folder_do_not_load_the_library(drafted: Orch) -> None:
    code = "import sys; from cli.edge import run_command; from cli.main import program\n"
    code += "run_command(program(), sys.argv[1:]); print([n for n in sys.modules if 'botocore' in n or 'urllib3' in n])"
    line = [sys.executable, "-c", code, "backup", "create"]
    said = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert said.returncode == 0 and said.stdout.splitlines()[-1] == "[]"
