"""What may go wrong between us and a bucket: one sentence, a status that says whether repeating helps, a way out."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from adapters import s3_lease, s3_requests
from adapters.backup_writing import TIMEOUT_S
from adapters.s3_requests import Found, Requests
from tests.adapters.s3_servers import Server, moto_server, rclone_server
from tests.cli.conftest import Answer, Orch
from tests.ports import free_port
from tests.reliability.ledger import LONG

pytestmark = pytest.mark.in_file

__all__ = ["moto_server", "rclone_server"]  # fixtures

WRONG = "a-secret-that-is-wrong-and-nobody-may-see"


@pytest.fixture
def server(moto_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    for name, value in moto_server.environment().items():
        monkeypatch.setenv(name, value)
    return moto_server


def refused(said: Answer, status: int, *words: str) -> None:
    """Hold a refusal against what every one of them keeps to."""
    assert said.status == status, said
    message = said.error["message"]
    assert all(word in message for word in words), message
    assert said.error["fix"], "nothing says what to do"
    assert "Traceback" not in said.err and WRONG not in said.out + said.err and "\n" not in message


@pytest.mark.parametrize("command", ["create --to", "list --from", "verify --from", "prune --to", "drill --from"])
def test_a_bucket_that_is_not_there(drafted: Orch, server: Server, command: str) -> None:
    said = drafted("backup", *command.split(), "s3://no-such-bucket/x", "--json")
    refused(said, 4, "no bucket no-such-bucket")
    assert said.error["fix"] == ["aws s3 mb s3://no-such-bucket"]


@pytest.mark.parametrize("which", ["moto_server", "rclone_server"])
def test_credentials_that_are_wrong_are_not_tried_again_and_never_shown(
    drafted: Orch, which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: Server = request.getfixturevalue(which)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    to = f"s3://{server.bucket()}"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRONG)
    refused(drafted("backup", "create", "--to", to, "--json"), 2, "did not accept the credentials")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYNOBODYNOBO")
    refused(drafted("backup", "list", "--from", to, "--json"), 2, "did not accept the credentials")


def test_no_credentials_at_all(drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    refused(drafted("backup", "create", "--to", "s3://bucket", "--json"), 2, "No credentials")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    refused(drafted("backup", "create", "--to", "s3://bucket", "--json"), 2, "nobody")


def test_a_profile_names_credentials_and_endpoint(
    drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    to = f"s3://{server.bucket()}/x"
    for name in server.environment():
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    config, keys = tmp_path / "aws-config", tmp_path / "aws-credentials"
    config.write_text(f"[profile backups]\nregion = eu-west-1\nendpoint_url = {server.url}\n")
    keys.write_text(f"[backups]\naws_access_key_id = {server.key}\naws_secret_access_key = {server.secret}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    monkeypatch.setenv("AWS_PROFILE", "backups")
    said = drafted("backup", "create", "--to", to, "--json")
    assert said.status == 0 and server.secret not in said.out + said.err
    assert drafted("backup", "verify", "--from", to).status == 0


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """Listen on a port: say nothing at all, or the same to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                if answer is not None:
                    with taken:
                        taken.recv(65536)
                        taken.sendall(answer)
                else:
                    silent.append(taken)

        silent: list[socket.socket] = []
        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for each in silent:
            each.close()


def test_nobody_listens(drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    for words in (("create", "--to"), ("list", "--from"), ("ship", "--to")):
        refused(drafted("backup", *words, "s3://bucket", "--json"), 8, "cannot be reached")


def test_a_server_that_says_nothing_is_not_waited_for_long(
    drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3_requests.READ_S * s3_requests.ATTEMPTS + 5 < 60
    monkeypatch.setattr(s3_requests, "READ_S", 1)
    with listening(None) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        began = monotonic()
        refused(drafted("backup", "create", "--to", "s3://bucket", "--json"), 8, "did not answer in time")
        assert monotonic() - began < 20


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 8, "503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>hi</html>", 2, "not as S3"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 2, "not as S3"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 8, "cannot be reached"),
    ],
)
def test_a_server_that_is_something_else(
    drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch, answer: bytes, status: int, words: str
) -> None:
    with listening(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        refused(drafted("backup", "list", "--from", "s3://bucket", "--json"), status, words)


def test_an_endpoint_that_is_no_address(drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in ("nonsense", "http://", "ftp://127.0.0.1:1", "http://[::1", f"http://user:{WRONG}@127.0.0.1:1"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", words)
        said = drafted("backup", "list", "--from", "s3://bucket", "--json")
        assert said.status in (2, 8), (words, said)
        refused(said, said.status)


def test_objects_that_vanished_or_were_cut_are_damage(drafted: Orch, server: Server) -> None:
    bucket, client = server.bucket(), server.client()
    to = f"s3://{bucket}/x"
    drafted("backup", "create", "--to", to)
    (segment,) = [
        each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"] if "/segment-" in each["Key"]
    ]
    data = client.get_object(Bucket=bucket, Key=segment)["Body"].read()
    client.put_object(Bucket=bucket, Key=segment, Body=data[:-1])
    (row,) = drafted("backup", "list", "--from", to, "--json").data["rows"]
    assert "bytes; its manifest says" in row["problem"]
    assert drafted("backup", "verify", "--from", to).status == 6
    client.put_object(Bucket=bucket, Key=segment, Body=data[:-1] + bytes([data[-1] ^ 1]))
    assert drafted("backup", "verify", "--from", to).status == 6
    client.delete_object(Bucket=bucket, Key=segment)
    refused(drafted("backup", "restore", "--from", to, "--out", "new", "--json"), 6, segment)
    assert not Path("new").exists()
    client.put_object(Bucket=bucket, Key=segment, Body=data)
    client.put_object(Bucket=bucket, Key="x/copy-0001/segment-stranger", Body=data)
    assert drafted("backup", "verify", "--from", to).status == 6
    client.delete_object(Bucket=bucket, Key="x/copy-0001/segment-stranger")
    assert drafted("backup", "verify", "--from", to).status == 0
    client.delete_object(Bucket=bucket, Key="x/backups.note")
    assert drafted("backup", "create", "--to", to).status == 6, "a list that is gone is no empty bucket"


def test_an_upload_that_was_never_finished_is_nothing(drafted: Orch, server: Server) -> None:
    bucket, client = server.bucket(), server.client()
    to = f"s3://{bucket}/x"
    drafted("backup", "create", "--to", to)
    begun = client.create_multipart_upload(Bucket=bucket, Key="x/copy-0001/segment-stranger")
    client.upload_part(
        Bucket=bucket, Key="x/copy-0001/segment-stranger", UploadId=begun["UploadId"], PartNumber=1, Body=b"x"
    )
    assert drafted("backup", "verify", "--from", to).status == 0


def test_what_a_writer_that_was_cut_off_left_is_counted_or_cleared(drafted: Orch, server: Server) -> None:
    """Put the storage back to what it was at every write of a backup, as if the writer had been cut off after it."""
    bucket = server.bucket()
    to = f"s3://{bucket}"
    drafted("backup", "create", "--to", to)
    before = objects(server, bucket)
    drafted("approve", "st01-x", "spec")
    drafted("backup", "create", "--to", to)
    after = objects(server, bucket)
    new = sorted(set(after) - set(before), key=lambda name: "manifest" in name)  # the order they are written in
    assert [name.split("/")[1].split("-")[0] for name in new] == ["segment", "manifest"]
    listed = making(drafted, before)
    for kept in range(len(new) + 1):
        lay(server, bucket, before | {"backups.note": listed} | {name: after[name] for name in new[:kept]})
        assert drafted("backup", "verify", "--from", to).status == 0
        (row,) = drafted("backup", "list", "--from", to, "--json").data["rows"]
        assert row["last"] == (6 if kept == 2 else 5)
        assert drafted("backup", "create", "--to", to).status == 0
        assert drafted("backup", "verify", "--from", to).status == 0
        (row,) = drafted("backup", "list", "--from", to, "--json").data["rows"]
        assert row["last"] == 6 and len(row["segments"]) == 2


def objects(server: Server, bucket: str) -> dict[str, bytes]:
    client = server.client()
    keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def lay(server: Server, bucket: str, files: dict[str, bytes]) -> None:
    client = server.client()
    for key in objects(server, bucket).keys() - files.keys():
        client.delete_object(Bucket=bucket, Key=key)
    for key, data in files.items():
        client.put_object(Bucket=bucket, Key=key, Body=data)


def making(orch: Orch, files: dict[str, bytes]) -> bytes:
    """Return the list as a writer leaves it that was cut off after its first write: it says which copy grows."""
    from adapters.backup_folder import Folder
    from adapters.backup_writing import BackupWriter
    from cli.project import opened
    from usecases.backup_places import author_of

    folder = Path("laid")
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with opened() as project:
        writer = BackupWriter(Folder(folder), author_of(project, None))
        with writer.turn():
            writer.begin(full=False)
    data = (folder / "backups.note").read_bytes()
    shutil.rmtree(folder)
    assert b'"making":"copy-0001"' in data
    return data


@pytest.fixture
def soon_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a lock that is found look five times as old: it lapses soon, and who holds one has as long as ever."""
    get = Requests.get

    def older(requests: Requests, key: str, *, most: int) -> Found | None:
        found = get(requests, key, most=most)
        return found and found._replace(age_s=found.age_s * 5)

    monkeypatch.setattr(Requests, "get", older)


@pytest.mark.usefixtures("soon_over")
def test_the_lock_of_a_writer_that_was_cut_off_lapses(drafted: Orch, server: Server) -> None:
    bucket, began = server.bucket(), monotonic()
    server.client().put_object(Bucket=bucket, Key=".lock", Body=b'{"host":"elsewhere"}')
    assert s3_lease.LASTS_S < TIMEOUT_S, "one run waits until it is over"
    assert drafted("backup", "create", "--to", f"s3://{bucket}").status == 0
    assert monotonic() - began > s3_lease.LASTS_S / 5 - 1, "the server's clock tells whole seconds"
    assert not [name for name in objects(server, bucket) if name.startswith(".")]


@pytest.mark.usefixtures("soon_over")  # where the lock could not be removed, the next run waits for it
@pytest.mark.parametrize(("attempts", "how"), [("1", "before"), ("1", "after"), ("3", "after")])
def test_a_request_that_fails_anywhere_leaves_the_old_state_or_the_new_one(
    drafted: Orch, server: Server, monkeypatch: pytest.MonkeyPatch, attempts: str, how: str
) -> None:
    to, key = f"s3://{server.bucket()}", drafted("audit", "key", "show", "--json").data["key"]
    drafted("backup", "create", "--to", to)
    drafted("approve", "st01-x", "spec")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", attempts)
    number, size, failed = 1, 6, 0
    while True:
        server.break_at(number, how)
        said = drafted("backup", "create", "--to", to, "--json")
        if not server.was_broken():
            break
        assert said.status in ((0, 8) if attempts == "1" else (0,)), (number, said)
        failed += said.status == 8
        assert drafted("backup", "verify", "--from", to, "--vkey", key).status == 0, number
        (row,) = drafted("backup", "list", "--from", to, "--json").data["rows"]
        assert row["last"] in ((size - 1, size) if said.status else (size,)), number
        assert drafted("backup", "create", "--to", to).status == 0, number
        drafted("block", "st01-x", f"reason {number}")
        size += 1
        number += 1 if LONG else 6
    assert failed or attempts == "3"
    assert drafted("backup", "verify", "--from", to, "--vkey", key).status == 0
