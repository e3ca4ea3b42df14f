"""Many commands in one request: each as if it had come alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.input_files import json_text
from api.within import AT_ONCE, Asked, Inside, Within, _asked
from domain.access_token import Scope
from tests.api.served import AGENT, WIDE, Client, issued, new_project, opened, served
from tests.api.test_operations import FIELDS
from usecases.project import Project


def post(path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "path": path, "body": {} if body is None else body, **more}


def get(path: str) -> dict[str, Any]:
    return {"method": "GET", "path": path}


def batch(client: Client, *commands: dict[str, Any], key: str = "", **words: Any) -> Any:
    headers = {"Idempotency_Key": key} if key else {}
    return client.post("/batch", {"commands": list(commands), **words}, **headers)


def test_commands_are_carried_out_in_turn_and_one_that_fails_does_not_stop_the_others(client: Client) -> None:
    found = batch(
        client,
        post("/phases/st01-x/spec", FIELDS["spec"]),
        post("/phases/st01-x/plan", FIELDS["plan"]),
        post("/phases/st01-x/spec/approve"),
        get("/phases/st01-x?at=position:1"),
        get("/phases/st01-x"),
        get("/no/such"),
    ).data
    rows = found["rows"]
    assert [row["status"] for row in rows] == [200, 422, 200, 404, 200, 404]
    assert (found["succeeded"], found["failed"], found["not_started"]) == (3, 3, 0)
    assert rows[1]["error"]["code"] == "WORKFLOW_VIOLATION" and rows[1]["error"]["fix"] and rows[1]["data"] is None
    assert rows[2]["data"]["final"] and rows[2]["kind"] == "command.outcome" and rows[2]["etag"]
    assert rows[4]["kind"] == "phase.status" and rows[4]["data"]["phase"] == "st01-x"
    assert rows[5]["error"]["code"] == "NO_SUCH_PATH"


def test_repeating_a_batch_repeats_every_command(client: Client, served_project: Project) -> None:
    commands = [post(f"/phases/st1{n}-twice/spec", FIELDS["spec"]) for n in range(3)]
    first = batch(client, *commands, key="batch-1").data["rows"]
    size = served_project.log.moment().position
    again = batch(client, *commands, key="batch-1").data["rows"]
    assert [row["data"] for row in again] == [row["data"] for row in first]
    assert [row["replayed"] for row in again] == [True] * 3 and not any(row["replayed"] for row in first)
    assert served_project.log.moment().position == size
    alone = client.post("/phases/st11-twice/spec", FIELDS["spec"], Idempotency_Key=first[1]["key"])
    assert alone.headers["idempotent-replayed"] == "true"
    own = batch(client, post("/phases/st14-own/spec", FIELDS["spec"], key="my-own")).data["rows"][0]
    assert own["key"] == own["data"]["command_id"] == "my-own"
    assert batch(client, *commands[::-1], key="batch-1").data["rows"][0]["error"]["code"] == "COMMAND_ID_REUSED"


def test_several_at_a_time_are_all_recorded(client: Client) -> None:
    commands = [post(f"/phases/st{n}-many/spec", FIELDS["spec"]) for n in range(100, 140)]
    found = batch(client, *commands, parallel=True).data
    assert found["succeeded"] == 40
    assert {row["data"]["phase"] for row in found["rows"]} == {f"st{n}-many" for n in range(100, 140)}
    assert [row["path"] for row in found["rows"]] == [command["path"] for command in commands]


def test_a_batch_is_no_way_around_a_scope(client: Client, served_project: Project) -> None:
    size = served_project.log.moment().position
    reader = client.shows(issued(served_project, Scope.READ))
    commands = [
        post("/phases/st30-z/spec", FIELDS["spec"]),
        post("/policy", {"minimum_approvers": 2}),
        post("/tokens", {"name": "eve", "scopes": ["admin"]}),
        post("/backups"),
        get("/audit/trail"),
        get("/phases"),
    ]
    rows = batch(reader, *commands).data["rows"]
    assert [row["status"] for row in rows] == [403] * 5 + [200]
    assert {row["error"]["code"] for row in rows[:5]} == {"FORBIDDEN"}
    assert served_project.log.moment().position == size + 1, "only the token was issued"
    writer = client.shows(issued(served_project, Scope.WRITE))
    assert batch(writer, get("/phases")).code == "FORBIDDEN"
    builder = client.shows(issued(served_project, Scope.READ, Scope.WRITE, Scope.APPROVE, to=AGENT))
    rows = batch(builder, commands[0], post("/phases/st30-z/spec/approve")).data["rows"]
    assert rows[0]["data"]["actor"] == {"name": "builder", "kind": "agent"}
    assert rows[1]["error"]["code"] == "POLICY_VIOLATION"


@pytest.mark.parametrize("path", ["/batch", "/%62atch", "/events", "/event%73", "/events?after=0"])
def test_a_batch_holds_no_batch_and_nothing_without_an_end(path: str, client: Client) -> None:
    assert batch(client, get("/phases"), post(path)).code == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "command",
    [
        {"method": "HEAD", "path": "/phases"},
        {"method": "GET", "path": "phases"},
        {"method": "GET", "path": "/a b"},
        {"method": "GET", "path": "/ph\u00e4ses"},
        {"method": "GET"},
        post("/phases/st01-x/spec", {}, key="a b"),
        {"method": "GET", "path": "/phases", "headers": {"Authorization": "x"}},
    ],
)
def test_what_is_no_command_refuses_the_whole_batch(command: dict[str, Any], client: Client) -> None:
    assert batch(client, command).code == "VALIDATION_ERROR"


def test_a_batch_has_an_end(client: Client) -> None:
    assert batch(client).code == "VALIDATION_ERROR"
    assert batch(client, *[get("/phases")] * 101).code == "VALIDATION_ERROR"
    assert batch(client, *[get("/phases")] * 100).data["succeeded"] == 100


def test_paths_lead_nowhere_else(client: Client) -> None:
    paths = ("/../../health/live", "/%2e%2e/%2e%2e/metrics", "//metrics", "/batch/", "/phases/%00", "/events/")
    assert {row["status"] for row in batch(client, *map(get, paths)).data["rows"]} <= {400, 404}


def test_an_answer_that_is_a_file_is_asked_for_alone(client: Client) -> None:
    row = batch(client, get("/context?format=md")).data["rows"][0]
    assert not row["ok"] and row["error"]["code"] == "NOT_JSON"


def test_versions_that_were_seen_hold_in_a_batch_too(client: Client) -> None:
    assert client.post("/phases/st50-seen/spec", FIELDS["spec"]).status == 200
    words = {"objectives": ["Below 5 ms"]}
    rows = batch(client, post("/phases/st50-seen/spec", words, if_match='"0"'), post("/phases/st50-seen/spec", words))
    assert [row["status"] for row in rows.data["rows"]] == [412, 200]


def test_every_command_of_a_batch_is_told_of_and_counted(tmp_path: Path) -> None:
    new_project(tmp_path)
    with opened(tmp_path) as project, served(project) as nobody:
        client = nobody.shows(issued(project))
        batch(client, get("/phases"), get("/no/such"), post("/phases/st01-x/spec", {"nonsense": 1}), key="told")
        metrics = client.get("/metrics").body.decode()
        assert 'operation="list_phases"' in metrics and 'operation="batch"' in metrics
        assert 'orch_suspicious_requests_total{kind="schema_violations"} 1.0' in metrics
        log = "".join(path.read_text("utf-8") for path in (tmp_path / ".orch" / "logs").glob("combined*"))
        ids = [line for line in log.splitlines() if '"operation":"batch"' in line or '"operation": "batch"' in line]
        assert len(ids) == 1 and "NO_SUCH_PATH" in log


def test_a_deep_body_takes_no_more_room_than_it_came_in(client: Client) -> None:
    """With a blank for each level in every line, 100 KB would be 100 MB."""
    deep: Any = [1] * 30_000
    for _ in range(200):
        deep = [deep]
    assert batch(client, post("/nowhere", deep)).data["rows"][0]["status"] == 404
    assert len(json_text(deep, "it")) < 200_000


def test_what_is_late_in_a_batch_is_not_begun(served_project: Project) -> None:
    before = served_project.log.moment().position
    with served(served_project, bounds=WIDE._replace(seconds=0.1)) as client:
        answer = batch(
            client.shows(issued(served_project)), *[post(f"/phases/st{n}-x/spec", FIELDS["spec"]) for n in range(100)]
        )
        assert (answer.status, answer.code) == (503, "OPERATION_TIMEOUT")
    assert served_project.log.moment().position - before < 100


def test_an_answer_of_another_shape_is_asked_for_alone(client: Client) -> None:
    (row,) = batch(client, get("/openapi.json")).data["rows"]
    assert not row["ok"] and row["error"]["code"] == "NOT_JSON"


def test_each_command_of_a_batch_counts_for_its_address(served_project: Project) -> None:
    with served(served_project, bounds=WIDE._replace(per_address=5)) as client:
        rows = batch(client.shows(issued(served_project)), *[get("/phases")] * 8).data["rows"]
    assert [row["status"] for row in rows] == [200] * 4 + [429] * 4
    assert rows[-1]["error"]["code"] == "RATE_LIMITED"


def test_answers_that_are_no_json_are_not_kept() -> None:
    async def sends(_: object, __: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/zip")]})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})

    said = asyncio.run(_asked(sends, {}, b"", most_bytes=10))
    assert (said.status, said.document, said.size) == (200, None, 0)


@pytest.mark.parametrize("number", ["9" * 30, '"\\ud800"', "1e400"])
def test_what_json_allows_and_no_command_takes_is_refused_row_by_row(number: str, client: Client) -> None:
    body = f'{{"commands": [{{"method": "POST", "path": "/phases/st20-x/spec", "body": {{"objectives": {number}}}}}]}}'
    found = client("POST", "/batch", body.encode(), Content_Type="application/json")
    assert found.status in (200, 400)
    if found.status == 200:
        assert [row["status"] for row in found.data["rows"]] == [400]


def test_a_large_parallel_batch_lets_others_come_between() -> None:
    done: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await asyncio.sleep(0.001)
        done.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def both() -> None:
        inside = Inside(application, lambda _: None)

        async def asked(name: str, count: int, *, at_once: int) -> None:
            outer = dict.fromkeys(("asgi", "http_version", "scheme", "client", "server"))
            within = Within(inside, {"type": "http", "headers": [], **outer}, "", gone=still_there, most_bytes=1000)
            await within.ask([Asked("GET", f"/{name}", b"", None, "")] * count, at_once=at_once)

        large = asyncio.create_task(asked("large", 100, at_once=AT_ONCE))
        await asyncio.sleep(0)
        await asyncio.gather(large, asked("small", 1, at_once=1))

    async def still_there() -> bool:
        return False

    asyncio.run(both())
    assert len(done) == 101 and done.index("/small") <= 2 * AT_ONCE
