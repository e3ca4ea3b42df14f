"""An import that is killed at any moment and made again: the same history as one that nothing disturbed."""

import random
import shutil
import signal
from pathlib import Path
from subprocess import DEVNULL, Popen
from time import sleep
from typing import Any

import orjson
import pytest

from adapters.sqlite_log import SqliteLog
from tests.cli.import_world import APPROVED, HISTORY, KIRO, SPEC_KIT, predecessor, put
from tests.reliability.faults import ENVIRONMENT, command_of, orch
from tests.reliability.ledger import LONG

IMPORT = ("import", "there", "--yes")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a folder to import that holds many phases."""
    folder = tmp_path_factory.mktemp("import") / "project"
    folder.mkdir()
    for number in range(12):
        predecessor(folder / "there" / f"st{number:02}-engine", APPROVED | {"phase": f"st{number:02}-engine"}, HISTORY)
    put(folder / "there", KIRO | SPEC_KIT)
    assert orch("init", "--host", "example.org", cwd=folder)[0] == 0
    return folder


def history(project: Path) -> list[tuple[Any, ...]]:
    """Return what every event says, but for the time of the import, and the command and the salt it was given."""
    with SqliteLog.open(project / ".orch" / "log.db", read_only=True) as log:
        envelopes = [orjson.loads(record.envelope) for record in log.records(3)]
    claimed = [each["occurred_at"] if each["occurred_at"] < "2026" else "now" for each in envelopes]
    return [
        (each["topic"], each["stream"], each["version"], each["facts"], at)
        for each, at in zip(envelopes, claimed, strict=True)
    ]


def test_a_killed_import_is_made_again_and_nothing_is_there_twice(there: Path, tmp_path: Path) -> None:
    plain = Path(shutil.copytree(there, tmp_path / "plain"))
    assert orch(*IMPORT, cwd=plain)[0] == 0
    expected = history(plain)
    assert len({stream for _, stream, *_ in expected}) == 14
    dice, partly = random.Random(20261127), 0
    for turn in range(40 if LONG else 6):
        project = Path(shutil.copytree(there, tmp_path / str(turn)))
        for _ in range(dice.randint(1, 3)):
            process = Popen(command_of(*IMPORT), cwd=project, env=ENVIRONMENT, stdout=DEVNULL, stderr=DEVNULL)
            sleep(0.25 + dice.random() * 0.9)
            process.send_signal(signal.SIGKILL)
            process.wait()
        found = history(project)
        partly += 0 < len(found) < len(expected)
        assert found == expected[: len(found)], "each phase is imported in one step, in order"
        status, _, err = orch(*IMPORT, cwd=project)
        assert status == 0, err
        assert history(project) == expected
        status, said, _ = orch(*IMPORT, "--json", cwd=project)
        assert {row["result"] for row in orjson.loads(said)["data"]["phases"]} == {"unchanged"} and status == 0
        assert history(project) == expected
    if LONG:
        assert partly, "some were killed in the middle"
