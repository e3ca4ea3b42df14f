"""Damage at random: whatever is saved is what it was, whatever is not is listed, and the store is left alone."""

import shutil
from random import Random

import pytest

from tests.cli.conftest import orch
from tests.cli.salvage_world import BACKUPS, LOG, NEW, WAL, World, damage, fates_in, keep, readable, settle, world
from tests.reliability.ledger import LONG

__all__ = ["keep", "orch", "world"]  # fixtures
ROUNDS = 600 if LONG else 9
ALL = set(range(1, 1000))


@pytest.mark.parametrize("has_backups", [False, True])
def test_whatever_happens_to_the_files_what_is_saved_is_what_it_was(world: World, has_backups: bool) -> None:
    random = Random(20261126 + has_backups)
    if not has_backups:
        shutil.rmtree(BACKUPS)
    in_wal = {path: path.read_bytes() for path in (LOG, WAL)}
    settle()
    settled = {LOG: LOG.read_bytes()}
    statuses = set()
    for number in range(ROUNDS):
        files = in_wal if random.random() < 0.3 else settled
        for path in (LOG, WAL, LOG.with_name("log.db-shm")):
            path.unlink(missing_ok=True)
        for path, data in files.items():
            path.write_bytes(data)
        told = [damage(random, random.choice(list(files))) for _ in range(random.choice((1, 1, 2, 4)))]
        try:
            answer = world.salvage()
            lost = (
                {at for at, row in fates_in(answer.data).items() if row["fate"] == "lost"}
                if answer.status != 6
                else ALL
            )
            assert lost.isdisjoint(readable())
            statuses.add(answer.status)
            if answer.status != 6 and answer.data["counts"]["in_log"] and number % 6 == 0:
                assert world.orch("recover", "verify", NEW).status in (0, 7)
        except BaseException as error:
            raise AssertionError(f"round {number}: {told}") from error
        shutil.rmtree(NEW, ignore_errors=True)
    assert 7 in statuses or has_backups
