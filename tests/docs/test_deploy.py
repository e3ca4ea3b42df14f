"""What the documentation gives to run a server with: it is in order, and its steps are carried out on a real server."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.cli.conftest import Orch, orch
from tests.ports import free_port
from tests.postgres_server import PROGRAMS, as_nobody
from tests.postgres_standby import until

__all__ = ["orch"]  # a fixture

FOLDER = Path(__file__).parents[2] / "docs" / "deploy" / "postgresql"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PAGE = (FOLDER.parents[1] / "running-postgresql.md").read_text("utf-8")
SECRETS = ("postgres", "owner", "writer", "auditor", "replicator")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_looked_after_and_closed_to_the_world(name: str) -> None:
    service = SERVICES[name]
    image, _, tag = service["image"].rpartition(":")
    assert image and re.fullmatch(r"[0-9]+(\.[0-9]+)*", tag), f"{service['image']} is not pinned"
    assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"]
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in service["ports"])
    assert name == "db" or service["profiles"], "only the server itself starts unasked"
    for needed, when in service.get("depends_on", {}).items():
        assert needed in SERVICES and when == {"condition": "service_healthy"}


def test_no_password_stands_in_it_and_every_secret_is_a_file() -> None:
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable:
                assert variable.endswith("_FILE") and value.startswith("/run/secrets/")
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert Path(value).name in service["secrets"]
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert not (FOLDER / "secrets").exists()
    assert not re.search(r"(?i)password\s*[:=]\s*['\"]?\w*(postgres|secret|changeme|admin)\b", text_of("compose.yaml"))


def test_the_page_makes_every_secret_and_names_every_profile() -> None:
    (names,) = re.findall(r"for name in ([a-z ]+); do", PAGE)
    made = {f"{name}_password" for name in names.split()} | set(re.findall(r"> secrets/(\w+)$", PAGE, re.MULTILINE))
    assert made == COMPOSE["secrets"].keys()
    for profile in {profile for service in SERVICES.values() for profile in service.get("profiles", [])} - {"cache"}:
        assert f"--profile {profile} up" in PAGE, profile


def test_what_lasts_is_in_named_volumes_and_every_file_is_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source, target, *how = volume.split(":")
            if source.startswith("./"):
                assert (FOLDER / source).is_file() and how == ["ro"], volume
            else:
                assert source in COMPOSE["volumes"] and target == "/var/lib/postgresql", volume
        if service["image"].startswith("postgres:"):
            assert service["environment"]["PGDATA"].startswith("/var/lib/postgresql/"), name
            assert "--data-checksums" in service["environment"]["POSTGRES_INITDB_ARGS"]
            assert service["image"] == f"postgres:{service['environment']['PGDATA'].split('/')[4]}"


def test_nothing_durable_is_turned_off() -> None:
    settings = dict(re.findall(r"^(\w+) = '?([^'#\n]+?)'?$", text_of("postgresql.conf"), re.MULTILINE))
    for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
        assert settings[name] == "on"
    assert settings["default_transaction_isolation"] == "read committed"


def test_the_steps_of_the_documentation_work(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the data, start, make the roles, begin the log, admit, write, copy a standby, read there."""
    with deployed() as world:
        monkeypatch.setenv("PGPASSFILE", str(world.passwords))
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", world.address("log_owner", world.port))
        assert orch("init", "--host", "example.org").status == 0
        (admitted,) = re.findall(r'psql "\$ORCHESTRATOR_DATABASE_URL" -c "(.+)"', PAGE)
        world.run("psql", "-X", "-v", "ON_ERROR_STOP=1", world.address("log_owner", world.port), "-c", admitted)
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", world.address("log_writer", world.port))
        assert orch("spec", "st01-x", "--objectives", "x").status == 0
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", world.address("log_auditor", world.port))
        assert orch("spec", "st02-y", "--objectives", "y").status == 8
        with world.standby() as port:
            monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", world.address("log_auditor", port))
            until(lambda: orch("status", "st01-x").status == 0)
            assert orch("audit", "verify").status in (0, 7)
            monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", world.address("log_writer", world.port))
            assert orch("approve", "st01-x", "spec").status == 0
        with world.standby() as port:  # it goes on where it was
            monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", world.address("log_auditor", port))
            until(lambda: orch("status", "st01-x", "--json").data["steps"]["spec"]["state"] == "approved")


def test_a_second_project_and_another_password_are_what_the_page_says(
    orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, password = re.findall(r"<<'SQL'\n(.+?)\nSQL$", PAGE, re.MULTILINE | re.DOTALL)
    (made,) = re.findall(r"CREATE DATABASE (\w+)", second)
    with deployed() as world:
        monkeypatch.setenv("PGPASSFILE", str(world.passwords))
        address = world.address("log_owner", world.port).replace("/orchestrator", f"/{made}")
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", address)
        assert "Make it, or name another one" in orch("init", "--json").error["message"]
        world.administer(second)
        assert orch("init", "--host", "example.org").status == 0
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", address.replace("log_owner", "log_writer"))
        refused = orch("list", "--json")
        assert refused.status == 8 and "orch.admit('log_writer', 'read')" in refused.error["fix"][0]
        (world.folder / "secrets" / "writer_password").write_text("another one\n")
        world.administer(password)
        assert "Give the right password" in orch("list", "--json").error["message"]
        world.passwords.write_text("127.0.0.1:*:*:log_writer:another one\n")
        assert orch("list", "--json").error == refused.error


class World:
    """A server that runs from the files of the documentation, with other ports and folders."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.passwords = folder / "passwords"
        for file in FOLDER.iterdir():
            shutil.copy(file, folder)
        (folder / "secrets").mkdir()
        for name in SECRETS:
            (folder / "secrets" / f"{name}_password").write_text(f"the {name}'s\n")
        lines = [f"127.0.0.1:*:*:log_{name}:the {name}'s\n" for name in SECRETS]
        self.passwords.write_text("".join(lines))
        self.passwords.chmod(0o600)
        self.data = folder / "a" / "data"
        for each in (self.data.parent, folder / "b"):
            each.mkdir()
            if os.geteuid() == 0:
                shutil.chown(each, "nobody")

    def address(self, role: str, port: int) -> str:
        return f"postgresql://{role}@127.0.0.1:{port}/orchestrator"

    def run(self, *words: str, **env: str) -> None:
        done = subprocess.run(
            words, cwd=self.folder, env=self.env(**env), capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr

    def administer(self, statements: str) -> None:
        """Give statements to the server as its administrator does, from its own socket."""
        file = self.folder / "statements.sql"
        file.write_text(f"{statements}\n")
        words = ("psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", str(file))
        socket = {"PGHOST": str(self.data.parent), "PGPORT": str(self.port), "PGUSER": "postgres"}
        self.run(*words, **socket, PGDATABASE="postgres", SECRETS=str(self.folder / "secrets"))

    def env(self, **more: str) -> dict[str, str]:
        return os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"} | more

    @contextmanager
    def server(self, *words: str, folder: Path, port: int, **env: str) -> Iterator[None]:
        """Run a server until the block ends."""
        here = [f"listen_addresses=127.0.0.1 port={port} unix_socket_directories={folder}"]
        more = [word for each in here[0].split() for word in ("-c", each)]
        with (folder / "log").open("ab") as said:
            process = subprocess.Popen([*words, *more], stdout=said, stderr=said, env=self.env(**env), **as_nobody())
        try:
            query = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]

            def is_up() -> bool:
                assert process.poll() is None, (folder / "log").read_text("utf-8", "replace")
                return subprocess.run(query, env=self.env()).returncode == 0

            until(is_up)
            yield
        finally:
            process.send_signal(2)
            process.wait(60)

    @contextmanager
    def primary(self) -> Iterator[None]:
        words = ("postgres", "-D", str(self.data), "-c", f"config_file={self.folder / 'postgresql.conf'}")
        with self.server(*words, folder=self.data.parent, port=self.port):
            yield

    @contextmanager
    def standby(self) -> Iterator[int]:
        folder, port = self.folder / "b", free_port()
        words = ("bash", str(self.folder / "standby.sh"))
        env = {
            "PGDATA": str(folder / "18" / "data"),
            "PRIMARY_HOST": "127.0.0.1",
            "PRIMARY_PORT": str(self.port),
            "REPLICATOR_PASSWORD_FILE": str(self.folder / "secrets" / "replicator_password"),
            "STANDBY_CONFIG": str(self.folder / "postgresql.conf"),
        }
        with self.server(*words, folder=folder, port=port, **env):
            yield port


@contextmanager
def deployed() -> Iterator[World]:
    """Make the data as the image would, run what runs at the first start, and start again."""
    folder = Path(tempfile.mkdtemp(prefix="orch-deploy-"))
    folder.chmod(0o755)
    try:
        world = World(folder)
        words = SERVICES["db"]["environment"]["POSTGRES_INITDB_ARGS"].split()
        made = ["initdb", "-D", str(world.data), "-U", "postgres", "--auth=trust", *words]
        subprocess.run(made, env=world.env(), check=True, capture_output=True, **as_nobody())
        with world.primary():
            socket = {"PGHOST": str(world.data.parent), "PGPORT": str(world.port)}
            with psycopg.connect(host=socket["PGHOST"], port=world.port, user="postgres", autocommit=True) as admin:
                admin.execute("CREATE DATABASE orchestrator")
                assert admin.execute("SHOW data_checksums").fetchone() == ("on",)
            env = {"POSTGRES_USER": "postgres", "POSTGRES_DB": "orchestrator", "PGDATA": str(world.data)}
            world.run("bash", "first-start.sh", **env, **socket, SECRETS=str(folder / "secrets"))
            with (world.data / "pg_ident.conf").open("a") as administrators:
                administrators.write(f"admin {getuser()} postgres\n")
        with world.primary():
            yield world
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def text_of(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")
