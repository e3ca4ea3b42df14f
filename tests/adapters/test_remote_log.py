"""The log behind a service: every read of the port answers what the store does, to the byte."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.far_logs import reached_log
from adapters.log_wire import EVENT, bytes_of, hash_of, text_of, unwired, unwired_told, wired
from adapters.places import places_of
from adapters.remote_log import RemoteLog
from domain.commands import DraftDocument, Meta
from domain.errors import Damaged, InvalidInput, NotFound, Unavailable
from domain.event_log import EventLog
from domain.steps import Step
from domain.tree_ranges import range_root_of
from tests.api.served import Client, issued, new_project, opened, served
from tests.facts import ADA, NOON
from usecases.snapshotting import folded

PHASES = 100


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EventLog, RemoteLog]]:
    """Give a log of more events than a tile has, and the same behind a service."""
    folder = tmp_path_factory.mktemp("log")
    new_project(folder)
    with opened(folder) as project, served(project) as client:
        token = issued(project)
        for number in range(PHASES):
            meta = Meta(f"draft-{number}", ADA, NOON)
            project.handle(DraftDocument(meta, f"st{number:02}-x", Step.SPEC, {"objectives": [f"ünder {number} ms"]}))
        project.log.keep_snapshot(200, folded(project.log, 200, None).heads())
        with remote(client, token) as log:
            yield project.log, log


def remote(client: Client, token: str) -> RemoteLog:
    env = {"ORCHESTRATOR_URL": f"http://127.0.0.1:{client.port}", "ORCHESTRATOR_TOKEN": token}
    places = places_of(Path("/nonexistent"), env=env)._replace(is_copy=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORCHESTRATOR_TOKEN", token)
        return reached_log(places)


def test_rows_come_to_the_byte(both: tuple[EventLog, RemoteLog]) -> None:
    here, there = both
    end = here.moment().position
    assert end > 256
    for span in ((1, None), (1, 1), (250, 260), (end, end + 5), (end + 1, end + 5), (-5, 0), (-(1 << 62), 1 << 62)):
        assert list(there.records(*span)) == list(here.records(*span)), span
    for stream in ("project", "phase:st05-x", "nothing"):
        assert list(there.stream(stream)) == list(here.stream(stream))
        assert list(there.stream(stream, after=1, upto=end - 3)) == list(here.stream(stream, after=1, upto=end - 3))
    for columns in (("position", "leaf"), ("envelope", "salt", "payload"), EVENT):
        for first in (1, 200, 257):
            assert list(there.pages(columns, first, end)) == list(here.pages(columns, first, end))


def test_heads_and_what_they_name(both: tuple[EventLog, RemoteLog]) -> None:
    here, there = both
    assert there.origin == here.origin
    for streams in ([], ["project", "policy"], [f"phase:st{number:02}-x" for number in range(PHASES)] * 2):
        assert there.heads(streams) == here.heads(streams)
    assert there.heads_below("phase:st1") == here.heads_below("phase:st1")
    (moment, heads), (same, known) = there.all_heads(), here.all_heads()
    assert moment == same and list(heads) == list(known) and dict(heads) == dict(known)
    places = [("project", 1), *((f"phase:st{number:02}-x", 2) for number in range(PHASES))] * 2
    assert there.told(places) == here.told(places)
    with pytest.raises(Damaged):
        there.told([("project", 99)])


def test_moments_tree_commands_and_snapshots(both: tuple[EventLog, RemoteLog]) -> None:
    here, there = both
    end = here.moment().position
    assert there.moment() == here.moment() and there.tree() == here.tree()
    for position in (0, 1, 200, end):
        assert there.moment(position) == here.moment(position)
        at = here.moment(position).recorded_at or 0
        assert [there.moment_at(at + off) for off in (-1, 0, 1)] == [here.moment_at(at + off) for off in (-1, 0, 1)]
    with pytest.raises(NotFound):
        there.moment(end + 1)
    assert there.tile(0, 0) == here.tile(0, 0) is not None and there.tile(0, 1) is None
    assert there.hashes(0, 256, 300) == here.hashes(0, 256, 300) and there.hashes(1, 0, 9) == here.hashes(1, 0, 9)
    assert range_root_of(there)(0, end) == range_root_of(here)(0, end) == there.tree().root
    assert list(there.commands()) == list(here.commands())
    assert list(there.commands(after="draft-5")) == list(here.commands(after="draft-5"))
    known, unknown = there.receipt("draft-7"), there.receipt("nobody/../asked?")
    assert known is not None and known[0] == (here.receipt("draft-7") or [None])[0] and unknown is None
    assert there.snapshot_positions() == here.snapshot_positions() == [200]
    assert there.snapshot(250) == here.snapshot(250) and there.snapshot(100) is None
    assert there.snapshot_lines(200) == here.snapshot_lines(200)
    with pytest.raises(NotFound):
        there.snapshot_lines(201)


def test_nothing_is_written_there(both: tuple[EventLog, RemoteLog]) -> None:
    _, there = both
    for write in (
        lambda: there.append([]),
        there.scrub,
        there.forget_snapshots,
        lambda: there.keep_snapshot(1, {}),
        lambda: there.replace_heads(1, {}),
    ):
        with pytest.raises(InvalidInput):
            write()


def test_bytes_that_are_no_text_come_whole() -> None:
    row = (1, 2, 3, "s", 1, "t", "c", b"\xff\x00{", b"\x00" * 32, "ä\ud7ff".encode(), b"\xff" * 32)
    assert unwired(wired([row], EVENT), EVENT) == [row]
    assert bytes_of(text_of(None)) is None and hash_of(None) is None
    for wrong in ([[1]], [[None] * 7 + [{"base64": "?"}, None, None, ""]], [[None] * 7 + [5, None, None, ""]]):
        with pytest.raises(Damaged):
            unwired(wrong, EVENT)
    with pytest.raises(Damaged):
        unwired_told(["phase:x", 1])


def test_an_older_state_and_another_log_are_never_mixed_with_what_was_read(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        new_project(tmp_path / name)
    with (
        opened(tmp_path / "one") as one,
        opened(tmp_path / "two") as two,
        served(one) as client,
        remote(client, issued(one)) as log,
    ):
        log.moment()
        log._seen += 1
        with pytest.raises(Unavailable, match="went back"):
            log.moment()
        log._seen -= 1
        with served(two) as other:
            log.line.at = log.line.at._replace(port=other.port, token=issued(two))
            log.line.close()
            with pytest.raises(Unavailable, match=r"answered for example\.org/"):
                log.moment()


def test_a_long_range_comes_in_several_answers(
    both: tuple[EventLog, RemoteLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    from api import log as operations

    here, there = both
    monkeypatch.setattr(operations, "HEAVY", 1000)
    end = here.moment().position
    assert list(there.records(1, end)) == list(here.records(1, end))
    assert list(there.pages(EVENT, 1, end)) == list(here.pages(EVENT, 1, end))
    assert list(there.stream("phase:st05-x")) == list(here.stream("phase:st05-x"))
