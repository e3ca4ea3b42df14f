"""The production guide and the emergency recovery, typed as they stand there, below a folder of the test."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.machine import BLOCK, ROOT, Line, Machine, lines_in

GUIDE = (ROOT / "PRODUCTION-GUIDE.md").read_text("utf-8")
EMERGENCY = (ROOT / "docs/emergency-recovery.md").read_text("utf-8")
NOT_TYPED = ("apt-get install", "git clone", "cd /usr/local/src", "git -C", "python3 -m venv", "pip install")
"""What `make wheel` does instead: it builds the program and installs it alone in a fresh environment."""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path)
    yield found
    found.ends()


def damaged(machine: Machine) -> None:
    """Do to the store what a broken disk does."""
    store = machine.path("/production/orchestrator/data/states/log.db")
    for end in ("-wal", "-shm"):
        store.with_name(f"log.db{end}").unlink(missing_ok=True)
    content = bytearray(store.read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    store.write_bytes(content)


def test_whoever_follows_the_guide_has_a_service_and_gets_it_back_after_the_worst_day(machine: Machine) -> None:
    said = machine.follow(lines_in(GUIDE))
    assert '"status":"healthy"' in said and "orch_" in said
    machine.follow([Line(f"kill -9 $(cat {machine.folder}/run/orchestrator.service.pid)", 0)])
    damaged(machine)
    said = machine.follow(lines_in(EMERGENCY))
    assert '"status":"healthy"' in said
    rows = json.loads(machine.follow([Line(ORCH + "list --json", 0)]).splitlines()[-1])["data"]["rows"]
    assert len(rows) == 3, "the phases of the three checks after a deployment, two of them from the backups"


ORCH = "cd /production/orchestrator/data && ORCHESTRATOR_CONFIG=../config/production.json /opt/orchestrator/bin/orch "


def test_a_command_that_ends_otherwise_would_be_noticed(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="ENDED WITH 3, not 0"):
        machine.follow([Line("true", 0), Line("bash -c 'exit 3'", 0), Line("touch never", 0)])
    assert not (machine.folder / "never").exists()


def test_only_the_installation_of_the_program_is_left_out() -> None:
    for text in (GUIDE, EMERGENCY):
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        assert blocks and {kind for kind, _ in blocks} <= {"console", "sh"}
        left_out = [line for kind, block in blocks if kind == "sh" for line in block.splitlines()]
        assert all(any(words in line for words in NOT_TYPED) for line in left_out)
        assert all(line.startswith(("# ", "$ ")) for block in BLOCK.findall(text) for line in block.splitlines())
    assert len(lines_in(GUIDE)) > 40 and len(lines_in(EMERGENCY)) > 25
