"""kill -9 of the service under load, again and again: what it answered is there, and repeating records once."""

import random
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.reliability.ledger import LONG, check
from tests.reliability.service_client import Load, result, start
from tests.reliability.service_process import Home, new_home, serving

ROUNDS = 100 if LONG else 2
READY_S = 2.0


def position(home: Home) -> int:
    with home.log() as log:
        return log.moment().position


def until_it_works(home: Home, before: int) -> None:
    """Wait until something is recorded: the client has to start first."""
    ends = monotonic() + 20
    while position(home) == before:
        assert monotonic() < ends
        sleep(0.02)


def test_nothing_answered_is_lost_and_it_is_ready_again_in_two_seconds(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home, dice = new_home(tmp_path), random.Random(20261127)
    answered: dict[str, int] = {}
    ready: list[float] = []
    for turn in range(ROUNDS):
        with serving(home) as service:
            ready.append(service.ready)
            repeat(home, service.client.port, answered, dice)
            before = position(home)
            load = start(Load(service.client.port, home.token, connections=20, seconds=1.5, prefix=f"load-{turn}"))
            until_it_works(home, before)
            sleep(dice.random() * 0.9)
            service.process.kill()
            service.process.wait()
            came = result(load)
            assert set(came.statuses) <= {"200", "lost", "refused"}, came.statuses
            answered |= dict.fromkeys(came.answered, turn)
    with home.log() as log:
        assert set(answered) <= check(log)
    slow = sorted(ready)
    print(
        f"\n{request.node.name}: {ROUNDS} kills, {len(answered)} answered, none lost;"
        f" ready in {slow[len(slow) // 2]:.2f} s (median), {slow[-1]:.2f} s (longest)"
    )
    assert len(answered) > ROUNDS
    assert not LONG or slow[len(slow) // 2] <= READY_S  # beside other tests it says nothing


def repeat(home: Home, port: int, answered: dict[str, int], dice: random.Random) -> None:
    """Send some of what was answered once more, with its key and its words: it is answered, and not recorded."""
    from tests.api.served import Client

    client = Client(port, home.token)
    with home.log() as log:
        before = log.moment().position
        known = dice.sample(sorted(answered), min(5, len(answered)))
        for key in known:
            receipt = log.receipt(key)
            assert receipt is not None
            (record, *_) = log.records(receipt[0].first, receipt[0].first)
            phase = record.stream.removeprefix("phase:")
            again = client.post(f"/phases/{phase}/spec", words_of(key), Idempotency_Key=key)
            assert again.status == 200 and again.headers["idempotent-replayed"] == "true"
        assert log.moment().position == before


def words_of(key: str) -> dict[str, list[str]]:
    """Return the body that a draft was sent with."""
    return {"objectives": [f"Round trip below {key.split('-')[-2]} ms"]}
