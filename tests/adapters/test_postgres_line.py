"""Sessions that find another one writing share a commit, and each gets its own answer."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from re import sub
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from adapters.postgres_log import PostgresLog
from domain.errors import Conflict, Refusal, Unavailable
from domain.event_log import Decision, Receipt
from tests.adapters.log_entries import accepted, decision, redaction
from tests.adapters.sqlite_stores import whole
from tests.postgres_proxy import When, proxied

PATIENCE_S = 20.0
OTHERS = "SELECT count(*) FROM orch.waiting"
AT = (
    "FROM pg_stat_activity WHERE query LIKE '%{}($%' AND pid <> pg_backend_pid()"
    " AND datname = current_database() AND state = 'active'"
)
"""Who is at that."""
ABANDONED = (
    '[{"id": "abandoned", "print": "p", "reads": [],'
    ' "events": [["phase:z", 1, "phase.retitled", "{}", null, null, "{}"]]}]'
)
Connection = psycopg.Connection[Any]
Answers = list[Receipt | Refusal]


@pytest.fixture
def holder(log_database: str) -> Iterator[Connection]:
    """Give a session that holds the writers' lock until it is committed or rolled back."""
    with psycopg.connect(log_database) as connection:
        connection.execute("SELECT orch.take_turn(1000)")
        yield connection


@pytest.fixture
def owner(log_database: str) -> Iterator[Connection]:
    with psycopg.connect(log_database, autocommit=True) as connection:
        yield connection


def until(holds: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not holds():
        assert monotonic() < end
        sleep(0.01)


def waiting(owner: Connection) -> int:
    (count,) = owner.execute(OTHERS).fetchone() or (0,)
    return int(count)


class Sessions:
    """Sessions that append at the same time, each in a thread of its own."""

    def __init__(self, url: str, owner: Connection) -> None:
        self._url, self._owner = url, owner
        self._stack = ExitStack()
        self._pool = self._stack.enter_context(ThreadPoolExecutor(16))

    def append(self, *decisions: Decision, timeout_s: float = PATIENCE_S, url: str = "") -> "Future[Answers]":
        """Have a session of its own append those, and return once it waits."""
        log, before = PostgresLog.open(url or self._url, timeout_s=timeout_s), waiting(self._owner)
        self._stack.callback(log.close)
        answers = self._pool.submit(log.append, decisions)
        until(lambda: waiting(self._owner) > before or answers.done())
        return answers

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def sessions(log_database: str, owner: Connection) -> Iterator[Sessions]:
    sessions = Sessions(log_database, owner)
    yield sessions
    sessions.close()


def test_those_who_wait_are_written_in_one_transaction(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(8)]
    assert waiting(owner) == 8
    holder.rollback()
    for number, answers in enumerate(asked):
        (receipt,) = answers.result()
        assert isinstance(receipt, Receipt) and receipt.command_id == f"c{number}"
    assert owner.execute("SELECT count(DISTINCT xmin::text) FROM orch.events").fetchone() == (1,)
    owner.execute("UPDATE orch.answered SET until = 0")
    assert owner.execute("SELECT count(*) FROM orch.answered").fetchone() == (7,)
    owner.execute("SELECT orch.sweep()")
    assert owner.execute("SELECT count(*) FROM orch.answered").fetchone() == (0,)
    with PostgresLog.open(log_database) as log:
        assert sorted(whole(log)) == [f"c{number}" for number in range(8)]
    assert waiting(owner) == 0


def test_each_gets_the_answers_to_its_own_decisions(log_database: str, holder: Connection, sessions: Sessions) -> None:
    first = sessions.append(decision("phase:a", command_id="a1"), decision("phase:b", after=7, command_id="b8"))
    second = sessions.append(decision("phase:a", command_id="late"))
    third = sessions.append(*[decision("phase:c", after=number, command_id=f"c{number}") for number in range(3)])
    fourth = sessions.append(decision("phase:c", after=2, command_id="c2"))
    holder.rollback()
    receipt, conflict = first.result()
    assert isinstance(receipt, Receipt) and receipt.command_id == "a1"
    assert isinstance(conflict, Conflict) and "phase:b" in conflict.message
    (late,) = second.result()
    assert isinstance(late, Conflict) and "phase:a" in late.message
    receipts = third.result()
    assert [each.command_id for each in receipts if isinstance(each, Receipt)] == ["c0", "c1", "c2"]
    (again,) = fourth.result()
    assert isinstance(again, Receipt) and again.repeated
    assert again._replace(repeated=False) == receipts[2]
    with PostgresLog.open(log_database) as log:
        assert sorted(whole(log)) == ["a1", "c0", "c1", "c2"]


def test_a_request_that_nobody_can_read_is_no_hindrance_to_others(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    owner.execute(
        "INSERT INTO orch.waiting (key, until, decisions) VALUES (gen_random_uuid(), orch.clock() + 60000000, %s)",
        ('[{"id": "x", "reads": [["a", "seven"]], "events": []}]',),
    )
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(3)]
    holder.rollback()
    assert all(isinstance(answers.result()[0], Receipt) for answers in asked)
    with PostgresLog.open(log_database) as log:
        assert sorted(whole(log)) == ["c0", "c1", "c2"]
    assert waiting(owner) == 1


def test_whoever_comes_back_late_still_gets_its_answer(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    gone = sessions.append(decision("phase:gone", command_id="gone"), timeout_s=60)
    owner.execute("UPDATE orch.waiting SET until = orch.clock() - 1")
    here = sessions.append(decision("phase:here", command_id="here"))
    owner.execute(f"SELECT pg_terminate_backend(pid) {AT.format('orch.answer')}")
    holder.rollback()
    assert isinstance(here.result()[0], Receipt)
    assert isinstance(gone.result()[0], Receipt)  # its owner came back, and may still have it written
    with PostgresLog.open(log_database) as log:
        assert sorted(whole(log)) == ["gone", "here"]


def test_what_is_out_of_time_is_left_alone_and_swept_away(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    holder.rollback()
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:a", text="words", command_id="words"))
        holder.execute("SELECT orch.take_turn(1000)")
        request = owner.execute("SELECT orch.append(1, %s)", (ABANDONED,)).fetchone()
        assert request is not None and "key" in request[0]
        sleep(0.01)
        other = sessions.append(decision("phase:b", command_id="other"))
        holder.rollback()
        assert isinstance(other.result()[0], Receipt)
        assert waiting(owner) == 1
        log.scrub()
        assert waiting(owner) == 1  # its owner may still come
        owner.execute("UPDATE orch.waiting SET until = until - 3600000000")
        accepted(log, redaction(1, of="phase:a", version=1))
        log.scrub()
        assert waiting(owner) == 0
        assert "abandoned" not in whole(log)


def test_after_a_crash_of_the_server_who_waits_asks_again(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(3)]
    owner.execute("TRUNCATE orch.waiting RESTART IDENTITY")  # as the server finds an unlogged table after a crash
    holder.rollback()
    assert all(isinstance(answers.result()[0], Receipt) for answers in asked)
    with PostgresLog.open(log_database) as log:
        assert sorted(whole(log)) == ["c0", "c1", "c2"]


def test_a_number_alone_gets_nobody_an_answer(log_database: str, owner: Connection, holder: Connection) -> None:
    (ticket,) = owner.execute("SELECT orch.append(60000, %s)::text", (ABANDONED,)).fetchone() or ("",)
    holder.rollback()
    wrong = sub(r"[0-9a-f-]{36}", "00000000-0000-0000-0000-000000000000", ticket)
    assert owner.execute("SELECT orch.answer(1000, %s)", (wrong,)).fetchone() == (None,)
    ((recorded, *_),) = (owner.execute("SELECT orch.withdraw(%s::jsonb)", (ticket,)).fetchone() or ([],))[0]
    assert recorded == "recorded"


@pytest.mark.parametrize("commits", [True, False])
def test_whoever_gives_up_while_another_writes_for_it_hears_what_became_of_it(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions, *, commits: bool
) -> None:
    (ticket,) = owner.execute("SELECT orch.append(60000, %s)::text", (ABANDONED,)).fetchone() or ("",)
    other = sessions.append(decision("phase:a", command_id="other"), timeout_s=1)
    holder.execute("SELECT orch.answer(1000, %s)", (ticket,))  # and does not commit yet
    until(lambda: bool(owner.execute(f"SELECT pid {AT.format('orch.withdraw')}").fetchone()))
    assert not other.done()
    if commits:
        holder.commit()
        assert isinstance(other.result()[0], Receipt)
    else:
        holder.rollback()
        with pytest.raises(Unavailable, match="nothing was recorded"):
            other.result()
    with PostgresLog.open(log_database) as log:
        assert [record.command_id for record in log.records()] == (["abandoned", "other"] if commits else [])
    assert waiting(owner) == (0 if commits else 1)


def test_much_text_is_not_left_with_others(log_database: str, owner: Connection, holder: Connection) -> None:
    with PostgresLog.open(log_database) as log, ThreadPoolExecutor(1) as pool:
        answers = pool.submit(log.append, [decision("phase:a", text="ß" * 200_000)])
        until(
            lambda: bool(
                owner.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
            )
        )
        assert waiting(owner) == 0
        holder.rollback()
        assert isinstance(answers.result()[0], Receipt)


@pytest.mark.parametrize("when", When)
def test_a_connection_that_is_cut_while_it_waits_loses_nothing(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions, when: When
) -> None:
    with proxied(log_database) as proxy:
        proxy.cut_once(when, b"orch.answer")
        asked = [
            sessions.append(decision(f"phase:{number}", command_id=f"c{number}"), url=proxy.url) for number in range(3)
        ]
        sleep(0.2)
        holder.rollback()
        assert all(isinstance(answers.result()[0], Receipt) for answers in asked)
        assert proxy.cuts == 1
    with PostgresLog.open(log_database) as log:
        assert sorted(whole(log)) == ["c0", "c1", "c2"]
