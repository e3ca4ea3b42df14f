"""The service held against its own description by schemathesis: as every role, and as nobody.

The short form runs in the suite; `RELIABILITY=long` asks each operation far more, and differently each time.
"""

from collections.abc import Iterator
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
OPERATIONS: dict[str, Operation] = {
    operation.definition.raw["operationId"]: operation
    for found in schemathesis.openapi.from_dict(DESCRIPTION).get_all_operations()
    if isinstance(found, Ok) and (operation := found.ok()).path.startswith("/api/")
}
del OPERATIONS[ENDLESS]
MODES = {"as it is described": GenerationMode.POSITIVE, "otherwise": GenerationMode.NEGATIVE}
EXAMPLES = 60 if LONG else 2
AS_ROLES = 60 if LONG else 3


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
    case.headers.pop("Authorization", None)
    return case.call(f"http://127.0.0.1:{client.port}", session, headers=headers, timeout=PATIENCE)


def test_every_operation_is_asked() -> None:
    described = {
        operation["operationId"]
        for path, methods in DESCRIPTION["paths"].items()
        if path.startswith(ROOT)
        for operation in methods.values()
    }
    assert {*OPERATIONS, ENDLESS} == described


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_does_what_its_description_says(
    name: str, mode: str, client: Client, session: requests.Session, served_project: Project
) -> None:
    operation = OPERATIONS[name]

    @asking(EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=MODES[mode]))
    def ask(case: Case[Any]) -> None:
        response = asked(case, client, session, client.token)
        case.validate_response(response, checks=CHECKS)
        assert str(served_project.places.root).encode() not in response.content

    if mode == "as it is described" or takes_anything(operation):
        ask()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_role_gets_around_a_scope(
    name: str, client: Client, session: requests.Session, roles: dict[str | None, str | None]
) -> None:
    operation = OPERATIONS[name]
    ((needed,),) = operation.definition.raw["security"][0].values()
    others = [role for role in roles if role != needed]

    @asking(AS_ROLES)
    @given(case=operation.as_strategy(), role=st.sampled_from(others))
    def ask(case: Case[Any], role: str | None) -> None:
        response = asked(case, client, session, roles[role])
        assert response.status_code == (401 if role is None else 403), (role, response.content)
        case.validate_response(response, checks=CHECKS[:-1])

    ask()


def takes_anything(operation: Operation) -> bool:
    """Tell whether anything can be said to an operation that its description does not allow."""
    return bool(operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody"))
