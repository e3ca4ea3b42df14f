"""The deployment guide's own settings: file and variables work as they stand, and nothing in them weakens us."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.settings import ALWAYS, SETTINGS
from adapters.settings_file import judged
from adapters.writers_queue import WritersQueue
from domain.errors import Refusal
from tests.cli.conftest import Orch

GUIDE = Path(__file__).parent / "guide" / "production.json"
AT = "/production/orchestrator/data/"
MEANT = {
    "max_concurrent": 100,
    "operation_timeout_ms": 30000,
    "memory_limit_mb": 512,
    "state_dir": f"{AT}states",
    "backup.dir": f"{AT}backups",
    "backup.retention_days": 30,
    "backup.compression": True,
    "validation.schemas": True,
    "validation.strict": True,
    "validation.templates": True,
    "log.level": "info",
    "enable_audit": True,
    "log.dir": f"{AT}logs",
    "log.max_file_size_mb": 10,
    "log.max_files": 5,
}
VARIABLES = {
    "STATE_DIR": f"{AT}states",
    "TEMPLATE_DIR": "/production/orchestrator/app/templates",
    "SCHEMA_DIR": "/production/orchestrator/app/schemas",
    "BACKUP_DIR": f"{AT}backups",
    "LOG_LEVEL": "info",
    "ENABLE_AUDIT": "true",
    "MAX_CONCURRENT": "100",
    "BACKUP_RETENTION_DAYS": "30",
}


def test_the_file_of_the_guide_is_taken_as_it_stands_and_every_key_means_something(project: Orch) -> None:
    rows = project("--config", str(GUIDE), "config", "show", "--json").data["rows"]
    said = {row["name"]: row["value"] for row in rows if row["source"] == "file"}
    assert said == MEANT
    keys = json.loads(GUIDE.read_text())["orchestrator"]
    assert sum(len(table) for table in keys.values()) == len(MEANT)


@pytest.mark.in_file
def test_every_variable_of_the_guide_is_read(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(f"ORCHESTRATOR_{name}", value)
    data = project("config", "show", "--json").data
    said = {row["variable"].removeprefix("ORCHESTRATOR_"): row for row in data["rows"] if row["source"] != "default"}
    assert said.keys() == VARIABLES.keys() and data["unread"] == []
    assert [str(row["value"]).lower() for name, row in sorted(said.items())] == [
        value for _, value in sorted(VARIABLES.items())
    ]


def changed(key: str, value: Any) -> str:
    """Return the guide's file with another value."""
    tables = json.loads(GUIDE.read_text())
    *names, last = key.split(".")
    table = tables
    for name in names:
        table = table.setdefault(name, {})
    table[last] = value
    return json.dumps(tables)


@pytest.mark.parametrize("setting", ALWAYS, ids=lambda setting: setting.name)
def test_nothing_that_proves_can_be_turned_off_by_any_command(
    project: Orch, monkeypatch: pytest.MonkeyPatch, setting: Any
) -> None:
    Path("own.json").write_text(changed(setting.guide, value=False))
    Path("one.toml").write_text(f"{setting.name} = false\n")
    for name in ("own.json", "one.toml"):
        for words in (("list",), ("spec", "st01-x", "--objectives", "o"), ("config", "show")):
            refused = project("--config", name, *words, "--json")
            assert refused.status == 2 and setting.because in refused.error["message"], (name, words)
    monkeypatch.setenv(setting.variable, "false")
    refused = project("list", "--json")
    assert refused.status == 2 and f"{setting.variable} cannot be false: {setting.because}" in refused.error["message"]
    monkeypatch.setenv(setting.variable, "True")
    assert project("list").status == 0


@pytest.mark.in_file
def test_a_command_waits_for_other_writers_as_long_as_it_is_told(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_OPERATION_TIMEOUT_MS", "150")
    there, over = threading.Event(), threading.Event()

    def hold() -> None:
        with WritersQueue(Path(".orch/log.db-writers"), timeout_s=5).turn():
            there.set()
            over.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert there.wait(10)
        refused = project("spec", "st01-x", "--objectives", "o", "--json")
        assert refused.status == 8 and "150 ms" in refused.error["message"]
    finally:
        over.set()
        holder.join()
    assert project("spec", "st01-x", "--objectives", "o").status == 0


@pytest.mark.at_the_log("backups are made there, with the logs that lie there")
def test_the_logs_ride_along_from_where_the_setting_puts_them(drafted: Orch) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/combined.log").write_text("a line\n")
    Path(".orch/config.toml").write_text('[log]\ndir = "elsewhere"\n')
    assert drafted("backup", "create", "--to", "away").status == 0
    assert drafted("backup", "restore", "--from", "away", "--out", "new").status == 0
    assert Path("new/logs/combined.log").read_text() == "a line\n"


values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just([]) | st.just({})
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([setting.guide for setting in SETTINGS]), values), max_size=4))
def test_whatever_is_changed_in_the_guide_s_file_it_is_settings_or_a_refusal(pairs: list[tuple[str, Any]]) -> None:
    text = GUIDE.read_text()
    tables = json.loads(text)
    for key, value in pairs:
        *names, last = key.split(".")
        table = tables
        for name in names:
            table = table.setdefault(name, {})
        table[last] = value
    try:
        found = judged(Path("x.json"), json.dumps(tables).encode())
    except Refusal as refusal:
        assert refusal.fix and "\n" not in refusal.message
    else:
        assert all(found[setting.name] is True for setting in ALWAYS)


def test_the_schemas_are_written_where_the_setting_says_and_compared(project: Orch) -> None:
    Path(".orch/config.toml").write_text('schema_dir = "published"\n')
    assert project("schema", "compare", "--json").status == 2
    written = project("schema", "write", "--json").data
    assert "input/spec.json" in written["written"] and Path("published/input/spec.json").is_file()
    assert project("schema", "write", "--json").data["written"] == [], "what is right stays"
    assert project("schema", "compare").status == 0
    Path("published/input/spec.json").write_text("{}")
    Path("published/event/phase.opened.json").unlink()
    Path("published/state/other.json").write_text("{}")
    said = project("schema", "compare", "--json")
    assert said.status == 2
    assert (said.data["differing"], said.data["missing"], said.data["unknown"]) == (
        ["input/spec.json"],
        ["event/phase.opened.json"],
        ["state/other.json"],
    )


@pytest.mark.at_the_log("orch serve is typed there")
@pytest.mark.parametrize(
    "key", ["workerThreads", "memoryPoolSize", "gcAggressive", "diskCacheSize", "compressionLevel"]
)
def test_a_knob_that_nothing_obeys_is_refused_and_not_taken_in_silence(key: str, project: Orch) -> None:
    Path("tuned.json").write_text(json.dumps({"orchestrator": {"performance": {key: 4}}}))
    checked = project("--config", "tuned.json", "config", "check", "--json")
    assert checked.status == 2 and f"orchestrator.performance.{key} is no setting" in checked.data["rows"][0]["what"]
    served = project("--config", "tuned.json", "serve", "--check", "--json")
    assert served.status == 2 and f"orchestrator.performance.{key} is no setting" in served.error["message"]
