"""A service that cannot be reached, or is none: one clear sentence, and what was asked happens once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from sys import executable
from time import sleep

import pytest

from api.server import Where
from domain.access_token import Scope
from domain.commands import Meta, RevokeToken
from tests.api.served import PATIENCE, Client, environment, issued, new_project, opened, served, until_it_answers
from tests.certificates import signed_by_itself
from tests.cli.through_service import SPEC, Far, begun, far, short_pauses
from tests.facts import ADA, NOON
from tests.http_proxy import HttpProxy
from tests.ports import free_port
from tests.postgres_proxy import When

__all__ = ["begun", "far", "short_pauses"]  # fixtures
pytestmark = [pytest.mark.in_file, pytest.mark.usefixtures("short_pauses")]


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("words", [b"POST /api/v1/phases/st01-x/spec", b"GET /api/v1/log/rows"])
def test_a_line_that_is_cut_once_is_not_noticed_and_what_was_asked_happens_once(
    far: Far, when: When, words: bytes
) -> None:
    proxy = HttpProxy(far.client.port)
    far.asks(proxy.url)
    before = far.project.log.moment().position
    proxy.cut_once(when, words)
    answer = far.orch(*SPEC, "--command-id", "cut", "--json")
    proxy.close()
    assert answer.status == 0 and proxy.cuts == 1
    assert answer.data["command_id"] == "cut" and far.project.log.moment().position == before + 3
    assert [record.command_id for record in far.project.log.records(before + 1)] == ["cut"] * 3


def test_a_service_that_stays_away_is_not_available_and_says_how_to_repeat(far: Far) -> None:
    port = free_port()
    far.asks(f"http://127.0.0.1:{port}")
    answer = far.orch(*SPEC, "--command-id", "away")
    assert answer.status == 8 and f"Nothing listens at http://127.0.0.1:{port}." in answer.err
    assert "--command-id away" in answer.err
    assert far.orch("list", "--json").error["code"] == "UNAVAILABLE"


def test_what_helps_where_nothing_listens_works_where_it_is_typed(far: Far) -> None:
    port = free_port()
    far.asks(f"http://127.0.0.1:{port}")
    begin, other = far.orch("list", "--json").error["fix"][:2]
    assert begin == f"ORCHESTRATOR_URL= orch serve --port {port}  # in the folder of the project"
    assert other == "export ORCHESTRATOR_URL=https://orch.example.org"
    far.env.setenv("ORCHESTRATOR_URL", "")  # as that line begins: then the log is looked for here
    assert "no project here" in far.orch("serve").err


@pytest.mark.parametrize("command", [["health"], ["monitor", "--once"]], ids=" ".join)
@pytest.mark.parametrize("joined", [False, True], ids=["two words", "one word"])
def test_an_option_that_names_a_service_is_mended_where_it_stands(far: Far, command: list[str], joined: bool) -> None:
    for url, instead in (
        (f"https://127.0.0.1:{far.client.port}", f"http://127.0.0.1:{far.client.port}"),
        (f"http://127.0.0.1:{free_port()}", "https://orch.example.org"),
        ("http://127.0.0.1:99999", "https://orch.example.org"),
    ):
        refused = far.orch(*command, *([f"--url={url}"] if joined else ["--url", url]), "--json")
        known = [line for line in refused.error["fix"] if "serve" not in line]
        assert known[0] == f"orch {' '.join(command)} --url{'=' if joined else ' '}{instead} --json", refused


def test_a_service_killed_at_work_answers_the_repeated_command_when_it_is_back(far: Far, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    new_project(own)
    with opened(own) as project:
        far.env.setenv("ORCHESTRATOR_TOKEN", issued(project))
    port = free_port()
    far.asks(f"http://127.0.0.1:{port}")
    with _process(own, port) as first:
        drafted = far.orch(*SPEC, "--command-id", "once", "--json")
        assert drafted.status == 0
        first.send_signal(signal.SIGKILL)
        first.wait(PATIENCE)
        gone = far.orch("approve", "st01-x", "spec", "--command-id", "twice")
        assert gone.status == 8 and "--command-id twice" in gone.err
    with _process(own, port):
        again = far.orch(*SPEC, "--command-id", "once", "--json")
        assert again.status == 0 and again.data == drafted.data and "recorded before" in again.err
        assert far.orch("approve", "st01-x", "spec", "--command-id", "twice").status == 0


def test_tokens_that_open_nothing_are_refused_by_name(far: Far) -> None:
    far.env.setenv("ORCHESTRATOR_TOKEN", "orch_0b8f3a52c1d2_" + "a" * 43)
    assert far.orch("list", "--json").error["code"] == "UNAUTHENTICATED"
    far.env.setenv("ORCHESTRATOR_TOKEN", "two words")
    assert far.orch("list").status == 2
    secret = far.shows(Scope.READ)
    assert far.orch("list").status == 0
    lacking = far.orch(*SPEC, "--json")
    assert lacking.status == 3 and lacking.error["code"] == "FORBIDDEN" and "write" in lacking.error["fix"][0]
    far.shows(Scope.READ, seconds=1)
    sleep(1.1)
    expired = far.orch("list", "--json")
    assert expired.status == 3 and "has expired" in expired.error["message"] and expired.error["fix"]
    far.env.setenv("ORCHESTRATOR_TOKEN", secret)
    far.project.handle(RevokeToken(Meta("revoke", ADA, NOON), secret[5:17]))
    revoked = far.orch("list")
    assert revoked.status == 3 and "was revoked" in revoked.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://orch.example.org", "in the clear"),
        ("https://ada:secret@orch.example.org", "is a host, a port"),
        ("https://orch.example.org?x=1", "is a host, a port"),
        ("https://orch.example.org:99999", "has a port"),
        ("ftp://orch.example.org", "has to be an address"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_before_anything_is_asked(far: Far, url: str, said: str) -> None:
    far.asks(url)
    refused = far.orch("list")
    assert refused.status == 2 and said in refused.err and "secret" not in refused.err


def test_a_certificate_that_nobody_here_knows_is_not_believed(far: Far, tmp_path: Path) -> None:
    certificate = signed_by_itself(tmp_path, "server")
    where = Where("127.0.0.1", 0, certificate=certificate, key=certificate.with_suffix(".key"))
    with served(far.project, where) as client:
        far.asks(f"https://127.0.0.1:{client.port}")
        unknown = far.orch("list")
        assert unknown.status == 8 and "is not trusted here" in unknown.err
        assert "export ORCHESTRATOR_CA_FILE" in unknown.err
        far.env.setenv("ORCHESTRATOR_CA_FILE", str(certificate))
        assert far.orch("list").status == 0
        far.env.setenv("ORCHESTRATOR_CA_FILE", str(certificate.with_suffix(".key")))
        assert far.orch("list").status == 8
        far.env.setenv("ORCHESTRATOR_CA_FILE", "nowhere.pem")
        assert far.orch("list").status == 2
        far.env.setenv("ORCHESTRATOR_CA_FILE", str(certificate))
        far.asks(f"https://localhost:{client.port}")  # the certificate is that of an address
        other = far.orch("list")
        assert other.status == 8 and "shows the certificate of somebody else" in other.err
        assert "export ORCHESTRATOR_URL" in other.err and "CA_FILE" not in other.err
    far.env.delenv("ORCHESTRATOR_CA_FILE")
    far.asks(f"https://127.0.0.1:{far.client.port}")
    assert "does not speak TLS" in far.orch("list").err


@contextmanager
def _process(folder: Path, port: int) -> Iterator[Popen[bytes]]:
    """Run `orch serve` as a process of its own."""
    words = [executable, "-m", "cli.main", "serve", "--port", str(port)]
    with Popen(words, cwd=folder, env=environment(), stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            until_it_answers(Client(port))
            yield process
        finally:
            process.kill()
