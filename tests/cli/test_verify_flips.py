"""One bit turned at a byte of a store or its WAL: found, or nothing changed that anybody can see; never a traceback.

Every byte is tried by `make test-every-byte`; the ordinary run takes one in a few hundred.
"""

import os
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.cli.conftest import Answer, Orch

pytestmark = pytest.mark.in_file

EVERY = int(os.environ.get("EVERY_BYTE", "331"))
"""The distance between two bytes that are tried: 1 is all of them. Odd, so that every bit of a byte has its turn."""
AGE = re.compile('"age_seconds":[0-9]+')
"""Of the last checkpoint: it grows while we look."""
READS = (
    ("list", "--json"),
    ("status", "st01-x", "--json"),
    ("history", "st01-x", "--json"),
    ("show", "st01-x", "spec", "--json"),
    ("why", "st01-x", "--json"),
    ("diff", "st01-x", "spec", "--json"),
    ("policy", "show", "--json"),
    ("audit", "trail", "--json"),
    ("audit", "key", "show", "--json"),
)


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("log.db", "log.db-wal") if (folder / name).exists()}


def seen(orch: Orch) -> list[Answer]:
    answers = [orch(*words) for words in READS]
    return [answer._replace(out=AGE.sub("", answer.out)) for answer in answers]


@pytest.mark.parametrize("which", ["log.db", "log.db-wal"])
def test_a_turned_bit_is_found_or_changes_nothing_that_can_be_seen(drafted: Orch, which: str) -> None:
    drafted("reject", "st01-x", "spec", "--feedback", "Say how it is measured")
    drafted("spec", "st01-x", "--objectives", "Round trip below 10 ms measured by loopback")
    drafted("approve", "st01-x", "spec", "--comments", "measurable")
    Path("held.txt").write_text(drafted("audit", "checkpoint").out)
    store = Path(".orch")
    if which == "log.db":
        settle(store / "log.db")
    whole, before = files(store), seen(drafted)
    assert which in whole and drafted("audit", "verify", "--against", "held.txt").status == 0
    assert all(answer.status == 0 for answer in before)
    said = Counter[Any]()
    for at in range(0, len(whole[which]), EVERY):
        bit = at % 8
        put(store, whole, which, at, bit)
        answer = drafted("audit", "verify", "--against", "held.txt", "--json")
        assert answer.status in (0, 2, 6, 8), (at, bit, answer)
        said[answer.status] += 1
        if answer.status == 0:
            assert seen(drafted) == before, (at, bit)
    assert said[6] and (said[0] or which == "log.db-wal"), said  # any frame that is wrong ends the WAL there


def settle(path: Path) -> None:
    """Move the WAL into the file."""
    connection = apsw.Connection(str(path))
    connection.pragma("user_version")
    connection.close()


def put(store: Path, whole: dict[str, bytes], which: str, at: int, bit: int) -> None:
    """Write the store anew, with one bit turned."""
    for name in ("log.db", "log.db-wal", "log.db-shm"):
        (store / name).unlink(missing_ok=True)
    for name, content in whole.items():
        changed = bytearray(content)
        if name == which:
            changed[at] ^= 1 << bit
        (store / name).write_bytes(changed)
    shutil.rmtree(store / "cache", ignore_errors=True)
