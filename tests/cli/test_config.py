"""Settings on the command line: where each value comes from, and what no file of settings may say."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import SETTINGS
from cli.config import show_config
from tests.cli.conftest import Orch

FILE = Path(".orch/config.toml")


def shown(orch: Orch, *before: str) -> dict[str, tuple[Any, str, str | None]]:
    rows = orch(*before, "config", "show", "--json").data["rows"]
    return {row["name"]: (row["value"], row["source"], row["where"]) for row in rows}


@pytest.mark.in_file
def test_every_setting_is_shown_and_named_in_the_help(project: Orch) -> None:
    assert list(shown(project)) == [setting.name for setting in SETTINGS]
    assert {source for _, source, _ in shown(project).values()} == {"default"}
    for setting in SETTINGS:
        assert f"{setting.name}:" in (show_config.__doc__ or "")


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_file(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    FILE.write_text('template_dir = "from-file"\n')
    assert shown(project)["template_dir"] == ("from-file", "file", str(FILE.absolute()))
    monkeypatch.setenv("ORCHESTRATOR_TEMPLATE_DIR", "from-environment")
    assert shown(project)["template_dir"] == ("from-environment", "environment", "ORCHESTRATOR_TEMPLATE_DIR")
    flag = ("--template-dir", "from-flag")
    assert shown(project, *flag)["template_dir"] == (str(Path("from-flag").absolute()), "flag", "--template-dir")
    monkeypatch.setenv("ORCHESTRATOR_TEMPLATE_DIR", "")
    assert shown(project)["template_dir"][1] == "file", "an empty variable says nothing"


@pytest.mark.in_file
def test_the_file_is_obeyed_from_every_folder_below(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    FILE.parent.mkdir()
    FILE.write_text('state_dir = "store"\ntemplate_dir = "own"\n')
    assert orch("init").status == 0 and Path("store/log.db").is_file() and not Path(".orch/log.db").exists()
    Path("own").mkdir()
    Path("own/spec.md.j2").write_text("# {{ title }} by our own template\n")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert orch("spec", "st01-x", "--title", "X", "--objectives", "words").status == 0
    assert "by our own template" in Path("../dev/st01-x/spec.md").read_text()


def test_another_file_can_be_named_also_the_one_of_the_guide(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    store = str(Path(".orch").absolute())
    Path("production.json").write_text(json.dumps({"orchestrator": {"storage": {"stateDirectory": store}}}))
    named = (store, "file", str(Path("production.json").absolute()))
    assert shown(project, "--config", "production.json")["state_dir"] == named
    monkeypatch.setenv("ORCHESTRATOR_CONFIG", "production.json")
    assert shown(project)["state_dir"] == named
    monkeypatch.setenv("ORCHESTRATOR_CONFIG", "nowhere.json")
    refused = project("list", "--json")
    assert refused.status == 2 and "nowhere.json" in refused.error["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('state_dri = "x"', "state_dri is no setting of this version; did you mean state_dir?"),
        ('[storage]\nplace = "x"\nbackups = 3', "storage.place, storage.backups are no settings"),
        ("state_dir = 3", "state_dir has to be a path; got 3"),
        ('state_dir = ""', "state_dir has to be a path; got ''"),
        ('state_dir = ["x"]', "state_dir has to be a path"),
        ('state_dir = "a\\u0000b"', "state_dir has to be a path"),
        ("[state_dir]", "state_dir has to be a path; got {}"),
        ('state_dir = "x', "not TOML"),
        ('state_dir = "x"\nstate_dir = "y"', "not TOML"),
        ("state_dir = " + "[" * 5000, "nested"),
        (".".join(["state_dir"] * 5000) + " = 1", "dotted key"),
        ('"state\\u005fdir" = 3', "state_dir has to be a path"),
        ("state_dir = 'caf\udce9'", "not UTF-8"),
        ("#" * 70_000, "larger than 64 KiB"),
    ],
)
def test_what_no_setting_can_be_is_refused_with_the_file_and_the_key(project: Orch, text: str, says: str) -> None:
    FILE.write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = project("config", "show", "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert str(FILE.absolute()) in refused.error["message"] and says in refused.error["message"]
    assert refused.error["fix"][-1] == "orch config show --help"


def test_a_file_that_is_named_is_judged_by_every_command(project: Orch) -> None:
    for text, says in (
        ("max_concurent = 5\n", "max_concurent is no setting of this version; did you mean max_concurrent?"),
        (
            "[audit]\nnightly = 1\n",
            f"audit.nightly is no setting of this version; there are {len(SETTINGS)}, the closest are enable_audit, ",
        ),
    ):
        Path("other.toml").write_text(text)
        for words in (("list",), ("status",), ("spec", "st01-x", "--objectives", "a")):
            refused = project("--config", "other.toml", *words, "--json")
            assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
            assert says in refused.error["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"orchestrator": {"storage": {"stateDirectry": "x"}}}', "did you mean orchestrator.storage.stateDirectory?"),
        ('{"state_dir": "x"}', "state_dir is no setting of this version"),
        ('{"orchestrator": {"logging": {"lvl": "info"}}}', "did you mean orchestrator.logging.level?"),
        ('{"orchestrator": {"storage": {"stateDirectory": "\\ud800"}}}', "has to be a path"),
        ("[]", "the top has to be a table"),
        ("{", "not JSON"),
        ('{"orchestrator": {}, "orchestrator": {}}', "twice"),
    ],
)
def test_a_json_file_is_judged_as_strictly(project: Orch, text: str, says: str) -> None:
    Path("settings.json").write_text(text)
    refused = project("--config", "settings.json", "config", "show", "--json")
    assert refused.status == 2 and says in refused.error["message"]


def test_empty_tables_and_an_empty_file_say_nothing(project: Orch) -> None:
    for text in ("", "\n# comment\n", "\ufeff"):
        FILE.write_text(text, "utf-8")
        assert project("config", "show").status == 0
    Path("settings.json").write_text('{"orchestrator": {"storage": {}}}')
    assert project("--config", "settings.json", "config", "show").status == 0


def test_a_file_of_settings_is_a_regular_file(project: Orch) -> None:
    os.mkfifo(FILE)
    assert project("list").status == 2, "opening a pipe would wait"
    FILE.unlink()
    FILE.mkdir()
    assert project("list").status == 2
    assert project("--config", "x\x00y", "list").status == 2
    assert project("--state-dir", "x\x00y", "list").status == 2


def test_variables_that_nothing_reads_are_named(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DRI", "x")
    told = project("config", "show")
    assert told.status == 0 and "ORCHESTRATOR_STATE_DRI" in told.err
    assert project("config", "show", "--json").data["unread"] == ["ORCHESTRATOR_STATE_DRI"]


def test_a_name_like_none_is_answered_with_the_closest_and_where_all_are(project: Orch) -> None:
    refused = project("config", "show", "nope", "--json")
    told, _, closest = refused.error["message"].partition(", the closest are ")
    assert told == f"nope is no setting of this version; there are {len(SETTINGS)}" and closest.count(",") == 2
    assert refused.error["fix"] == ["orch config show"] and "known are" not in refused.error["message"]
    assert "closest" not in project("config", "show", "qqq", "--json").error["message"]
