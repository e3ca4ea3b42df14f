"""What every log promises to those who check it."""

from hashlib import sha256

import pytest

from domain.errors import Damaged
from domain.event_log import EventLog
from domain.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from domain.tree_ranges import range_root_of
from tests.adapters.log_entries import accepted, decision, filled, leaf_as_rfc6962, root_as_rfc6962

TILE = 256
FULL_SECOND_LEVEL = TILE * TILE


def leaves_of(log: EventLog) -> list[bytes]:
    return [leaf_as_rfc6962(record) for record in log.records()]


class TreeContract:
    """The tree head and the tiles are those of RFC 6962 over the entries."""

    def test_the_tree_of_an_empty_log_is_the_empty_tree(self, log: EventLog) -> None:
        assert log.tree() == (0, sha256(b"").digest(), ())
        assert log.tile(0, 0) is None

    def test_every_leaf_is_the_hash_of_its_entry(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=3), decision("phase:b", text="Mixer"))
        assert [record.leaf for record in log.records()] == leaves_of(log)

    def test_the_tree_head_is_that_of_the_entries_at_every_size(self, log: EventLog) -> None:
        for size in range(1, 70):
            filled(log, size)
            leaves = leaves_of(log)
            assert (log.tree().size, log.tree().root) == (size, root_as_rfc6962(leaves))

    def test_the_tree_head_is_that_of_the_entries_whatever_the_size_of_commands(self, log: EventLog) -> None:
        for size, at_once in ((1, 1), (6, 5), (7, 1), (127, 120), (128, 1), (129, 1), (511, 100), (513, 2), (777, 999)):
            filled(log, size, at_once=at_once)
            tree = log.tree()
            assert (tree.size, tree.root) == (size, root_as_rfc6962(leaves_of(log)))
            assert len(tree.frontier) == size.bit_count()

    def test_the_frontier_holds_the_perfect_subtrees_from_left_to_right(self, log: EventLog) -> None:
        filled(log, 13)
        leaves = leaves_of(log)
        parts = leaves[:8], leaves[8:12], leaves[12:]
        assert log.tree().frontier == tuple(root_as_rfc6962(part) for part in parts)

    def test_a_refused_decision_leaves_the_tree_as_it_is(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=3))
        before = log.tree()
        log.append([decision("phase:a", events=300)])
        assert log.tree() == before and log.tile(0, 0) is None

    def test_a_tile_is_there_once_it_is_full(self, log: EventLog) -> None:
        filled(log, TILE - 1)
        assert log.tile(0, 0) is None
        filled(log, TILE)
        first = b"".join(leaves_of(log))
        assert log.tile(0, 0) == first and log.tile(0, 1) is None
        filled(log, 2 * TILE - 1)
        assert log.tile(0, 1) is None
        filled(log, 2 * TILE)
        assert log.tile(0, 0) == first
        assert log.tile(0, 1) == b"".join(leaves_of(log)[TILE:])
        assert log.tile(1, 0) is None

    def test_one_command_may_fill_several_tiles(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=100), decision("phase:b", events=700))
        leaves = leaves_of(log)
        tiles = [log.tile(0, number) for number in range(4)]
        assert tiles[:3] == [b"".join(leaves[n * TILE : (n + 1) * TILE]) for n in range(3)]
        assert tiles[3] is None

    def test_the_hashes_of_a_tile_that_still_grows_are_there_one_by_one(self, log: EventLog) -> None:
        assert log.hashes(0, 0, TILE) == log.hashes(1, 0, TILE) == []
        filled(log, 2 * TILE + 3)
        leaves = leaves_of(log)
        asked = {(0, 1), (0, 515), (250, 260), (513, 514), (512, 600), (515, 600), (7, 7)}
        assert {each: log.hashes(0, *each) for each in asked} == {each: leaves[slice(*each)] for each in asked}
        assert log.hashes(1, 0, TILE) == [root_as_rfc6962(leaves[at : at + TILE]) for at in (0, TILE)]
        assert log.hashes(1, 1, 2) == [root_as_rfc6962(leaves[TILE : 2 * TILE])]
        assert log.hashes(2, 0, TILE) == []

    def test_any_part_of_the_tree_has_its_root(self, log: EventLog) -> None:
        filled(log, 600)
        leaves, range_root = leaves_of(log), range_root_of(log)
        parts = [(0, size) for size in range(601)]
        parts += [(at, min(at + width, end)) for width in (1, 4, 128, 256, 512) for end in (600, 599, 513)
                  for at in range(0, end, width)]  # fmt: skip
        for start, stop in parts:
            assert range_root(start, stop) == root_as_rfc6962(leaves[start:stop])
        with pytest.raises(Damaged, match="lacks hashes 512 to 639"):
            range_root(512, 640)
        with pytest.raises(ValueError, match="no part of a tree"):
            range_root(1, 3)

    def test_proofs_from_the_log_show_what_they_are_asked_to_show(self, log: EventLog) -> None:
        filled(log, 600)
        leaves = leaves_of(log)
        before = {size: root_as_rfc6962(leaves[:size]) for size in (1, 255, 256, 257, 300, 512, 599, 600)}
        range_root = range_root_of(log)
        for size, root in before.items():
            for index in {0, size // 3, size // 2, size - 1}:
                proof = inclusion_proof(index, size, range_root)
                assert verify_inclusion(index, size, leaves[index], proof, root)
            assert verify_consistency(size, 600, root, before[600], consistency_proof(size, 600, range_root))
        filled(log, 700)
        grown = consistency_proof(600, 700, range_root)
        assert verify_consistency(600, 700, before[600], log.tree().root, grown)

    def test_a_tile_of_the_second_level_holds_the_roots_of_256_tiles(self, log: EventLog) -> None:
        filled(log, FULL_SECOND_LEVEL - 1, at_once=4096)
        assert log.tile(0, TILE - 2) is not None and log.tile(0, TILE - 1) is None and log.tile(1, 0) is None
        filled(log, FULL_SECOND_LEVEL + 1)
        leaves = leaves_of(log)
        roots = [root_as_rfc6962(leaves[at : at + TILE]) for at in range(0, FULL_SECOND_LEVEL, TILE)]
        assert log.tile(0, TILE - 1) == b"".join(leaves[-TILE - 1 : -1])
        assert log.tile(1, 0) == b"".join(roots)
        assert log.tile(0, TILE) is None and log.tile(1, 1) is None and log.tile(2, 0) is None
        assert log.hashes(1, 0, TILE) == roots and log.hashes(1, 254, 300) == roots[254:]
        assert log.hashes(2, 0, TILE) == [root_as_rfc6962(roots)] and log.hashes(3, 0, TILE) == []
        assert log.tree() == (FULL_SECOND_LEVEL + 1, root_as_rfc6962(leaves), (root_as_rfc6962(roots), leaves[-1]))
