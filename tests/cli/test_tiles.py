"""orch audit export --tiles: signed, added to, and never over another log's folder."""

from pathlib import Path

import pytest

from adapters.signed_notes import opened
from domain.checkpoints import Checkpoint
from tests.adapters.tile_reading import checked, entries_in, files_in, places
from tests.cli.conftest import Orch, by_the_log, position

TILES = Path("tiles")


def exported(orch: Orch, *, status: int = 0) -> None:
    told = orch("audit", "export", "--tiles", "tiles")
    assert told.status == status, told


def test_the_folder_holds_the_tree_under_a_checkpoint_of_now(drafted: Orch) -> None:
    told = drafted("audit", "export", "--tiles", "tiles", "--json").data
    size = position(drafted)
    key = drafted("audit", "key", "show", "--json").data["key"]
    checkpoint = Checkpoint.parse(opened((TILES / "checkpoint").read_bytes(), [key]).text)
    assert (checkpoint.size, checkpoint.root) == (size, checked(TILES, size))
    assert (told["before"], told["size"], told["root"]) == (0, size, checkpoint.root.hex())
    assert files_in(TILES) == places(size) | {"checkpoint"} and told["files"] == len(files_in(TILES))
    assert drafted("audit", "verify", "--against", "tiles/checkpoint").status == 0
    assert drafted("status", "st01-x", "--json").data["checkpoint"]["uncovered"] == 0
    assert {path.stat().st_mode & 0o777 for path in TILES.rglob("*") if path.is_file()} == {0o644}


def test_no_free_text_is_in_it(drafted: Orch) -> None:
    drafted("reject", "st01-x", "spec", "--feedback", "a secret remark")
    exported(drafted)
    held = b"".join(path.read_bytes() for path in TILES.rglob("*") if path.is_file())
    assert b"a secret remark" not in held and b"Round trip" not in held and b"phase.document_rejected" in held


def test_it_grows_with_the_log(drafted: Orch) -> None:
    exported(drafted)
    before = position(drafted)
    drafted("approve", "st01-x", "spec")
    told = drafted("audit", "export", "--tiles", "tiles", "--json").data
    assert (told["before"], told["size"]) == (before, before + 1)
    assert checked(TILES, before + 1).hex() == told["root"] and checked(TILES, before)
    assert b"phase.document_approved" in entries_in(TILES, before + 1)[-1]
    assert "0 of them new" in drafted("audit", "export", "--tiles", "tiles").out


@pytest.mark.in_file
def test_the_folder_of_another_log_is_refused(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("other").mkdir()
    monkeypatch.chdir("other")
    assert drafted("init", "--host", "example.org").status == 0
    exported(drafted)
    monkeypatch.chdir("..")
    Path("other/tiles").rename("tiles")
    before = {path: (TILES / path).read_bytes() for path in files_in(TILES)}
    refused = drafted("audit", "export", "--tiles", "tiles", "--json")
    assert refused.status == 3 and "name another folder" in refused.error["message"]
    assert refused.error["fix"] == ["orch audit export --tiles tiles-2"]
    assert {path: (TILES / path).read_bytes() for path in files_in(TILES)} == before


@pytest.mark.in_file
def test_a_history_that_ours_does_not_go_on_from_is_damage(drafted: Orch) -> None:
    older = {path: path.read_bytes() for path in Path(".orch").glob("log.db*")}
    drafted("approve", "st01-x", "spec", "--comments", "the first history")
    exported(drafted)
    for path in Path(".orch").glob("log.db*"):
        path.unlink()
    for path, content in older.items():
        path.write_bytes(content)
    exported(drafted, status=6)  # the log is shorter than what was published
    drafted("approve", "st01-x", "spec", "--comments", "another history")
    exported(drafted, status=6)  # as long, but another history


@pytest.mark.parametrize("change", ["garbage", "signature", "folder"])
def test_what_is_no_checkpoint_of_ours_is_refused(drafted: Orch, change: str) -> None:
    exported(drafted)
    note = (TILES / "checkpoint").read_bytes()
    origin = note.split(b"\n")[0]
    if change == "folder":
        (TILES / "checkpoint").unlink()
        (TILES / "checkpoint").mkdir()
    else:
        bad = {"garbage": origin + b"\nno checkpoint\n", "signature": note.replace(b"\n5\n", b"\n4\n")}
        (TILES / "checkpoint").write_bytes(bad[change])
    exported(drafted, status=6 if change == "signature" else 3)


def test_where_the_tiles_go_has_to_be_said(drafted: Orch) -> None:
    refused = drafted("audit", "export", "--json")
    assert refused.status == 2 and "orch audit export --tiles tiles" in refused.error["fix"]


def test_without_its_key_nothing_is_published(drafted: Orch) -> None:
    (own,) = by_the_log(".orch/keys").iterdir()
    own.unlink()
    exported(drafted, status=4)
    assert not TILES.exists()
