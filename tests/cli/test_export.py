"""orch export: four forms of the same content, always the same bytes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from cli.output_schemas import adapter_of
from tests.cli.conftest import Orch, position

FORMATS = ("json", "yaml", "md", "csv")


@pytest.fixture
def two(drafted: Orch) -> Orch:
    """Return the same function where two phases stand in different places, with words that formats trip over."""
    assert drafted("approve", "st01-x", "spec").status == 0
    words = "=1+1 ünï «no»: yes, {a: [b]} <b>*x* | # y"
    assert drafted("spec", "st02-y", "--title", "No", "--objectives", words.replace(",", "\\,")).status == 0
    assert drafted("depend", "st02-y", "--on", "st01-x").status == 0
    return drafted


def exported(orch: Orch, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(orch("export", *words, "--format", "json").out)
    return found


def test_json_has_the_state_and_the_documents_of_all_phases(two: Orch) -> None:
    document = exported(two)
    adapter_of("export", closed=True).validate_python(document)
    phases = document["data"]["phases"]
    assert [phase["phase"] for phase in phases] == ["st01-x", "st02-y"]
    text = two("show", "st01-x", "spec", "--json").data
    assert phases[0]["documents"] == [{name: text[name] for name in phases[0]["documents"][0]}]
    assert phases[0]["steps"]["spec"] == two("status", "st01-x", "--json").data["steps"]["spec"]
    assert document == json.loads(two("export", "--json").out)


def test_yaml_has_the_same_content(two: Orch) -> None:
    said = two("export", "--format", "yaml").out
    assert yaml.safe_load(said) == exported(two)
    assert "text: |" in said  # people read it


def test_csv_has_a_row_for_every_step(two: Orch) -> None:
    rows = list(csv.DictReader(io.StringIO(two("export", "--format", "csv").out)))
    assert len(rows) == 10
    phases = {phase["phase"]: phase for phase in exported(two)["data"]["phases"]}
    for row in rows:
        step = phases[row["phase"]]["steps"][row["step"]]
        assert (row["state"], row["iteration"], row["digest"]) == (
            step["state"],
            str(step["iteration"]),
            step["digest"] or "",
        )
        assert row["verdict_by"] == (step["verdict_by"] or {"name": ""})["name"]


def test_markdown_is_one_file_with_contents_whose_links_lead_somewhere(two: Orch) -> None:
    said = two("export", "--format", "md").out
    for phase in ("st01-x", "st02-y"):
        assert two("show", phase, "spec", "--raw").out.rstrip("\n") in said
    tokens = [inner for token in MarkdownIt().parse(said) for inner in token.children or ()]
    targets = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert targets == ["#phase-st01-x", "#phase-st01-x-spec", "#phase-st02-y", "#phase-st02-y-spec"]
    for target in targets:
        assert said.count(f'<a id="{target[1:]}"></a>') == 1


def test_a_document_that_leaves_a_fence_open_does_not_swallow_the_others(two: Orch) -> None:
    file = Path("dev/st01-x/spec.md")
    assert two("reopen", "st01-x", "spec", "--reason", "more").status == 0
    file.write_text("# By hand\n\n````text\nno end <!-- \n")
    assert two("edit", "st01-x", "spec").status == 0
    tokens = MarkdownIt().parse(two("export", "--format", "md").out)
    assert any(token.type == "inline" and token.content.startswith("st02-y: No") for token in tokens)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_log_gives_the_same_bytes_and_a_past_moment_keeps_its_own(two: Orch, form: str) -> None:
    at = f"position:{position(two)}"
    first = two("export", "--format", form).out
    assert two("export", "--format", form).out == first == two("export", "--format", form, "--at", at).out
    assert two("approve", "st02-y", "spec").status == 0
    assert two("export", "--format", form).out != first == two("export", "--format", form, "--at", at).out


def test_a_request_expires_by_the_log_and_not_by_the_clock(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project("policy", "set", "--request-expiry", "1", "--reason", "quick").status == 0
    assert project("spec", "st01-x", "--objectives", "x").status == 0
    document = exported(project)["data"]["phases"][0]["steps"]["spec"]
    assert document["state"] == "awaiting_approval" and document["expires_at"]
    later = document["expires_at"].replace("2026", "2027")
    past = exported(project, "--at", later)["data"]["phases"][0]["steps"]["spec"]
    assert past["state"] == "expired"


@pytest.mark.parametrize("form", FORMATS)
def test_a_redacted_text_is_shown_as_erased(two: Orch, form: str) -> None:
    assert two("reject", "st02-y", "spec", "--feedback", "names a person").status == 0
    assert two("spec", "st02-y", "--objectives", "harmless").status == 0
    drafted = [row for row in two("history", "st02-y", "--json").data["rows"] if row["topic"].endswith("drafted")]
    assert two("archive", "st02-y", "--reason", "done").status == 0
    for row in drafted:
        assert two("audit", "redact", str(row["position"]), "--reason", "a name", "--yes").status == 0
    said = two("export", "st02-y", "--format", form).out
    assert "harmless" not in said and "ünï" not in said
    if form in ("json", "yaml"):
        document = yaml.safe_load(said)["data"]["phases"][0]["documents"][0]
        assert document["text"] is None and document["erased"] and document["erased_by"]["reason"] == "a name"
    if form == "md":
        assert "text erased at position" in said and drafted[-1]["digest"] in said
    if form == "csv":
        assert next(csv.DictReader(io.StringIO(said)))["text_erased"] == "true"


def test_a_file_is_written_whole_and_never_over_another_one(two: Orch) -> None:
    for name in ("all.json", "all.yaml", "all.md", "all.csv"):
        told = two("export", "-o", name, "--json").data
        assert (told["format"], told["phases"]) == (name.partition(".")[2], 2)
        assert Path(name).read_bytes().decode() == two("export", "--format", told["format"]).out
        before = Path(name).read_bytes()
        said = two("export", "st01-x", "-o", name, "--json")
        assert (said.status, said.error["code"]) == (3, "ALREADY_EXISTS") and Path(name).read_bytes() == before
        assert two("export", "st01-x", "-o", name, "--yes").status == 0 and Path(name).read_bytes() != before
    said = two("export", "-o", ".orch/log.db", "--yes", "--json")
    assert said.status == 2 and "where only orch itself writes" in said.error["message"]


def test_what_was_never_seen_is_refused(two: Orch) -> None:
    assert two("export", "st99-no", "--json").status == 4
    assert two("export", "st02-y", "--at", "position:3", "--json").status == 4
    assert two("export", "--json", "--format", "md").status == 2
