"""Phases of other tools over HTTP: as files that are sent."""

import json
from typing import Any

import pytest

from domain.access_token import Scope
from domain.import_claims import key_of
from domain.steps import STEPS
from tests.api.served import AGENT, Client, issued
from tests.cli.import_world import state
from usecases.project import Project

FILES = {
    "specs/001-mixer/spec.md": "# Mixer\n\nTwo voices.\n",
    "specs/001-mixer/plan.md": "# Plan\n\nOne thread.\n",
    "README.md": "nothing of a phase\n",
}
WORDS = {"files": FILES, "called": "legacy", "names": {"001-mixer": "st81-mixer"}}
APPROVALS = {
    step.value: {"timestamp": "2025-09-03T10:00:00.000Z", "iteration": 1, "approved_by": "user"} for step in STEPS
}
THERE = state("st83-there", iterations=dict.fromkeys(APPROVALS, 1), approvals=APPROVALS, completedSteps=[*APPROVALS])
PREDECESSOR = {"st83-there/.orch-state.json": json.dumps(THERE)} | {f"st83-there/{s}.md": f"# {s}\n" for s in STEPS}
OF_PREDECESSOR = {"files": PREDECESSOR, "called": "old", "yes": True}


def test_files_are_only_looked_at_unless_somebody_says_yes(client: Client, served_project: Project) -> None:
    size = served_project.log.moment().position
    plan = client.post("/import", WORDS).data
    (row,) = plan["phases"]
    assert plan["dry_run"] and row["phase"] == "st81-mixer" and row["result"] == "new" and row["position"] is None
    assert served_project.log.moment().position == size
    done = client.post("/import", {**WORDS, "yes": True}).data
    assert done["phases"][0]["position"] == served_project.log.moment().position > size
    assert client.get("/phases/st81-mixer/spec").data["text"] == FILES["specs/001-mixer/spec.md"]
    assert (served_project.places.root / "dev" / "st81-mixer" / "plan.md").is_file()
    again = client.post("/import", {**WORDS, "yes": True}).data
    assert again["phases"][0]["result"] == "unchanged"
    trail = client.get("/audit/trail?phase=st81-mixer").data["rows"]
    assert {row["actor"]["name"] for row in trail} == {"grace"}
    assert str(served_project.places.root).encode() not in client.post("/import", WORDS).body


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "a\x00b",
        "a\nb",
        "x" * 256,
        "a/" * 600 + "b",
        "a/" * 16 + "b",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, client: Client) -> None:
    reply = client.post("/import", {**WORDS, "files": {**FILES, name: "x"}})
    assert reply.code == "VALIDATION_ERROR"


def test_names_make_only_so_many_folders(client: Client) -> None:
    deepest = {f"{number}/{'a/' * 14}b": "x" for number in range(300)}
    refused = client.post("/import", {**WORDS, "files": {**FILES, **deepest}})
    assert refused.code == "VALIDATION_ERROR"
    assert refused.json["detail"] == "The names make 4,502 folders; 4,000 are taken at the most."
    apart = {f"notes/{number}/b": "x" for number in range(1990)}
    assert client.post("/import", {**WORDS, "files": {**FILES, **apart}}).status == 200


def test_a_file_cannot_be_a_folder_too(client: Client) -> None:
    assert client.post("/import", {**WORDS, "files": {**FILES, "specs/001-mixer": "x"}}).code == "VALIDATION_ERROR"


def test_what_looks_like_a_repository_is_not_asked(client: Client, served_project: Project) -> None:
    trap = served_project.places.root / "trapped"
    config = f"[core]\n\tfsmonitor = touch {trap}\n\tsshCommand = touch {trap}\n[alias]\n\tlog = !touch {trap}\n"
    head = {"HEAD": "ref: refs/heads/main\n", "config": config, "objects/x": "", "refs/heads/x": ""}
    files = {**FILES, **head, **{f".git/{name}": text for name, text in head.items()}}
    found = client.post("/import", {**WORDS, "files": files, "called": "trap"})
    assert found.status == 200 and not trap.exists()


def test_what_holds_no_phase_is_refused(client: Client) -> None:
    reply = client.post("/import", {"files": {"README.md": "x"}, "called": "empty"})
    assert reply.code == "VALIDATION_ERROR" and reply.json["detail"].startswith("empty holds no phase")
    assert client.post("/import", {**WORDS, "names": {"none": "st82-x"}}).code == "VALIDATION_ERROR"
    assert client.post("/import", {**WORDS, "names": {"001-mixer": "UP"}}).code == "VALIDATION_ERROR"
    assert client.post("/import", {**WORDS, "files": {}}).code == "VALIDATION_ERROR"


def test_an_import_needs_the_scope_of_writing(client: Client, served_project: Project) -> None:
    reader = client.shows(issued(served_project, Scope.READ))
    assert reader.post("/import", WORDS).code == "FORBIDDEN"


def claimed(phase: str, *, verdicts: bool = True) -> dict[str, Any]:
    """Return the words of a folder with five texts, and an approval of each."""
    texts = [
        {"claim": "text", "step": step, "text": f"# {step}\n", "read_from": f"{step}.md", "key": key_of(phase, step)}
        for step in STEPS
    ]
    approvals = [
        {"claim": "verdict", "step": step, "outcome": "approved", "by": "grace", "on_text": True}
        | {"iteration": 1, "comments": "", "key": key_of(phase, step, "approved")}
        for step in STEPS
    ]
    claims = [{"at": None, **claim} for claim in [*texts, *(approvals if verdicts else ())]]
    return {"title": "X", "importer": "spec-kit", "source": "specs/x", "name_there": "x", "claims": claims}


def states(client: Client, phase: str) -> set[str]:
    return {row["state"] for row in client.get(f"/phases/{phase}").data["steps"].values()}


def test_a_verdict_among_the_claims_needs_the_scope_of_verdicts(client: Client, served_project: Project) -> None:
    writer = client.shows(issued(served_project, Scope.READ, Scope.WRITE))
    before = served_project.log.moment().position
    for path, words in (("/phases/st84-claims/import", claimed("st84-claims")), ("/import", OF_PREDECESSOR)):
        reply = writer.post(path, words)
        assert reply.code == "FORBIDDEN" and reply.json["fix"] == ["orch token create grace --scope approve"], path
        assert 'scope="approve"' in reply.headers["www-authenticate"]
    assert served_project.log.moment().position == before
    (row,) = writer.post("/import", {**OF_PREDECESSOR, "yes": False}).data["phases"]
    assert row["result"] == "new" and any(event["counts"] for event in row["events"]), "looking is no verdict"
    texts = claimed("st84-claims", verdicts=False)
    assert writer.post("/phases/st84-claims/import", texts).status == 200
    assert client.post("/phases/st84-claims/import", claimed("st84-claims")).status == 200
    assert states(client, "st84-claims") == {"approved"}


def test_an_agent_settles_nothing_by_what_it_imports(client: Client, served_project: Project) -> None:
    agent = client.shows(issued(served_project, Scope.READ, Scope.WRITE, Scope.APPROVE, to=AGENT))
    assert agent.post("/phases/st85-claims/import", claimed("st85-claims")).status == 200
    (row,) = agent.post("/import", OF_PREDECESSOR).data["phases"]
    assert row["result"] == "new"
    assert {event["counts"] for event in row["events"] if event["topic"] == "phase.verdict_imported"} == {False}
    for phase in ("st85-claims", "st83-there"):
        assert states(client, phase) == {"awaiting_approval"}
        assert agent.post(f"/phases/{phase}/task/start", {"tasks": ["T001"]}).status == 422
        assert agent.post(f"/phases/{phase}/handoff", {}).code == "WORKFLOW_VIOLATION"


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/import", {"files": {"specs/001-mixer/spec.md": "\ud800"}, "called": "l"}),
        ("POST", "/import", {"files": {"specs/\ud800/spec.md": "x"}, "called": "l"}),
        ("POST", "/import", {**WORDS, "names": {"001-mixer": "\ud800"}}),
        ("PUT", "/phases/st84-claims/spec", {"text": "# \ud800"}),
        ("POST", "/phases/st84-claims/spec/gate", {"text": "# \ud800"}),
        ("POST", "/phases/st84-claims/spec/approve", {"digest": "\ud800"}),
        ("POST", "/phases/st84-claims/task/sync", {"text": "\ud800"}),
        ("POST", "/phases/st84-claims/task/start", {"tasks": ["\ud800"]}),
        ("POST", "/phases/st84-claims/depend", {"on": "\ud800"}),
        ("POST", "/directives", {"text": "a", "phase": "\ud800"}),
        ("POST", "/policy", {"approver_roles": {"spec": "\ud800"}}),
        ("POST", "/policy", {"approvers": {"\ud800": 1}}),
        ("POST", "/roles/grant", {"name": "\ud800", "role": "lead"}),
        ("POST", "/tokens", {"name": "\ud800", "scopes": ["read"]}),
        ("POST", "/audit/verify", {"vkeys": ["\ud800"]}),
        ("POST", "/audit/export", {"phase": "\ud800"}),
    ],
)
def test_half_of_a_character_is_refused_everywhere(method: str, path: str, words: Any, client: Client) -> None:
    reply = client(method, path, json.dumps(words).encode())
    assert (reply.status, reply.code) == (400, "VALIDATION_ERROR")


def test_half_of_a_character_is_no_claim(client: Client) -> None:
    words = claimed("st86-claims", verdicts=False)
    words["claims"][0]["text"] = "\ud800"
    reply = client("POST", "/phases/st86-claims/import", json.dumps(words).encode())
    assert (reply.status, reply.code) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("version", ['"3"', "*"])
def test_what_may_be_several_commands_takes_no_version(version: str, client: Client) -> None:
    steps = {"steps": {"spec": {"objectives": ["a"]}}}
    for path, words in (("/import", WORDS), ("/phases/st87-flow/workflow", steps)):
        reply = client.post(path, words, If_Match=version)
        assert reply.code == "VALIDATION_ERROR" and "If-Match is not taken here" in reply.json["detail"]
    described = client.get("/openapi.json").json["paths"]
    for path in ("/api/v1/import", "/api/v1/phases/{phase}/workflow"):
        named = {each["name"] for each in described[path]["post"]["parameters"]}
        assert "If-Match" not in named and "Idempotency-Key" in named
