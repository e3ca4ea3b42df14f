"""A log as a folder of tiles: every size around the edges of tiles, grown step by step, by the words of the format."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from adapters.tile_files import ENTRIES, TileFiles, bundle_of, tile_path
from cli.tile_export import write_tiles
from domain.errors import AlreadyExists, Damaged, FilesUnavailable
from domain.event_log import EventLog
from tests.adapters.log_entries import filled
from tests.adapters.tile_reading import checked, files_in, place, places
from tests.memory_log import MemoryLog

TILE = 256


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with SqliteLog.create(tmp_path / "log.db", "example.org/tiles") as log:
        yield log


def exported(log: EventLog, folder: Path, published: int = 0) -> TileFiles:
    """Publish the log as it is, after a checkpoint of another size."""
    files = TileFiles(folder)
    files.published = published
    tree = log.tree()
    told: list[int] = []
    write_tiles(log, tree.size, tree.root, files, done=told.append)
    files.publish(b"a note of %d" % tree.size)
    assert sum(told) == tree.size
    return files


@pytest.mark.parametrize("number", [0, 1, 67, 999, 1_000, 1_234_067, 999_999_999, 1_000_000_000])
def test_a_tile_lies_where_the_format_says(number: int) -> None:
    assert tile_path(3, number) == place(3, number)
    assert tile_path(ENTRIES, number, 7) == place("entries", number, 7)
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"


def test_an_entry_bundle_has_lengths_of_two_bytes() -> None:
    assert bundle_of([b"", b"ab", b"x" * 65_535]) == b"\0\0" + b"\0\2ab" + b"\xff\xff" + b"x" * 65_535


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 1_000])
def test_the_tree_of_a_size_is_exactly_these_files(log: EventLog, tmp_path: Path, size: int) -> None:
    filled(log, size)
    files = exported(log, tmp_path / "tiles")
    assert files_in(tmp_path / "tiles") == places(size) | {"checkpoint"}
    assert checked(tmp_path / "tiles", size) == log.tree().root
    assert files.files == len(places(size)) + 1


def test_a_tree_of_many_tiles_grows_over_the_edge_of_the_second_level(log: EventLog, tmp_path: Path) -> None:
    folder, published = tmp_path / "tiles", 0
    for size in (65_535, 65_536, 65_537, 65_536 + 257, 70_000):
        filled(log, size, at_once=4_096)
        before = {path: (folder / path).stat().st_mtime_ns for path in files_in(folder)}
        exported(log, folder, published)
        assert checked(folder, size) == log.tree().root
        full = {path for path in before if ".p/" not in path and path != "checkpoint"}
        assert {path: (folder / path).stat().st_mtime_ns for path in full} == {path: before[path] for path in full}
        published = size
    # as the format counts them for this size
    assert len({path for path in files_in(folder) if path.startswith("tile/0/") and ".p/" not in path}) == 273
    assert {place(0, 273, 112), place(1, 0), place(1, 1, 17), place(2, 0, 1)} <= files_in(folder)


def test_partial_tiles_stay_until_the_full_one_is_published(log: EventLog, tmp_path: Path) -> None:
    published = 0
    for size in (10, 200, 250):
        filled(log, size)
        exported(log, tmp_path / "tiles", published)
        published = size
    partial = {place(name, 0, width) for name in (0, "entries") for width in (10, 200, 250)}
    assert partial <= files_in(tmp_path / "tiles")
    filled(log, 300)
    exported(log, tmp_path / "tiles", published)
    assert files_in(tmp_path / "tiles") == places(300) | {"checkpoint"}
    assert checked(tmp_path / "tiles", 300) == log.tree().root


def test_the_same_log_again_writes_the_checkpoint_only(log: EventLog, tmp_path: Path) -> None:
    filled(log, 600)
    exported(log, tmp_path / "tiles")
    assert exported(log, tmp_path / "tiles", 600).files == 1


def test_what_an_interrupted_export_left_is_written_anew(log: EventLog, tmp_path: Path) -> None:
    filled(log, 600)
    for path in (place("entries", 0), place(0, 1), place("entries", 2, 88)):
        (tmp_path / "tiles" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tiles" / path).write_bytes(b"torn")
    exported(log, tmp_path / "tiles")
    assert checked(tmp_path / "tiles", 600) == log.tree().root


def test_a_published_tile_that_was_changed_is_refused_and_one_that_is_gone_is_put_back(
    log: EventLog, tmp_path: Path
) -> None:
    filled(log, 600)
    exported(log, tmp_path / "tiles")
    filled(log, 700)
    for path in (place("entries", 1), place(0, 0)):
        (tmp_path / "tiles" / path).unlink()
    exported(log, tmp_path / "tiles", 600)
    assert checked(tmp_path / "tiles", 700) == log.tree().root
    for path in (place(0, 0), place(1, 0, 2)):
        held = (tmp_path / "tiles" / path).read_bytes()
        (tmp_path / "tiles" / path).write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
        with pytest.raises(Damaged, match="somebody changed"):
            exported(log, tmp_path / "tiles", 700)
        (tmp_path / "tiles" / path).write_bytes(held)


@pytest.mark.parametrize("broken", ["leaf", "envelope"])
def test_a_log_whose_entries_are_not_its_tree_is_not_published(tmp_path: Path, broken: str) -> None:
    log = MemoryLog()
    filled(log, 300)
    record = log._records[100]
    turned = record._replace(leaf=record.leaf[::-1])
    log._records[100] = turned if broken == "leaf" else record._replace(envelope=record.envelope + b" ")
    with pytest.raises(Damaged, match="position 101"):
        exported(log, tmp_path / "tiles")
    assert not (tmp_path / "tiles" / "checkpoint").exists()


def test_a_root_that_the_tiles_do_not_lead_to_is_not_published(tmp_path: Path) -> None:
    log = MemoryLog()
    filled(log, 300)
    with pytest.raises(Damaged, match="do not lead to its root"):
        write_tiles(log, 300, b"r" * 32, TileFiles(tmp_path), done=lambda _: None)


def test_a_folder_that_cannot_be_written_is_said(log: EventLog, tmp_path: Path) -> None:
    filled(log, 3)
    (tmp_path / "tiles").write_text("in the way")
    with pytest.raises(FilesUnavailable, match="tiles"):
        exported(log, tmp_path / "tiles")
    (tmp_path / "other" / place(0, 0, 3)).mkdir(parents=True)
    with pytest.raises(AlreadyExists, match="no regular file"):
        exported(log, tmp_path / "other")
