"""Backups that were changed by anybody, in any way: found before anything is restored."""

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, orch
from tests.reliability.backup_world import Files, Kept, is_found_by_verify, lay, make_backups, read_back
from tests.reliability.ledger import LONG

__all__ = ["orch"]  # a fixture

ROUNDS = 5_000 if LONG else 150
"""For plain and for encrypted backups each."""
RESTORES = 25
"""One round in so many also runs the command."""


def flip(files: Files, dice: random.Random, kept: Kept) -> str:
    name = dice.choice(sorted(files))
    data = bytearray(files[name])
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    files[name] = bytes(data)
    return name


def truncate(files: Files, dice: random.Random, kept: Kept) -> str:
    name = dice.choice(sorted(files))
    files[name] = files[name][: dice.randrange(len(files[name]))]
    return name


def lengthen(files: Files, dice: random.Random, kept: Kept) -> str:
    name = dice.choice(sorted(files))
    files[name] += dice.randbytes(dice.randrange(1, 40))
    return name


def remove(files: Files, dice: random.Random, kept: Kept) -> str:
    name = dice.choice(sorted(files))
    del files[name]
    return name


def remove_an_end(files: Files, dice: random.Random, kept: Kept) -> str:
    """Remove the last segments of a copy together with their manifests, as if they had never been made."""
    copy = dice.choice(("copy-0001", "copy-0002"))
    names = sorted(name for name in files if name.startswith(f"{copy}/manifest"))
    for manifest in names[dice.randrange(len(names)) :]:
        middle = manifest.partition("manifest-")[2].removesuffix(".note")
        for name in [name for name in files if middle in name]:
            del files[name]
    return f"{copy}/"


def remove_a_copy(files: Files, dice: random.Random, kept: Kept) -> str:
    copy = dice.choice(("copy-0001", "copy-0002"))
    for name in [name for name in files if name.startswith(f"{copy}/")]:
        del files[name]
    return f"{copy}/"


def swap(files: Files, dice: random.Random, kept: Kept) -> str:
    one, two = dice.sample(sorted(files), 2)
    if files[one] == files[two]:
        return flip(files, dice, kept)
    files[one], files[two] = files[two], files[one]
    return one if one.startswith(kept.newest) or "/" not in one else two


def duplicate(files: Files, dice: random.Random, kept: Kept) -> str:
    """Put a file there once more, under a name that one of ours could have."""
    name = dice.choice(sorted(name for name in files if "/" in name))
    copy, _, old = name.partition("/")
    kind, _, end = old.partition("-")
    new = f"{copy}/{kind}-{dice.randrange(1, 200):012d}-{dice.randrange(200, 400):012d}.{end.partition('.')[2]}"
    files[new] = files[name]
    return new


def duplicate_a_copy(files: Files, dice: random.Random, kept: Kept) -> str:
    old, new = dice.choice(("copy-0001", "copy-0002")), f"copy-{dice.randrange(3, 30):04d}"
    for name in [name for name in files if name.startswith(f"{old}/")]:
        files[name.replace(old, new)] = files[name]
    return new


def replay(files: Files, dice: random.Random, kept: Kept) -> str:
    """Put the list back as it was at an earlier time."""
    older = dice.choice([state["backups.note"] for state in kept.before])
    files["backups.note"] = older
    return "backups.note"


def replay_from_the_other_copy(files: Files, dice: random.Random, kept: Kept) -> str:
    """Put a file of one copy in the place of one of the other, of the same kind."""
    name = dice.choice(sorted(name for name in files if name.startswith(kept.newest)))
    kind = name.partition("/")[2].partition("-")[0]
    others = [other for other in sorted(files) if other.startswith(f"copy-0001/{kind}") and files[other] != files[name]]
    if not others:
        return flip(files, dice, kept)
    files[name] = files[dice.choice(others)]
    return name


WAYS = (
    flip,
    truncate,
    lengthen,
    remove,
    remove_an_end,
    remove_a_copy,
    swap,
    duplicate,
    duplicate_a_copy,
    replay,
    replay_from_the_other_copy,
)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_every_change_is_found_before_anything_is_restored(orch: Orch, encrypted: bool, tmp_path: Path) -> None:
    kept = make_backups(orch, encrypted=encrypted)
    folder = tmp_path / "damaged"
    lay(kept.now, folder)
    assert not is_found_by_verify(folder, kept) and read_back(folder, kept) == kept.events
    dice = random.Random(20261125 + encrypted)
    tried, refused = Counter[str](), 0
    for turn in range(ROUNDS):
        way = WAYS[turn % len(WAYS)]
        files = dict(kept.now)
        touched = way(files, dice, kept)
        assert files != kept.now
        lay(files, folder)
        assert is_found_by_verify(folder, kept), (turn, way.__name__, touched)
        found = read_back(folder, kept)
        assert found is None or found == kept.events, (turn, way.__name__, touched)
        assert found is None or touched.startswith("copy-0001/"), "damage in the newest copy has to stop a restore"
        refused += found is None
        tried[way.__name__] += 1
        if turn % RESTORES == 0 and not encrypted:
            key = ("--vkey", kept.keys[0])
            said = orch("backup", "restore", "--from", str(folder), "--out", f"new{turn}", *key, "--json")
            assert said.status == (6 if found is None else 0), (turn, way.__name__, said)
            assert Path(f"new{turn}").exists() is (found is not None)
            assert not list(Path().glob(".new*"))
    assert len(tried) == len(WAYS) and refused > ROUNDS // 3


def test_backups_of_another_project_in_its_place_are_refused(orch: Orch, tmp_path: Path) -> None:
    kept = make_backups(orch, encrypted=False)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch = pytest.MonkeyPatch()
    with monkeypatch.context() as patched:
        patched.chdir(other)
        stranger = make_backups(orch, encrypted=False)
        assert set(stranger.now) == set(kept.now)
        lay(stranger.now, tmp_path / "swapped")
    assert is_found_by_verify(tmp_path / "swapped", kept) and read_back(tmp_path / "swapped", kept) is None
    for name in kept.now:
        lay({**kept.now, name: stranger.now[name]}, tmp_path / "swapped")
        if stranger.now[name] != kept.now[name]:
            assert is_found_by_verify(tmp_path / "swapped", kept), name
    refused = orch("backup", "create", "--to", "other/away", "--json")
    assert refused.status == 2 and "another log" in refused.error["message"]


def test_backups_that_name_another_key_are_whole_and_nobody_knows_whose(
    orch: Orch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    make_backups(orch, encrypted=False)
    (tmp_path / "other").mkdir()
    with pytest.MonkeyPatch().context() as patched:
        patched.chdir(tmp_path / "other")
        stranger = make_backups(orch, encrypted=False)
        assert orch("backup", "verify", "--from", "away").status == 0, "the store around us knows the key"
    nowhere = tmp_path_factory.mktemp("nowhere")
    with pytest.MonkeyPatch().context() as patched:
        patched.chdir(nowhere)
        shutil.rmtree(tmp_path / "other" / ".orch")
        assert orch("backup", "verify", "--from", str(tmp_path / "other" / "away")).status == 7
        assert (
            orch("backup", "verify", "--from", str(tmp_path / "other" / "away"), "--vkey", stranger.keys[0]).status == 0
        )
    key = orch("audit", "key", "show", "--json").data["key"]
    assert orch("backup", "verify", "--from", "other/away", "--vkey", key).status == 6
