"""What a client is told when the store behind the service fails: that it does, and nothing of where or what it is."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import apsw
import pytest

from adapters import postgres_connection
from adapters.stores import open_log
from api.problems import told_outside
from tests.api.served import Client, Reply, issued, new_project, opened, served
from tests.ports import free_port
from tests.postgres_server import as_url, running

SPEC = {"objectives": ["Round trip below 10 ms"]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "The database orch on db.example.org is not available: connection failed: connection to server at"
            ' "10.1.2.3", port 5432 failed: Connection refused. Repeating the command is safe.',
            "The database is not available: connection failed: connection to server failed: Connection refused."
            " Repeating the command is safe.",
        ),
        (
            'connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: No such file or directory',
            "connection to server failed: No such file or directory",
        ),
        (
            'server at "db.example.org" (2001:db8::1), port 5433 failed: FATAL: password authentication failed for user'
            ' "orch"',
            "server failed: FATAL: password authentication failed for user …",
        ),
        (
            'no pg_hba.conf entry for host "10.0.0.7", user "orch", database "log"',
            "no pg_hba.conf entry for host …, user …, database …",
        ),
        ("permission denied for database log. The owner of it", "permission denied for database. The owner of it"),
        (
            "SELECT orch.admit('builds', 'write');  -- as the owner of the log, in psql",
            "SELECT orch.admit …  -- as the owner of the log, in psql",
        ),
        ('GRANT CREATE ON DATABASE "log" TO "builds";  -- in psql', "GRANT CREATE ON DATABASE …  -- in psql"),
        ("createdb --host=db.internal --encoding=UTF8 log", "createdb …"),
        ('could not translate host name "db.internal" to address', "could not translate host name … to address"),
        ("Other writers keep the database log on this machine busy; x.", "Other writers keep the database busy; x."),
        ("There is no log in the database log on /run/postgresql.", "There is no log in the database."),
        ("There is no log in the database log on [2001:db8::1].", "There is no log in the database."),
        ("the database the user's own database on a.b: x", "the database: x"),
        ("/home/ada lovelace/x y: No such file.", "x y: No such file."),
        ("There is no log at /srv/ada lovelace/the data/log.db.", "There is no log at log.db."),
        (
            "There are no backups at /srv/ada lovelace/x y and no log in /a b/c.",
            "There are no backups at x y and no log in c.",
        ),
        ("dev/x leads out of the project, to /mnt/My Disk (old)/x.", "dev/x leads out of the project, to x."),
        ("It was moved from /a b/c to /d e/f; it goes on there.", "It was moved from c to f; it goes on there."),
        ("The disk of /a b/c is full. dev/x is not.", "The disk of c is full. dev/x is not."),
        (
            "Use /a b/c. dev/x stays, /d/e has no dev/y, and 1/2 is half.",
            "Use c. dev/x stays, e has no dev/y, and 1/2 is half.",
        ),
        ("Move it: mv '/home/ada lovelace/x y' dev/x", "Move it: mv 'x y' dev/x"),
        ("Neither /a/b nor dev/c, not 'dev/x' and '/c d/e'.", "Neither b nor dev/c, not 'dev/x' and 'e'."),
        ("S3://KEY:SECRET@b and sftp://u:pw@h/x are none.", "S3://… and sftp://… are none."),
        ("See https://www.rfc-editor.org/rfc/rfc9457.", "See https://www.rfc-editor.org/rfc/rfc9457."),
        ("The database comes later.", "The database comes later."),
    ],
)
def test_a_database_has_no_name_and_no_place(said: str, told: str) -> None:
    assert told_outside(said) == told


@pytest.fixture
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="orch-told-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def everything(client: Client) -> Iterator[Reply]:
    """Ask for one of each kind."""
    yield client.get("/phases")
    yield client.get("/phases/st01-x?at=position:5")
    yield client.get("/audit/trail")
    yield client.get("/audit/proofs/1")
    yield client.get("/log/rows")
    yield client.get("/search?q=round")
    yield client.get("/export")
    yield client.post("/phases/st01-x/retitle", {"title": "y"})
    yield client.post("/phases/st02-x/spec", SPEC)
    yield client.post("/audit/verify", {})
    yield client.post("/audit/export", {})
    yield client.post("/tokens", {"name": "ada", "scopes": ["read"]})
    yield client.get("/health/ready")
    yield client.get("/health/orchestrator")


def test_a_database_that_is_gone_is_said_to_be_and_nothing_else(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connection, "monotonic", lambda: 60 * monotonic())  # it is waited for half a minute
    port = free_port()
    server = running(place, port=port)
    url = as_url(server.__enter__().make("canarylog"), host="127.0.0.1", port=str(port))
    try:
        new_project(tmp_path, url)
        with opened(tmp_path, url) as project, served(project) as anybody:
            client = anybody.shows(issued(project))
            assert client.post("/phases/st01-x/spec", SPEC).status == 200
            server.__exit__(None, None, None)
            for reply in everything(client):
                assert reply.status == 503, reply.body
                for secret in ("canarylog", str(port), "127.0.0.1", "postgres", "SELECT", "Traceback", str(tmp_path)):
                    assert secret.encode() not in reply.body.replace(b"PostgreSQL", b""), reply.body
    finally:
        if server.gen.gi_frame is not None:  # type: ignore[attr-defined]  # a generator that has not ended
            server.__exit__(None, None, None)


def test_a_store_that_another_holds_is_said_to_be_busy(folder: Path) -> None:
    with opened(folder) as whole, ExitStack() as around:
        places = whole.places._replace(timeout_ms=500)
        log = open_log(places, read_only=False)
        around.callback(log.close)
        project = whole._replace(places=places, log=log)
        anybody = around.enter_context(served(project))
        client = anybody.shows(issued(project))
        assert client.post("/phases/st01-x/spec", SPEC).status == 200
        other = apsw.Connection(str(folder / ".orch" / "log.db"))
        other.execute("BEGIN IMMEDIATE")
        try:
            reply = client.post("/phases/st01-x/retitle", {"title": "y"})
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert reply.status == 503 and reply.headers["retry-after"]
        assert b"/" not in reply.json["detail"].encode() and b"SQL" not in reply.body, reply.body
        assert client.post("/phases/st01-x/retitle", {"title": "y"}).status == 200


@pytest.mark.parametrize("damage", ["zeros", "short", "garbage"])
def test_a_store_that_is_damaged_is_said_to_be_without_its_place(damage: str, folder: Path) -> None:
    with opened(folder) as project:
        token = issued(project)
        with served(project) as anybody:
            for number in range(6):
                assert anybody.shows(token).post(f"/phases/st{number:02}-x/spec", SPEC).status == 200
    file = folder / ".orch" / "log.db"
    data = bytearray(file.read_bytes())
    if damage == "short":
        data = data[: len(data) // 2]
    else:
        data[8192:] = (b"\x00" if damage == "zeros" else b"\xa5") * (len(data) - 8192)
    with opened(folder) as project, served(project) as anybody:
        file.write_bytes(data)
        client = anybody.shows(token)
        for reply in everything(client):
            assert reply.status in (200, 401, 404, 500, 503), reply.body
            for secret in (str(folder), "SELECT", "Traceback", "sqlite3", "apsw"):
                assert secret.encode() not in reply.body, reply.body
            if reply.status == 500:
                assert reply.json["code"] != "BUG", reply.body
