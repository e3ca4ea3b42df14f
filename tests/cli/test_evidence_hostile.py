"""Packages that nobody made with orch: whatever they hold, verify.py answers with a sentence and exit status 6."""

import json
import os
import random
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters import evidence_verify
from tests.cli.conftest import Orch
from tests.cli.evidence_world import ZIP, Verify, kept, lines, verify, world, write_lines

__all__ = ["kept", "verify", "world"]  # fixtures

HERE = Path("evidence")
DEEP = "[" * 100_000
ODD: list[Any] = [None, True, -1, 0, 1 << 70, 1.5, "", "x", "\x1b[31m", [], {}, [[]], {"a": None}, "9" * 5000]


def packed(*members: tuple[str, bytes], name: str = "hostile.zip") -> str:
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in members:
            file.writestr(member, data)
    return name


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "a/../../b",
        "a\\b",
        "C:/x",
        "a//b",
        "./a",
        "a\nb",
        "a\x1b[31mb",
        ".hidden",
        "x" * 400,
        "é",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, verify: Verify, name: str) -> None:
    said = verify(packed(("checkpoint", b"x"), (name, b"x"), name=str(tmp_path / "h.zip")))
    assert said.status == 6 and "no name that a file of a package has" in said.out
    assert not set(said.out) & set("\x1b")


def test_links_pipes_and_deep_folders_are_refused(world: Orch, verify: Verify, tmp_path: Path) -> None:
    for target in ("/etc/passwd", "/etc", None):
        if target is None:
            os.mkfifo(HERE / "notes")
        else:
            os.symlink(target, HERE / "notes")
        said = verify(HERE)
        assert said.status == 6 and "notes is" in said.out
        (HERE / "notes").unlink()
    os.makedirs(HERE / ("d/" * 900))
    assert "deeper than a package goes" in verify(HERE).out


def test_a_link_in_a_zip_file_is_refused(tmp_path: Path, verify: Verify) -> None:
    info = zipfile.ZipInfo("checkpoint")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "h.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
    assert "is a link" in verify(tmp_path / "h.zip").out


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path: Path, verify: Verify) -> None:
    said = verify(packed(("checkpoint", b"x"), ("checkpoint", b"y"), name=str(tmp_path / "h.zip")))
    assert said.status == 6 and "twice" in said.out


def sized(data: bytes, size: int) -> bytes:
    """Return a zip file whose last file claims to unpack to that many bytes."""
    patched = bytearray(data)
    struct.pack_into("<I", patched, data.rfind(b"PK\x01\x02") + 24, size)
    return bytes(patched)


def test_a_bomb_is_not_unpacked(world: Orch, verify: Verify) -> None:
    Path("bomb.zip").write_bytes(sized(Path(ZIP).read_bytes(), 1 << 31))
    said = verify("bomb.zip")
    assert said.status == 6 and "made to hurt" in said.out


def test_a_zip_file_that_lies_about_its_sizes_is_found(world: Orch, verify: Verify) -> None:
    Path("lies.zip").write_bytes(sized(Path(ZIP).read_bytes(), 10))
    said = verify("lies.zip")
    assert said.status == 6 and "manifest.note cannot be read" in said.out


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"not a zip", bytes(1000)])
def test_what_is_no_package_is_said_to_be_none(tmp_path: Path, verify: Verify, data: bytes) -> None:
    (tmp_path / "h.zip").write_bytes(data)
    said = verify(tmp_path / "h.zip")
    assert said.status == 6 and "SOMETHING DIFFERS" in said.out
    (tmp_path / "empty").mkdir()
    assert "checkpoint is missing" in verify(tmp_path / "empty").out


def test_a_zip_file_cut_or_changed_anywhere_ends_in_a_sentence(world: Orch, verify: Verify) -> None:
    data = Path(ZIP).read_bytes()
    chance = random.Random(7)
    whole = verify(ZIP)
    for _ in range(60):
        Path("cut.zip").write_bytes(data[: chance.randrange(len(data))])
        assert verify("cut.zip").status == 6
    for _ in range(150):
        at = chance.randrange(len(data))
        Path("turned.zip").write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        said = verify("turned.zip")
        assert said.status == 6 or said == whole  # a bit that says nothing about any file: a time, say


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "events.jsonl",
        "documents.jsonl",
        "population.csv",
        "checkpoint",
        "keys/current.vkey",
        "manifest.note",
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\n",
        DEEP.encode(),
        b'{"a":NaN}\n',
        b'{"a":1,"a":2}\n',
        b"\x00" * 5000,
        b'"\n',
        b"9" * 10_000 + b"\n",
    ],
)
def test_garbage_in_any_file_ends_in_a_sentence(world: Orch, verify: Verify, name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)
    said = verify(HERE)
    assert said.status == 6 and "SOMETHING DIFFERS" in said.out


def odd_ones(value: Any) -> Iterator[Any]:
    """Yield the value with one part of it replaced by something odd, or left out."""
    yield from ODD
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            yield from ({**value, key: odd} for odd in odd_ones(part))


def test_odd_values_anywhere_in_the_manifest_end_in_a_sentence(world: Orch, verify: Verify) -> None:
    manifest = json.loads((HERE / "manifest.json").read_text())
    manifest["files"] = manifest["files"][:1]
    changed = list(odd_ones(manifest))
    assert len(changed) > 200
    for odd in random.Random(1).sample(changed, 200):
        (HERE / "manifest.json").write_text(json.dumps(odd))
        assert verify(HERE).status == 6
    for odd in ODD:
        (HERE / "manifest.json").write_text(json.dumps({**manifest, "files": [odd, {"name": odd}]}))
        assert verify(HERE).status == 6


def test_odd_values_anywhere_in_an_event_end_in_a_sentence(world: Orch, verify: Verify) -> None:
    found = lines(HERE)
    others: list[tuple[int, Any]] = []
    for number in (0, 3, 8, 9):
        first, _, envelope = found[number]["entry"].partition("\n")
        for odd in odd_ones(json.loads(envelope)):
            entry = json.dumps(odd, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            others.append((number, {**found[number], "entry": f"{first}\n{entry}"}))
        others += [(number, odd) for odd in odd_ones(found[number])]
    for number, other in random.Random(2).sample(others, 300):
        if other != found[number]:
            write_lines(HERE, [*found[:number], other, *found[number + 1 :]])
            assert verify(HERE).status == 6, other


def test_a_line_longer_than_any_of_ours_is_not_read(
    world: Orch, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_verify, "LONGEST_LINE", 900)
    said = verify(HERE)
    assert said.status == 6 and "a line of more than 900 bytes" in said.out


@pytest.mark.parametrize("words", [("--vkey", "x"), ("--against", "missing"), ("--no-such-option",), ("a", "b")])
def test_words_that_are_wrong_are_refused_with_2(world: Orch, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        evidence_verify.main(["evidence", *words])
    assert left.value.code == 2


@pytest.mark.parametrize("path", ["../nowhere", "evidence/verify.py/x", "a\0b", "no\x1b[31m"])
def test_a_path_that_does_not_exist_is_no_damaged_package(
    world: Orch, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        evidence_verify.main([path])
    said = capsys.readouterr()
    assert left.value.code == 2 and said.out == "" and "there is no folder and no file" in said.err
    assert "\x1b" not in said.err and "\0" not in said.err
