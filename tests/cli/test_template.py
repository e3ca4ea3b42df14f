"""orch template: the program's words, the project's own, and mistakes named by file and line."""

from pathlib import Path

import pytest

from adapters.input_judging import judge
from adapters.template_files import NAMES
from adapters.template_samples import sample
from domain.steps import STEPS, Step
from tests.cli.conftest import Orch, by_the_log

OWN = ".orch/templates"


@pytest.mark.parametrize("step", STEPS)
def test_the_sample_is_valid_and_has_every_field(step: Step) -> None:
    from adapters.input_models import model_of

    fields = sample(step)
    judge(step, fields, "sample")
    assert fields.keys() == {field.alias or name for name, field in model_of(step).model_fields.items()}


def test_an_ejected_template_is_the_same_one_and_is_never_overwritten(project: Orch) -> None:
    before = project("template", "show", "spec", "--json").data
    assert before["source"] == "built-in"
    assert project("template", "eject", "spec").status == 0
    after = project("template", "show", "spec", "--json").data
    assert after["source"] == "project" and not after["differs"] and after["text"] == before["text"]
    assert project("template", "diff", "spec", "--json").data["lines"] == []
    file = by_the_log(OWN) / "spec.md.j2"
    file.write_text(f"{file.read_text()}\nOur own words.\n")
    said = project("template", "eject", "spec", "--json")
    assert (said.status, said.error["code"]) == (3, "ALREADY_EXISTS") and "never overwritten" in said.error["message"]
    assert "Our own words." in file.read_text()
    assert "+Our own words." in project("template", "diff", "spec", "--json").data["lines"]
    assert project("template", "check").status == 0
    assert project("spec", "st01-x", "--objectives", "x").status == 0
    assert "Our own words." in project("show", "st01-x", "spec").out
    assert project("template", "show", "spec", "--built-in", "--json").data["text"] == before["text"]


def test_all_that_are_not_there_are_ejected_at_once(project: Orch) -> None:
    own = by_the_log(OWN)
    own.mkdir()
    (own / "plan.md.j2").write_text("mine\n")
    files = project("template", "eject", "--json").data["files"]
    assert {Path(file).name for file in files} == set(NAMES) - {"plan.md.j2"}
    assert (own / "plan.md.j2").read_text() == "mine\n"
    assert project("template", "eject", "--json").data["files"] == []


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("# Spec\n{% for x in d.risks %}\n", "project:spec.md.j2, line 2"),
        ("# Spec\n\n{{ nope }}\n", "project:spec.md.j2, line 3: 'nope' is undefined"),
        ("# Spec\n{{ d.objectives }}\n", "project:spec.md.j2, line 2"),  # fails where somebody leaves the field out
        ('{% include "missing.j2" %}\n', "there is no template missing.j2"),
        ("{{ d.__class__ }}\n", "project:spec.md.j2, line 1"),
    ],
)
def test_check_names_the_file_and_the_line_of_a_mistake(project: Orch, text: str, saying: str) -> None:
    own = by_the_log(OWN)
    own.mkdir()
    (own / "spec.md.j2").write_text(text)
    said = project("template", "check", "--json")
    assert said.status == 2 and not said.data["ok"]
    assert [row["step"] for row in said.data["rows"] if not row["ok"]] == ["spec"]
    assert saying in said.data["rows"][0]["message"]
    assert "✗ spec.md.j2 (project)" in project("template", "check").out
    assert project("template", "check", "research").status == 0


def test_a_mistake_in_the_shared_part_is_found_in_every_document(project: Orch) -> None:
    own = by_the_log(OWN)
    own.mkdir()
    (own / "_parts.md.j2").write_text("{% macro head() %}\n")
    said = project("template", "check", "_parts.md.j2", "--json")
    assert said.status == 2 and len([row for row in said.data["rows"] if not row["ok"]]) == 5
    assert "project:_parts.md.j2, line 1" in said.data["rows"][0]["message"]


def test_a_template_that_cannot_be_read_is_listed_as_such(project: Orch) -> None:
    own = by_the_log(OWN)
    own.mkdir()
    (own / "spec.md.j2").write_bytes(b"\xff\xfe")
    (own / "extra.j2").write_text("words\n")
    rows = {row["name"]: row for row in project("template", "list", "--json").data["rows"]}
    assert "not UTF-8" in rows["spec.md.j2"]["unreadable"] and rows["extra.j2"]["source"] == "project"
    assert project("template", "show", "spec", "--json").error["code"] == "TEMPLATE_ERROR"
    assert project("template", "diff", "extra.j2", "--json").status == 4
    assert "Did you mean spec?" in project("template", "show", "spce", "--json").error["message"]


def test_the_cache_of_compiled_templates_is_made_anew(project: Orch) -> None:
    assert project("spec", "st01-x", "--objectives", "x").status == 0
    cache = by_the_log(".orch/cache")
    for file in cache.glob("*.jinja"):
        file.write_bytes(b"damaged")
    told = project("template", "rebuild", "--json").data
    assert told["forgotten"] > 0 and told["compiled"] == 5
    assert all(file.read_bytes() != b"damaged" for file in cache.glob("*.jinja"))
