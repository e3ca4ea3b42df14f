"""The files for Prometheus and Grafana: read by their own programs, and about figures that there are."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from subprocess import DEVNULL, Popen, run
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from adapters.drills import remember
from cli.following import the_only_one
from domain.access_token import Scope
from tests.api.served import Client, issued, new_project, opened, served
from tests.ports import free_port

FOLDER = Path(__file__).parents[2] / "docs" / "deploy" / "monitoring"
NAME = re.compile(r"\b((?:orch|process)_[a-z0-9_]+|orch:[a-z0-9_:]+|up)\b(?=[\[{)\s=><]|$)")
OWN = {"up"}
"""What Prometheus makes by itself."""
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a copy of the files with a token beside them."""
    folder = tmp_path / "monitoring"
    shutil.copytree(FOLDER, folder)
    (folder / "metrics.token").write_text("orch_0b8f3a52c1d2_" + "a" * 43)
    return folder


@needs_promtool
@pytest.mark.parametrize(
    "words",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "config", "prometheus-compose.yml"),
        ("check", "rules", "rules.yml"),
        ("test", "rules", "rules-test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_takes_them(words: tuple[str, ...], copied: Path) -> None:
    done = run(["promtool", *words], cwd=copied, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def project_in(folder: Path) -> Path:
    """Return a folder below that is a project."""
    (folder / "project").mkdir()
    new_project(folder / "project")
    return folder / "project"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((FOLDER / "dashboard.json").read_bytes())
    return found


def asked_for() -> set[str]:
    """Return the names of all figures that rules and dashboard ask for."""
    targets = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]
    words = [rule["expr"] for rule in rules()] + targets + [dashboard()["templating"]["list"][0]["query"]]
    return {name for each in words for name in NAME.findall(each)}


def given(client: Client) -> set[str]:
    text = client.get("/metrics").body.decode()
    families = list(text_string_to_metric_families(text))
    return {sample.name for family in families for sample in family.samples} | {family.name for family in families}


def test_every_figure_that_is_asked_for_is_given(tmp_path: Path) -> None:
    drill: Any = {"at": "2026-11-24T14:00:00.000000Z", "passed": True, "why": None, "folder": "x", "copy": "c"}
    drill |= {"position": 1, "bytes": 1, "root": None, "state_digest": None, "unshipped": 0, "seconds": 1.5}
    with opened(project_in(tmp_path)) as project:
        remember(project.places.drills, drill)
        project.places.checkpoints.mkdir(exist_ok=True)
        (project.places.checkpoints / "1.note").write_text("kept")
        with served(project) as client:
            holder = client.shows(issued(project))
            holder.post("/phases/st01-x/spec", {"objectives": ["a"]})
            holder.get("/phases/st99-none")
            with the_only_one(project.places, ["documents"]):
                known = given(holder)
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    labelled = {"orch_webhook_attempts_total"}  # there once the first attempt was made
    lag = {"orch_follower_lag_events", "orch_follower_lag_seconds"}
    names = asked_for()
    assert len(names) > 25 and lag <= known
    assert names - known - recorded - OWN - labelled == set()


def test_the_dashboard_shows_every_panel_once_and_from_the_one_source() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 20
    source = yaml.safe_load((FOLDER / "grafana-source.yml").read_text())["datasources"][0]["uid"]
    assert {panel["datasource"]["uid"] for panel in panels if "targets" in panel} == {source}


def test_every_alert_says_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len(alerts) >= 15
    for rule in alerts:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"].endswith(".") and rule["annotations"]["runbook"]


@contextmanager
def prometheus(folder: Path, target: int) -> Iterator[int]:
    """Run Prometheus with our files, only with another target and a shorter interval, and give its port."""
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    words = ["prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}"]
    process = Popen([*words, f"--storage.tsdb.path={folder / 'tsdb'}"], cwd=folder, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


def asked(port: int, words: str) -> Any:
    """Return what Prometheus answers to a query, or None while it has no answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", f"/api/v1/query?query={quote(words)}")
        answer = connection.getresponse()
        if answer.status == 503:  # it is beginning
            return None
        result = orjson.loads(answer.read())["data"]["result"]
    finally:
        connection.close()
    return float(result[0]["value"][1]) if result else None


@needs_prometheus
def test_a_real_prometheus_scrapes_a_real_service(tmp_path: Path, copied: Path) -> None:
    with opened(project_in(tmp_path)) as project, served(project) as client:
        holder = client.shows(issued(project))
        (copied / "metrics.token").write_text(issued(project, Scope.METRICS))
        for number in range(3):
            assert holder.post(f"/phases/st0{number}-x/spec", {"objectives": ["a"]}).status == 200
        with prometheus(copied, client.port) as port:
            found, until = None, monotonic() + 60
            while found is None and monotonic() < until:
                with suppress(OSError):
                    found = asked(port, 'orch_operation_seconds_count{operation="draft_spec", outcome="recorded"}')
                sleep(0.2)
            assert found == 3
            assert asked(port, "orch_log_position") == project.log.moment().position
            assert asked(port, 'up{job="orchestrator"}') == 1
