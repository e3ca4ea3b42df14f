"""The settings of an issuer: judged, refused with the command that mends them, and looked at before a deployment."""

from pathlib import Path
from shlex import split

import pytest

from tests.api.served import Client
from tests.api.test_process import running
from tests.cli.conftest import Answer, Orch
from tests.issuer import local_issuer

FILE = Path(".orch/config.toml")


def told(orch: Orch, url: str, **more: str) -> Answer:
    """Set an issuer and look at the deployment."""
    words = {"issuer": url, "audience": "orch", "scopes": "leads=read+approve", "people": "orch-web", **more}
    for name, value in words.items():
        assert orch("config", "set", f"oidc.{name}", value).status == 0
    return orch("check", "pre-deploy", "--json")


def rows(answer: Answer) -> list[tuple[str, str]]:
    return [(row["level"], row["message"]) for row in answer.data["rows"] if row["check"] == "issuer"]


@pytest.mark.at_the_log("orch check is typed there")
def test_a_deployment_is_ready_when_its_issuer_answers(project: Orch) -> None:
    with local_issuer() as server:
        assert rows(told(project, server.url)) == [("ok", f"{server.url} publishes 1 key that can be used.")]
        server.answer = lambda _: (500, b"", 0.0)
        away = project("check", "pre-deploy", "--json")
        assert away.status == 3 and rows(away)[0][0] == "failed"
    assert project("serve", "--check").status == 0, "it would start: our own tokens open it, and the issuer comes back"


@pytest.mark.at_the_log("orch serve is typed there")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("audience = []", "tokens for other services"),
        ("scopes = []", "could do nothing"),
        ('scopes = ["leads=rule"]', "a scope is one of"),
        ('people = ["web"]\nagents = ["web"]', "has to be one of them"),
        ('names = ["a=ada", "a=grace"]', "twice"),
    ],
)
def test_an_issuer_that_is_half_set_serves_nobody(settings: str, words: str, project: Orch) -> None:
    whole = 'issuer = "https://id.example.org"\naudience = ["orch"]\nscopes = ["leads=read"]\n'
    named = {line.split(" =")[0] for line in settings.splitlines()}
    kept = "".join(f"{line}\n" for line in whole.splitlines() if line.split(" =")[0] not in named)
    FILE.write_text(f"[oidc]\n{kept}{settings}\n")
    refused = project("serve", "--check", "--json")
    assert refused.status == 2 and words in refused.error["message"]
    for line in refused.error["fix"]:
        assert project(*split(line)[1:]).status == 0, line
    assert project("status").status in (0, 4), "what only the service obeys stops no other command"


@pytest.mark.parametrize("url", ["http://id.example.org", "https://", "ftp://x", "https://x?y", "https://u:p@x", "id"])
def test_an_address_that_others_could_answer_for_is_refused(url: str, project: Orch) -> None:
    refused = project("config", "set", "oidc.issuer", url, "--json")
    assert refused.status == 2 and "an address with https://" in refused.error["message"]
    FILE.write_text(f'[oidc]\nissuer = "{url}"\n')
    assert project("config", "check").status == 2


def test_every_mistake_in_what_groups_open_is_told(project: Orch) -> None:
    FILE.write_text('[oidc]\nscopes = ["leads=rule"]\n')
    (row,) = project("config", "check", "--json").data["rows"]
    assert row["key"] == "oidc.scopes" and "rule" in row["what"]
    FILE.write_text('[oidc]\nscopes = ["leads"]\n')
    assert project("config", "check").status == 2


@pytest.mark.in_file
def test_a_service_believes_the_issuer_that_its_settings_name(project: Orch) -> None:
    with local_issuer() as server:
        FILE.write_text(
            f'[oidc]\nissuer = "{server.url}"\naudience = ["orch"]\nscopes = ["leads=read"]\npeople = ["orch-web"]\n'
        )
        with running(Path.cwd()) as (_, nobody):
            client: Client = nobody.shows(server.token())
            assert client.get("/phases").data["rows"] == []
            assert client.post("/phases/st01-x/spec", {"objectives": ["a"]}).code == "FORBIDDEN"
