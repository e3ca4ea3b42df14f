"""Who may do what: every operation with every scope, and everything that is no token."""

from time import monotonic, sleep
from typing import Any

import pytest

from adapters.access_tokens import digest_of, id_in, new_token
from api.app import application
from api.description import ROOT
from api.service import Service
from domain.access_token import Scope
from domain.actors import Actor, ActorKind
from tests.api.served import AGENT, PATIENCE, Client, issued
from usecases.project import Project

PLACES = {"phase": "st01-x", "step": "spec", "on": "st02-y", "blocker": "B1", "number": "1", "token": "0b8f3a52c1d2"}
PLACES |= {"name": "spec", "position": "1", "file": "entry", "size": "1"}
ENDLESS = {f"{ROOT}/events": "?at=position:1"}
"""What makes an answer that would not end a refusal."""
WHO: dict[str, set[str]] = {
    "read": {
        *(
            "list_phases",
            "status_of",
            "history_of",
            "why_not",
            "phase_progress",
            "whole_progress",
            "what_next",
            "whole",
            "state_diff",
            "text_diff",
            "follow",
        ),
        *("list_tasks", "show", "show_policy", "list_roles"),
        *("search_texts", "what_to_know", "package_of", "export_phases", "gate_by_digest", "gate_by_text", "receipt"),
        *("replay_phase", "list_templates", "check_templates", "show_template", "diff_template"),
        *("list_schemas", "show_schema", "check_schema", "batch"),
        *("log_itself", "log_heads", "log_told", "log_rows", "log_moment", "log_tree", "log_tile", "log_hashes"),
        *("log_commands", "log_command", "log_snapshots", "log_snapshot", "log_checkpoints", "log_checkpoint"),
    },
    "write": {
        *("draft_spec", "draft_research", "draft_plan", "draft_prd", "draft_tasks", "edit", "request"),
        *("handoff", "archive", "retitle", "depend", "undepend", "block", "unblock"),
        *("workflow", "task_sync", "task_start", "task_done", "task_reopen", "task_assign", "remember", "forget"),
        *("import_files", "take_over"),
    },
    "approve": {"approve", "reject", "reconfirm", "reopen"},
    "audit": {
        *("trail", "list_reviews", "replay_log", "list_exceptions", "count_population", "draw_sample", "show_key"),
        *("prove", "proof_file", "prove_growth", "sign_checkpoint", "verify", "review", "evidence"),
    },
    "recover": {
        *("list_points", "name_point", "losses_of", "plan_of", "recover", "verify_recovered"),
        *("list_backups", "backup_status", "create_backup", "verify_backups", "drill_backups"),
    },
    "metrics": set(),  # /metrics is no operation on the project
    "admin": {
        *("set_policy", "grant_role", "revoke_role", "list_tokens", "create_token", "revoke_token"),
        *("redact", "rotate_key", "doctor", "show_config", "rebuild"),
    },
}
"""The operations that each scope opens, by their ids."""


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation that needs a token: method, path with names filled in, and what is said of it."""
    return [
        (method.upper(), path.removeprefix(ROOT).format(**PLACES) + ENDLESS.get(path, ""), operation)
        for path, methods in description["paths"].items()
        if path.startswith(ROOT)
        for method, operation in methods.items()
    ]


@pytest.fixture(scope="module")
def description(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json
    return found


def test_every_operation_needs_exactly_the_scope_it_is_meant_to(description: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {scope: set() for scope in Scope}
    for _, _, operation in operations(description):
        ((_, (scope,)),) = operation["security"][0].items()
        found[scope].add(operation["operationId"])
    assert found == WHO


def test_no_scope_opens_an_operation_of_another_one(
    client: Client, served_project: Project, description: dict[str, Any]
) -> None:
    before = served_project.log.moment().position
    holders = {scope: client.shows(issued(served_project, scope)) for scope in Scope}
    assert served_project.log.moment().position == before + len(Scope)
    for method, path, operation in operations(description):
        (needed,) = next(iter(operation["security"][0].values()))
        for scope, holder in holders.items():
            reply = holder(method, path, None if method == "GET" else {"nonsense": 1})
            if scope == needed:
                assert reply.status in (200, 400, 404, 422), (method, path, reply)
            else:
                assert reply.code == "FORBIDDEN" and reply.status == 403, (method, path, scope)
                assert f'scope="{needed}"' in reply.headers["www-authenticate"]
                assert reply.json["fix"] == [f"orch token create grace --scope {needed}"]
    assert served_project.log.moment().position == before + len(Scope), "nothing of all that was recorded"


def test_no_operation_answers_without_a_token(client: Client, description: dict[str, Any]) -> None:
    nobody = client.shows(None)
    for method, path, _ in operations(description):
        reply = nobody(method, path, None if method == "GET" else {})
        assert reply.code == "UNAUTHENTICATED" and reply.status == 401
        assert reply.headers["www-authenticate"] == 'Bearer realm="orch"'


@pytest.mark.parametrize(
    "shown",
    ["", "x", "orch_", "orch_0b8f3a52c1d2_" + "a" * 43, "orch_0b8f3a52c1d2_" + "a" * 10_000, "Basic", "ö", "orch_\t"],
)
def test_what_is_no_token_opens_nothing_and_is_not_repeated(shown: str, client: Client) -> None:
    reply = client.shows(None)("GET", "/phases", None, Authorization=f"Bearer {shown}".encode().decode("latin-1"))
    assert reply.code == "UNAUTHENTICATED"
    assert len(shown) < 6 or shown not in reply.body.decode()


def test_another_secret_with_a_known_id_opens_nothing(client: Client) -> None:
    assert client.token is not None
    other = client.token[:-1] + ("A" if client.token[-1] != "A" else "B")
    assert client.shows(other).get("/phases").code == "UNAUTHENTICATED"


def test_a_token_that_ended_opens_nothing(client: Client, served_project: Project) -> None:
    ended = client.shows(issued(served_project, Scope.READ, seconds=1))
    until = monotonic() + PATIENCE
    while (reply := ended.get("/phases")).status == 200 and monotonic() < until:
        sleep(0.05)
    assert "expired" in reply.json["detail"]


def test_whoever_shows_the_token_is_the_actor_and_nothing_in_a_request_says_otherwise(
    client: Client, served_project: Project
) -> None:
    builder = client.shows(issued(served_project, Scope.WRITE, Scope.APPROVE, Scope.READ, to=AGENT))
    claims = {"X_Actor": "ada", "ORCHESTRATOR_ACTOR": "ada", "X_Actor_Kind": "human"}
    drafted = builder.post("/phases/st07-who/spec", {"objectives": ["a"]}, **claims)
    assert drafted.data["actor"] == {"name": "builder", "kind": "agent"}
    assert builder.post("/phases/st07-who/spec/approve", {"actor": "ada"}).code == "VALIDATION_ERROR"
    assert builder.post("/phases/st07-who/spec/approve", {}, **claims).code == "POLICY_VIOLATION"
    for force in ("force", "break_glass"):
        refused = builder.post("/phases/st07-who/spec/approve", {force: True, "reason": "urgent"}, **claims)
        assert (refused.status, refused.code) == (422, "POLICY_VIOLATION")
        assert refused.json["fix"] == ["orch why st07-who spec"], "no agent is told how to force"
    assert client.post("/phases/st07-who/spec/approve", {}).data["authentication"].startswith("token:")


@pytest.mark.parametrize("kind", [ActorKind.AGENT, ActorKind.SERVICE])
def test_what_gives_a_program_a_scope_leaves_it_a_program_and_no_scope_makes_it_a_person(
    kind: ActorKind, client: Client, served_project: Project
) -> None:
    robot = client.shows(issued(served_project, Scope.WRITE, to=Actor("night shift", kind)))
    asked = {
        "/phases/st08-kinds/spec/reject": "approve",
        "/phases/st08-kinds/spec/reopen": "approve",
        "/rebuild": "admin",
        "/audit/verify": "audit",
    }
    for path, scope in asked.items():
        assert robot.post(path, {}).json["fix"] == [f"orch token create 'night shift' --kind {kind} --scope {scope}"]
    workflow = {"steps": {"spec": {"objectives": ["a"]}}, "auto_approve": True}
    hopeless = {
        "/phases/st08-kinds/spec/approve": {},
        "/phases/st08-kinds/spec/reconfirm": {},
        "/phases/st08-kinds/workflow": workflow,
        "/policy": {},
        "/tokens": {},
    }
    for path, words in hopeless.items():
        refused = robot.post(path, words)
        assert (refused.code, refused.json["fix"]) == ("FORBIDDEN", ["orch policy show"]), path
        assert refused.json["detail"].endswith("Nor would it help: only people may do that."), path


@pytest.mark.parametrize("kind", [ActorKind.AGENT, ActorKind.SERVICE])
def test_only_people_issue_tokens_whatever_their_scopes(
    kind: ActorKind, client: Client, served_project: Project
) -> None:
    robot = client.shows(issued(served_project, *Scope, to=Actor("robot", kind)))
    assert robot.post("/tokens", {"name": "ada", "scopes": ["approve"]}).code == "POLICY_VIOLATION"


def test_a_token_has_256_bits_of_chance_and_names_its_id() -> None:
    made = [new_token() for _ in range(100)]
    assert len({each.secret for each in made}) == len({each.id for each in made}) == 100
    assert all(id_in(each.secret) == each.id and digest_of(each.secret) == each.sha256 for each in made)
    assert all(len(each.secret) == len("orch_") + 12 + 1 + 43 for each in made)


def test_the_log_holds_no_secret(client: Client, served_project: Project) -> None:
    assert client.token is not None
    _, _, chance = client.token.split("_", 2)
    for file in served_project.places.state.rglob("*"):
        if file.is_file():
            assert chance.encode() not in file.read_bytes(), file


def test_a_description_is_made_without_a_log_being_asked(served_project: Project) -> None:
    nothing: Any = None
    app = application(Service(served_project, *[nothing] * 6))
    assert app.openapi()["openapi"] == "3.1.0"
