"""A connection that is lost: the answer is right, or it says that nobody knows, and asking again is safe."""

import signal
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest

from adapters.postgres_connection import READ_S
from adapters.postgres_log import PostgresLog
from domain.errors import NotFound, Unavailable
from domain.event_log import Receipt
from tests.adapters.log_entries import accepted, decision
from tests.adapters.sqlite_stores import whole
from tests.postgres_proxy import When, proxied
from tests.postgres_server import Server


@pytest.mark.parametrize("when", When)
def test_a_command_whose_connection_is_cut_is_recorded_once(log_database: str, when: When) -> None:
    with proxied(log_database) as proxy, PostgresLog.open(proxy.url, timeout_s=20) as log:
        for number in range(10):
            proxy.cut_once(when, b"orch.record")
            asked = decision("phase:a", after=number, command_id=f"c{number}")
            (answer,) = log.append([asked])
            assert isinstance(answer, Receipt) and answer.first == number + 1
            assert answer.repeated == (when is When.AFTER) or when is When.DURING
        assert proxy.cuts == 10
        assert whole(log) == [f"c{number}" for number in range(10)]


def test_a_read_whose_connection_is_cut_is_asked_again(log_database: str) -> None:
    with proxied(log_database) as proxy, PostgresLog.open(proxy.url, timeout_s=20) as log:
        accepted(log, decision("phase:a"))
        for when in When:
            proxy.cut_once(when, b"orch.heads")
            assert log.heads(["phase:a"])[1]["phase:a"].version == 1
        assert proxy.cuts == 3


def test_a_session_that_the_server_ends_is_begun_anew(log_database: str) -> None:
    with PostgresLog.open(log_database) as log, psycopg.connect(log_database, autocommit=True) as other:
        for number in range(3):
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'orch' AND datname = current_database()"
            )
            accepted(log, decision("phase:a", after=number))
        assert len(whole(log)) == 3


def test_where_the_server_stays_away_the_command_says_so_in_time(log_database: str) -> None:
    with proxied(log_database) as proxy, PostgresLog.open(proxy.url, timeout_s=1) as log:
        proxy.close()
        proxy.cut_once(When.BEFORE, b"orch.record")
        began = monotonic()
        with pytest.raises(Unavailable, match=r"is not available: .*Repeating the command is safe"):
            log.append([decision("phase:a")])
        assert monotonic() - began < 20
    with PostgresLog.open(log_database) as log:
        assert log.moment().position == 0


def test_reads_of_a_server_that_stays_away_say_so_soon_also_those_that_wait_behind_a_writer(log_database: str) -> None:
    told: list[float] = []
    with proxied(log_database) as proxy, PostgresLog.open(proxy.url, timeout_s=16) as log:

        def read() -> None:
            began = monotonic()
            with pytest.raises(Unavailable, match=r"is not available: .*Repeating the command is safe"):
                log.heads(["phase:a"])
            told.append(monotonic() - began)

        def write() -> None:
            with pytest.raises(Unavailable):
                log.append([decision("phase:a")])

        proxy.close()
        proxy.cut_once(When.BEFORE, b"orch.record")
        writer = Thread(target=write)
        writer.start()
        sleep(0.5)
        readers = [Thread(target=read) for _ in range(6)]
        for thread in readers:
            thread.start()
        for thread in (*readers, writer):
            thread.join()
    assert len(told) == 6
    assert max(told) < READ_S + 8, "each waits for itself, and none for the writer, which may wait for 16 seconds"


def test_a_writer_that_holds_the_turn_too_long_is_not_waited_for(log_database: str) -> None:
    with psycopg.connect(log_database) as holder, PostgresLog.open(log_database, timeout_s=0.2) as log:
        holder.execute("SELECT orch.take_turn(1000)")
        with pytest.raises(Unavailable, match="Other writers keep"):
            log.append([decision("phase:a")])
        holder.rollback()
        accepted(log, decision("phase:a"))


def test_whoever_is_stopped_while_it_waits_for_its_turn_leaves_nothing_behind(log_database: str) -> None:
    class Stopped(BaseException):
        pass

    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    with psycopg.connect(log_database) as holder, PostgresLog.open(log_database) as log:
        holder.execute("SELECT orch.take_turn(1000)")
        before = signal.signal(signal.SIGALRM, stop)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(Stopped):
                log.append([decision("phase:a", command_id="stopped")])
        finally:
            signal.signal(signal.SIGALRM, before)
        holder.rollback()
        accepted(log, decision("phase:a", command_id="next"))
        assert whole(log) == ["next"]


def test_a_large_command_is_taken_whole(log_database: str) -> None:
    """Much more than the buffers between us and the server take at once."""
    text = "ß" * 4_000_000
    with PostgresLog.open(log_database) as log:
        accepted(log, decision("phase:a", text=text))
        (record,) = log.records()
        assert record.payload is not None and len(record.payload) > 8_000_000
        whole(log)


def test_several_servers_in_one_address_are_tried_in_turn(log_database: str) -> None:
    with proxied(log_database) as gone, proxied(log_database) as there:
        gone.close()
        ports = ",".join(str(psycopg.conninfo.conninfo_to_dict(proxy.url)["port"]) for proxy in (gone, there))
        several = psycopg.conninfo.make_conninfo(there.url, host="127.0.0.1,127.0.0.1", port=ports)
        with PostgresLog.open(several) as log:
            accepted(log, decision("phase:a"))


def test_a_database_without_a_log_and_one_that_is_not_there_are_told_apart(server: Server, database: str) -> None:
    with pytest.raises(NotFound, match=r"There is no log in the database"):
        PostgresLog.open(database)
    with pytest.raises(Unavailable, match="does not exist"):
        PostgresLog.open(server.setting("no_such_database"))


def test_threads_that_lose_their_connection_together_lose_no_command(log_database: str) -> None:
    with proxied(log_database) as proxy, PostgresLog.open(proxy.url, timeout_s=20) as log:

        def write(thread: int) -> None:
            for turn in range(20):
                if turn % 5 == thread % 5:
                    proxy.cut_once(list(When)[turn % 3], b"orch.record")
                (answer,) = log.append([decision(f"phase:{thread}", after=turn, command_id=f"{thread}-{turn}")])
                assert isinstance(answer, Receipt), answer

        threads = [Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert proxy.cuts > 0
        assert sorted(whole(log)) == sorted(f"{thread}-{turn}" for thread in range(8) for turn in range(20))
