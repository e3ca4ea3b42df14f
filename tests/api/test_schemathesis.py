"""The service held against its own description by schemathesis: as every role, and as nobody.

The short form runs in the suite; `RELIABILITY=long` asks each operation far more, and differently each time:
60 times in each way, or `EXAMPLES` times.
"""

from collections.abc import Iterator
from os import environ
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.description import ROOT
from domain.access_token import Scope
from tests.api.served import PATIENCE, Client, issued
from tests.api.test_garbage import DESCRIPTION
from tests.reliability.ledger import LONG
from usecases.project import Project

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
"""Not among them: `positive_data_acceptance`, since rules that no schema can say refuse well-formed words (a phase
that nobody opened, a step out of turn); `missing_required_header`, since no header is required beside the token;
`unsupported_method` and `ignored_auth`, since tests of their own ask that of every operation (test_requests,
test_identity); those about resources that were deleted, since nothing here ever is."""
ENDLESS = "follow"
"""The answer to it has no end; test_events reads it."""
Operation = APIOperation[Any, Any, Any, Any]
NEEDED: dict[str, str] = {
    operation["operationId"]: next(iter(operation["security"][0].values()))[0]
    for path, methods in DESCRIPTION["paths"].items()
    if path.startswith(ROOT)
    for operation in methods.values()
}
"""The scope of each operation."""


def without_security(description: dict[str, Any]) -> dict[str, Any]:
    """Return a description that says nothing of tokens: who asks is said here, and what is none by test_identity."""
    paths = {
        path: {
            method: {name: said for name, said in operation.items() if name != "security"}
            for method, operation in methods.items()
        }
        for path, methods in description["paths"].items()
        if path.startswith(ROOT)
    }
    return {**description, "paths": paths}


OPERATIONS: dict[str, Operation] = {
    found.ok().definition.raw["operationId"]: found.ok()
    for found in schemathesis.openapi.from_dict(without_security(DESCRIPTION)).get_all_operations()
    if isinstance(found, Ok)
}
del OPERATIONS[ENDLESS]
DESCRIBED = "as it is described"
MODES = {DESCRIBED: GenerationMode.POSITIVE, "otherwise": GenerationMode.NEGATIVE}
NOTHING_ELSE = {
    "backup_status",
    "check_schema",
    "diff_template",
    "list_backups",
    "list_schemas",
    "log_checkpoints",
    "log_heads",
    "log_itself",
    "log_snapshots",
    "log_tree",
    "list_templates",
    "show_config",
    "show_schema",
    "undepend",
}
"""What takes any text and any JSON, or nothing at all: there is no request that its description forbids."""
EXAMPLES = int(environ.get("EXAMPLES", "60")) if LONG else 2
AS_ROLES = EXAMPLES if LONG else 3


def asking(examples: int) -> settings:
    """Return how much is asked; the short form asks the same each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """Return connections that are kept."""
    with requests.Session() as found:
        yield found


@pytest.fixture(scope="module")
def roles(client: Client, served_project: Project) -> dict[str | None, str | None]:
    """Return a token of each scope, and none."""
    return {None: None, **{scope.value: issued(served_project, scope) for scope in Scope}}


def asked(case: Case[Any], client: Client, session: requests.Session, token: str | None) -> schemathesis.Response:
    """Ask as whoever holds a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return case.call(f"http://127.0.0.1:{client.port}", session, headers=headers, timeout=PATIENCE)


def test_every_operation_is_asked() -> None:
    assert {*OPERATIONS, ENDLESS} == NEEDED.keys()


@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, mode) for name in OPERATIONS for mode in MODES if mode == DESCRIBED or name not in NOTHING_ELSE],
)
def test_an_operation_does_what_its_description_says(
    name: str, mode: str, client: Client, session: requests.Session, served_project: Project
) -> None:
    operation = OPERATIONS[name]

    @asking(EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=MODES[mode]))
    def ask(case: Case[Any]) -> None:
        response = asked(case, client, session, client.token)
        # A text that is too long may make a body that is too large: refused, too, though the check does not know.
        case.validate_response(response, checks=CHECKS[:-1] if response.status_code == 413 else CHECKS)
        assert str(served_project.places.root).encode() not in response.content

    ask()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_role_gets_around_a_scope(
    name: str, client: Client, session: requests.Session, roles: dict[str | None, str | None]
) -> None:
    operation = OPERATIONS[name]
    others = [role for role in roles if role != NEEDED[name]]

    @asking(AS_ROLES)
    @given(case=operation.as_strategy(), role=st.sampled_from(others))
    def ask(case: Case[Any], role: str | None) -> None:
        response = asked(case, client, session, roles[role])
        assert response.status_code == (401 if role is None else 403), (role, response.content)
        case.validate_response(response, checks=CHECKS[:-1])

    ask()
