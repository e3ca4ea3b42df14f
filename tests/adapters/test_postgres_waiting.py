"""Sessions that find another one writing share a commit; each gets its own answer, and a true one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import admit
from adapters.postgres_writes import request_of_one
from adapters.prepared import prepared
from domain.errors import CommandIdReused, Conflict, Damaged, HandsNeeded, Refusal, Unavailable
from domain.event_log import Decision, Receipt
from tests.adapters.log_entries import accepted, decision, redaction
from tests.adapters.sqlite_stores import whole
from tests.postgres_proxy import When, proxied
from tests.postgres_server import Server

PATIENCE_S = 20.0
NEXT = 1_330_790_218
"""The lock of the session that waits to write next."""
WEAK = "-c synchronous_commit=local"
POISON = '{"id": "poison", "print": "p", "reads": [["a", "seven"]], "events": []}'
LEFT = "INSERT INTO orch.waiting (until, alone, decision) VALUES (orch.clock() + %s, false, %s)"
RECORDING = "FROM pg_stat_activity WHERE query LIKE 'CALL orch.record%' AND state = 'active'"
SEATS = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {NEXT}"
Connection = psycopg.Connection[Any]
Answers = list[Receipt | Refusal]


@pytest.fixture
def writing(log_database: str) -> Iterator[Connection]:
    """Give a session that holds the writers' lock until it is committed or rolled back."""
    with psycopg.connect(log_database) as connection:
        connection.execute("SELECT orch.take_turn(1000)")
        yield connection


@pytest.fixture
def holder(writing: Connection) -> Connection:
    """Give a session that writes and holds the place of the next one, too: everybody leaves a command."""
    writing.execute("SELECT pg_advisory_lock(%s)", (NEXT,))
    return writing


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
    (count,) = owner.execute("SELECT count(*) FROM orch.waiting").fetchone() or (0,)
    return int(count)


def queued(owner: Connection) -> int:
    """Return how many sessions wait for the writers' lock."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    (count,) = owner.execute(query).fetchone() or (0,)
    return int(count)


def recorded(url: str) -> list[str]:
    """Return the commands of a log that is whole, sorted."""
    with PostgresLog.open(url) as log:
        return sorted(whole(log))


class Sessions:
    """Sessions that append at the same time, each in a thread of its own."""

    def __init__(self, url: str, owner: Connection) -> None:
        self._url, self._owner = url, owner
        self._stack = ExitStack()
        self._pool = self._stack.enter_context(ThreadPoolExecutor(16))

    def append(self, *decisions: Decision, timeout_s: float = PATIENCE_S, **told: str) -> "Future[Answers]":
        """Have a session of its own append those, and return once it waits for the lock."""
        url = make_conninfo(told.pop("url", self._url), **told)
        log, before = PostgresLog.open(url, timeout_s=timeout_s), queued(self._owner)
        self._stack.callback(log.close)
        answers = self._pool.submit(log.append, decisions)
        until(lambda: queued(self._owner) > before or answers.done())
        return answers

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def sessions(log_database: str, owner: Connection) -> Iterator[Sessions]:
    sessions = Sessions(log_database, owner)
    yield sessions
    sessions.close()


def receipt_of(answers: "Future[Answers]") -> Receipt:
    (answer,) = answers.result(PATIENCE_S)
    assert isinstance(answer, Receipt), answer
    return answer


def test_those_who_wait_are_written_in_one_transaction(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(8)]
    assert waiting(owner) == 8
    holder.rollback()
    receipts = [receipt_of(answers) for answers in asked]
    assert [receipt.command_id for receipt in receipts] == [f"c{number}" for number in range(8)]
    assert not any(receipt.repeated for receipt in receipts)
    assert owner.execute("SELECT count(DISTINCT xmin::text) FROM orch.events").fetchone() == (1,)
    assert recorded(log_database) == [f"c{number}" for number in range(8)]
    assert waiting(owner) == 0


def test_the_next_to_write_leaves_nothing_and_writes_for_those_behind_it(
    log_database: str, owner: Connection, writing: Connection, sessions: Sessions
) -> None:
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(4)]
    assert waiting(owner) == 3
    writing.rollback()
    assert not any(receipt_of(answers).repeated for answers in asked)
    assert owner.execute("SELECT count(DISTINCT xmin::text) FROM orch.events").fetchone() == (1,)
    assert recorded(log_database) == [f"c{number}" for number in range(4)]
    assert waiting(owner) == 0 and not owner.execute(SEATS).fetchall()


def test_the_next_to_write_who_gives_up_makes_room_for_another(
    log_database: str, owner: Connection, writing: Connection, sessions: Sessions
) -> None:
    late = sessions.append(decision("phase:a", command_id="late"), timeout_s=0.5)
    with pytest.raises(Unavailable, match="nothing was recorded"):
        late.result(PATIENCE_S)
    stopped = sessions.append(decision("phase:a", command_id="stopped"))
    owner.execute(f"SELECT pg_cancel_backend(pid) {RECORDING}".encode())
    with pytest.raises(Unavailable, match="canceling statement"):
        stopped.result(PATIENCE_S)
    assert not owner.execute(SEATS).fetchall()
    ended = sessions.append(decision("phase:a", command_id="ended"))
    owner.execute(f"SELECT pg_terminate_backend(pid, 5000) {RECORDING}".encode())
    behind = sessions.append(decision("phase:b", command_id="behind"))
    until(lambda: waiting(owner) == 1)
    writing.rollback()
    assert {receipt_of(ended).command_id, receipt_of(behind).command_id} == {"ended", "behind"}
    assert recorded(log_database) == ["behind", "ended"]
    assert waiting(owner) == 0 and not owner.execute(SEATS).fetchall()


def test_what_hinders_the_next_to_write_hinders_nobody_behind_it(
    log_database: str, owner: Connection, writing: Connection, sessions: Sessions
) -> None:
    owner.execute("INSERT INTO orch.events VALUES (9, 1, 1, 'phase:a', 1, 't', 'c', '{}', NULL, NULL, '')")
    bad = sessions.append(decision("phase:a", command_id="bad"))
    good = sessions.append(decision("phase:b", command_id="good"))
    writing.rollback()
    with pytest.raises(Damaged):
        bad.result(PATIENCE_S)
    assert receipt_of(good)
    assert owner.execute("SELECT command_id FROM orch.commands").fetchall() == [("good",)]


def test_whoever_comes_while_nobody_writes_takes_along_those_who_wait(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(decision("phase:a", command_id="a"))
    holder.execute("SELECT orch.write_together(%s::jsonb)", (_request(decision("phase:b", command_id="b")),))
    holder.commit()
    assert receipt_of(asked).last == 2
    assert owner.execute("SELECT count(DISTINCT xmin::text) FROM orch.events").fetchone() == (1,)


def test_each_gets_the_answer_to_its_own_command(log_database: str, holder: Connection, sessions: Sessions) -> None:
    holder.execute("SELECT orch.write_together(%s::jsonb)", (_request(decision("phase:0", command_id="old")),))
    holder.commit()
    holder.execute("SELECT orch.take_turn(1000)")
    first = sessions.append(decision("phase:a", command_id="a1"))
    late = sessions.append(decision("phase:a", after=7, command_id="late"))
    again = sessions.append(decision("phase:a", command_id="a1"))
    other = sessions.append(decision("phase:b", command_id="old", fingerprint="something else"))
    several = sessions.append(*[decision("phase:c", after=number, command_id=f"c{number}") for number in range(3)])
    holder.rollback()
    receipts = [receipt_of(first), receipt_of(again)]
    assert sorted(receipt.repeated for receipt in receipts) == [False, True]
    assert receipts[0]._replace(repeated=False) == receipts[1]._replace(repeated=False)
    (conflict,) = late.result(PATIENCE_S)
    assert isinstance(conflict, Conflict) and "phase:a" in conflict.message
    (reused,) = other.result(PATIENCE_S)
    assert isinstance(reused, CommandIdReused)
    assert [each.command_id for each in several.result(PATIENCE_S) if isinstance(each, Receipt)] == ["c0", "c1", "c2"]
    assert recorded(log_database) == ["a1", "c0", "c1", "c2", "old"]


def test_a_command_that_nobody_can_read_hinders_nobody_else(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    owner.execute(LEFT, (60_000_000, POISON))
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(3)]
    holder.rollback()
    assert all(receipt_of(answers) for answers in asked)
    assert recorded(log_database) == ["c0", "c1", "c2"]
    assert owner.execute("SELECT alone, decision ->> 'id' FROM orch.waiting").fetchall() == [(True, "poison")]


def test_what_is_damaged_is_told_to_its_owner_only(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    owner.execute("INSERT INTO orch.events VALUES (9, 1, 1, 'phase:a', 1, 't', 'c', '{}', NULL, NULL, '')")
    bad = sessions.append(decision("phase:a", command_id="bad"))
    good = sessions.append(decision("phase:b", command_id="good"))
    holder.rollback()
    assert receipt_of(good)
    with pytest.raises(Damaged):
        bad.result(PATIENCE_S)
    assert waiting(owner) == 0
    assert owner.execute("SELECT command_id FROM orch.commands").fetchall() == [("good",)]


def test_what_is_out_of_time_is_never_written_and_goes_with_a_redaction(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    holder.rollback()
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:a", text="words", command_id="words"))
        owner.execute(LEFT, (-1, _request(decision("phase:z", command_id="abandoned"))))
        owner.execute("UPDATE orch.waiting SET alone = true")
        accepted(log, decision("phase:b"))
        assert waiting(owner) == 1
        accepted(log, redaction(1, of="phase:a", version=1))
        log.scrub()
    assert waiting(owner) == 0
    owner.execute(LEFT, (-1, _request(decision("phase:z", command_id="abandoned"))))
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:c"))
        owner.execute("SELECT setval('orch.waiting_number', 5000)")
        accepted(log, decision("phase:d"))
    assert waiting(owner) == 0
    assert "abandoned" not in recorded(log_database)


def test_what_a_session_left_that_never_came_back_goes_when_its_command_is_redacted(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    gone = sessions.append(decision("phase:a", text="SECRET", command_id="gone"))
    owner.execute(f"SELECT pg_terminate_backend(pid) {RECORDING}".encode())  # asked again: two lie there now
    until(lambda: waiting(owner) == 2)
    holder.rollback()
    assert receipt_of(gone)
    assert owner.execute("SELECT alone FROM orch.waiting").fetchall() == [(True,)]
    with PostgresLog.open(log_database) as log:
        accepted(log, redaction(1, of="phase:a", version=1))
    assert waiting(owner) == 0


def test_what_lies_there_may_vanish_and_is_written_all_the_same(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}")) for number in range(3)]
    owner.execute("TRUNCATE orch.waiting RESTART IDENTITY")
    holder.rollback()
    assert not any(receipt_of(answers).repeated for answers in asked)
    assert recorded(log_database) == ["c0", "c1", "c2"]


def test_whoever_waits_too_long_takes_its_command_back(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(decision("phase:a", command_id="late"), timeout_s=0.5)
    with pytest.raises(Unavailable, match="nothing was recorded"):
        asked.result(PATIENCE_S)
    assert waiting(owner) == 0
    holder.rollback()
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:b", command_id="next"))
    assert recorded(log_database) == ["next"]


UNKNOWN = "what becomes of this command is not known yet. Repeating the command is safe"
OUTCOMES: Mapping[str, tuple[Callable[[Connection], None], str]] = {
    "commits": (lambda holder: holder.commit(), ""),
    "is rolled back": (lambda holder: holder.rollback(), "nothing was recorded"),
    "is still at it": (lambda _: sleep(3), UNKNOWN),
}


@pytest.mark.parametrize("what", OUTCOMES)
@pytest.mark.parametrize("gives_up", ["in time", "cancelled"])
def test_whoever_gives_up_while_another_writes_for_it_hears_what_became_of_it(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions, what: str, gives_up: str
) -> None:
    act, says = OUTCOMES[what]
    in_time = gives_up == "in time"
    asked = sessions.append(decision("phase:a", command_id="mine"), timeout_s=1 if in_time else PATIENCE_S)
    holder.execute("SELECT orch.write_together(%s::jsonb)", (_request(decision("phase:b", command_id="other")),))
    if not in_time:
        owner.execute(f"SELECT pg_cancel_backend(pid) {RECORDING}".encode())
    on_the_row = "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
    until(lambda: owner.execute(on_the_row).fetchone() is not None)
    assert not asked.done()
    act(holder)
    if says:
        with pytest.raises(Unavailable, match=says if in_time or what == "is still at it" else "canceling statement"):
            asked.result(PATIENCE_S)
    else:
        assert receipt_of(asked).command_id == "mine"
    holder.rollback()
    assert recorded(log_database) == (["mine", "other"] if not says else [])
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:c"))
    if "nothing" in says:
        assert waiting(owner) == 0 and "mine" not in recorded(log_database)


def test_a_session_that_ends_while_it_waits_is_asked_again_and_recorded_once(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(decision("phase:a", command_id="mine"))
    owner.execute(f"SELECT pg_terminate_backend(pid) {RECORDING}".encode())
    until(lambda: waiting(owner) == 2)
    holder.rollback()
    assert receipt_of(asked).command_id == "mine"
    assert recorded(log_database) == ["mine"]


@pytest.mark.parametrize("when", When)
def test_a_connection_that_is_cut_while_it_waits_loses_nothing(
    log_database: str, holder: Connection, sessions: Sessions, when: When
) -> None:
    with proxied(log_database) as proxy:
        proxy.cut_once(when, b"orch.record")
        asked = [
            sessions.append(decision(f"phase:{number}", command_id=f"c{number}"), url=proxy.url) for number in range(3)
        ]
        holder.rollback()
        assert all(receipt_of(answers) for answers in asked)
        assert proxy.cuts == 1
    assert recorded(log_database) == ["c0", "c1", "c2"]


def test_whoever_lost_its_connection_never_says_that_nothing_was_recorded(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    """What was asked on the connection that is lost may still be done."""
    with proxied(log_database) as proxy:
        proxy.cut_once(When.DURING, b"orch.record")
        asked = sessions.append(decision("phase:a", command_id="mine"), url=proxy.url, timeout_s=1)
        with pytest.raises(Unavailable) as told:
            asked.result(PATIENCE_S)
    assert "nothing was recorded" not in told.value.message and "Repeating the command is safe" in told.value.message


def test_whoever_repeats_a_command_and_gives_up_hears_that_it_was_there_before(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    holder.execute("SELECT orch.write_together(%s::jsonb)", (_request(decision("phase:a", command_id="old")),))
    holder.commit()
    holder.execute("SELECT orch.take_turn(1000)")
    assert receipt_of(sessions.append(decision("phase:a", command_id="old"), timeout_s=0.5)).repeated


LOCKS = ("LOCK TABLE orch.waiting IN ACCESS EXCLUSIVE MODE", "LOCK TABLE orch.commands IN ACCESS EXCLUSIVE MODE")
"""What VACUUM FULL and REINDEX take."""


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("cancelled", [False, True])
def test_whoever_cannot_look_what_became_of_its_command_claims_nothing(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions, lock: str, *, cancelled: bool
) -> None:
    asked = sessions.append(decision("phase:a", command_id="mine"), timeout_s=2)
    with psycopg.connect(log_database) as maintenance, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT orch.write_together(%s::jsonb)", (_request(decision("phase:b", command_id="other")),))
        locked = pool.submit(maintenance.execute, lock.encode())
        until(
            lambda: (
                owner.execute("SELECT pid FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted").fetchone()
                is not None
            )
        )
        holder.commit()
        locked.result(PATIENCE_S)
        if cancelled:
            owner.execute(f"SELECT pg_cancel_backend(pid) {RECORDING}".encode())
        with pytest.raises(Unavailable, match=UNKNOWN):
            asked.result(PATIENCE_S)
    assert recorded(log_database) == ["mine", "other"]


def test_a_session_that_writes_at_once_waits_for_nothing_longer_than_it_may(
    log_database: str, owner: Connection, writing: Connection
) -> None:
    writing.rollback()
    writing.execute("LOCK TABLE orch.events IN SHARE MODE")
    owner.execute(LEFT, (60_000_000, _request(decision("phase:z", command_id="left"))))
    with PostgresLog.open(log_database, timeout_s=4) as log:
        began = monotonic()
        with pytest.raises(Unavailable, match="nothing was recorded"):
            log.append([decision("phase:a", command_id="late")])
        assert monotonic() - began < 7.5, "not once for the table and once more"
    writing.rollback()
    writing.execute("SELECT FROM orch.waiting FOR UPDATE")  # what somebody keeps is left to it
    with PostgresLog.open(log_database, timeout_s=1) as log:
        accepted(log, decision("phase:a", command_id="next"))
    assert recorded(log_database) == ["next"]


def test_nothing_in_the_procedure_is_looked_up_on_a_search_path(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    """It runs as whoever calls it, the owner too; who may create something in `public` could lie in wait there."""
    owner.execute("CREATE TABLE public.caught (what text)")
    for number, (name, left, right) in enumerate(TRAPS):
        trap = f"public.trap_{number}"
        owner.execute(
            f"CREATE FUNCTION {trap}({left}, {right}) RETURNS boolean LANGUAGE sql AS"
            f" $$ INSERT INTO public.caught VALUES ('{name} {left} {right}'); SELECT true $$".encode()
        )
        owner.execute(
            f"CREATE OPERATOR public.{name} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = {trap})".encode()
        )
    for call in ("jsonb_build_array(jsonb)", "jsonb_build_array(jsonb, jsonb)"):
        owner.execute(
            f"CREATE FUNCTION public.{call} RETURNS jsonb LANGUAGE sql AS"
            f" $$ INSERT INTO public.caught VALUES ('{call}'); SELECT '[]'::jsonb $$".encode()
        )
    asked = [sessions.append(decision(f"phase:{number}"), timeout_s=0.5 if number else 20) for number in range(3)]
    late = asked[1:]
    for each in late:
        with pytest.raises(Unavailable):
            each.result(PATIENCE_S)
    holder.rollback()
    assert receipt_of(asked[0])
    assert owner.execute("SELECT * FROM public.caught").fetchall() == []


TRAPS = [
    ("-", "integer", "numeric"), ("*", "numeric", "integer"), ("*", "integer", "numeric"), ("+", "integer", "numeric"),
    ("->", "jsonb", "jsonb"), ("->>", "jsonb", "jsonb"), ("?", "jsonb", "jsonb"), ("=", "jsonb", "text"),
    ("=", "text", "jsonb"), ("=", "bigint", "jsonb"), ("=", "jsonb", "bigint"), ("<>", "integer", "jsonb"),
]  # fmt: skip
"""Operators that fit better than any of the server's, or are none of its own."""


def test_what_is_no_command_is_not_left(log_database: str, owner: Connection, holder: Connection) -> None:
    for words in ("[]", "7", "null", '{"id": "x"}', '{"id": "x", "events": 1, "reads": 2}'):
        with pytest.raises(psycopg.Error):
            owner.execute("CALL orch.record(100, %s)", (words,))
        assert waiting(owner) == 0
    holder.rollback()
    assert recorded(log_database) == []


def test_a_command_of_many_events_is_not_left_with_others(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(decision("phase:a", events=32))
    assert (waiting(owner), queued(owner)) == (0, 1)
    holder.rollback()
    assert receipt_of(asked)


def test_a_command_that_erases_much_is_not_left_with_others(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(redaction(1, of="phase:a", version=1, erases=list(range(1, 33))))
    assert (waiting(owner), queued(owner)) == (0, 1)
    holder.rollback()
    with pytest.raises(Damaged):
        asked.result(PATIENCE_S)


FULL = """
ALTER FUNCTION orch.recorded_meanwhile RENAME TO gone;
CREATE FUNCTION orch.recorded_meanwhile(integer, bigint, jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'no locks are left'; END $$
"""


@pytest.mark.parametrize(
    "options", ["", "-c quote_all_identifiers=on", "-c log_parameter_max_length_on_error=-1", r"-c search_path=orch"]
)
def test_a_session_that_cannot_look_claims_nothing_however_the_server_names_its_steps(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions, options: str
) -> None:
    owner.execute(FULL.encode())
    asked = sessions.append(decision("phase:a", text="write_or_leave( answered("), options=options)
    with pytest.raises(Unavailable, match="no locks are left") as told:
        asked.result(PATIENCE_S)
    assert "othing was recorded" not in told.value.message


def test_an_owner_whose_own_wait_for_standbys_fails_claims_nothing(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    owner.execute("""
        CREATE OR REPLACE FUNCTION orch.wait_for_standbys() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'no locks are left'; END $$;
        CREATE OR REPLACE FUNCTION orch.recorded_of(place bigint, its_decision jsonb, outcome text) RETURNS jsonb
        LANGUAGE sql AS
        $$ SELECT '{"found": ["recorded", 1, 1, 1]}'::jsonb $$
    """)
    asked = sessions.append(decision("phase:a"))
    holder.rollback()
    with pytest.raises(Unavailable, match=r"no locks are left.*Repeating the command is safe"):
        asked.result(PATIENCE_S)


def test_much_text_is_not_left_with_others(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(decision("phase:a", text="ß" * 20_000))
    assert (waiting(owner), queued(owner)) == (0, 1)
    holder.rollback()
    assert receipt_of(asked)


def test_a_session_that_waits_for_fewer_standbys_leaves_nothing_and_carries_as_others_need_it(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    weak = sessions.append(decision("phase:a", command_id="weak"), options=WEAK)
    assert waiting(owner) == 0
    strong = sessions.append(decision("phase:b", command_id="strong"))
    assert waiting(owner) == 1
    holder.rollback()
    assert {receipt_of(weak).command_id, receipt_of(strong).command_id} == {"weak", "strong"}
    holder.execute("SELECT orch.take_turn(1000)")
    strong = sessions.append(decision("phase:b", after=1, command_id="more"))
    holder.execute("SET LOCAL synchronous_commit = local")
    holder.execute("SELECT orch.write_together(%s::jsonb)", (_request(decision("phase:c", command_id="weaker")),))
    assert holder.execute("SHOW synchronous_commit").fetchone() == ("on",)
    holder.commit()
    assert receipt_of(strong)


def test_sessions_that_begin_as_something_else_leave_nothing(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions
) -> None:
    asked = sessions.append(decision("phase:a"), options=r"-c default_transaction_isolation=repeatable\ read")
    with pytest.raises(HandsNeeded, match="read committed"):
        asked.result(PATIENCE_S)
    assert waiting(owner) == 0


@pytest.fixture
def roles(server: Server, log_database: str) -> Iterator[Sequence[str]]:
    """Give a writer and an auditor."""
    base = str(psycopg.conninfo.conninfo_to_dict(log_database)["dbname"])
    names = [f"{base}_waits", f"{base}_looks"]
    for name, may in zip(names, ("write", "read"), strict=True):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
        admit(log_database, name, may=may, timeout_s=5)
    yield names
    with psycopg.connect(log_database, autocommit=True) as connection:
        for name in names:
            connection.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"'.encode())


def test_a_writer_shares_commits_and_cannot_reach_what_is_waiting(
    log_database: str, owner: Connection, holder: Connection, sessions: Sessions, roles: Sequence[str]
) -> None:
    writer, auditor = roles
    asked = [sessions.append(decision(f"phase:{number}", command_id=f"c{number}"), user=writer) for number in range(3)]
    assert waiting(owner) == 3
    with psycopg.connect(make_conninfo(log_database, user=writer), autocommit=True) as connection:
        for change in ("DELETE FROM orch.waiting", "UPDATE orch.waiting SET until = 0", "TRUNCATE orch.waiting"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.encode())
    with psycopg.connect(make_conninfo(log_database, user=auditor), autocommit=True) as connection:
        assert waiting(connection) == 3
        assert connection.execute("SELECT last_value FROM orch.waiting_number").fetchone() == (3,)  # as pg_dump does
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CALL orch.record(1, '{}')")
    holder.rollback()
    assert all(receipt_of(answers) for answers in asked)
    assert recorded(log_database) == ["c0", "c1", "c2"]


def _request(asked: Decision) -> str:
    return request_of_one(prepared(asked, origin="example.org/waiting")).decode()
