"""The whole way of a phase over HTTP, and that its answers are those of the command line."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.edge import run_command
from cli.main import program
from cli.output_schemas import adapter_of
from tests.api.served import Client
from usecases.project import Project

TASKS = {"tasks": [{"id": "T001", "title": "Ring buffer"}, {"id": "T002", "title": "Mixer", "dependencies": ["T001"]}]}
FIELDS: dict[str, dict[str, Any]] = {
    "spec": {"objectives": ["Round trip below 10 ms"]},
    "research": {"technical_foundation": "Known since 1960.", "recommended_approach": "A ring buffer"},
    "plan": {"architecture_overview": "One thread", "core_components": [{"name": "Ring buffer"}]},
    "prd": {"mvp_goal": "Sound"},
    "tasks": TASKS,
}


def draft_all(client: Client, phase: str) -> None:
    for step, fields in FIELDS.items():
        assert client.post(f"/phases/{phase}/{step}", fields).data["step"] == step
        digest = client.get(f"/phases/{phase}/{step}").data["digest"]
        assert client.post(f"/phases/{phase}/{step}/approve", {"digest": digest}).data["final"]


def test_a_phase_goes_from_spec_to_archive(client: Client, served_project: Project) -> None:
    phase = "st01-audio-engine"
    draft_all(client, phase)
    assert client.post(f"/phases/{phase}/task/start", {"tasks": ["1"]}).data["tasks"] == ["T001"]
    assert client.post(f"/phases/{phase}/task/assign", {"tasks": ["T002"], "to": "ada"}).data["assignee"] == "ada"
    assert client.post(f"/phases/{phase}/task/done", {"tasks": ["T001"], "note": "8 ms"}).data["tasks"] == ["T001"]
    assert "[x] " in (served_project.places.root / "dev" / phase / "tasks.md").read_text("utf-8")
    assert client.post(f"/phases/{phase}/task/reopen", {"tasks": ["T001"], "reason": "It clicks"}).status == 200
    assert client.get(f"/tasks?phase={phase}&ready=true").data["rows"][0]["number"] == "T001"
    assert client.post(f"/phases/{phase}/block", {"text": "No sound card"}).data["blocker"] == "B1"
    assert client.post(f"/phases/{phase}/handoff", {}).code == "WORKFLOW_VIOLATION"
    assert client.post(f"/phases/{phase}/unblock/B1", {"reason": "It came"}).status == 200
    assert client.post(f"/phases/{phase}/retitle", {"title": "The engine"}).status == 200
    assert client.get(f"/phases/{phase}").data["title"] == "The engine"
    assert client.post(f"/phases/{phase}/handoff", {"comments": "T001 first"}).status == 200
    assert client.post(f"/phases/{phase}/spec/reopen", {"reason": "A third layer"}).data["withdrew_handoff"]
    assert client("PUT", f"/phases/{phase}/spec", {"text": "# Spec\n\nBelow 5 ms.\n"}).data["iteration"] == 2
    rejected = client.post(f"/phases/{phase}/spec/reject", {"feedback": ["Why 5?"]}).data
    assert rejected["authentication"].startswith("token:")
    assert client("PUT", f"/phases/{phase}/spec", {"text": "# Spec\n\nBelow 6 ms.\n"}).status == 200
    assert client.post(f"/phases/{phase}/spec/approve").data["iteration"] == 3
    assert client.post(f"/phases/{phase}/research/reconfirm", {"reason": "It holds"}).data["final"]
    assert client.get(f"/phases/{phase}/why?step=plan").data["blocked"]
    assert client.post(f"/phases/{phase}/archive", {"reason": "Done"}).status == 200
    assert client.post(f"/phases/{phase}/retitle", {"title": "Late"}).code == "WORKFLOW_VIOLATION"


def test_a_place_in_the_log_gets_a_name_once(client: Client) -> None:
    named = client.post("/recover/points", {"name": "before-it"}, Idempotency_Key="point")
    client.post("/directives", {"text": "go on"})
    again = client.post("/recover/points", {"name": "before-it"}, Idempotency_Key="point")
    assert again.data == named.data and named.data["point"]["name"] == "before-it"
    assert client.post("/recover/points", {"name": "before-it"}).code == "ALREADY_EXISTS"
    assert client.post("/recover/points", {"name": "start", "position": 1}).data["point"]["position"] == 1
    assert client.get("/phases?at=point:start").data["as_of"]["position"] == 1


def test_phases_wait_for_each_other(client: Client) -> None:
    for phase in ("st02-mixer", "st03-player"):
        assert client.post(f"/phases/{phase}/spec", FIELDS["spec"]).status == 200
    assert client.post("/phases/st03-player/depend", {"on": "st02-mixer"}).data["depends_on"] == "st02-mixer"
    assert client.post("/phases/st02-mixer/depend", {"on": "st03-player"}).code == "HIERARCHICAL_VIOLATION"
    assert client("DELETE", "/phases/st03-player/depend/st02-mixer").status == 200
    assert client.get("/phases/st03-player").data["depends_on"] == []


def test_rules_roles_and_directives(client: Client) -> None:
    version = client.get("/policy").headers["etag"]
    changed = client.post("/policy", {"minimum_approvers": 2, "reason": "four eyes"}, If_Match=version)
    assert changed.data["policy"]["minimum_approvers"] == 2
    assert client.post("/policy", {"minimum_approvers": 1}, If_Match=version).status == 412
    assert client.post("/policy", {"minimum_approvers": 1}).status == 200
    lead = {"name": "grace", "role": "lead"}
    assert client.post("/roles/grant", lead).data["role"] == lead
    assert client.get("/roles").data["rows"][0]["holders"] == ["grace"]
    assert client.get("/roles?at=position:2").data["rows"] == []
    assert client.post("/roles/revoke", lead).status == 200
    number = client.post("/directives", {"text": "No allocation", "level": "critical"}).data["directive"]
    assert client.post(f"/directives/{number}/forget", {"reason": "gone"}).data["directive"] == number


def test_tokens_are_issued_shown_once_listed_and_revoked(client: Client) -> None:
    wanted = {"name": "builder", "kind": "agent", "scopes": ["read"], "days": 1}
    issued = client.post("/tokens", wanted, Idempotency_Key="issue-1")
    token, secret = issued.data["token"]["id"], issued.data["secret"]
    again = client.post("/tokens", wanted, Idempotency_Key="issue-1")
    assert again.data["secret"] is None and again.data["token"]["id"] == token
    assert again.headers["idempotent-replayed"] == "true"
    builder = client.shows(secret)
    assert builder.get("/phases").status == 200
    rows = {row["id"]: row for row in client.get("/tokens").data["rows"]}
    assert rows[token]["state"] == "active" and rows[token]["last_used_at"] and secret not in str(rows)
    assert client.post(f"/tokens/{token}/revoke", {"reason": "seen in a log"}).status == 200
    refused = builder.get("/phases")
    assert refused.code == "UNAUTHENTICATED" and "revoked" in refused.json["detail"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/phases", ("list",)),
        ("/phases?at=position:8", ("list", "--at", "position:8")),
        ("/phases/st09-same", ("status", "st09-same")),
        ("/phases/st09-same/spec", ("show", "st09-same", "spec")),
        ("/phases/st09-same/history", ("history", "st09-same")),
        ("/phases/st09-same/why?step=plan", ("why", "st09-same", "plan")),
        ("/phases/st09-same/progress", ("progress", "st09-same")),
        ("/phases/st09-same/diff", ("diff", "st09-same")),
        ("/phases/st09-same/spec/diff?from=1&to=2", ("diff", "st09-same", "spec", "--from", "1", "--to", "2")),
        ("/progress", ("progress",)),
        ("/next?limit=2", ("next", "--limit", "2")),
        ("/dashboard", ("dashboard",)),
        ("/tasks?done=true", ("task", "list", "--done")),
        ("/policy", ("policy", "show")),
        ("/roles", ("role", "list")),
        ("/tokens", ("token", "list")),
        ("/audit/trail", ("audit", "trail")),
        ("/audit/reviews", ("audit", "reviews")),
        ("/recover/points", ("recover", "points")),
        ("/recover/diff?to=position:3", ("recover", "diff", "--to", "position:3")),
        (
            "/search?q=trip&q=%22ms%22&kind=document&limit=5",
            ("search", "trip", '"ms"', "--kind", "document", "--limit", "5"),
        ),
        ("/search?q=round&at=position:8", ("search", "round", "--at", "position:8")),
        ("/context?level=4&drafts=true", ("context", "--level", "4", "--drafts")),
        ("/context?phase=st09-same&budget=2k", ("context", "--phase", "st09-same", "--budget", "2k")),
        ("/export?phase=st09-same", ("export", "st09-same")),
        ("/phases/st09-same/replay?step=spec", ("replay", "st09-same", "--step", "spec")),
        ("/audit/replay?from=position:2&to=position:8", ("replay", "--from", "position:2", "--to", "position:8")),
        ("/audit/exceptions", ("audit", "exceptions")),
        ("/audit/population?kind=human", ("audit", "population", "--kind", "human")),
        (
            "/audit/sample?seed=a&n=3&at=position:8",
            ("audit", "sample", "--seed", "a", "--n", "3", "--at", "position:8"),
        ),
        ("/audit/key", ("audit", "key", "show")),
        ("/audit/consistency?old=2&new=5", ("audit", "prove", "--between", "2", "5")),
        ("/templates/spec", ("template", "show", "spec")),
        ("/templates/check", ("template", "check")),
        ("/schemas/spec", ("schema", "show", "spec")),
        ("/schemas/phase.opened", ("schema", "show", "phase.opened")),
    ],
)
def test_a_read_answers_what_the_command_line_prints(
    path: str,
    words: tuple[str, ...],
    client: Client,
    served_project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for key, objective in (("same-1", "Round trip below 10 ms"), ("same-2", "Round trip below 5 ms")):
        client.post("/phases/st09-same/spec", {"objectives": [objective]}, Idempotency_Key=key)
    monkeypatch.chdir(served_project.places.root)
    capsys.readouterr()
    assert run_command(program(), [*words, "--json"]) == 0
    printed = _without_ages(orjson.loads(capsys.readouterr().out))
    answered = client.get(path)
    assert answered.status == 200 and _outside(_without_ages(answered.json)) == _outside(printed)
    adapter_of(printed["kind"], closed=True).validate_python(answered.json)


def _outside(value: Any) -> Any:
    """Return a document without the place of the store, which no answer over HTTP names."""
    if value.get("kind") == "recover.diff":
        value["data"]["source"]["where"] = ""
    return value


def _without_ages(value: Any) -> Any:
    """Return a document without what grows by itself: how many seconds something has taken."""
    if isinstance(value, dict):
        return {k: _without_ages(v) for k, v in value.items() if "seconds" not in k and k not in ("gate", "writing")}
    return [_without_ages(each) for each in value] if isinstance(value, list) else value


def test_the_trail_is_read_page_by_page(client: Client) -> None:
    whole = client.get("/audit/trail").data["rows"]
    rows, path = [], "/audit/trail?limit=7"
    while path:
        page = client.get(path)
        rows += page.data["rows"]
        link = page.headers.get("link", "")
        path = link.partition("<")[2].partition(">")[0].removeprefix("/api/v1")
    assert [row["position"] for row in rows[: len(whole)]] == [row["position"] for row in whole]


def test_phases_come_page_by_page_as_of_the_first_page(client: Client) -> None:
    for number in range(5):
        client.post(f"/phases/st6{number}-page/spec", FIELDS["spec"])
    whole = client.get("/phases").data["rows"]
    rows, path = [], "/phases?limit=2"
    while path:
        page = client.get(path)
        rows += page.data["rows"]
        path = page.headers.get("link", "").partition("<")[2].partition(">")[0].removeprefix("/api/v1")
        client.post(f"/phases/st7{len(rows)}-later/spec", FIELDS["spec"])
    assert [row["phase"] for row in rows] == [row["phase"] for row in whole]
    assert client.get("/phases?limit=2&cursor=st99-none").code == "VALIDATION_ERROR"


def test_tokens_and_points_are_told_as_they_were(client: Client) -> None:
    before = client.get("/phases").data["as_of"]["position"]
    token = client.post("/tokens", {"name": "late", "scopes": ["read"]}).data["token"]["id"]
    client.post("/recover/points", {"name": "late"})
    at = f"?at=position:{before}"
    assert token not in {row["id"] for row in client.get(f"/tokens{at}").data["rows"]}
    assert token in {row["id"] for row in client.get("/tokens").data["rows"]}
    assert "late" not in {row["name"] for row in client.get(f"/recover/points{at}").data["rows"]}


def test_an_edited_file_holds_the_gate_over_http_too(client: Client, served_project: Project) -> None:
    assert client.post("/phases/st04-gate/spec", FIELDS["spec"]).status == 200
    path: Path = served_project.places.root / "dev" / "st04-gate" / "spec.md"
    path.write_text(path.read_text("utf-8") + "one more line\n", "utf-8")
    assert client.post("/phases/st04-gate/spec/approve").code == "DOCUMENT_EDITED"
    assert client("PUT", "/phases/st04-gate/spec", {"text": "# other\n"}).code == "DOCUMENT_EDITED"
