"""Whoever an issuer names, at the service: who acts, what is recorded, and what becomes of wrong tokens."""

from collections.abc import Iterator
from time import monotonic, time
from typing import cast

import pytest

from adapters.oidc_keys import IssuerKeys
from adapters.oidc_tokens import Issuer
from api.identity import authenticated
from domain.access_token import Scope
from domain.event_log import EventLog
from tests.api.served import PATIENCE, Client, served
from tests.issuer import BUILDER, LocalIssuer, local_issuer, rules
from usecases.project import Project

SCOPES = {"leads": (Scope.READ, Scope.APPROVE), "writers": (Scope.READ, Scope.WRITE), "admins": (Scope.ADMIN,)}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalIssuer]:
    with local_issuer() as found:
        yield found


@pytest.fixture(scope="module")
def nobody(served_project: Project, server: LocalIssuer) -> Iterator[Client]:
    """Return a client of a service that believes the issuer."""
    with served(served_project, issuer=Issuer(rules(server, scopes=SCOPES))) as found:
        yield found


def place(server: LocalIssuer) -> str:
    return server.url.removeprefix("http://")


def test_whoever_the_issuer_names_acts_and_the_verdict_says_how_that_is_known(
    nobody: Client, server: LocalIssuer
) -> None:
    grace = f"00u1@{place(server)}"
    writer = nobody.shows(server.token(sub="00u2", groups=["writers"]))
    lead = nobody.shows(server.token())
    claims = {"X_Actor": "ada", "X_Forwarded_User": "ada", "X_Actor_Kind": "human"}
    drafted = writer.post("/phases/st01-oidc/spec", {"objectives": ["a"]}, **claims)
    assert drafted.data["actor"] == {"name": f"00u2@{place(server)}", "kind": "human"}
    verdict = lead.post("/phases/st01-oidc/spec/approve", {}, **claims).data
    assert verdict["actor"] == {"name": grace, "kind": "human"}
    assert verdict["authentication"] == f"oidc:{server.url}#00u1;jti=f3%2F1"
    (row,) = [
        each
        for each in lead.get("/phases/st01-oidc/history").data["rows"]
        if each["topic"] == "phase.document_approved"
    ]
    assert row["authentication"] == f"oidc:{server.url}#00u1;jti=f3%2F1"


def test_the_same_key_from_the_same_person_with_a_newer_token_is_the_same_command(
    nobody: Client, server: LocalIssuer
) -> None:
    body, key = {"objectives": ["a"]}, "0b8f3a52-0000-4000-8000-00000000a1dc"
    replies = [
        nobody.shows(server.token(groups=["writers"], jti=each)).post(
            "/phases/st02-oidc/spec", body, Idempotency_Key=key
        )
        for each in ("one", "two")
    ]
    assert [reply.data["position"] for reply in replies] == [replies[0].data["position"]] * 2
    other = nobody.shows(server.token(groups=["writers"], sub="00u9"))
    assert other.post("/phases/st02-oidc/spec", body, Idempotency_Key=key).code == "COMMAND_ID_REUSED"


def test_whoever_comes_with_a_newer_token_is_the_same_account(server: LocalIssuer) -> None:
    issuer, nobody = Issuer(rules(server)), cast(EventLog, None)
    accounts = [
        authenticated(f"Bearer {server.token(jti=each, sub=sub)}", nobody, issuer).account
        for each, sub in (("one", "a;jti=x"), ("two", "a;jti=x"), ("one", "a"))
    ]
    assert accounts[0] == accounts[1] == f"oidc:{server.url}#a%3Bjti%3Dx" and accounts[2] == f"oidc:{server.url}#a"


def test_an_agent_of_the_issuer_approves_nothing(nobody: Client, server: LocalIssuer) -> None:
    builder = nobody.shows(server.token(azp=BUILDER, sub="bot", groups=["leads", "writers", "admins"]))
    builder.post("/phases/st03-oidc/spec", {"objectives": ["a"]})
    assert builder.post("/phases/st03-oidc/spec/approve", {}).code == "POLICY_VIOLATION"
    assert builder.post("/tokens", {"name": "ada", "scopes": ["approve"]}).code == "POLICY_VIOLATION"


def test_without_a_group_that_is_known_a_token_opens_nothing(nobody: Client, server: LocalIssuer) -> None:
    reply = nobody.shows(server.token(groups=["staff"])).get("/phases")
    assert reply.status == 403 and reply.code == "FORBIDDEN" and "it has none" in reply.json["detail"]
    assert reply.json["fix"] == ["orch config set oidc.scopes leads=read+approve"]


def test_a_wrong_token_is_answered_as_our_own_and_not_repeated(nobody: Client, server: LocalIssuer) -> None:
    for token in (server.token(aud="other"), server.token(exp=int(time()) - 600), "garbage.b.c", "x" * 20_000 + ".a.b"):
        reply = nobody.shows(token).get("/phases")
        assert reply.code == "UNAUTHENTICATED" and reply.status == 401
        assert reply.headers["www-authenticate"] == 'Bearer realm="orch", error="invalid_token"'
        assert token not in reply.body.decode() and token.partition(".")[0] not in reply.body.decode()


def test_a_service_that_names_no_issuer_believes_none(client: Client, server: LocalIssuer) -> None:
    assert client.shows(server.token()).get("/phases").code == "UNAUTHENTICATED"
    assert client.get("/phases").status == 200


def test_our_own_tokens_go_on_beside_it(nobody: Client, client: Client) -> None:
    assert nobody.shows(client.token).get("/phases").status == 200


def test_an_issuer_that_is_away_is_said_to_be_and_the_client_comes_again(served_project: Project) -> None:
    with local_issuer() as gone:
        token = gone.token()
    with served(served_project, issuer=Issuer(rules(gone))) as nobody:
        reply = nobody.shows(token).get("/phases")
        assert reply.status == 503 and reply.code == "ISSUER_UNAVAILABLE" and reply.headers["retry-after"]


def test_who_follows_is_let_go_when_the_token_ends(nobody: Client, server: LocalIssuer) -> None:
    from http.client import HTTPConnection

    token = server.token(exp=int(time()) - 28, iat=int(time()) - 60)  # it has about two seconds of leeway left
    connection = HTTPConnection("127.0.0.1", nobody.port, timeout=PATIENCE)
    begun = monotonic()
    connection.request("GET", "/api/v1/events?after=0", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.read() and monotonic() - begun < PATIENCE
    connection.close()
    assert nobody.shows(token).get("/phases").status == 401


def test_a_rotation_is_noticed_while_the_service_runs(served_project: Project) -> None:
    with local_issuer() as moving:
        now = [0.0]
        keys = IssuerKeys(moving.url, clock=lambda: now[0])
        with served(served_project, issuer=Issuer(rules(moving), keys)) as nobody:
            old = moving.token()
            assert nobody.shows(old).get("/phases").status == 200
            moving.rotate("second", "EdDSA")
            now[0] += 20
            assert nobody.shows(moving.token()).get("/phases").status == 200
            assert nobody.shows(old).get("/phases").status == 401
