"""What a request may be, and what it is told when it is something else."""

import socket
from contextlib import suppress
from http.client import HTTPConnection
from time import monotonic
from typing import Any

import pytest

from adapters.workspace import Workspace
from api import coming
from api.guard import Limits
from api.problems import problem_of, told_outside
from api.server import Where, refuse_open
from domain import errors
from domain.access_token import Scope
from domain.errors import Conflict, HandsNeeded, InvalidInput, Refusal, Unavailable
from tests.api.served import Client, issued, served
from tests.facts import ADA
from usecases.project import Project

SPEC = {"objectives": ["Round trip below 10 ms"]}


def refusals() -> list[type[Refusal]]:
    found: list[type[Refusal]] = []
    waiting = [Refusal]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind is not Refusal and kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", refusals())
def test_every_refusal_has_a_status_and_keeps_its_code_and_its_fix(kind: type[Refusal]) -> None:
    refusal = kind.__new__(kind)
    Refusal.__init__(refusal, "Because.", fix=("orch next",))
    reply = problem_of(refusal)
    assert reply.status_code in (400, 404, 409, 422, 500, 503)
    assert reply.media_type == "application/problem+json"
    assert kind.code.encode() in reply.body and b"orch next" in reply.body and b"Because." in reply.body
    waits = isinstance(refusal, Unavailable) and not isinstance(refusal, HandsNeeded)
    assert ("retry-after" in reply.headers) == waits


def test_who_waits_for_an_upgrade_is_not_told_to_come_again() -> None:
    for refusal in (errors.StoreOutdated("log.db", found=1, needed=2), errors.FilesUnavailable("log.db: No space.")):
        reply = problem_of(refusal)
        assert reply.status_code == 503 and "retry-after" not in reply.headers
    assert problem_of(errors.StoreReplaced("log.db")).headers["retry-after"], "the service begins anew by itself"


def test_statuses_tell_kinds_of_refusals_apart() -> None:
    found = {kind: problem_of(kind("No.")).status_code for kind in (InvalidInput, errors.NotFound, Unavailable)}
    assert found == {InvalidInput: 400, errors.NotFound: 404, Unavailable: 503}
    assert problem_of(Conflict("phase:x", read=1, found=2)).status_code == 409
    assert problem_of(errors.NothingChanged("No.")).status_code == 422
    assert problem_of(errors.CommandIdReused("k")).status_code == 422
    assert problem_of(errors.Damaged("No.")).status_code == 500


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/home/ada/x/.orch/log.db: disk full.", "log.db: disk full."),
        ("'/srv/a b' is gone", "'a b' is gone"),
        ("postgresql://orch:secret@db.example.org/x cannot be reached.", "postgresql://… cannot be reached."),
        ("dev/st01-x/spec.md was edited; 3/4 done, and/or", "dev/st01-x/spec.md was edited; 3/4 done, and/or"),
    ],
)
def test_no_place_of_this_machine_is_told_outside(said: str, told: str) -> None:
    assert told_outside(said) == told


def test_a_store_that_fails_is_told_without_its_place(client: Client, served_project: Project) -> None:
    folder = served_project.places.root / "dev"
    folder.mkdir(exist_ok=True)
    (folder / "st20-file").write_text("in the way")
    reply = client.post("/phases/st20-file/spec", SPEC)
    assert reply.status == 503 and "retry-after" not in reply.headers, "somebody has to remove the file"
    assert str(served_project.places.root) not in reply.body.decode()


def test_a_bug_is_told_without_anything_of_its_inside(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret inside")

    client.post("/phases/st21-bug/spec", SPEC)
    monkeypatch.setattr(Workspace, "locked", broken)
    reply = client.post("/phases/st21-bug/spec", SPEC)
    assert reply.status == 500 and reply.code == "BUG"
    assert b"secret" not in reply.body and b"Traceback" not in reply.body
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_same_key_records_once_and_another_content_is_refused(client: Client) -> None:
    first = client.post("/phases/st22-key/spec", SPEC, Idempotency_Key='"key-1"')
    again = client.post("/phases/st22-key/spec", SPEC, Idempotency_Key="key-1")
    assert first.data == again.data and first.data["command_id"] == "key-1"
    assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
    other = client.post("/phases/st22-key/spec", {"objectives": ["Other"]}, Idempotency_Key="key-1")
    assert other.status == 422 and other.code == "COMMAND_ID_REUSED"


@pytest.mark.parametrize("key", ["", '""', "a b", "x" * 129, "é"])
def test_a_key_that_cannot_be_one_is_refused(key: str, client: Client) -> None:
    assert client.post("/phases/st22-key/spec", SPEC, Idempotency_Key=key).code == "VALIDATION_ERROR"


def test_the_key_of_somebody_else_is_not_answered(client: Client, served_project: Project) -> None:
    client.post("/phases/st23-mine/spec", SPEC, Idempotency_Key="mine")
    ada = client.shows(issued(served_project, to=ADA))
    assert ada.post("/phases/st23-mine/spec", SPEC, Idempotency_Key="mine").code == "COMMAND_ID_REUSED"


def test_a_version_that_was_seen_guards_a_write(client: Client) -> None:
    etag = client.post("/phases/st24-seen/spec", SPEC).headers["etag"]
    assert client.get("/phases/st24-seen").headers["etag"] == etag
    assert client.get("/phases/st24-seen/spec").headers["etag"] == etag
    approved = client.post("/phases/st24-seen/spec/approve", {}, If_Match=etag)
    assert approved.status == 200 and approved.headers["etag"] != etag
    stale = client.post("/phases/st24-seen/spec/reopen", {"reason": "x"}, If_Match=etag)
    assert stale.status == 412 and stale.code == "CONFLICT"
    assert (
        client.post("/phases/st24-seen/spec/reopen", {"reason": "x"}, If_Match=approved.headers["etag"]).status == 200
    )
    assert client.post("/phases/st24-seen/retitle", {"title": "x"}, If_Match="*").status == 200
    assert client.post("/phases/st24-seen/retitle", {"title": "y"}, If_Match="three").code == "VALIDATION_ERROR"
    assert "etag" not in client.get("/phases/st24-seen?at=position:9999").headers


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "",
            "3",
            "W/{}",
            "w/{}",
            "{}, {}",
            '{}, "999"',
            '"',
            '""',
            '"-1"',
            '"+1"',
            '" 1"',
            '"01"',
            '"1.0"',
            '"\u00b2"',
        ),
        *('"' + "9" * 16 + '"', '"' + "9" * 5000 + '"', "*, {}", "**", '"*"', "null"),
    ],
)
def test_a_version_is_named_as_it_was_told(tag: str, client: Client, served_project: Project) -> None:
    client.post("/phases/st27-tag/spec", SPEC, Idempotency_Key="tagged")
    etag = client.get("/phases/st27-tag").headers["etag"]
    before = served_project.log.moment().position
    refused = client.post("/phases/st27-tag/retitle", {"title": "x"}, If_Match=tag.replace("{}", etag))
    assert (refused.status, refused.code) == (400, "VALIDATION_ERROR"), refused.json
    assert served_project.log.moment().position == before


def test_a_phase_that_is_not_there_yet_is_version_0(client: Client) -> None:
    assert client.post("/phases/st25-new/spec", SPEC, If_Match='"1"').status == 412
    absent = client.post("/phases/st25-new/spec", SPEC, If_Match="*")
    assert (absent.status, absent.code) == (412, "CONFLICT") and client.get("/phases/st25-new").status == 404
    assert client.post("/phases/st25-new/spec", SPEC, If_Match='"0"').status == 200
    assert client.post("/phases/st25-new/spec", SPEC, If_Match='"0"').status == 412


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/phases?att=position:1", None, 400, "VALIDATION_ERROR"),
        ("GET", "/phases?at=yesterday", None, 400, "VALIDATION_ERROR"),
        ("GET", "/phases?at=checkpoint:/etc/passwd", None, 400, "VALIDATION_ERROR"),
        ("GET", "/phases/st99-none", None, 404, "NOT_FOUND"),
        ("GET", "/phases/ST%20x", None, 400, "VALIDATION_ERROR"),
        ("GET", "/phases/%2e%2e%2fetc", None, 400, "VALIDATION_ERROR"),
        ("GET", "/nowhere", None, 404, "NO_SUCH_PATH"),
        ("DELETE", "/phases", None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/phases/st30-x/spec", b"{bad", 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/spec", b"[]", 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/spec", b'{"objectives": ["\\ud800"]}', 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/spec", b"\xff\xfe", 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/spec", b"[" * 100_000, 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/spec", {"objectives": []}, 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/spec", {"objektives": ["x"]}, 400, "VALIDATION_ERROR"),
        ("POST", "/phases/st30-x/research", {"technical_foundation": "x"}, 404, "NOT_FOUND"),
        ("POST", "/policy", {"minimum_approvers": "many"}, 400, "VALIDATION_ERROR"),
        ("POST", "/policy", {}, 422, "NOTHING_CHANGED"),
        ("POST", "/tokens", {"name": "x", "scopes": []}, 400, "VALIDATION_ERROR"),
        ("POST", "/tokens", {"name": "x", "scopes": ["root"]}, 400, "VALIDATION_ERROR"),
        ("POST", "/tokens/zz/revoke", {}, 400, "VALIDATION_ERROR"),
        ("POST", "/tokens/0b8f3a52c1d2/revoke", {}, 404, "NOT_FOUND"),
        ("GET", "/audit/trail?topic=phaze", None, 400, "VALIDATION_ERROR"),
        ("GET", "/audit/trail?limit=0", None, 400, "VALIDATION_ERROR"),
    ],
)
def test_wrong_words_are_told_what_is_wrong(
    method: str, path: str, body: Any, status: int, code: str, client: Client, served_project: Project
) -> None:
    before = served_project.log.moment().position
    reply = client(method, path, body)
    assert (reply.status, reply.code) == (status, code), reply.json
    assert served_project.log.moment().position == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/phases/st30-x/spec", "GET, POST, PUT"),
        ("DELETE", "/phases", "GET"),
        ("GET", "/backups/verify", "POST"),
        ("DELETE", "/backups", "GET, POST"),
        ("HEAD", "/phases", "GET"),
    ],
)
def test_all_methods_of_what_a_path_names_are_told(method: str, path: str, allowed: str, client: Client) -> None:
    reply = client(method, path, None)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


def test_a_body_that_is_no_json_is_refused_by_its_type(client: Client) -> None:
    reply = client.post("/phases/st30-x/spec", b"objectives=x", Content_Type="application/x-www-form-urlencoded")
    assert reply.status == 415 and reply.code == "NOT_JSON"


@pytest.mark.parametrize("size", ["Content-Length: 4194305", "Transfer-Encoding: chunked"])
def test_a_body_that_is_too_large_is_refused_before_it_is_read_whole(
    size: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coming, "LINGER_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", client.port)) as large:
        large.settimeout(20)
        large.sendall(f"POST /api/v1/policy HTTP/1.1\r\nHost: localhost\r\n{size}\r\n\r\n".encode())
        if "chunked" in size:
            with suppress(OSError):
                for _ in range(66):
                    large.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        answer = large.recv(4096)
        with suppress(OSError):
            while more := large.recv(4096):
                answer += more
    assert answer.startswith(b"HTTP/1.1 413") and b"BODY_TOO_LARGE" in answer


def test_whoever_still_sends_a_body_that_is_refused_is_told_why(client: Client) -> None:
    large = {"objectives": ["a" * 3_000_000]}
    for _ in range(5):
        assert client.post("/phases/st31-x/spec", large, Host="evil.example.org").code == "HOST_NOT_ALLOWED"


def test_headers_that_are_too_large_are_refused_also_where_they_come_in_one_piece(client: Client) -> None:
    assert client.get("/phases", X_Long="x" * 31_000).status == 200
    refused = client.get("/phases", X_Long="x" * 33_000)
    assert (refused.status, refused.code) == (400, "VALIDATION_ERROR") and "32768" in refused.json["detail"]
    assert client.get(f"/phases/{'x' * 33_000}").json["detail"] == refused.json["detail"]


def test_a_host_that_is_not_ours_is_not_answered(client: Client) -> None:
    assert client.get("/health/live", Host="evil.example.org").code == "HOST_NOT_ALLOWED"
    assert client.get("/phases", Host="127.0.0.1.evil.example.org:80").status == 421
    assert client.get("/health/live", Host=f"LOCALHOST:{client.port}").status == 200


def test_a_name_that_was_given_is_answered(served_project: Project) -> None:
    with served(served_project, Where("127.0.0.1", 0, ("orch.example.org",), behind_proxy=True)) as proxied:
        reply = proxied.get("/health/live", Host="Orch.Example.org")
        assert reply.status == 200 and "max-age" in reply.headers["strict-transport-security"]


def test_a_client_that_sends_its_body_by_drops_is_let_go(served_project: Project) -> None:
    from api import server

    quick = Limits(frozenset(("127.0.0.1",)), body_seconds=0.3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "Limits", lambda *_, **__: quick)
        with served(served_project) as client, socket.create_connection(("127.0.0.1", client.port)) as slow:
            slow.settimeout(10)
            slow.sendall(b"POST /api/v1/policy HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
            began = monotonic()
            answer = slow.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408") and monotonic() - began < 5


def test_every_answer_bears_the_headers_that_browsers_obey(client: Client) -> None:
    for reply in (client.get("/phases"), client.get("/nowhere"), client.shows(None).get("/phases")):
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert not any(name.startswith("access-control-") for name in reply.headers)
        assert "server" not in reply.headers


def test_a_page_elsewhere_is_allowed_nothing(client: Client) -> None:
    headers = {"Origin": "https://evil.example.org", "Access_Control_Request_Method": "POST"}
    asked = client.shows(None)("OPTIONS", "/phases", None, **headers)
    assert asked.status == 405 and not any(name.startswith("access-control-") for name in asked.headers)


def test_long_answers_are_packed_for_those_who_take_it(client: Client) -> None:
    client.post("/phases/st26-long/spec", SPEC)
    assert client.get("/phases/st26-long", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/phases/st26-long").headers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "orch.example.org"])
def test_other_machines_reach_it_only_by_tls_or_through_a_proxy(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_open(Where(host, 0))
    assert len(refused.value.fix) == 3
    refuse_open(Where(host, 0, behind_proxy=True))


def test_loopback_needs_neither(tmp_path: Any) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        refuse_open(Where(host, 0))
    with pytest.raises(InvalidInput):
        refuse_open(Where("127.0.0.1", 0, certificate=tmp_path / "cert.pem"))


def test_a_certificate_that_is_none_is_refused_before_anything_is_served(tmp_path: Any) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nothing")
    for certificate in (tmp_path / "cert.pem", tmp_path / "absent.pem"):
        with pytest.raises(InvalidInput):
            refuse_open(Where("127.0.0.1", 0, certificate=certificate, key=tmp_path / "key.pem"))


def test_a_connection_stays_open_for_whoever_asks_again(client: Client) -> None:
    connection = HTTPConnection("127.0.0.1", client.port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert answer.status == 200 and not answer.will_close and answer.read()
    connection.close()


def test_a_body_in_which_everything_is_optional_need_not_be_there(client: Client, served_project: Project) -> None:
    audit = client.shows(issued(served_project, *Scope))
    phase = "/phases/st77-bare"
    assert client.post(f"{phase}/spec", SPEC).status == 200
    first = audit("POST", f"{phase}/spec/approve", None, Idempotency_Key="bare")
    again = audit("POST", f"{phase}/spec/approve", {}, Idempotency_Key="bare")
    assert first.status == again.status == 200 and again.json["data"] == first.json["data"], "it says the same"
    assert audit("POST", f"{phase}/handoff").status == 422, "a rule says no, and not the form"
    blocked = client.post(f"{phase}/block", {"text": "No sound card"})
    assert blocked.status == 200
    assert audit("POST", f"{phase}/unblock/B1").status == 200
    assert audit("POST", "/audit/verify").json["data"]["verdict"] != "damaged"
    assert audit("POST", "/tokens/000000000000/revoke").status == 404
    told = audit("POST", f"{phase}/spec/approve", b"comments=x", Content_Type="application/x-www-form-urlencoded")
    assert (told.status, told.code) == (415, "NOT_JSON"), "a form of another page is refused as before"
    assert "body" in audit("POST", f"{phase}/spec/reject").json["detail"], "what is needed is asked for"


def test_every_mistake_is_told_where_it_is(client: Client) -> None:
    told = client.post("/roles/grant", {"nonsense": 1}).json["detail"]
    first, _, rest = told.partition(" (and ")
    assert rest.startswith("2 more: body.") and first.endswith("Field required") and "nonsense" in rest, told
    many = client.post("/roles/grant", {f"no{number}": 1 for number in range(9)}).json["detail"]
    assert "(and 10 more: body." in many and many.endswith(" …).") and many.count("body.") == 6, many


def test_a_checkpoint_that_is_not_kept_is_not_found(client: Client, served_project: Project) -> None:
    told = client.shows(issued(served_project, Scope.READ)).get("/log/checkpoints/5")
    assert (told.status, told.code) == (404, "NOT_FOUND") and "No checkpoint of 5 events" in told.json["detail"]
