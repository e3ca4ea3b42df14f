"""Whatever is written, erased, folded anew and restored: a read through the cache is the read without it."""

import os
from contextlib import suppress
from itertools import count, pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.cached_heads import CachedHeads, packed
from adapters.log_rows import Heads
from adapters.postgres_log import PostgresLog
from domain.event_log import Head
from tests.adapters.log_entries import accepted, decision, redaction
from tests.postgres_server import Server
from tests.redis_server import redis_server

NUMBERS = count(1)
STREAMS = st.sampled_from(["phase:a", "phase:b", "policy"])


def test_a_read_through_the_cache_is_always_the_one_without_it(server: Server, empty_log: str) -> None:
    hits = misses = 0

    with redis_server() as redis:

        class World(RuleBasedStateMachine):
            """One log, a copy of it as it was once, and a cache that others write to."""

            @initialize()
            def begin(self) -> None:
                redis.ask("FLUSHALL")
                self.name = f"orch_cache_{os.getpid()}_{next(NUMBERS)}"
                self.log = PostgresLog.open(server.make(self.name, like=empty_log))
                self.saved = empty_log
                self.texts: list[tuple[int, str, int]] = []

            @rule(stream=STREAMS, events=st.integers(1, 3))
            def append(self, stream: str, events: int) -> None:
                after = self._version(stream)
                first = accepted(self.log, decision(stream, after=after, events=events, text="words"))[0].first
                self.texts += [(first + number, stream, after + 1 + number) for number in range(events)]

            @precondition(lambda self: self.texts)
            @rule(which=st.integers(0, 1000))
            def erase(self, which: int) -> None:
                position, stream, version = self.texts.pop(which % len(self.texts))
                accepted(self.log, redaction(position, of=stream, version=version, after=self._version("ledger")))

            @rule(word=st.sampled_from(["one", "two"]))
            def fold_anew(self, word: str) -> None:
                moment, heads = self.log.all_heads()
                fresh = {name: Head(name, head.version, head.position, {"by": word}) for name, head in heads.items()}
                assert self.log.replace_heads(moment.position, fresh)

            @rule()
            def save(self) -> None:
                self.log.close()
                self.saved = f"{self.name}_saved"
                self.kept_texts = [*self.texts]
                server.make(self.saved, like=self.name)
                self.log = PostgresLog.open(server.database(self.name))

            @rule()
            def restore(self) -> None:
                self.log.close()
                self.log = PostgresLog.open(server.make(self.name, like=self.saved))
                self.texts = [*self.kept_texts] if self.saved != empty_log else []

            @rule(what=st.sampled_from(["flush", "garbage", "lies", "kill"]))
            def disturb(self, what: str) -> None:
                match what:
                    case "flush":
                        redis.ask("FLUSHALL")
                    case "kill":
                        redis.kill()
                        redis.begin()
                    case _:
                        for key in redis.kept():
                            lie = packed(key, [("phase:a", 1, 1, b"{}")], "a guess") if what == "lies" else b"\xff" * 99
                            redis.ask("SET", key, lie)

            @rule()
            def swap_what_is_kept(self) -> None:
                keys = redis.kept()
                for key, other in pairwise(keys):
                    redis.ask("SET", key, redis.ask("GET", other) or b"")

            @invariant()
            def reads_agree(self) -> None:
                nonlocal hits, misses
                cache = CachedHeads(self.log, redis.url)
                for _ in range(2):
                    (moment, found), (wanted_moment, wanted) = cache.read(), self.log.all_heads()
                    assert isinstance(found, Heads) and isinstance(wanted, Heads)
                    assert moment == wanted_moment and [*found.rows()] == [*wanted.rows()]
                    hits, misses = hits + cache.was_hit, misses + (not cache.was_hit)

            def teardown(self) -> None:
                with suppress(AttributeError):  # nothing was begun
                    self.log.close()
                    for name in {self.name, self.saved} - {empty_log}:
                        server.drop(name)

            def _version(self, stream: str) -> int:
                head = self.log.heads([stream])[1].get(stream)
                return head.version if head else 0

        run_state_machine_as_test(
            World,
            settings=settings(
                max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    assert hits and misses
