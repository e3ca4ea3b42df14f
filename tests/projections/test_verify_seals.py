"""A stretch of the log is hashed without opening its envelopes: only the envelope's own commitment counts."""

from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import leaf_hash, tree_root
from projections.verify_rows import NAMES
from projections.verify_seals import Seals

SALT = b"s" * 32
TEXT = b'{"title":"Audio"}'
COMMITS = {"sha256": sha256(SALT + TEXT).hexdigest(), "size": len(TEXT)}
OTHER = {"sha256": "0" * 64, "size": len(TEXT)}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["payload", "stream"]), inner)
    ),
    max_leaves=9,
)


def envelope(commits: Any, **parts: Any) -> bytes:
    said = {**dict.fromkeys(NAMES, "x"), "facts": {}, "v": 1, "version": 7, **parts, "payload": commits}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def row(position: int, raw: bytes, salt: bytes | None = SALT, payload: bytes | None = TEXT) -> tuple[Any, ...]:
    return position, 20, 30, raw, salt, payload, leaf_hash(b"%d 20 30\n%b" % (position, raw)), "command"


def fits(*rows: tuple[Any, ...], payloads: bool = True) -> bool:
    return Seals(1, sizes=(), payloads=payloads).add(rows)


@given(facts=JSON, stream=st.text(), topic=st.text(), version=st.integers(-9, 9))
def test_only_the_commitment_of_the_envelope_itself_counts(facts: Any, stream: str, topic: str, version: int) -> None:
    parts = {"facts": facts, "stream": stream, "topic": topic, "version": version}
    assert fits(row(1, envelope(COMMITS, **parts)))
    for commits in (OTHER, None, "x", {**COMMITS, "size": 9}, {**COMMITS, "more": 1}, {"sha256": COMMITS["sha256"]}):
        assert not fits(row(1, envelope(commits, **parts)))


@pytest.mark.parametrize("name", ["facts", "stream", "topic", "actor", "origin"])
def test_a_commitment_within_another_part_is_not_taken_for_it(name: str) -> None:
    within = envelope(COMMITS)
    for part in ({"payload": COMMITS, "stream": 1, "a": 1}, within.decode(), [within.decode()]):
        if name != "facts" and not isinstance(part, str):
            continue  # only facts hold more than a text; who reads the envelopes finds out
        assert not fits(row(1, envelope(OTHER, **{name: part})))
        assert fits(row(1, envelope(COMMITS, **{name: part})))


def test_texts_that_are_erased_or_were_never_there_are_told_apart() -> None:
    gone, none = row(1, envelope(COMMITS), None, None), row(2, envelope(None), None, None)
    seals = Seals(1, sizes=(), payloads=True)
    assert seals.add([gone, none, row(3, envelope(COMMITS))])
    assert (seals.sealed().erased, seals.sealed().payloads) == ([1], 1)
    for salt, payload in ((None, TEXT), (SALT, None), (SALT, TEXT)):
        assert not fits(row(1, envelope(None), salt, payload))
    for salt, payload in ((None, TEXT), (SALT, None)):
        for payloads in (True, False):
            assert not fits(row(1, envelope(COMMITS), salt, payload), payloads=payloads)
    assert fits(row(1, envelope(OTHER)), payloads=False)


@pytest.mark.parametrize("column", range(7))
def test_a_column_that_was_changed_does_not_fit(column: int) -> None:
    whole = row(1, envelope(COMMITS))
    assert fits(whole)
    found = whole[column]
    changed = found + 1 if isinstance(found, int) else found[:-1] + bytes([found[-1] ^ 1])
    assert not fits((*whole[:column], changed, *whole[column + 1 :]))


def test_a_position_that_is_missing_or_comes_twice_does_not_fit() -> None:
    one, two, three = (row(position, envelope(COMMITS)) for position in (1, 2, 3))
    assert fits(one, two, three)
    for rows in ((one, three), (one, one), (two,), (two, one)):
        assert not fits(*rows)


def test_an_entry_that_may_be_too_large_is_left_to_others() -> None:
    assert fits(row(1, envelope(COMMITS, facts={"x": "y" * 64_000})))
    assert not fits(row(1, envelope(COMMITS, facts={"x": "y" * 66_000})))


def test_leaves_and_roots_are_handed_on_for_every_size() -> None:
    rows = [row(position, envelope(COMMITS)) for position in range(1, 601)]
    leaves = [each[6] for each in rows]
    seals = Seals(11, sizes=range(10, 601), payloads=True)
    seals.begin(leaves[:10])
    tiles = []
    for first, last in ((10, 256), (256, 512), (512, 600)):
        assert seals.add(rows[first:last])
        tiles.append(seals.filled())
    assert tiles == [(0, b"".join(leaves[:256])), (1, b"".join(leaves[256:512])), None]
    sealed = seals.sealed()
    assert sealed.roots == [tree_root(leaves[:256]), tree_root(leaves[256:512])] and sealed.rest == leaves[512:]
    assert sealed.parts == {size: leaves[size // 256 * 256 : size] for size in range(10, 601)}
