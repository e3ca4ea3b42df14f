"""What agents look for and auditors take away, over HTTP; and that no answer names a place of the server."""

import io
import zipfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from subprocess import run
from sys import executable

import pytest

from adapters.receipts import proven
from api.heavy import long_work
from domain.access_token import Scope
from domain.steps import Step
from tests.api.served import AGENT, Client, issued
from tests.api.test_operations import FIELDS, draft_all
from usecases.project import Project

PHASE = "st01-audio-engine"


@pytest.fixture(scope="module", autouse=True)
def approved(client: Client) -> None:
    draft_all(client, PHASE)


def test_a_gate_opens_for_exactly_the_approved_text(client: Client) -> None:
    recorded = client.get(f"/phases/{PHASE}/spec").data
    assert client.get(f"/phases/{PHASE}/spec/gate").data["digest"] == recorded["digest"]
    assert client.get(f"/phases/{PHASE}/spec/gate?digest={recorded['digest']}").data["approvals"][0]["name"] == "grace"
    assert client.post(f"/phases/{PHASE}/spec/gate", {"text": recorded["text"]}).data["iteration"] == 1
    assert client.get(f"/phases/{PHASE}/spec/gate?digest=sha256:1:00").code == "GATE_CLOSED"
    assert client.post(f"/phases/{PHASE}/spec/gate", {"text": recorded["text"] + "more"}).code == "GATE_CLOSED"
    assert client.get("/phases/st99-none/spec/gate").status == 404
    assert client.get(f"/phases/{PHASE}/spec/gate?at=position:1").code == "VALIDATION_ERROR"


def test_a_receipt_proves_the_approval_without_the_store(client: Client) -> None:
    receipt = client.get(f"/phases/{PHASE}/plan/receipt")
    assert receipt.status == 200 and "filename=" in receipt.headers["content-disposition"]
    key = client.get("/audit/key").data["key"]
    found = proven(receipt.body, phase=PHASE, step=Step.PLAN, vkeys=[key])
    assert found.digest == client.get(f"/phases/{PHASE}/plan").data["digest"]


def test_a_page_for_the_implementer_is_the_same_each_time(client: Client) -> None:
    page = client.get(f"/phases/{PHASE}/package?format=md")
    assert page.headers["content-type"] == "text/markdown; charset=utf-8"
    assert page.headers["content-disposition"] == 'attachment; filename="handoff.md"'
    assert page.body == client.get(f"/phases/{PHASE}/package?format=md").body
    packed = client.get(f"/phases/{PHASE}/package?format=md", Accept_Encoding="gzip")
    assert packed.body == page.body and "content-encoding" not in packed.headers, "the digest is of what is sent"
    told = client.get(f"/phases/{PHASE}/package").data
    assert told["sha256"] == sha256(page.body).hexdigest() and told["bytes"] == len(page.body)
    assert page.headers["repr-digest"] == f"sha-256=:{b64encode(sha256(page.body).digest()).decode()}:"


def test_an_export_has_the_form_that_was_asked_for(client: Client) -> None:
    for form, media, begins in (
        ("json", "application/json", b'{"ok":true'),
        ("yaml", "application/yaml", b"ok: true"),
        ("md", "text/markdown; charset=utf-8", b"# Phases"),
        ("csv", "text/csv; charset=utf-8", b"phase,"),
    ):
        found = client.get(f"/export?phase={PHASE}&format={form}")
        assert found.status == 200 and found.headers["content-type"] == media and found.body.startswith(begins)
    assert client.get("/export?phase=st99-none").status == 404


def test_what_has_to_be_known_comes_as_a_page_too(client: Client) -> None:
    page = client.get("/context?format=md")
    assert page.status == 200 and page.body.startswith(b"# Context")
    assert client.get("/context?level=9").code == "VALIDATION_ERROR"
    assert client.get("/search?q=%20").code == "VALIDATION_ERROR"


def test_history_is_replayed_page_by_page(client: Client) -> None:
    whole = client.get(f"/phases/{PHASE}/replay").data["rows"]
    rows, path = [], f"/phases/{PHASE}/replay?limit=4"
    while path:
        page = client.get(path)
        rows += page.data["rows"]
        path = page.headers.get("link", "").partition("<")[2].partition(">")[0].removeprefix("/api/v1")
    assert rows == whole and len(rows) > 8
    assert client.get("/phases/st99-none/replay").status == 404


def test_a_document_is_held_against_its_schema(client: Client) -> None:
    names = {row["name"] for row in client.get("/schemas").data["rows"]}
    assert {"spec", "workflow", "phase.status", "phase.opened", "phase-state"} <= names
    assert client.post("/schemas/spec/check", {"objectives": ["a"]}).data == {
        "name": "spec",
        "of": "input",
        "file": "The body",
    }
    wrong = client.post("/schemas/tasks/check", {"tasks": [{"id": "T001", "title": "a", "dependencies": ["T9"]}]})
    assert wrong.code == "VALIDATION_ERROR" and "T9" in wrong.json["detail"]
    answer = client.get(f"/phases/{PHASE}").json
    assert client.post("/schemas/phase.status/check", answer).data["of"] == "output"
    assert client.post("/schemas/phase.status/check", {"ok": True}).code == "VALIDATION_ERROR"
    assert client.get("/schemas/nothing").status == 404


def test_a_body_is_refused_for_its_depth_before_it_is_written_anew(client: Client) -> None:
    deep = b"[" * 800 + b"]" * 800
    for path, body in (
        ("/schemas/spec/check", b'{"objectives": %b}' % deep),
        ("/schemas/phase.status/check", b'{"data": %b}' % deep),
        ("/phases/st21-deep/workflow", b'{"steps": {"spec": %b}}' % deep),
    ):
        reply = client("POST", path, body)
        assert reply.code == "VALIDATION_ERROR" and "more than 32 levels deep" in reply.json["detail"], path


def test_a_workflow_goes_as_far_as_its_approvals(client: Client, served_project: Project) -> None:
    words = {"steps": {step: fields for step, fields in FIELDS.items() if step in ("spec", "research")}}
    first = client.post("/phases/st20-flow/workflow", words).data
    assert first["waits_for"]["step"] == "spec" and not first["complete"]
    assert client.post("/phases/st20-flow/workflow", words).data["rows"][0]["drafted"] is None
    writer = client.shows(issued(served_project, Scope.WRITE))
    assert writer.post("/phases/st20-flow/workflow", {**words, "auto_approve": True}).code == "FORBIDDEN"
    agent = client.shows(issued(served_project, Scope.WRITE, Scope.APPROVE, to=AGENT))
    refused = agent.post("/phases/st20-flow/workflow", {**words, "auto_approve": True})
    assert (refused.status, refused.json["fix"]) == (422, ["orch policy show"]), "there is no file to name"
    elsewhere = client.post("/phases/st20-flow/workflow", {"steps": {"phase": "st21-x", **words["steps"]}})
    assert (elsewhere.code, elsewhere.json["fix"]) == ("VALIDATION_ERROR", [])
    settings = served_project.places.settings
    settings.write_text('[checkpoints]\nafter = ["approval"]\nanchor = "nowhere/anchor.txt"\n')
    gone = client.post("/phases/st20-flow/workflow", {**words, "auto_approve": True}).data
    settings.unlink()
    signed = gone["rows"][0]["checkpoint"]
    assert (signed["file"], signed["fix"]) == (f"{signed['size']}.note", ["orch audit checkpoint"])
    assert str(served_project.places.root) not in str(gone), "its files lie where only the service is"
    assert [row["state"] for row in gone["rows"][:2]] == ["approved", "approved"]
    assert client.get("/audit/exceptions?phase=st20-flow").data["rows"]
    assert client.post("/phases/st20-flow/workflow", {"steps": {"spec": {"nonsense": 1}}}).code == "VALIDATION_ERROR"


def test_boxes_ticked_in_a_text_are_recorded(client: Client) -> None:
    text = client.get(f"/phases/{PHASE}/tasks").data["text"]
    ticked = text.replace("- [ ] **T001", "- [x] **T001").replace("- [ ] T001", "- [x] T001")
    assert ticked != text
    done = client.post(f"/phases/{PHASE}/task/sync", {"text": ticked}, Idempotency_Key="sync-1")
    assert done.status == 200, done.body
    rows = {row["number"]: row["state"] for row in client.get(f"/tasks?phase={PHASE}").data["rows"]}
    assert rows["T001"] == "done"
    again = client.post(f"/phases/{PHASE}/task/sync", {"text": ticked}, Idempotency_Key="sync-1")
    assert again.headers["idempotent-replayed"] == "true"
    assert client.post(f"/phases/{PHASE}/task/sync", {"text": text, "reason": "It clicks"}).status == 200


def test_the_log_is_verified_against_what_an_auditor_holds(client: Client) -> None:
    signed = client.post("/audit/checkpoint").data
    assert signed["file"].startswith(str(signed["size"])) and "/" not in signed["file"]
    key = client.get("/audit/key").data["key"]
    found = client.post("/audit/verify", {"against": [signed["note"]], "vkeys": [key]}).data
    assert found["verdict"] == "verified" and found["checkpoints"][0]["holds"]
    forged = signed["note"].replace(str(signed["size"]), str(signed["size"] - 1), 1)
    assert client.post("/audit/verify", {"against": [forged], "vkeys": [key]}).status in (200, 400)
    assert client.post("/audit/verify", {"against": ["nothing"]}).code == "VALIDATION_ERROR"
    assert client.post("/audit/verify", {"vkeys": ["no key"]}).code == "VALIDATION_ERROR"
    assert client.post("/audit/verify", {"from_position": 10**9}).status == 404


def test_a_range_is_reviewed_once(client: Client) -> None:
    reviewed = client.post("/audit/reviews", {"from": "position:1", "comments": "All by people"}, Idempotency_Key="rev")
    assert reviewed.status == 200
    again = client.post("/audit/reviews", {"from": "position:1", "comments": "All by people"}, Idempotency_Key="rev")
    assert again.data["position"] == reviewed.data["position"] and again.headers["idempotent-replayed"] == "true"
    assert client.get("/audit/reviews").data["rows"][-1]["holds"]


def test_an_event_is_proved_by_files_that_are_fetched_one_by_one(client: Client) -> None:
    proof = client.get("/audit/proofs/2").data
    assert proof["index"] == 1 and proof["files"] == ["entry", "proof.tlog-proof", "vkey"]
    entry = client.get("/audit/proofs/2/entry").body
    assert sha256(b"\0" + entry).hexdigest() == proof["leaf"]
    assert client.get("/audit/proofs/2/proof.tlog-proof").body.startswith(b"c2sp.org/tlog-proof@v1")
    assert client.get("/audit/proofs/2/vkey").body.decode().strip() == client.get("/audit/key").data["key"]
    assert client.get("/audit/proofs/999999").status == 404
    assert client.get("/audit/consistency?old=5&new=2").code == "VALIDATION_ERROR"


def test_an_evidence_package_is_checked_without_this_program(client: Client, tmp_path: Path) -> None:
    package = client.post("/audit/export", {"phase": PHASE})
    assert package.headers["content-type"] == "application/zip"
    assert package.headers["repr-digest"] == f"sha-256=:{b64encode(sha256(package.body).digest()).decode()}:"
    zipfile.ZipFile(io.BytesIO(package.body)).extractall(tmp_path)
    key = client.get("/audit/key").data["key"]
    done = run([executable, "-I", "verify.py", "--vkey", key], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 7 and "not proved" in done.stdout, done.stdout + done.stderr  # one phase is not all
    assert client.post("/audit/export", {"phase": "st99-none"}).status == 404
    whole = client.post("/audit/export", {"withhold": True})
    assert whole.status == 200 and b"Round trip" not in zipfile.ZipFile(io.BytesIO(whole.body)).read("events.jsonl")


def test_a_text_is_erased_and_the_key_replaced_by_whoever_answers_for_the_log(client: Client) -> None:
    before = client.get("/audit/key").data["key"]
    assert client.post("/audit/key/rotate", {"reason": "The laptop is lost"}, Idempotency_Key="rotate").status == 200
    after = client.get("/audit/key").data
    assert after["replaced"] == [before] and after["key"] != before
    assert client.post("/audit/key/rotate", {"reason": "The laptop is lost"}, Idempotency_Key="rotate").status == 200
    assert client.get("/audit/key").data == after
    client.post("/directives", {"text": "Call 555 0123"}, Idempotency_Key="secret")
    position = client.get("/audit/trail?topic=project.directive_remembered").data["rows"][-1]["position"]
    assert client.post("/audit/redact", {"position": position, "reason": " "}).status in (400, 422)
    erased = client.post("/audit/redact", {"position": position, "reason": "It named a person"}, Idempotency_Key="gone")
    assert erased.data["redacted"] == position
    again = client.post("/audit/redact", {"position": position, "reason": "It named a person"}, Idempotency_Key="gone")
    assert again.status == 200 and again.headers["idempotent-replayed"] == "true"
    assert b"555 0123" not in client.get("/search?q=555").body
    verified = client.post("/audit/verify", {}).data
    assert verified["erased"] == 1 and verified["verdict"] == "incomplete"


def test_a_third_long_request_is_refused_and_begins_nothing(client: Client) -> None:
    with long_work(), long_work():
        for path in ("/audit/verify", "/audit/export", "/audit/reviews"):
            refused = client.post(path, {})
            assert refused.code == "UNAVAILABLE" and refused.headers["retry-after"] == "5"
        for path in ("/backups", "/backups/verify", "/backups/drill", "/rebuild"):
            assert client.post(path).code == "UNAVAILABLE"
        assert client.post("/recover/run", {"to": "now"}).code == "UNAVAILABLE"
        assert client.get("/recover/diff?to=position:1").status == 503
        assert client.get("/doctor").code == client.get("/recover/plan?to=now").code == "UNAVAILABLE"
        assert client.get("/phases").status == 200
    assert client.get("/recover/diff?to=position:1").status == 200


def test_no_answer_names_a_place_of_the_server(client: Client, served_project: Project) -> None:
    root = str(served_project.places.root).encode()
    (served_project.places.templates).mkdir(exist_ok=True)
    own = served_project.places.templates / "spec.md.j2"
    own.write_text("{{ nothing", "utf-8")
    try:
        for method, path, body in (
            ("GET", "/templates", None),
            ("GET", "/templates/check", None),
            ("GET", "/templates/spec", None),
            ("GET", "/templates/spec/diff", None),
            ("POST", "/audit/checkpoint", {}),
            ("POST", "/audit/verify", {}),
            ("GET", f"/phases/{PHASE}/package", None),
            ("GET", f"/phases/{PHASE}/spec/gate", None),
            ("GET", "/audit/proofs/1", None),
            ("GET", "/recover/diff?to=position:2", None),
            ("GET", "/recover/plan?to=position:2", None),
            ("POST", "/recover/run", {"to": "position:2"}),
            ("GET", "/doctor", None),
            ("GET", "/config", None),
            ("POST", "/rebuild", {"check": True}),
            ("POST", "/backups", {}),
            ("GET", "/backups", None),
            ("POST", "/backups/drill", {}),
            ("POST", "/batch", {"commands": [{"method": "GET", "path": "/doctor"}]}),
            ("POST", "/phases/st21-broken/workflow", {"steps": {"spec": FIELDS["spec"]}}),
        ):
            answered = client(method, path, body)
            assert answered.status in (200, 400, 404, 422, 503), (path, answered.body)
            assert root not in answered.body, path
    finally:
        own.unlink()
