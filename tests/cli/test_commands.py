"""What people and programs rely on: the guide's own check, one answer each, repeating, time travel, help."""

import os
import stat
import sys
import time
from pathlib import Path
from subprocess import run

import orjson
import pytest

from cli.lazy import load
from cli.main import Orch as OrchGroup
from cli.policy import PolicyCommands
from tests.cli.conftest import Orch, how_known, position


def test_the_check_of_the_production_guide_works(project: Orch) -> None:
    assert project("spec", "test-phase", "--objectives", "Production validation test").status == 0
    status = project("status", "test-phase", "--json").data
    assert (status["phase"], status["current_step"]) == ("test-phase", "spec")
    assert status["steps"]["spec"]["state"] == "awaiting_approval"
    assert "Production validation test" in Path("dev/test-phase/spec.md").read_text()


def test_a_folder_without_a_store_says_how_to_make_one(orch: Orch) -> None:
    refused = orch("status", "--json")
    assert (refused.status, refused.error["fix"]) == (4, ["orch init"])


@pytest.mark.in_file
def test_init_keeps_the_store_to_its_owner_and_out_of_git(project: Orch) -> None:
    for path, mode in {".orch": 0o700, ".orch/keys": 0o700, ".orch/log.db": 0o600, ".orch/log.db-wal": 0o600}.items():
        assert stat.S_IMODE(os.stat(path).st_mode) == mode, path
    (key,) = Path(".orch/keys").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and "PRIVATE KEY" in key.read_text()
    assert Path(".orch/.gitignore").read_text().splitlines()[1] == "*"


def test_setup_is_init(orch: Orch) -> None:
    assert orch("setup").status == 0
    assert orch("list").status == 0


def test_a_repeated_command_id_gives_the_same_answer_and_records_once(drafted: Orch) -> None:
    words = ("approve", "st01-x", "spec", "--command-id", "once", "--json")
    first = drafted(*words)
    before = position(drafted)
    Path("dev/st01-x/spec.md").write_text("edited after the approval\n")
    again = drafted(*words)
    assert (again.status, again.out) == (0, first.out)
    assert position(drafted) == before


def test_a_command_id_with_another_content_is_refused(drafted: Orch) -> None:
    assert drafted("approve", "st01-x", "spec", "--command-id", "once").status == 0
    refused = drafted("approve", "st01-x", "spec", "--comments", "other", "--command-id", "once", "--json")
    assert (refused.status, refused.error["code"]) == (2, "COMMAND_ID_REUSED")
    assert refused.error["fix"] == ["orch approve st01-x spec --comments other --json"]


@pytest.mark.at_the_log("through a service it is the token that says the kind")
def test_away_from_a_terminal_a_verdict_must_say_its_kind(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    before = position(drafted)
    refused = drafted("approve", "st01-x", "spec", "--json")
    assert refused.status == 2 and position(drafted) == before
    assert refused.error["fix"][0] == "orch approve st01-x spec --actor-kind human"
    assert drafted("approve", "st01-x", "spec", "--actor-kind", "human").status == 0


def test_status_as_of_a_moment_is_what_it_was(drafted: Orch) -> None:
    then = drafted("status", "st01-x", "--json").data
    drafted("approve", "st01-x", "spec")
    now = drafted("status", "st01-x", "--json").data
    assert now["steps"]["spec"]["state"] == "approved"
    for at in (then["as_of"]["recorded_at"], f"position:{then['as_of']['position']}"):
        seen = drafted("status", "st01-x", "--at", at, "--json").data
        assert seen.pop("as_of")["next_recorded_at"] == now["as_of"]["recorded_at"]
        assert seen.pop("checkpoint") == now["checkpoint"]
        assert seen == {name: value for name, value in then.items() if name not in ("as_of", "checkpoint")}


def test_before_a_phase_was_opened_its_status_is_not_found(drafted: Orch) -> None:
    refused = drafted("status", "st01-x", "--at", "position:1", "--json")
    assert refused.status == 4
    assert drafted(*refused.error["fix"][0].split()[1:]).status == 0
    assert drafted("status", "st01-x", "--at", "2001-01-01T00:00:00Z", "--json").status == 4
    assert drafted("list", "--at", "2001-01-01T00:00:00Z", "--json").data["rows"] == []


@pytest.mark.parametrize(
    "at", ["2026-11-24T14:00:00", "yesterday", "position:x", "position:99", "2026-13-01T00:00:00Z"]
)
def test_a_moment_that_says_too_little_is_refused_with_one_that_works(drafted: Orch, at: str) -> None:
    refused = drafted("list", "--at", at, "--json")
    assert refused.status in (2, 4)
    assert drafted(*refused.error["fix"][0].split()[1:]).status == 0


def test_show_prints_the_recorded_text_and_earlier_iterations(drafted: Orch) -> None:
    first = Path("dev/st01-x/spec.md").read_text()
    drafted("spec", "st01-x", "--objectives", "another")
    assert drafted("show", "st01-x", "spec", "--iteration", "1", "--raw").out == first
    assert drafted("show", "st01-x", "spec").out == Path("dev/st01-x/spec.md").read_text()
    assert drafted("show", "st01-x", "spec", "--iteration", "9").status == 4


def test_history_names_who_when_what_and_why(drafted: Orch) -> None:
    drafted("reject", "st01-x", "spec", "--feedback", "too vague", "--actor", "grace")
    row = drafted("history", "st01-x", "--json").data["rows"][-1]
    assert row["actor"] == {"name": "grace", "kind": "human"} and row["feedback"] == ["too vague"]
    assert {
        "position",
        "recorded_at",
        "topic",
        "phase",
        "step",
        "iteration",
        "reason",
        "digest",
        "forced",
    } <= row.keys()
    assert "too vague" in drafted("history", "st01-x").out


def test_the_state_file_has_the_predecessors_fields(drafted: Orch) -> None:
    drafted("approve", "st01-x", "spec", "--comments", "fine")
    state = orjson.loads(Path("dev/st01-x/phase-state.json").read_bytes())
    assert state["currentStep"] == "research" and state["nextAction"] == "start_research"
    approval = state["approvals"]["spec"]
    assert (approval["iteration"], approval["approved_by"], approval["comments"]) == (1, "ada", "fine")


def test_deleting_the_documents_loses_nothing(drafted: Orch) -> None:
    import shutil

    text = Path("dev/st01-x/spec.md").read_text()
    shutil.rmtree("dev")
    assert drafted("checkout", "st01-x", "spec").status == 0
    assert Path("dev/st01-x/spec.md").read_text() == text


@pytest.mark.in_file
def test_an_erased_payload_shows_as_erased_and_everything_still_folds(drafted: Orch) -> None:
    import sqlite3

    drafted("reject", "st01-x", "spec", "--feedback", "secret")
    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET payload = NULL, salt = NULL")
    store.commit()
    store.close()
    assert drafted("status", "st01-x", "--json").data["title_erased"] is True
    assert drafted("show", "st01-x", "spec", "--json").data["erased"] is True
    assert "erased" in drafted("show", "st01-x", "spec").out
    rows = drafted("history", "st01-x", "--json").data["rows"]
    assert rows[-1]["erased"] is True and "secret" not in str(rows)
    for read in ("list", "next", "why st01-x", "history st01-x", "status st01-x --at position:4"):
        assert drafted(*read.split()).status == 0, read
    assert drafted("spec", "st01-x", "--objectives", "anew").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0


@pytest.mark.in_file
def test_a_text_that_nobody_can_read_takes_no_verdict(drafted: Orch) -> None:
    import sqlite3

    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET payload = NULL, salt = NULL WHERE topic = 'phase.document_drafted'")
    store.commit()
    store.close()
    Path("dev/st01-x/spec.md").unlink()
    for words in ("approve st01-x spec", "reject st01-x spec --feedback no", "checkout st01-x spec"):
        refused = drafted(*words.split(), "--json")
        assert (refused.status, refused.error["code"]) == (3, "TEXT_ERASED"), words
    assert drafted("spec", "st01-x", "--objectives", "anew").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0


@pytest.mark.in_file
def test_a_text_that_was_changed_in_the_store_is_never_shown(drafted: Orch) -> None:
    import sqlite3

    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    wrong = "CAST(replace(CAST(payload AS TEXT), 'Round', 'Wrong') AS BLOB)"
    store.execute(f"UPDATE events SET payload = {wrong} WHERE topic LIKE '%drafted'")
    store.commit()
    store.close()
    for words in ("show st01-x spec", "history st01-x", "show st01-x spec --raw"):
        refused = drafted(*words.split())
        assert refused.status == 6 and "Wrong" not in refused.out, words


def test_an_agent_cannot_loosen_the_policy_that_binds_it(project: Orch) -> None:
    words = ("policy", "set", "--agents-may-approve")
    before = position(project)
    refused = project(*words, "--actor-kind", "agent", "--json")
    assert (refused.status, refused.error["code"], position(project)) == (3, "POLICY_VIOLATION", before)
    assert project(*words).status == 0
    assert project("policy", "set", "--agents-may-not-approve", "--actor-kind", "agent").status == 0


def test_a_decision_whose_files_cannot_be_written_is_recorded_and_says_so(drafted: Orch) -> None:
    state = Path("dev/st01-x/phase-state.json")
    state.unlink()
    state.mkdir()
    before = position(drafted)
    answer = drafted("approve", "st01-x", "spec", "--command-id", "once", "--json")
    assert (answer.status, answer.error["code"], position(drafted)) == (8, "FILESYSTEM_ERROR", before + 1)
    assert f"recorded at position {before + 1}" in answer.error["message"]
    state.rmdir()
    assert drafted("approve", "st01-x", "spec", "--command-id", "once").status == 0
    assert state.is_file()


def test_why_names_the_missing_event(drafted: Orch) -> None:
    why = drafted("why", "st01-x", "research", "--json").data
    assert why["blocked"] and why["missing"][0]["missing_topic"] == "phase.document_approved"
    assert "orch approve st01-x spec" in why["missing"][0]["fix"]


def test_a_self_approval_is_marked(drafted: Orch) -> None:
    assert drafted("approve", "st01-x", "spec", "--json").data["self_approval"] is True
    assert drafted("history", "st01-x", "--json").data["rows"][-1]["self_approval"] is True


def test_a_verdict_says_how_its_author_is_known(drafted: Orch) -> None:
    assert how_known() in drafted("approve", "st01-x", "spec").out


@pytest.mark.parametrize(
    "name", [n for n, entry in OrchGroup.entries.items() if not isinstance(load(entry.place), type)]
)
def test_every_command_has_help_that_ends_with_what_to_type_next(orch: Orch, name: str) -> None:
    told = orch(name, "--help")
    assert told.status == 0 and f"orch {name}" in told.out
    assert "Next:" in told.out or name == "completion"


def test_the_groups_have_help_too(orch: Orch) -> None:
    for name in PolicyCommands.entries:
        assert "Next:" in orch("policy", name, "--help").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_orch(orch: Orch, shell: str) -> None:
    script = orch("completion", shell).out
    assert f"_ORCH_COMPLETE=complete_{shell}" in script


def test_the_shell_completes_commands_options_and_phases(drafted: Orch) -> None:
    script = drafted("completion", "bash").out
    folder = Path(sys.executable).parent
    for typed, wanted in {
        "orch sta": "status",
        "orch status --a": "--at",
        "orch status st01": "st01-x",
        "orch audit che": "checkpoint",
        "orch policy s": "show",
    }.items():
        words = typed.split()
        place = f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _orch_completion orch"
        ask = f"{script}\n{place}; echo ${{COMPREPLY[@]}}"
        path = f"{folder}:{os.environ['PATH']}"
        done = run(["bash", "-c", ask], capture_output=True, text=True, env=dict(os.environ, PATH=path))
        assert wanted in done.stdout.split(), (typed, done.stdout, done.stderr)


def test_status_does_not_promise_a_handoff_that_waits_for_another_phase(drafted: Orch) -> None:
    drafted("approve", "st01-x", "spec")
    for step, option in {"research": "foundation", "plan": "architecture", "prd": "goal", "tasks": "tasks"}.items():
        assert drafted(step, "st01-x", f"--{option}", "known").status == 0
        assert drafted("approve", "st01-x", step).status == 0
    drafted("spec", "st02-y", "--objectives", "y")
    drafted("depend", "st01-x", "--on", "st02-y")
    assert drafted("status", "st01-x", "--json").data["next_commands"] == ["orch why st01-x"]
    drafted("depend", "st01-x", "--on", "st02-y", "--remove")
    assert drafted("status", "st01-x", "--json").data["next_commands"] == ["orch handoff st01-x"]


def test_status_names_a_document_that_was_edited_on_disk(drafted: Orch) -> None:
    assert "not the recorded text" not in drafted("status", "st01-x").out
    Path("dev/st01-x/spec.md").write_text("by hand\n")
    assert "dev/st01-x/spec.md is not the recorded text" in drafted("status", "st01-x").out


def test_an_edited_approved_document_offers_what_works(drafted: Orch) -> None:
    drafted("approve", "st01-x", "spec")
    Path("dev/st01-x/spec.md").write_text("by hand\n")
    refused = drafted("spec", "st01-x", "--objectives", "new", "--json")
    assert refused.error["fix"][0] == "orch checkout st01-x spec" and "reopen" in refused.error["fix"][1]
    assert drafted("reopen", "st01-x", "spec", "--reason", "why").status == 0
    assert drafted("edit", "st01-x", "spec").status == 0


def test_init_inside_a_project_says_so(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("inner").mkdir()
    monkeypatch.chdir("inner")
    told = project("init")
    assert told.status == 0 and "lies inside the project" in told.err


@pytest.mark.in_file
def test_the_clock_going_back_and_ahead_never_stops_recorded_time(
    drafted: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time_ns
    for shift in (-3600, 365 * 24 * 3600, 0):
        monkeypatch.setattr("adapters.sqlite_log.time_ns", lambda shift=shift: real() + shift * 10**9)
        assert drafted("request", "st01-x", "spec").status == 0
    rows = drafted("history", "st01-x", "--json").data["rows"]
    times = list(dict.fromkeys(row["recorded_at"] for row in rows))
    assert times == sorted(times) and len(times) == 4
    assert rows[-3]["skew_us"] > 3_500_000_000 and rows[-1]["skew_us"] > 300 * 24 * 3600 * 10**6
    shown = drafted("history", "st01-x").out
    assert "the store's clock was 1.0 h behind" in shown or "3,600 s behind" in shown
