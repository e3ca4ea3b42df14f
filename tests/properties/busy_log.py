"""A log in which much happens within few microseconds: real commands, a clock that hardly moves and goes back."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.sqlite_log import SqliteLog
from domain.commands import Command, InitialiseProject
from domain.errors import Refusal
from domain.event_log import EventLog
from domain.handler import handle
from domain.steps import STEPS
from domain.times import microseconds
from tests import asks
from tests.facts import ADA, GRACE, NOON
from tests.plain_templates import PlainTemplates

PHASES = 24
PARENT = "example.org/busy"


@contextmanager
def busy_log(path: Path, events: int, *, seed: int) -> Iterator[SqliteLog]:
    """Make a log of so many events or a few more, and open it."""
    dice = random.Random(seed)
    now = microseconds(NOON)

    def clock() -> int:
        nonlocal now
        now += dice.choice((-5, 0, 0, 1, 1, 1, 2, 3, 40))
        return now

    with SqliteLog.create(path, PARENT, clock=clock) as log:
        beginning = InitialiseProject(asks.meta(ADA, NOON, None), PARENT, f"{PARENT}+00000000+AAAA", "busy")
        handle(beginning, log=log, templates=PlainTemplates())
        keep_busy(log, events, dice)
        yield log


def keep_busy(log: EventLog, events: int, dice: random.Random) -> None:
    """Ask for this and that until the log holds so many events; rules may refuse some of it."""
    while log.moment().position < events:
        with suppress(Refusal):
            handle(_any(dice), log=log, templates=PlainTemplates())


def _any(dice: random.Random) -> Command:
    phase, step = f"st{dice.randrange(PHASES):02d}-busy", dice.choice(STEPS)
    if dice.random() < 0.02:
        return asks.set_policy(request_expiry_seconds=dice.randrange(60, 3600))
    ask: Callable[[], Command] = dice.choices(
        (
            lambda: asks.draft(step, phase=phase),
            lambda: asks.approve(step, phase=phase, by=GRACE),
            lambda: asks.reject(step, "too vague")._replace(phase=phase),
            lambda: asks.reopen(step)._replace(phase=phase),
            lambda: asks.block()._replace(phase=phase),
        ),
        weights=(4, 5, 1, 1, 1),
    )[0]
    return ask()
