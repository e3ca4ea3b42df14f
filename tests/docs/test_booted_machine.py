"""The production guide and the emergency recovery, typed on a machine that was really booted: `make test-machine`."""

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import orjson
import pytest

from adapters.sqlite_log import SqliteLog
from tests.docs.booted import Booted, all_lines_in, missing, until
from tests.docs.machine import Line
from tests.docs.test_production_guide import EMERGENCY, GUIDE
from tests.reliability.ledger import check
from tests.reliability.service_client import Load, result, start

pytestmark = [
    pytest.mark.skipif(os.environ.get("BOOTED") != "1", reason="make test-machine boots a machine"),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]
UNITS = ("orchestrator", "orchestrator-ship", "orchestrator-backup", "orchestrator-drill", "orchestrator-verify")
HERE = (
    "cd /production/orchestrator/data; export PATH=/opt/orchestrator/bin:$PATH"
    " ORCHESTRATOR_CONFIG=/production/orchestrator/config/production.json; "
)
STORE = "/production/orchestrator/data/states/log.db"
READY = "curl -fs http://127.0.0.1:8420/health/ready"
CUTS = 3


@pytest.fixture(scope="module")
def machine() -> Iterator[Booted]:
    with TemporaryDirectory(prefix="orch-machine-") as name:
        Path(name).chmod(0o755)
        found = Booted(Path(name))
        try:
            found.boots()
            yield found
        finally:
            found.ends()


def token(machine: Booted) -> str:
    """Return the secret of a token that may write."""
    words = "runuser -u orchestrator -- orch token create ada --scope read --scope write --actor-kind human --json"
    said = machine.says(HERE + words)
    secret: str = orjson.loads(said[said.index("{") :])["data"]["secret"]
    return secret


def is_ready(machine: Booted) -> bool:
    return machine.types(READY)[0] == 0


def test_whoever_follows_the_guide_on_an_empty_machine_has_a_service(machine: Booted) -> None:
    said = machine.follows(all_lines_in(GUIDE))
    assert '"status":"healthy"' in said
    assert machine.says("systemctl is-active orchestrator orchestrator-ship").split() == ["active", "active"]
    assert machine.says("systemctl --failed --no-legend --plain") == ""


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_reckons_the_units_safe(machine: Booted, unit: str) -> None:
    said = machine.says(f"systemd-analyze security --no-pager --threshold=20 {unit}.service")
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1]) <= 2.0  # type: ignore[index]


def test_logs_are_where_the_settings_have_them_and_figures_of_the_process_are_told(machine: Booted) -> None:
    combined = machine.path("/production/orchestrator/data/logs/combined.log")
    machine.types("curl -s http://127.0.0.1:8420/metrics")
    until(lambda: combined.is_file() and b'"operation":"metrics"' in combined.read_bytes())


def test_who_verifies_cannot_read_the_store(machine: Booted) -> None:
    verify = "runuser -u orchestrator-verify -- "
    assert machine.types(f"{verify}cat {STORE}")[0] != 0
    assert machine.types(f"{verify}ls /production/orchestrator/data/backups")[0] == 0


@pytest.mark.parametrize(("how", "seconds"), [("KILL", 30), ("STOP", 120)])
def test_a_service_that_ended_or_hangs_is_begun_anew(machine: Booted, how: str, seconds: float) -> None:
    before = machine.says("systemctl show -p MainPID --value orchestrator")
    machine.says(f"kill -{how} {before}")
    until(lambda: machine.says("systemctl show -p MainPID --value orchestrator") not in (before, "0"), seconds)
    until(lambda: is_ready(machine))


def test_nothing_answered_is_lost_with_the_power(machine: Booted, request: pytest.FixtureRequest) -> None:
    for setting in ("rate_per_token", "rate_per_address"):
        machine.says(f"{HERE} orch config set {setting} 0")
    secret = token(machine)
    machine.says("systemctl restart orchestrator")
    answered: set[str] = set()
    ready: list[float] = []
    dice = random.Random(20261127)
    for turn in range(CUTS):
        before = machine.path(STORE + "-wal").stat().st_mtime_ns
        load = start(Load(8420, secret, connections=20, seconds=20.0, prefix=f"cut-{turn}"))
        until(lambda: machine.path(STORE + "-wal").stat().st_mtime_ns != before)  # noqa: B023  # asked for at once
        sleep(1 + 4 * dice.random())
        machine.loses_power()
        came = result(load)
        answered |= set(came.answered)
        began = monotonic()
        machine.boots()
        until(lambda: is_ready(machine))
        ready.append(monotonic() - began)
    machine.says("systemctl stop orchestrator orchestrator-ship")
    with SqliteLog.open(machine.path(STORE)) as log:
        assert answered <= check(log)
    machine.says("chown -R orchestrator: /production/orchestrator/data/states")
    machine.says("systemctl start orchestrator orchestrator-ship")
    print(
        f"\n{request.node.name}: {CUTS} cuts, {len(answered)} answered, none lost; ready {max(ready):.1f} s after power"
    )
    assert len(answered) > CUTS


def test_the_service_comes_back_after_the_worst_day(machine: Booted) -> None:
    until(lambda: machine.types(HERE + "runuser -u orchestrator -- orch backup create")[0] == 0)
    machine.says("systemctl kill -s KILL orchestrator; true")
    content = bytearray(machine.path(STORE).read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    machine.says("systemctl stop orchestrator orchestrator-ship")
    machine.path(STORE).write_bytes(content)
    for end in ("-wal", "-shm"):
        machine.path(STORE + end).unlink(missing_ok=True)
    said = machine.follows([*all_lines_in(EMERGENCY), Line("systemctl is-active orchestrator orchestrator-ship", 0)])
    assert '"status":"healthy"' in said
