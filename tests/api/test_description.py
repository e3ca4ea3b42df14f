"""The description of the service: it holds together, and its examples are what the service takes."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from adapters.inputs import judged_fields
from api.app import application
from api.description import EXAMPLES, ROOT
from api.kinds import FILES, KINDS, ONLY_FILES, READ_BY_POST, TOLD_MEANWHILE
from api.service import Service
from docs.api import example_of, named
from docs.commands import pages
from domain.steps import STEPS, Step
from tests.api.served import Client
from tests.api.test_identity import operations

OPERATION = re.compile(r"(GET|POST|PUT|DELETE) (/[^`?\s]+)")
PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def description(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json
    return found


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_leads_to_a_component(description: dict[str, Any]) -> None:
    found = references(description)
    assert found
    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert found <= known


def test_every_operation_says_what_it_does_and_how_it_refuses(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    names = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(names) == len(set(names)) and KINDS.keys() <= set(names)
    for method, path, operation in operations(description):
        assert operation["summary"] and operation["description"] and operation["security"], (
            method,
            path,
        )
        if operation["operationId"] == "follow":
            continue
        for status, response in operation["responses"].items():
            name = operation["operationId"]
            plain = () if name in ONLY_FILES else ("application/json",)
            told = ("text/event-stream",) if name in TOLD_MEANWHILE else ()
            answers = {*plain, *FILES.get(name, ()), *told}
            assert response["content"].keys() == (answers if status == "200" else {"application/problem+json"})
        assert {"400", "401", "403", "404", "503"} <= operation["responses"].keys()
        writes = method != "GET" and operation["operationId"] not in READ_BY_POST
        assert ("412" in operation["responses"]) == writes


def test_every_document_has_an_example_that_is_taken(description: dict[str, Any]) -> None:
    for step in STEPS:
        body = description["paths"][f"{ROOT}/phases/{{phase}}/{step}"]["post"]["requestBody"]
        example = body["content"]["application/json"]["example"]
        assert example == EXAMPLES[step]
        assert judged_fields(Step(step), dict(example), "The example").items() >= example.items()


def test_every_body_has_fields_with_examples_where_they_are_needed(description: dict[str, Any]) -> None:
    parts = description["components"]["schemas"]
    for _, _, operation in operations(description):
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        if name and not name.endswith("Fields"):
            for field in parts[name].get("required", ()):
                assert parts[name]["properties"][field].get("examples"), (name, field)


def test_every_example_of_the_page_is_taken_by_the_model_of_its_operation(description: dict[str, Any]) -> None:
    nobody: Any = None
    taken = 0
    for route in application(Service(*[nobody] * len(Service._fields))).routes:
        if not isinstance(route, APIRoute) or route.body_field is None:
            continue
        (method,) = route.methods or {"none"}
        content = description["paths"][route.path][method.lower()]["requestBody"]["content"]["application/json"]
        example = example_of(content, named(content["schema"], description)[1])
        if example:
            assert route.body_field.validate(example, loc=("body",))[1] in (None, []), (route.path, example)
            taken += 1
    assert taken > 25


def test_the_page_says_which_scope_opens_the_figures(description: dict[str, Any]) -> None:
    assert description["paths"]["/metrics"]["get"]["security"] == [{"token": ["metrics"]}]
    told = (PAGE.parents[1] / "API.md").read_text("utf-8").partition("### GET /metrics\n")[2].partition("###")[0]
    assert "Opened by: a token with `metrics`." in told


def table_rows() -> list[tuple[list[str], str]]:
    """Return the commands of each row of the page's table, and what it says about them."""
    part = PAGE.read_text("utf-8").partition("## Operations")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| `orch ")]
    return [(re.findall(r"`(orch [^`]+)`", commands), " | ".join(told)) for commands, *told in rows]


def test_the_page_has_every_command_with_its_operations_or_a_reason() -> None:
    known = [command for commands, _ in table_rows() for command in commands]
    assert sorted(known) == sorted(command for command, _ in pages())
    for commands, told in table_rows():
        reason = told.strip().removeprefix("not over HTTP: ")
        assert OPERATION.search(told) or (reason != told.strip() and len(reason) > 30), commands


def test_the_page_names_every_operation_and_none_that_is_not(description: dict[str, Any]) -> None:
    told_of = {(method, path) for _, told in table_rows() for method, path in OPERATION.findall(told)}
    there = {
        (method.upper(), path.removeprefix(ROOT))
        for path, methods in description["paths"].items()
        if path.startswith(ROOT)
        for method in methods
    }
    assert there - told_of == set()
    assert told_of - there <= {("GET", "/openapi.json")}


def test_a_description_is_json_schema_of_today(description: dict[str, Any]) -> None:
    TypeAdapter(dict[str, Any]).validate_python(description)
    assert "HTTPValidationError" not in description["components"]["schemas"]
