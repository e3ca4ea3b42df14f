"""Settings changed and judged on the command line: nothing else in the file changes, and nothing wrong gets in."""

import json
import os
import re
import stat
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.settings import BY_NAME, SETTINGS, WHOLE, Kind, value_in
from adapters.settings_edit import change
from adapters.settings_examples import EXAMPLES
from adapters.settings_file import bytes_of, judged
from cli.config import words_of
from domain.errors import InvalidInput, Refusal
from tests.cli.conftest import Orch
from tests.cli.test_config import FILE, shown
from tests.fix_lines import understood

ROOT = Path(__file__).parents[2]
COMMENTED = """# what we agreed on
max_concurrent = 4   # cores

[backup]   # every night
dir = "/mnt/backups"
# the keys of both of us
recipients = []
"""


def test_one_setting_changes_and_the_rest_of_the_file_stays(project: Orch) -> None:
    FILE.write_text(COMMENTED)
    FILE.chmod(0o640)
    data = project("config", "set", "max_concurrent", "8", "--json").data
    assert (data["before"], data["value"], data["changed"], data["source"]) == (4, 8, True, "file")
    assert FILE.read_text() == COMMENTED.replace("= 4", "= 8")
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o640
    project("config", "set", "backup.retention_days", "90")
    project("config", "set", "checkpoints.after", "approval, handoff")
    assert shown(project)["backup.retention_days"][0] == 90
    assert shown(project)["checkpoints.after"][0] == ["approval", "handoff"]
    assert all(line in FILE.read_text() for line in COMMENTED.replace("= 4", "= 8").splitlines())
    assert project("config", "set", "backup.dir", "--unset").status == 0
    assert shown(project)["backup.dir"][1] == "default"


def test_what_it_says_already_is_not_written_again(project: Orch) -> None:
    project("config", "set", "max_concurrent", "8")
    before = FILE.stat()
    said = project("config", "set", "max_concurrent", "8")
    assert said.status == 0 and "nothing was written" in said.out
    assert (FILE.stat().st_ino, FILE.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert stat.S_IMODE(before.st_mode) == 0o600


def test_a_json_file_keeps_the_names_of_the_guide(project: Orch) -> None:
    Path("production.json").write_text('{"orchestrator": {"logging": {"level": "warn"}}}')
    words = ("--config", "production.json", "config", "set")
    assert project(*words, "backup.retention_days", "7").status == 0
    assert project(*words, "orchestrator.storage.backupDirectory", "away").status == 0
    assert json.loads(Path("production.json").read_text()) == {
        "orchestrator": {
            "logging": {"level": "warn"},
            "storage": {"backupRetentionDays": 7, "backupDirectory": "away"},
        }
    }


@pytest.mark.parametrize(
    ("words", "says", "fix"),
    [
        (("max_concurent", "3"), "did you mean max_concurrent?", "orch config show"),
        (("max_concurrent", "many"), "has to be a whole number", "orch config set max_concurrent 100"),
        (("max_concurrent", "0"), "has to be a whole number", "orch config set max_concurrent 100"),
        (
            ("enable_audit", "false"),
            "cannot be false: the audit trail is the log itself",
            "orch config set enable_audit true",
        ),
        (("receipts.write", "yes"), "true or false", "orch config set receipts.write false"),
        (("state_dir", ""), "has to be a path", "orch config set state_dir .orch"),
        (("log.level", "loud"), "debug, info", "orch config set log.level info"),
        (("url", "there"), "an address with http", "orch config set url https://orch.example.org"),
        (("oidc.scopes", "leads"), 'such as ["leads=read+approve"]', "orch config set oidc.scopes leads=read+approve"),
        (("max_concurrent",), "Give a value, or --unset.", "orch config set max_concurrent 100"),
        (("max_concurrent", "3", "--unset"), "Give a value, or --unset.", "orch config set max_concurrent 100"),
    ],
)
def test_what_cannot_be_is_refused_and_the_file_stays(
    project: Orch, words: tuple[str, ...], says: str, fix: str
) -> None:
    FILE.write_text(COMMENTED)
    refused = project("config", "set", *words, "--json")
    assert refused.status == 2 and says in refused.error["message"] and refused.error["fix"][0] == fix
    assert all(understood(line) for line in refused.error["fix"])
    assert FILE.read_text() == COMMENTED


def test_the_value_that_is_offered_would_be_taken() -> None:
    assert {setting.name for setting in SETTINGS if setting.default in (None, [])} == {*EXAMPLES}
    for setting in SETTINGS:
        words = EXAMPLES.get(setting.name) or words_of(setting.default)
        assert value_in(setting, words, setting.name) not in (None, [])


@pytest.mark.parametrize(("name", "example"), [("backup.recipients", "age1…"), ("oidc.audience", "orchestrator")])
def test_a_list_is_explained_with_an_example_of_its_own(project: Orch, name: str, example: str) -> None:
    table, _, key = name.partition(".")
    FILE.write_text(f"[{table}]\n{key} = 3\n")
    refused = project("config", "show", "--json")
    assert f'{name} has to be a list of words, such as ["{example}"]; got 3.' in refused.error["message"]


def test_a_file_with_a_mistake_is_mended_by_hand_first(project: Orch) -> None:
    FILE.write_text('backup = "x"\n')
    refused = project("config", "set", "max_concurrent", "8", "--json")
    assert refused.status == 2 and "backup is no setting" in refused.error["message"]
    assert FILE.read_text() == 'backup = "x"\n'


@pytest.mark.parametrize("words", [("500",), ("--unset",)])
def test_a_value_that_an_earlier_version_took_is_set_right_by_the_same_command(
    project: Orch, words: tuple[str, ...]
) -> None:
    FILE.write_text("max_concurrent = 5000 # many\nmemory_limit_mb = 900\n")
    assert project("config", "show", "--json").status == 2
    mended = project("config", "set", "max_concurrent", *words, "--json")
    assert mended.status == 0 and mended.data["before"] == 5000 and mended.data["changed"]
    assert "memory_limit_mb = 900" in FILE.read_text() and "5000" not in FILE.read_text()
    assert project("config", "show", "--json").status == 0


def test_what_was_no_address_is_set_right_and_not_told(project: Orch) -> None:
    FILE.write_text('cache_url = "redis:user:hunter2"\n')
    mended = project("config", "set", "cache_url", "--unset", "--json")
    assert mended.status == 0 and mended.data["before"] == "something else" and "hunter2" not in mended.out


def test_of_two_such_values_one_is_set_right_after_the_other(project: Orch) -> None:
    FILE.write_text("max_concurrent = 5000\n[log]\nmax_files = 5000\n")
    assert project("config", "show", "--json").error["fix"][0] == "orch config check"
    first = project("config", "set", "max_concurrent", "500")
    assert first.status == 0 and "another value is still wrong: log.max_files has to be" in first.err
    second = project("config", "set", "log.max_files", "50")
    assert second.status == 0 and "still wrong" not in second.err
    assert project("config", "show", "--json").status == 0


@pytest.mark.at_the_log("the store lies there")
def test_what_one_may_not_expect_is_said(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_MAX_CONCURRENT", "2")
    said = project("config", "set", "max_concurrent", "8")
    assert said.status == 0 and "ORCHESTRATOR_MAX_CONCURRENT is stronger" in said.err
    assert "there is no log in" in project("config", "set", "state_dir", "elsewhere").err
    assert project("list").status == 4, "and so it is"


def test_many_at_once_lose_nothing(project: Orch) -> None:
    lines = [
        ("max_concurrent", "7"),
        ("backup.retention_days", "8"),
        ("backup.retention_copies", "9"),
        ("log.max_files", "3"),
    ]
    both = [
        Popen(
            [sys.executable, "-m", "cli.main", "config", "set", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=PIPE,
            stderr=PIPE,
        )
        for words in lines
    ]
    assert [each.wait(60) for each in both] == [0] * len(lines)
    for each in both:
        each.communicate()
    values = shown(project)
    assert [str(values[name][0]) for name, _ in lines] == [value for _, value in lines]


def sample(setting_name: str) -> st.SearchStrategy[str]:
    match BY_NAME[setting_name].kind:
        case kind if kind in WHOLE:
            return st.integers(*WHOLE[kind]).map(str)
        case Kind.SWITCH:
            return st.sampled_from(("true", "false"))
        case Kind.OCCASIONS:
            return st.lists(st.sampled_from(("approval", "handoff"))).map(",".join)
        case _:
            return st.text(max_size=30)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from([setting.name for setting in SETTINGS]), st.sampled_from(("toml", "json")))
def test_what_is_set_is_what_is_read(tmp_path: Path, data: st.DataObject, name: str, suffix: str) -> None:
    path = tmp_path / f"settings.{suffix}"
    try:
        value = value_in(BY_NAME[name], data.draw(sample(name)), name)
        change(path, BY_NAME[name], value)
    except Refusal as refusal:
        assert refusal.fix
        return
    assert judged(path, bytes_of(path, named=True))[name] == value


@pytest.mark.parametrize("kind", WHOLE)
def test_each_kind_of_number_says_its_own_bounds_and_keeps_them(kind: Kind) -> None:
    least, most = WHOLE[kind]
    assert f"from {least} to {most}" in kind
    setting = next(each for each in SETTINGS if each.kind is kind)
    for right in (least, most):
        assert value_in(setting, str(right), setting.name) == right
    for wrong in (least - 1, most + 1):
        with pytest.raises(InvalidInput, match=f"has to be {re.escape(kind)}"):
            value_in(setting, str(wrong), setting.name)


def test_what_days_may_be_is_no_measure_for_threads_and_memory() -> None:
    assert value_in(BY_NAME["memory_limit_mb"], "65536", "memory_limit_mb") == 65_536
    assert value_in(BY_NAME["operation_queue_size"], "50000", "operation_queue_size") == 50_000
    for name in ("max_concurrent", "backup.retention_copies", "log.max_files"):
        with pytest.raises(InvalidInput):
            value_in(BY_NAME[name], "36500", name)


def test_every_mistake_is_told_with_its_line(project: Orch) -> None:
    FILE.write_text('state_dri = "x"\nmax_concurrent = 0\n\n[backup]\nretention_days = "long"\n[log]\nlevel = "info"\n')
    said = project("config", "check", "--json")
    assert said.status == 2 and not said.data["ok"]
    assert [(row["line"], row["key"]) for row in said.data["rows"] if row["severity"] == "error"] == [
        (1, "state_dri"),
        (2, "max_concurrent"),
        (5, "backup.retention_days"),
    ]
    told = project("config", "check").out
    assert "line 1: state_dri is no setting of this version; did you mean state_dir?" in told


def test_a_file_that_is_not_in_force_can_be_judged(project: Orch) -> None:
    Path("next.json").write_text('{"orchestrator": {\n "storage": {\n  "backupRetentionDays": 0}}}')
    said = project("config", "check", "next.json", "--json")
    assert said.status == 2
    assert [(row["line"], row["key"]) for row in said.data["rows"]] == [(3, "orchestrator.storage.backupRetentionDays")]
    Path("broken.toml").write_text("x = [")
    assert "not TOML" in project("config", "check", "broken.toml", "--json").data["rows"][0]["what"]
    missing = project("config", "check", "nowhere.toml", "--json")
    assert missing.status == 2 and "nowhere.toml" in missing.error["message"]


def test_what_is_odd_is_a_warning_and_what_is_wrong_in_the_environment_an_error(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    FILE.write_text('template_dir = "nowhere"\n[log]\nlevel = "info"\n[backup]\nrecipients = ["age1nobody"]\n')
    monkeypatch.setenv("ORCHESTRATOR_BACKUP_DRI", "x")
    said = project("config", "check", "--json")
    found = {row["key"]: (row["severity"], row["what"]) for row in said.data["rows"]}
    assert found["template_dir"][0] == found["ORCHESTRATOR_BACKUP_DRI"][0] == "warning"
    assert "did you mean ORCHESTRATOR_BACKUP_DIR?" in found["ORCHESTRATOR_BACKUP_DRI"][1]
    assert found["backup.recipients"][0] == "error" and said.status == 2
    monkeypatch.setenv("ORCHESTRATOR_WORKER_THREADS", "4")
    said = project("config", "check", "--json")
    (what,) = [row["what"] for row in said.data["rows"] if row["key"] == "ORCHESTRATOR_WORKER_THREADS"]
    assert what.endswith("; orch config show lists those that are read")
    FILE.unlink()
    monkeypatch.setenv("ORCHESTRATOR_MAX_CONCURRENT", "none")
    said = project("config", "check", "--json")
    assert said.status == 2 and [row["key"] for row in said.data["rows"] if row["severity"] == "error"] == [
        "ORCHESTRATOR_MAX_CONCURRENT"
    ]
    monkeypatch.delenv("ORCHESTRATOR_MAX_CONCURRENT")
    assert project("config", "check").status == 0


@pytest.mark.in_file
def test_the_defaults_are_not_said_to_hold_where_a_variable_sets_something(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project("config", "check", "--json").data["beside"] == []
    assert "is not there; the defaults hold\n" in project("config", "check").out
    monkeypatch.setenv("ORCHESTRATOR_MAX_CONCURRENT", "3")
    assert project("config", "check", "--json").data["beside"] == ["ORCHESTRATOR_MAX_CONCURRENT"]
    said = project("config", "check").out
    assert "the defaults hold, but for what is set by ORCHESTRATOR_MAX_CONCURRENT\n" in said


def test_one_setting_is_shown_by_any_of_its_names(project: Orch) -> None:
    for name in ("backup.dir", "ORCHESTRATOR_BACKUP_DIR", "orchestrator.storage.backupDirectory"):
        (row,) = project("config", "show", name, "--json").data["rows"]
        assert row["name"] == "backup.dir"
    assert project("config", "show", "backup.dirr", "--json").error["code"] == "VALIDATION_ERROR"
