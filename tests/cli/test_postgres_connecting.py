"""How commands find and trust a server: by its certificate, by the name of a service, with a password from a file."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests.certificates import signed_by_itself
from tests.cli.conftest import Orch
from tests.ports import free_port
from tests.postgres_server import Server, running
from tests.postgres_standby import PASSWORD
from tests.postgres_tls import encrypting

pytestmark = pytest.mark.in_file  # the databases are its own

ADDRESS = "ORCHESTRATOR_DATABASE_URL"
WHO = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class Encrypted(NamedTuple):
    """A server behind what takes encrypted connections only, and two authorities: its own and another."""

    server: Server
    port: int
    authority: Path
    other: Path
    passwords: Path

    def address(self, more: str) -> str:
        return f"postgresql://writer@127.0.0.1:{self.port}/project?{more}"


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Encrypted]:
    folder = Path(tempfile.mkdtemp(prefix="orch-tls-"))
    folder.chmod(0o755)
    own, other = signed_by_itself(folder, "server"), signed_by_itself(folder, "other")
    passwords = folder / "passwords"
    passwords.write_text(f"*:*:*:writer:{PASSWORD}\n")
    passwords.chmod(0o600)
    port = free_port()
    try:
        with running(folder / "server", port=port) as server, encrypting(port, own) as front:
            with psycopg.connect(server.url, autocommit=True) as owner:
                owner.execute(f"CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}'".encode())
                (folder / "server" / "data" / "pg_hba.conf").write_text(WHO)
                owner.execute("SELECT pg_reload_conf()")
            yield Encrypted(server, front, own, other, passwords)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def there(encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch, orch: Orch) -> Orch:
    """Return `orch` where the server has an empty database, and the password is in a file."""
    encrypted.server.make("project")
    with psycopg.connect(encrypted.server.url, autocommit=True) as owner:
        owner.execute("ALTER DATABASE project OWNER TO writer")
    monkeypatch.setenv("PGPASSFILE", str(encrypted.passwords))
    return orch


def used(orch: Orch) -> None:
    """Begin a project, write and read."""
    assert orch("init", "--host", "example.org").status == 0
    assert orch("spec", "st01-x", "--objectives", "x").status == 0
    assert orch("audit", "verify").status in (0, 7)
    assert orch("list", "--json").data["as_of"]["position"] > 0


def test_a_server_is_trusted_by_its_certificate(
    there: Orch, encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, encrypted.address(f"sslmode=verify-full&sslrootcert={encrypted.authority}"))
    used(there)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("sslmode=verify-full&sslrootcert={other}", "certificate verify failed"),
        ("sslmode=verify-full&sslrootcert=/nowhere.crt", "root certificate file"),
        ("sslmode=disable", "closed the connection"),
    ],
)
def test_a_server_that_cannot_be_trusted_is_refused(
    there: Orch, encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch, more: str, said: str
) -> None:
    monkeypatch.setenv(ADDRESS, encrypted.address(more.format(other=encrypted.other)))
    for form in ((), ("--json",)):
        refused = there("init", "--host", "example.org", *form)
        assert refused.status == 8, refused
        assert "The database project on 127.0.0.1 is not available" in refused.out + refused.err
        assert said in refused.out + refused.err and PASSWORD not in refused.out + refused.err


def test_a_name_that_the_certificate_does_not_have_is_refused(
    there: Orch, encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = f"hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={encrypted.authority}"
    monkeypatch.setenv(ADDRESS, f"postgresql://writer@db.example.org:{encrypted.port}/project?{more}")
    refused = there("init", "--host", "example.org", "--json")
    assert refused.status == 8 and "does not match host name" in refused.error["message"]


def test_a_wrong_password_is_refused_and_not_shown(
    there: Orch, encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("*:*:*:writer:a guess\n")
    wrong.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(wrong))
    monkeypatch.setenv(ADDRESS, encrypted.address("sslmode=require"))
    refused = there("init", "--host", "example.org", "--json")
    assert refused.status == 8 and "password authentication failed" in refused.error["message"]
    assert "a guess" not in refused.out
    assert "Give the right password in ~/.pgpass" in refused.error["message"]
    assert [line.partition("  # ")[0] for line in refused.error["fix"]] == ["${EDITOR:-vi} ~/.pgpass"]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_service_names_the_server(
    there: Orch, encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by_name: bool
) -> None:
    services = tmp_path / "services.conf"
    services.write_text(
        f"[orch]\nhost=127.0.0.1\nport={encrypted.port}\nuser=writer\ndbname=project\n"
        f"sslmode=verify-full\nsslrootcert={encrypted.authority}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    if by_name:
        monkeypatch.setenv(ADDRESS, "postgresql:///?service=orch")
    else:
        monkeypatch.setenv("PGSERVICE", "orch")
        monkeypatch.setenv(ADDRESS, "postgresql://")
    used(there)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "none.conf"))
    refused = there("list", "--json")
    assert refused.status in (2, 8) and "orch" in refused.error["message"], refused
