"""Coming from elsewhere: what is shown is what is recorded, and recorded once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from adapters.import_git import Git
from tests.cli.conftest import Answer, Orch, position
from tests.cli.import_world import (
    APPROVED,
    BEGAN,
    HISTORY,
    KIRO,
    OPENSPEC,
    SPEC_KIT,
    approval,
    committed,
    git,
    predecessor,
    put,
    signed,
    state,
)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


def rows(answer: Answer) -> dict[str, Any]:
    return {row["phase"]: row for row in answer.data["phases"]}


def drafted(row: Any) -> list[tuple[str, int, str]]:
    wanted = [event for event in row["events"] if event["topic"] == "phase.document_drafted"]
    return [(event["step"], event["iteration"], event["occurred_at"][:16]) for event in wanted]


def test_the_dry_run_shows_what_would_be_recorded_and_records_nothing(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    before = position(project)
    shown = project("import", "there", "--json").data
    assert shown["dry_run"] and position(project) == before and not Path("dev").exists()
    said = project("import", "there").out
    assert "would be imported" in said and "orch import there --yes" in said
    done = project("import", "there", "--yes", "--json").data
    topics = [[event["topic"] for event in told["phases"][0]["events"]] for told in (shown, done)]
    assert topics[0] == topics[1]
    recorded = project("history", "st01-audio-engine", "--json").data["rows"]
    assert [row["topic"] for row in recorded] == topics[0]
    assert done["phases"][0]["position"] == recorded[-1]["position"]


def test_backups_become_history_in_order_with_the_times_they_claim(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    row = rows(project("import", "there", "--yes", "--json"))["st01-audio-engine"]
    events = [(e["topic"][6:], e["iteration"], e["occurred_at"][:16], e["counts"]) for e in row["events"][2:-1]]
    assert events == [
        ("verdict_imported", 1, "2025-09-02T18:00", False),
        ("document_drafted", 2, "2025-09-02T18:00", None),
        ("verdict_imported", 2, "2025-09-03T10:00", True),
        ("document_drafted", 1, "2025-09-03T11:00", None),
    ]
    assert row["differences"] == []
    status = project("status", "st01-audio-engine", "--json").data
    assert (status["title"], status["current_step"], status["next_action"]) == (
        "The Engine",
        "research",
        "await_research_approval",
    )


def test_an_imported_approval_is_a_claim_everywhere(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    assert project("import", "there", "--yes").status == 0
    spec = project("status", "st01-audio-engine", "--json").data["steps"]["spec"]
    assert (spec["state"], spec["verdict_by"], spec["verdict_at"], spec["approvals"]["given"]) == (
        "approved", None, None, 0,
    )  # fmt: skip
    assert spec["claim"] | {"position": 0} == {
        "by": "user",
        "at": "2025-09-03T10:00:00.000000Z",
        "importer": "orchestrator-1",
        "position": 0,
    }
    assert "claim of user 2025-09-03 10:00 (orchestrator-1)" in project("status", "st01-audio-engine").out
    exceptions = project("audit", "exceptions", "--json").data["rows"]
    assert [row["exception"] for row in exceptions] == ["verdict_imported", "verdict_imported"]
    assert "claim" in exceptions[1]["summary"] and "“user”" in exceptions[1]["summary"]
    verdicts = project("audit", "population", "--json").data["verdicts"]
    assert {row["count"] for row in verdicts} == {0}
    kept = json.loads(Path("dev/st01-audio-engine/phase-state.json").read_text("utf-8"))["approvals"]["spec"]
    assert kept["approved_by"] == "user (imported claim)" and kept["timestamp"].startswith("2025-09-03T10:00")
    trail = project("audit", "trail", "--json").data["rows"]
    assert {row["imported"] for row in trail} == {None, "orchestrator-1"}
    assert project("audit", "verify").status == 7, "nothing but the missing checkpoint"


def test_why_a_claim_of_an_agent_settles_nothing_is_said(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    says = "settle nothing: builder acts as agent, and only people may approve; once they are recorded so, a person"
    agent = ("--actor", "builder", "--actor-kind", "agent")
    assert says not in project("import", "there").out, "a person's claims count"
    told = project("import", "there", *agent, "--json").data["phases"][0]["notes"]
    assert any(says in note for note in told)
    for more in ((), ("--yes",)):
        said = project("import", "there", *agent, *more)
        assert said.status == 0 and says in said.out and "(history only)" in said.out
    assert project("status", "st01-audio-engine", "--json").data["steps"]["spec"]["state"] == "awaiting_approval"


def test_a_claim_is_confirmed_by_a_verdict_of_ours(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    assert project("import", "there", "--yes").status == 0
    assert project("reconfirm", "st01-audio-engine", "spec", "--reason", "read it again").status == 0
    spec = project("status", "st01-audio-engine", "--json").data["steps"]["spec"]
    assert (spec["claim"], spec["verdict_by"]["name"]) == (None, "ada")


def test_importing_twice_changes_nothing_whoever_does_it(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    put(there, SPEC_KIT | OPENSPEC | KIRO)
    assert project("import", "there", "--yes").status == 0
    before = position(project)
    for actor in ("ada", "grace"):
        again = project("import", "there", "--yes", "--json", "--actor", actor)
        assert again.status == 0 and {row["result"] for row in again.data["phases"]} == {"unchanged"}
    moved = there.rename(there.with_name("moved"))
    assert rows(project("import", str(moved), "--yes", "--json"))["mixer"]["result"] == "unchanged"
    assert position(project) == before


def test_a_folder_that_has_grown_adds_only_what_is_new(project: Orch, there: Path) -> None:
    folder = there / "st01-audio-engine"
    predecessor(folder, state(iterations={"spec": 1}, nextAction="await_spec_approval"), spec="# Spec\n")
    assert project("import", "there", "--yes").status == 0
    predecessor(
        folder,
        state(
            iterations={"spec": 1, "research": 1},
            approvals={"spec": approval(1)},
            completedSteps=["spec"],
            currentStep="research",
            nextAction="await_research_approval",
            modified="2025-09-05T10:00:00.000Z",
        ),
        {1756980000000: state(iterations={"spec": 1}, nextAction="await_spec_approval")},
        research="# Research\n",
    )
    row = rows(project("import", "there", "--yes", "--json"))["st01-audio-engine"]
    assert row["result"] == "grown" and row["differences"] == []
    assert [event["topic"] for event in row["events"]] == [
        "phase.imported",
        "phase.verdict_imported",
        "phase.document_drafted",
        "phase.approval_requested",
    ]


def test_spec_kit_openspec_and_kiro_documents_go_to_their_steps(project: Orch, there: Path) -> None:
    put(there, SPEC_KIT | OPENSPEC | KIRO | {"main.py": "pass\n"})
    answer = project("import", "there", "--yes", "--json")
    found = {phase: [step for step, _, _ in drafted(row)] for phase, row in rows(answer).items()}
    assert found == {
        "001-photo-albums": ["spec", "research", "plan", "tasks"],
        "add-dark-mode": ["spec", "plan", "prd", "tasks"],
        "mixer": ["spec", "plan", "tasks"],
    }
    prd = Path("dev/add-dark-mode/prd.md").read_text("utf-8")
    assert prd.index("<!-- openspec/spec.md -->") < prd.index("<!-- theme/spec.md -->")
    status = project("status", "001-photo-albums", "--json").data
    assert (status["title"], status["current_step"], status["next_action"]) == (
        "Photo Albums", "spec", "await_spec_approval",
    )  # fmt: skip


def test_every_file_that_is_left_out_is_named_with_the_reason(project: Orch, there: Path) -> None:
    put(there, SPEC_KIT | OPENSPEC | KIRO | {"main.py": "pass\n"})
    data = project("import", "there", "--json").data
    left = {file["path"]: file["reason"] for file in data["left_out"]}
    for row in data["phases"]:
        left |= {file["path"]: file["reason"] for file in row["left_out"]}
    read = {
        "specs/001-photo-albums": {"spec.md", "plan.md", "research.md", "tasks.md"},
        "openspec/changes/add-dark-mode": {
            "proposal.md",
            "design.md",
            "tasks.md",
            "specs/theme/spec.md",
            "specs/openspec/spec.md",
        },
        ".kiro/specs/mixer": {"requirements.md", "design.md", "tasks.md"},
    }
    imported = {f"{folder}/{name}" for folder, names in read.items() for name in names}
    assert set(left) | imported == set(SPEC_KIT | OPENSPEC | KIRO) and not set(left) & imported
    assert all(left.values()) and data["other_files"] == 1
    notes = rows(project("import", "there", "--json"))["001-photo-albums"]["notes"]
    assert notes == ["1 boxes of its tasks are ticked: what is done is not imported"]


@pytest.mark.parametrize("inside", [".kiro", ".kiro/specs", ".kiro/specs/mixer"])
def test_a_part_of_a_layout_is_known_by_the_folders_above_it(project: Orch, there: Path, inside: str) -> None:
    put(there, KIRO)
    assert project("import", "there", "--yes").status == 0
    assert rows(project("import", f"there/{inside}", "--json"))["mixer"]["result"] == "unchanged"


def test_every_version_in_git_is_an_iteration_with_its_date(project: Orch, there: Path) -> None:
    name = "specs/001-photo-albums/spec.md"
    committed(there, {name: "# A\n"}, "2025-03-01T10:00:00+01:00")
    committed(there, {name: "# B\n", "specs/001-photo-albums/plan.md": "# P\n"}, "2025-03-02T10:00:00+01:00")
    put(there, {name: "# C\n"})
    row = rows(project("import", "there", "--yes", "--json"))["001-photo-albums"]
    assert [(step, iteration, at[:10]) for step, iteration, at in drafted(row)][:3] == [
        ("spec", 1, "2025-03-01"),
        ("spec", 2, "2025-03-02"),
        ("plan", 1, "2025-03-02"),
    ]
    assert drafted(row)[3][:2] == ("spec", 3)
    committed(there, {}, "2025-03-03T10:00:00+01:00")
    assert rows(project("import", "there", "--yes", "--json"))["001-photo-albums"]["result"] == "unchanged"
    committed(there, {name: "# D\n"}, "2025-03-04T10:00:00+01:00")
    grown = rows(project("import", "there", "--yes", "--json"))["001-photo-albums"]
    assert grown["result"] == "grown" and drafted(grown) == [("spec", 4, "2025-03-04T09:00")]


def test_a_file_that_was_renamed_is_dated_along_its_names(project: Orch, there: Path) -> None:
    lines = "".join(f"- requirement {number}\n" for number in range(20))
    committed(there, {"drafts/Ällbum ideas.md": f"# A\n{lines}"}, "2025-03-01T10:00:00+01:00")
    committed(there, {"drafts/Ällbum ideas.md": f"# B\n{lines}"}, "2025-03-02T10:00:00+01:00", author="Jo")
    (there / "drafts/Ällbum ideas.md").unlink()
    committed(there, {"specs/001-photo-albums/spec.md": f"# B\n{lines}- moved\n"}, "2025-03-03T10:00:00+01:00")
    row = rows(project("import", "there", "--yes", "--json"))["001-photo-albums"]
    assert drafted(row) == [
        ("spec", 1, "2025-03-01T09:00"),
        ("spec", 2, "2025-03-02T09:00"),
        ("spec", 3, "2025-03-03T09:00"),
    ]
    assert project("show", "001-photo-albums", "spec", "--iteration", "1", "--raw").out == f"# A\n{lines}"


def test_a_merge_that_wrote_a_text_of_its_own_is_a_version(project: Orch, there: Path) -> None:
    name = "specs/001-x/spec.md"
    committed(there, {name: "# A\n"}, "2025-03-01T10:00:00+01:00")
    git(there, "checkout", "-q", "-b", "side")
    committed(there, {name: "# B\n"}, "2025-03-02T10:00:00+01:00")
    git(there, "checkout", "-q", "-")
    committed(there, {name: "# C\n"}, "2025-03-03T10:00:00+01:00")
    git(there, "merge", "-q", "side", check=False)
    committed(there, {name: "# B and C\n"}, "2025-03-04T10:00:00+01:00")
    found = Git(there).versions(name)
    assert sorted(version.text for version in found.found) == ["# A\n", "# B\n", "# B and C\n", "# C\n"]
    assert found.found[-1].text == "# B and C\n" and found.left_out == 0


def test_no_byte_in_the_name_of_an_author_or_a_file_hides_a_version(project: Orch, there: Path) -> None:
    lines = "".join(f"- requirement {number}\n" for number in range(20))
    for day, old in ((1, "old\x01\x02.md"), (2, "in\ntwo.md")):
        committed(there, {old: f"# A\n{lines}"}, f"2025-03-0{day}T10:00:00+01:00", author="J\x01o\x02e")
        (there / old).unlink()
    name = "specs/001-x/spec.md"
    committed(there, {name: f"# B\n{lines}"}, "2025-03-03T10:00:00+01:00", author="J\x02o")
    found = Git(there).versions(name)
    assert [(version.author, version.text[:3]) for version in found.found] == [
        ("J\x01o\x02e", "# A"),
        ("J\x02o", "# B"),
    ]
    assert found.left_out == 1  # the one whose name is two lines: git is asked by line


def test_a_repository_cannot_make_git_run_anything(project: Orch, there: Path) -> None:
    committed(there, {"specs/001-x/spec.md": "# A\n"}, "2025-03-01T10:00:00+01:00")
    signed(there)
    trap, trapped = there.parent / "trap", there.parent / "trapped"
    trap.write_text(f"#!/bin/sh\ntouch {trapped}\n")
    trap.chmod(0o755)
    with (there / ".git" / "config").open("a") as config:
        config.write(
            f'[core]\n fsmonitor = "{trap}"\n pager = "{trap}"\n sshCommand = "{trap}"\n[gpg]\n program = "{trap}"\n'
        )
        config.write(f'[log]\n showSignature = true\n[diff]\n external = "{trap}"\n[alias]\n log = "!{trap}"\n')
    git(there, "-c", "core.fsmonitor=false", "log", "-1")
    assert trapped.exists(), "whoever lets the signature be shown is trapped"
    trapped.unlink()
    row = rows(project("import", "there", "--json"))["001-x"]
    assert drafted(row) == [("spec", 1, "2025-03-01T09:00")]
    assert not trapped.exists()


def test_names_become_phase_ids_by_one_rule_and_collisions_are_named(project: Orch, there: Path) -> None:
    put(there, {"specs/001_Photo Albums/spec.md": "# A\n", "specs/mixer/spec.md": "# B\n"} | KIRO)
    answer = project("import", "there", "--yes", "--json")
    assert answer.status == 7
    found = {row["folder"]: row for row in answer.data["phases"]}
    assert found["specs/001_Photo Albums"]["phase"] == "001-photo-albums"
    assert any("is no phase id" in note for note in found["specs/001_Photo Albums"]["notes"])
    for folder in ("specs/mixer", ".kiro/specs/mixer"):
        assert found[folder]["result"] == "refused"
        (fix,) = found[folder]["refusal"]["fix"]
        assert fix == f"orch import there --phase {folder}=st01-another-name"
    chosen = project("import", "there", "--yes", "--json", "--phase", ".kiro/specs/mixer=mixer-2")
    assert chosen.status == 0 and rows(chosen)["mixer-2"]["result"] == rows(chosen)["mixer"]["result"] == "new"


def test_a_phase_that_is_here_already_is_refused_and_the_others_go_on(drafted: Orch, there: Path) -> None:
    put(there, {"specs/st01-x/spec.md": "# A\n", "specs/002-y/spec.md": "# B\n"})
    answer = drafted("import", "there", "--yes", "--json")
    assert answer.status == 7
    assert rows(answer)["st01-x"]["refusal"]["code"] == "ALREADY_EXISTS"
    assert rows(answer)["002-y"]["position"] is not None
    assert "not imported" in drafted("import", "there").out


def test_a_file_in_the_way_is_kept(project: Orch, there: Path) -> None:
    put(there, {"specs/002-y/spec.md": "# B\n"})
    put(Path("dev"), {"002-y/spec.md": "# Mine\n"})
    assert rows(project("import", "there", "--yes", "--json"))["002-y"]["kept_files"] == ["dev/002-y/spec.md"]
    assert Path("dev/002-y/spec.md").read_text("utf-8") == "# Mine\n"


def test_dependencies_come_first_and_what_cannot_be_is_left_out(project: Orch, there: Path) -> None:
    for name, on in (("st01-a", ["st02-b", "st09-nowhere"]), ("st02-b", ["st03-c"]), ("st03-c", ["st02-b"])):
        predecessor(there / name, state(name, dependencies=on))
    found = rows(project("import", "there", "--yes", "--json"))
    assert all(row["position"] for row in found.values())
    assert any("st09-nowhere" in note for note in found["st01-a"]["notes"])
    depends = {name: project("status", name, "--json").data["depends_on"] for name in found}
    assert depends["st01-a"] == ["st02-b"] and len(depends["st02-b"] + depends["st03-c"]) == 1


@pytest.mark.parametrize(
    ("current", "texts", "words"),
    [
        (state(approvals={"spec": approval()}, iterations={"spec": 1}), {}, "spec.md is not there"),
        (state(completedSteps=["spec"]), {}, "completed there without an approval"),
        (state(approvals={"plan": approval()}, iterations={"plan": 1}), {"plan": "# P\n"}, "although spec is not"),
        (state(approvals={"spec": approval(3)}, iterations={"spec": 1}), {"spec": "# S\n"}, "names iteration 3"),
        (state(approvals={"spec": approval(1, "soon")}, iterations={"spec": 1}), {"spec": "# S\n"}, "no time"),
        (state(modified="2025-08-01T10:00:00Z"), {}, "was saved after one of"),
        (state(blockers=[{"id": "x", "type": "mood", "description": "", "created": BEGAN}]), {}, "'mood'"),
        (state(nextAction="completed"), {}, "a handoff here is somebody's decision"),
        (state("st02-other"), {}, "the folder is called"),
    ],
)
def test_contradictions_are_said_and_stop_nothing(
    project: Orch, there: Path, current: Any, texts: dict[str, str], words: str
) -> None:
    predecessor(there / "st01-audio-engine", current, {1756720800000: state(current["phase"])}, **texts)
    answer = project("import", "there", "--yes", "--json")
    (row,) = answer.data["phases"]
    assert answer.status == 0 and row["position"] is not None
    assert any(words in note for note in row["notes"]), row["notes"]


@pytest.mark.parametrize("broken", ["{", "[]", '{"a": 1, "a": 2}', '{"blockers": 3}', "[" * 100_000, '{"phase": 7}'])
def test_a_broken_backup_is_left_out_and_a_broken_state_refuses_its_phase(
    project: Orch, there: Path, broken: str
) -> None:
    predecessor(there / "st01-a", state("st01-a"), {1756720800000: broken})
    predecessor(there / "st02-b", broken, {1756720800000: state("st02-b")})
    answer = project("import", "there", "--yes", "--json")
    found = {row["folder"]: row for row in answer.data["phases"]}
    assert answer.status == 7
    assert [file["path"] for file in found["st01-a"]["left_out"]] == ["st01-a/.orch-state.backup.1756720800000.json"]
    assert found["st01-a"]["position"] and found["st02-b"]["result"] == "refused"
    assert ".orch-state.json" in found["st02-b"]["refusal"]["message"]
    (there / "st02-b" / ".orch-state.json").unlink()
    assert rows(project("import", "there", "--yes", "--json"))["st02-b"]["position"]


def test_the_same_time_twice_and_names_with_zeros_are_kept_in_order(project: Orch, there: Path) -> None:
    predecessor(
        there / "st01-a", state("st01-a"), {"01756720800000": state("st01-a"), "1756720800000": state("st01-a")}
    )
    assert any("the same time" in note for note in rows(project("import", "there", "--json"))["st01-a"]["notes"])


def test_no_path_leads_out_and_nothing_large_or_garbled_comes_in(project: Orch, there: Path) -> None:
    secret = there.parent / "secret"
    put(secret, {"spec.md": "# secret\n", "inner/spec.md": "# secret\n"})
    put(there, {"specs/001-x/plan.md": "# P\n"})
    os.symlink(secret / "spec.md", there / "specs" / "001-x" / "spec.md")
    os.symlink(secret, there / "specs" / "002-linked")
    (there / "specs/001-x/research.md").write_bytes(b"\xff\xfe")
    (there / "specs/001-x/tasks.md").write_bytes(b"x" * (4 * 1024 * 1024 + 1))
    os.mkfifo(there / "specs" / "001-x" / "pipe.md")
    data = project("import", "there", "--yes", "--json").data
    (row,) = data["phases"]
    assert [step for step, _, _ in drafted(row)] == ["plan"]
    said = {file["path"]: file["reason"] for file in (*data["left_out"], *row["left_out"])}
    assert "symbolic link" in said["specs/001-x/spec.md"] and "symbolic link" in said["specs/002-linked"]
    assert "UTF-8" in said["specs/001-x/research.md"] and "4 MiB" in said["specs/001-x/tasks.md"]
    assert "no regular file" in said["specs/001-x/pipe.md"]


@pytest.mark.parametrize("words", [("nowhere",), (".",), ("there", "--phase", "x"), ("there", "--phase", "x=y")])
def test_words_that_are_wrong_are_refused(project: Orch, there: Path, words: tuple[str, ...]) -> None:
    put(there, {"specs/001-x/spec.md": "# A\n"} if "x=y" in words else {"README.md": "# A\n"})
    answer = project("import", *words, "--json")
    assert answer.status == 2 and answer.error["code"] == "VALIDATION_ERROR"


def test_an_evidence_package_of_an_import_verifies(project: Orch, there: Path) -> None:
    predecessor(there / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Research\n")
    assert project("import", "there", "--yes").status == 0
    assert project("audit", "export", "-o", "evidence.zip", "--yes").status == 0
    with ZipFile("evidence.zip") as package:
        package.extractall("evidence")
    (program,) = Path("evidence").rglob("verify.py")
    said = subprocess.run([sys.executable, "-I", str(program)], capture_output=True, text=True)
    assert said.returncode in (0, 7), said  # 7: no checkpoint covers it yet
    assert "differs" not in said.stdout, said.stdout
    assert project("replay", "st01-audio-engine", "--json").status == 0
    assert project("why", "st01-audio-engine", "research", "--json").data["blocked"]
