"""Phases of other tools over HTTP: as files that are sent."""

import pytest

from domain.access_token import Scope
from tests.api.served import Client, issued
from usecases.project import Project

FILES = {
    "specs/001-mixer/spec.md": "# Mixer\n\nTwo voices.\n",
    "specs/001-mixer/plan.md": "# Plan\n\nOne thread.\n",
    "README.md": "nothing of a phase\n",
}
WORDS = {"files": FILES, "called": "legacy", "names": {"001-mixer": "st81-mixer"}}


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
