"""Whoever comes from the predecessor finds every command, option, field, name and code; and none of its faults."""

import shlex
from pathlib import Path

import orjson
import pytest
import yaml

from tests.cli.conftest import Orch
from tests.cli.predecessor_world import FIELDS, PHASE, documents, leaves
from tests.next_actions import NEXT_ACTIONS

ROOT = Path(__file__).parents[2]
DRAFTS = {
    "spec": f'spec {PHASE} --objectives "Fast,Small" --requirements Tested --dependencies st00-basics --criteria Loud',
    "research": f"""research {PHASE} --sources "Sha 1990" --foundation Known --alternatives '[{{"name": "Poll"}}]'"""
    " --recommended Interrupts --justification Measured",
    "plan": f"plan {PHASE} --architecture Layers --components Ring,Mixer"
    """ --structure '{"files": [{"path": "src/a.c", "purpose": "Ring"}]}' --strategy Bottom-up""",
    "prd": f"prd {PHASE} --goal Sound --features Echo,Reverb --metrics Latency --out-of-scope Video",
    "tasks": f"tasks {PHASE} --tasks Ring,Mixer --hours 4,6 --developers 2 --hours-per-day 5",
}
SAID = {
    "spec": ("Fast", "Small", "Tested", "st00-basics", "Loud"),
    "research": ("Sha 1990", "Known", "Poll", "Interrupts", "Measured"),
    "plan": ("Layers", "Ring", "Mixer", "src/a.c", "Bottom-up"),
    "prd": ("Sound", "Echo", "Reverb", "Latency", "Video"),
    "tasks": ("Ring", "Mixer", "4", "6", "2", "5"),
}
WORKFLOW = {"spec": {"objectives": ["Fast"]}, "research": {"technical_foundation": "Known."}}
REFORMED = {"journal", "book", "web", "2026-11-24"}
"""Words that choose how a source is printed in APA style, and are not printed themselves."""


@pytest.fixture
def ready(project: Orch) -> Orch:
    """Return orch where a phase has all its documents, spelled as the predecessor does, and each is approved."""
    for step, line in DRAFTS.items():
        must(project, line)
        must(project, f"approve {PHASE} --type {step} --approved --comments fine")
    return project


def must(orch: Orch, line: str) -> str:
    said = orch(*shlex.split(line))
    assert said.status == 0, (line, said)
    return said.out


def test_every_option_of_the_five_documents_is_in_its_document(ready: Orch) -> None:
    for step, words in SAID.items():
        text = Path("dev", PHASE, f"{step}.md").read_text("utf-8")
        assert [word for word in words if word not in text] == [], step
        assert ready("status", PHASE, "--json").data["steps"][step]["state"] == "approved"


def test_a_verdict_in_the_predecessors_words_is_the_one_in_ours(project: Orch) -> None:
    must(project, DRAFTS["spec"])
    must(project, f"approve {PHASE} --type spec --rejected --feedback 'How fast?' --feedback Where --comments Sorry")
    must(project, f"spec {PHASE} --objectives Faster")
    must(project, f"approve {PHASE} --type spec --approved --comments Good")
    rows = project("history", PHASE, "--json").data["rows"]
    (rejected,) = [row for row in rows if row["topic"] == "phase.document_rejected"]
    (approved,) = [row for row in rows if row["topic"] == "phase.document_approved"]
    assert (rejected["feedback"], rejected["comments"]) == (["How fast?", "Where"], "Sorry")
    assert (approved["iteration"], approved["comments"], approved["actor"]["name"]) == (2, "Good", "ada")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--type spec --rejected", "A rejection needs a reason"),
        ("--type spec --rejected --approved --feedback x", "--rejected and --approved do not go together"),
        ("--type spec --rejected --force --feedback x", "--rejected and --force do not go together"),
        ("--type spec --feedback x", "Feedback goes with a rejection"),
        ("spec --type plan", "STEP says spec and --type says plan"),
        ("--approved", "Missing argument 'STEP'"),
        ("--type handoff --approved", "'handoff' is not one of"),
    ],
)
def test_a_verdict_that_says_two_things_or_half_a_thing_is_refused(project: Orch, words: str, said: str) -> None:
    must(project, DRAFTS["spec"])
    before = project("list", "--json").data
    refused = project("approve", PHASE, *words.split(), "--json")
    assert refused.status == 2 and said in refused.error["message"], refused
    assert project("list", "--json").data == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"status {PHASE}", "ready for handoff"),
        (f"status {PHASE} --format detailed", "ready for handoff"),
        (f"status {PHASE} --format compact", "5/5  ready for handoff"),
        (f"status {PHASE} --format timeline", "approved tasks iteration 1"),
        ("status --format compact", PHASE),
        ("progress", "5 of 5"),
        (f"progress {PHASE}", "5 of 5"),
        ("batch --phases st01-audio-engine --command status", "1 succeeded"),
        ('batch --phases st02-a,st03-b --command "spec --objectives Fast" --parallel', "2 succeeded"),
        ('remember "No clicks"', "directive 1"),
        ("dashboard", "5 of 5"),
        ("board", "5 of 5"),
        ("version", "orch"),
        ("--version", "orch"),
        ("--help", "Keep it safe"),
        (f"audit trail --phase {PHASE}", "approved tasks iteration 1"),
        (f"handoff {PHASE}", "handed"),
    ],
)
def test_every_other_command_answers(ready: Orch, line: str, words: str) -> None:
    assert words in must(ready, line)


def test_a_status_has_the_same_answer_in_every_form_but_the_timeline(ready: Orch) -> None:
    detailed = ready("status", PHASE, "--json").data
    assert ready("status", PHASE, "--format", "compact", "--json").data["steps"] == detailed["steps"]
    timeline = ready("status", PHASE, "--format", "timeline", "--json")
    assert timeline.out == ready("history", PHASE, "--json").out
    assert ready("status", "--format", "timeline").status == 2


def test_a_compact_status_is_one_line(ready: Orch) -> None:
    (line,) = must(ready, f"status {PHASE} --format compact").splitlines()
    assert line.endswith(f"orch handoff {PHASE}")


def test_a_workflow_goes_from_a_json_file(project: Orch) -> None:
    Path("flow.json").write_bytes(orjson.dumps(WORKFLOW))
    must(project, f"workflow {PHASE} --config flow.json --auto-approve")
    assert project("status", PHASE, "--json").data["completed_steps"] == ["spec", "research"]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_an_export_is_written_in_both_forms(ready: Orch, form: str) -> None:
    must(ready, f"export {PHASE} --format {form} --output out.txt")
    found = yaml.safe_load(Path("out.txt").read_text("utf-8"))
    assert found["data"]["phases"][0]["phase"] == PHASE and len(found["data"]["phases"][0]["documents"]) == 5


@pytest.mark.in_file
def test_setup_makes_a_project(orch: Orch) -> None:
    must(orch, "setup --host example.org")
    assert Path(".orch/log.db").is_file()


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return documents(tmp_path_factory.mktemp("fields") / "world")


@pytest.mark.parametrize(("step", "field"), [(step, field) for step, fields in FIELDS.items() for field in fields])
def test_every_field_of_a_document_goes_in_and_comes_out(texts: dict[str, str], step: str, field: str) -> None:
    words = [word for word in leaves(FIELDS[step][field]) if word not in REFORMED]
    assert words and [word for word in words if word not in texts[step]] == []


@pytest.mark.parametrize(
    "kind", ["Foundation", "Infrastructure", "Feature", "Integration", "Enhancement", "Meta-Development"]
)
def test_every_type_of_phase_is_known(project: Orch, kind: str) -> None:
    must(project, f"spec st01-x --objectives Fast --type {kind}")
    assert kind in Path("dev/st01-x/spec.md").read_text("utf-8")


def test_the_state_file_has_every_name_that_scripts_read(ready: Orch) -> None:
    ready("block", PHASE, "No microphone", "--type", "resource_unavailable")
    ready("unblock", PHASE, "B1")
    state = orjson.loads(Path("dev", PHASE, "phase-state.json").read_bytes())
    names = "phase phaseTitle currentStep completedSteps approvals iterations blockers nextAction dependencies metadata"
    assert list(state) == names.split() or set(state) == set(names.split())
    assert set(state["approvals"]["spec"]) == {"timestamp", "iteration", "approved_by", "comments"}
    assert set(state["blockers"][0]) == {"id", "type", "description", "created", "resolved"}
    assert set(state["metadata"]) == {"created", "lastModified", "orchestratorVersion"}
    assert set(state["iterations"]) == set(state["approvals"]) == set(DRAFTS)
    assert state["currentStep"] == "handoff" and state["completedSteps"] == list(DRAFTS)


@pytest.mark.parametrize(
    "kind",
    [
        "dependency_missing",
        "user_approval_pending",
        "validation_error",
        "resource_unavailable",
        "hierarchical_violation",
    ],
)
def test_every_type_of_blocker_is_known(drafted: Orch, kind: str) -> None:
    must(drafted, f"block st01-x 'In the way' --type {kind}")
    assert orjson.loads(Path("dev/st01-x/phase-state.json").read_bytes())["blockers"][0]["type"] == kind


def test_the_next_action_goes_through_all_its_values(project: Orch) -> None:
    def action() -> str:
        found: str = orjson.loads(Path("dev", PHASE, "phase-state.json").read_bytes())["nextAction"]
        return found

    seen = []
    for step, line in DRAFTS.items():
        must(project, line)
        must(project, f"reject {PHASE} {step} --feedback Again")
        seen.append(action())
        must(project, line.replace("Fast", "Faster") + " --actor grace")
        seen.append(action())
        must(project, f"approve {PHASE} {step}")
    seen.append(action())
    must(project, f"handoff {PHASE}")
    assert (*seen, action()) == NEXT_ACTIONS


@pytest.mark.parametrize(
    ("code", "status", "line"),
    [
        ("WORKFLOW_VIOLATION", 3, "plan st01-x --architecture Layers"),
        ("VALIDATION_ERROR", 2, "spec ST_01 --objectives Fast"),
        ("HIERARCHICAL_VIOLATION", 3, "depend st01-x --on st01-x"),
        pytest.param(
            *("TEMPLATE_ERROR", 2, "--template-dir broken spec st02-y --objectives Fast"),
            marks=pytest.mark.at_the_log("a service has templates of its own"),
        ),
        ("FILESYSTEM_ERROR", 8, "export -o no-such-folder/all.json"),
        pytest.param(
            *("STATE_ERROR", 6, "--state-dir damaged status st01-x"),
            marks=pytest.mark.at_the_log("the store lies there"),
        ),
    ],
)
def test_every_code_of_an_error_is_still_the_word_for_it(drafted: Orch, code: str, status: int, line: str) -> None:
    Path("broken").mkdir()
    Path("broken/spec.md.j2").write_text("{% if %}")
    Path("damaged").mkdir()
    Path("damaged/log.db").write_bytes(b"no database" * 1000)
    refused = drafted(*shlex.split(line), "--json")
    assert (refused.status, refused.error["code"]) == (status, code), refused
    assert refused.error["message"]


# What is wrong with the predecessor, a test each; or the test elsewhere that holds it.

HELD_ELSEWHERE = {
    "several processes overwrite each other": ("tests/reliability/test_races.py", "eight_processes_lose_nothing"),
    "nothing is fsynced": ("tests/reliability/test_power_loss.py", "no_acknowledged_command_is_lost_to_power_loss"),
    "nothing survives a kill": ("tests/reliability/test_kill.py", "nothing_acknowledged_is_lost_to_kill_9"),
    "a command is done twice": ("tests/reliability/test_races.py", "from_several_processes_records_once"),
    "prd derives nothing": ("tests/domain/test_priorities.py", "the_priority_follows_from_impact_and_complexity"),
}


@pytest.mark.parametrize("fault", HELD_ELSEWHERE)
def test_the_fault_is_held_by_a_test_that_exists(fault: str) -> None:
    file, words = HELD_ELSEWHERE[fault]
    assert any(words in line for line in (ROOT / file).read_text("utf-8").splitlines() if line.startswith("def test_"))


def test_the_file_that_a_draft_reports_is_there_with_the_text_that_was_recorded(drafted: Orch) -> None:
    said = drafted("spec", "st02-y", "--objectives", "Fast", "--json").data
    assert Path(said["document"]).read_text("utf-8") == drafted("show", "st02-y", "spec", "--raw").out


def test_progress_counts_the_tasks_there_are(ready: Orch) -> None:
    counts = [ready("progress", PHASE, "--json").data]
    for task in ("T001", "T002"):
        must(ready, f"task done {PHASE} {task}")
        counts.append(ready("progress", PHASE, "--json").data)
    assert [(count["tasks_done"], count["tasks_total"]) for count in counts] == [(0, 2), (1, 2), (2, 2)]


def test_who_approved_which_text_is_known(drafted: Orch) -> None:
    digest = drafted("status", "st01-x", "--json").data["steps"]["spec"]["digest"]
    must(drafted, "approve st01-x spec --actor grace")
    step = drafted("status", "st01-x", "--json").data["steps"]["spec"]
    assert (step["verdict_by"]["name"], step["digest"]) == ("grace", digest)
    (row,) = [r for r in drafted("history", "st01-x", "--json").data["rows"] if r["topic"].endswith("_approved")]
    assert (row["actor"]["name"], row["digest"]) == ("grace", digest)
    state = orjson.loads(Path("dev/st01-x/phase-state.json").read_bytes())
    assert state["approvals"]["spec"]["approved_by"] == "grace"


@pytest.mark.parametrize(
    "line",
    [
        "status st99-none",
        "status st99-none --format timeline",
        "progress st99-none",
        "history st99-none",
        "show st99-none spec",
        "why st99-none",
        "export st99-none",
        "replay st99-none",
        "diff st99-none",
        "task list st99-none",
        "doctor st99-none",
        "approve st99-none spec",
        "handoff st99-none",
    ],
)
def test_a_phase_that_is_missing_is_missing_and_nobody_makes_it_up(drafted: Orch, line: str) -> None:
    before = drafted("audit", "trail", "--json").out
    refused = drafted(*line.split(), "--json")
    assert refused.status == 4 and refused.error["code"] == "NOT_FOUND"
    assert drafted("audit", "trail", "--json").out == before and not Path("dev/st99-none").exists()


@pytest.mark.in_file
def test_the_backups_are_not_beside_the_file_that_they_protect(ready: Orch) -> None:
    must(ready, "backup create --to backups")
    assert {path.name for path in Path("dev", PHASE).iterdir()} == {"phase-state.json", *(f"{s}.md" for s in DRAFTS)}
    for path in sorted(Path("dev", PHASE).iterdir()):
        path.unlink()
    Path(".orch/log.db").unlink()
    must(ready, "backup restore --from backups --out restored")
    assert ready("--state-dir", "restored", "status", PHASE, "--json").data["next_action"] == "ready_for_handoff"
