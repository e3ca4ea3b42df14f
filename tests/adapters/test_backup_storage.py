"""What every storage of backups keeps to: a folder, and a bucket on servers with and without conditional writes."""

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from adapters import s3_lease
from adapters.backup_addresses import storage_at
from adapters.backup_storage import Storage
from domain.errors import AlreadyExists, InvalidInput, Unavailable
from tests.adapters.s3_servers import Server, moto_server, rclone_server

__all__ = ["moto_server", "rclone_server"]  # fixtures

Opened = Callable[[], Storage]
SEGMENT, MANIFEST = (
    "copy-0001/segment-000000000001-000000000002.seg.zst",
    "copy-0001/manifest-000000000001-000000000002.note",
)


@pytest.fixture(params=["folder", "moto", "rclone"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Return a function that opens one and the same storage, as often as one likes."""
    if request.param == "folder":
        return lambda: storage_at("away", tmp_path)
    server: Server = request.getfixturevalue(f"{request.param}_server")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    address = f"s3://{server.bucket()}/some/where"
    return lambda: storage_at(address, tmp_path)


@pytest.fixture
def storage(opened: Opened) -> Storage:
    return opened()


def test_what_was_written_is_read_and_listed_with_its_size(storage: Storage) -> None:
    assert storage.names() == {} and storage.read("backups.note", most=9) is None
    with storage.turn(timeout_s=9):
        storage.add(SEGMENT, b"x" * 100)
        storage.add(MANIFEST, b"note")
        storage.replace("backups.note", b"list")
    assert storage.names() == {"backups.note": 4, "copy-0001/": 0}
    assert storage.names("copy-0001") == {SEGMENT.partition("/")[2]: 100, MANIFEST.partition("/")[2]: 4}
    assert storage.names("copy-0002") == {}
    assert storage.read(SEGMENT, most=100) == b"x" * 100
    assert len(storage.read(SEGMENT, most=10) or b"") == 11, "one byte more tells that there is more"


def test_names_begin_and_come_after(storage: Storage) -> None:
    names = [f"{kind}-{number:012d}" for kind in ("files", "manifest", "segment") for number in (1, 5, 9)]
    with storage.turn(timeout_s=9):
        for name in names:
            storage.add(f"copy-0001/{name}", b"x")
    assert sorted(storage.names("copy-0001")) == names
    assert sorted(storage.names("copy-0001", begins="manifest-")) == names[3:6]
    assert sorted(storage.names("copy-0001", begins="segment-", after="segment-000000000001")) == names[7:]


def test_many_are_read_in_their_order(storage: Storage) -> None:
    names = [f"copy-0001/manifest-{number}" for number in range(20)]
    with storage.turn(timeout_s=9):
        for name in names[:10]:
            storage.add(name, name.encode())
    assert list(storage.reads(names, most=99)) == [name.encode() for name in names[:10]] + [None] * 10


def test_nothing_is_written_over(storage: Storage) -> None:
    with storage.turn(timeout_s=9):
        storage.add(SEGMENT, b"the first")
        with pytest.raises(AlreadyExists):
            storage.add(SEGMENT, b"another")
        storage.copy(SEGMENT, "copy-0002/segment")
        with pytest.raises(AlreadyExists):
            storage.copy(SEGMENT, "copy-0002/segment")
    assert storage.read(SEGMENT, most=99) == storage.read("copy-0002/segment", most=99) == b"the first"


def test_the_list_is_replaced_again_and_again(storage: Storage) -> None:
    with storage.turn(timeout_s=9):
        for number in range(3):
            storage.replace("backups.note", b"%d" % number)
            assert storage.read("backups.note", most=9) == b"%d" % number


def test_what_was_removed_is_gone_and_may_go_twice(storage: Storage) -> None:
    with storage.turn(timeout_s=9):
        for name in (SEGMENT, MANIFEST, "copy-0002/manifest"):
            storage.add(name, b"x")
        for _ in range(2):
            storage.remove(SEGMENT)
            assert list(storage.names("copy-0001")) == [MANIFEST.partition("/")[2]]
        for _ in range(2):
            storage.remove_folder("copy-0001")
            assert storage.names("copy-0001") == {} and list(storage.names("copy-0002")) == ["manifest"]


def test_one_writes_at_a_time(opened: Opened) -> None:
    first, second = opened(), opened()
    with first.turn(timeout_s=9), pytest.raises(Unavailable, match="Other writers"), second.turn(timeout_s=0.2):
        raise AssertionError
    with second.turn(timeout_s=9):
        second.add(SEGMENT, b"x")


def test_whoever_waits_gets_its_turn(opened: Opened) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(9)
        with opened().turn(timeout_s=20):
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with opened().turn(timeout_s=9):
        inside.set()
        waiting.join(1)
        order.append("first")
    waiting.join(30)
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    "words",
    [
        *("s3://", "s3:///x", "s3://b", "s3://AKIA:secret@bucket/x", "s3://bucket//x", "s3://bucket/../x"),
        *("gs://bucket/x", "https://bucket.s3.amazonaws.com/x", "s3://bucket/" + "x" * 600, "", "a\x00b"),
    ],
)
def test_words_that_name_no_place_are_refused_and_never_repeated(words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        storage_at(words, tmp_path)
    assert "secret" not in refused.value.message + "".join(refused.value.fix)


def test_a_folder_whose_name_looks_like_an_address_is_written_as_a_path(tmp_path: Path) -> None:
    assert storage_at("./s3:/x", tmp_path).where == str(tmp_path / "s3:/x")
    assert storage_at("s3://bucket/a/b/", tmp_path).where == "s3://bucket/a/b"


@pytest.fixture(params=["moto", "rclone"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Server, str]:
    server: Server = request.getfixturevalue(f"{request.param}_server")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server, server.bucket()


def test_a_lease_that_somebody_took_over_is_noticed_and_nothing_more_is_written(
    bucket: tuple[Server, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, name = bucket
    monkeypatch.setattr(s3_lease, "RENEWED_S", 0.1)
    storage = storage_at(f"s3://{name}", tmp_path)
    with storage.turn(timeout_s=9):
        storage.add("copy-0001/one", b"x")
        client = server.client()
        for _ in range(20):  # as a second writer does that renews its lease
            client.put_object(Bucket=name, Key=".lock", Body=b"somebody else")
            sleep(0.1)
        for write in (storage.add, storage.replace):
            with pytest.raises(Unavailable, match="was lost"):
                write("copy-0001/two", b"x")
    assert server.client().get_object(Bucket=name, Key=".lock")["Body"].read() == b"somebody else"
    assert list(storage.names("copy-0001")) == ["one"]


def test_a_lease_is_renewed_while_the_work_goes_on(
    bucket: tuple[Server, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, name = bucket
    monkeypatch.setattr(s3_lease, "RENEWED_S", 0.5)
    storage, client = storage_at(f"s3://{name}", tmp_path), server.client()

    def written() -> object:
        return client.get_object(Bucket=name, Key=".lock")["LastModified"]

    with storage.turn(timeout_s=9):
        first, until = written(), monotonic() + 60
        while written() == first and monotonic() < until:
            sleep(0.3)
        assert written() != first
        storage.add("copy-0001/one", b"x")
    assert ".lock" not in [each["Key"] for each in client.list_objects_v2(Bucket=name)["Contents"]]


def test_a_list_that_somebody_else_wrote_meanwhile_is_not_written_over(
    moto_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in moto_server.environment().items():
        monkeypatch.setenv(variable, value)
    name = moto_server.bucket()
    storage = storage_at(f"s3://{name}", tmp_path)
    with storage.turn(timeout_s=9):
        storage.replace("backups.note", b"ours")
        moto_server.client().put_object(Bucket=name, Key="backups.note", Body=b"theirs")
        with pytest.raises(Unavailable, match="Somebody else"):
            storage.replace("backups.note", b"ours again")
    assert storage.read("backups.note", most=99) == b"theirs"
