"""The format of backups: bytes that never change, and readers that are not ours."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.backup_packing import identities_from, packed, recipients_from, unpacked
from adapters.backup_segments import entries_in, plain_segment
from adapters.stored_events import StoredEvent
from domain.errors import Damaged, InvalidInput
from domain.merkle import leaf_hash
from tests.cli.conftest import Orch, orch

__all__ = ["orch"]  # a fixture

PAGE = Path(__file__).parents[2] / "docs" / "backup-format.md"
EVENTS = [
    StoredEvent(1_800_000_000_000_000, 1_799_999_999_999_999, b'{"v":1}', b"S" * 32, b'{"title":"x"}'),
    StoredEvent(1_800_000_000_000_001, 1_800_000_000_000_001, b'{"v":1,"n":2}', None, None),
]
GOLDEN = (
    b"orch segment 1\n"
    b"\x00\x00\x00\x5d\x00\x00\x00\x2b" + b"7 1800000000000000 1799999999999999\n" + b'{"v":1}'
    b"\x20" + b"S" * 32 + b'{"title":"x"}'
    b"\x00\x00\x00\x36\x00\x00\x00\x31" + b"8 1800000000000001 1800000000000001\n" + b'{"v":1,"n":2}'
    b"\x00"
)


def test_a_segment_has_these_bytes_for_ever() -> None:
    assert plain_segment(7, EVENTS) == GOLDEN


def test_a_segment_is_read_back_with_the_leaves_of_its_entries() -> None:
    entries = list(entries_in(GOLDEN, 7, 8))
    assert [entry.event for entry in entries] == EVENTS
    assert entries[0].leaf == leaf_hash(b'7 1800000000000000 1799999999999999\n{"v":1}')


@pytest.mark.parametrize("end", range(len(GOLDEN)))
def test_a_segment_that_ends_early_is_damaged(end: int) -> None:
    with pytest.raises(Damaged):
        list(entries_in(GOLDEN[:end], 7, 8))


def test_a_segment_of_other_positions_is_damaged() -> None:
    for first, last in ((7, 7), (7, 9), (6, 8), (8, 8), (8, 9)):
        with pytest.raises(Damaged):
            list(entries_in(GOLDEN, first, last))


def test_a_length_that_was_changed_is_damaged_or_another_segment() -> None:
    for at in (*range(15, 23), 66, *range(112, 120), len(GOLDEN) - 1):
        for bit in range(8):
            data = bytearray(GOLDEN)
            data[at] ^= 1 << bit
            with contextlib.suppress(Damaged):
                assert [entry.event for entry in entries_in(bytes(data), 7, 8)] != EVENTS


def keys(folder: Path, number: int) -> Sequence[tuple[Path, str]]:
    import pyrage

    made = []
    for each in range(number):
        identity = pyrage.x25519.Identity.generate()
        path = folder / f"key{each}.txt"
        path.write_text(f"# a comment\n{identity}\n")
        made.append((path, str(identity.to_public())))
    return made


def test_each_recipient_opens_what_was_packed_and_nobody_else_does(tmp_path: Path) -> None:
    (first, one), (second, two), (stranger, _) = keys(tmp_path, 3)
    made = packed(GOLDEN, recipients_from([one, two]))
    for key in (first, second):
        assert unpacked(made.stored, len(GOLDEN), identities_from([key]), encrypted=True, name="x") == GOLDEN
    for wrong in ([], identities_from([stranger])):
        with pytest.raises(InvalidInput):
            unpacked(made.stored, len(GOLDEN), wrong, encrypted=True, name="x")


def test_no_flip_of_packed_bytes_passes(tmp_path: Path) -> None:
    ((key, recipient),) = keys(tmp_path, 1)
    for recipients in ([recipient], []):
        made = packed(GOLDEN * 20, recipients_from(recipients))
        for at in range(0, len(made.stored), 3):
            data = bytearray(made.stored)
            data[at] ^= 1 << at % 8
            try:
                found = unpacked(
                    bytes(data), len(GOLDEN) * 20, identities_from([key]), encrypted=bool(recipients), name="x"
                )
            except (Damaged, InvalidInput):
                continue
            assert found == GOLDEN * 20, "a flip that passes changes nothing: zstd has bits that it ignores"


@pytest.mark.parametrize("words", ["age1x", "AGE-SECRET-KEY-1X", "ssh-ed25519 AAAA", "x\x1b[2J", "age1" + "q" * 5000])
def test_a_recipient_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(InvalidInput):
        recipients_from([words])


@pytest.mark.skipif(not (shutil.which("age") and shutil.which("zstd")), reason="age and zstd are not installed here")
def test_age_and_zstd_and_the_program_on_the_page_read_a_segment_without_us(orch: Orch, tmp_path: Path) -> None:
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True)
    Path("key.txt").write_text(made.stdout)
    (recipient,) = re.findall(r"age1\w+", made.stdout)
    orch("init", "--host", "example.org")
    orch("spec", "st01-x", "--objectives", "Round trip below 10 ms")
    assert orch("backup", "create", "--to", "away", "--recipient", recipient).status == 0
    (segment,) = Path("away/copy-0001").glob("*.seg.zst.age")
    opened = subprocess.run(["age", "-d", "-i", "key.txt", segment], capture_output=True, check=True)
    plain = subprocess.run(["zstd", "-d"], input=opened.stdout, capture_output=True, check=True).stdout
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    said = subprocess.run([sys.executable, "-c", program], input=plain, capture_output=True, check=True).stdout
    rows = orch("audit", "trail", "--json").data["rows"]
    lines = said.decode().splitlines()
    assert [int(line.split()[0]) for line in lines] == [row["position"] for row in rows]
    assert "Round trip below 10 ms" in said.decode()
    first, _ = json.JSONDecoder().raw_decode(lines[0][lines[0].index("{") :])
    assert first["topic"] == "project.initialised"
