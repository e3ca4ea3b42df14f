"""Which reviews there are, which of them still hold, and what nobody has looked at."""

import pytest

from domain.ledger import STREAM, Ledger
from domain.ledger_state import LedgerState
from projections.reviews import ReviewRow, reviews, unreviewed
from tests.projections.worlds import ADA, World

ROOT = "ab" * 32


def world_with(*ranges: tuple[int, int]) -> World:
    world = World()
    ledger = Ledger.restore(STREAM, 0, LedgerState())
    ledger.rotate("k2", first_key="k", reason="lost", by=ADA, at=world.next_minute())
    for first, last in ranges:
        ledger.review(first, last, root=ROOT, comments="all of it", by=ADA, at=world.next_minute())
    world.record(ledger)
    return world


def rows_of(world: World, *, broken: frozenset[int] = frozenset()) -> list[ReviewRow]:
    return reviews(world.pairs, lambda size, root: root == ROOT and size not in broken)


def test_a_row_says_who_reviewed_what_and_whether_it_still_holds() -> None:
    (row,) = rows_of(world_with((3, 7)))
    assert row == {
        "position": 2,
        "recorded_at": "2026-11-24T14:02:00.000000Z",
        "actor": {"name": "ada", "kind": "human"},
        "first": 3,
        "last": 7,
        "root": ROOT,
        "holds": True,
        "comments": "all of it",
        "erased": False,
        "command_id": "c2",
    }
    assert [row["holds"] for row in rows_of(world_with((3, 7), (1, 9)), broken=frozenset({7}))] == [False, True]


@pytest.mark.parametrize(
    ("ranges", "last", "gaps"),
    [
        ((), 0, []),
        ((), 5, [(1, 5)]),
        (((1, 5),), 5, []),
        (((1, 4),), 5, [(5, 5)]),
        (((2, 4),), 6, [(1, 1), (5, 6)]),
        (((6, 8), (1, 3)), 10, [(4, 5), (9, 10)]),
        (((1, 9), (2, 3)), 10, [(10, 10)]),
        (((1, 3), (4, 6)), 6, []),
        (((1, 3), (2, 8), (8, 9)), 12, [(10, 12)]),
    ],
)
def test_gaps_are_what_no_review_covers(ranges: tuple[tuple[int, int], ...], last: int, gaps: object) -> None:
    found = unreviewed(rows_of(world_with(*ranges)), last)
    assert [(gap["first"], gap["last"]) for gap in found] == gaps


def test_a_review_of_another_log_covers_nothing() -> None:
    rows = rows_of(world_with((1, 5), (3, 8)), broken=frozenset({8}))
    assert unreviewed(rows, 9) == [{"first": 6, "last": 9}]


def test_erased_comments_are_said_to_be_erased() -> None:
    world = world_with((1, 2))
    world.erase_everything()
    (row,) = rows_of(world)
    assert (row["comments"], row["erased"], row["holds"]) == (None, True, True)
