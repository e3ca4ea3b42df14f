"""Two processes verify one log: they find what one finds, and none of them outlives the other."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen

import orjson
import pytest

from adapters.sqlite_log import SqliteLog
from cli.project import opened
from domain.errors import Unavailable
from projections.verification import Findings, Verification
from tests.cli.conftest import the_log
from tests.cli.insider import envelope_changed, inside
from tests.cli.large_log import LongProject, environment, gone, helper_of, helpers, make_long_project
from tests.cli.test_verify_insider import CHANGES
from tests.cli.verified_world import HELD, LOG, World, keep, world
from tests.reliability.ledger import carry_out, draft, new_log, request
from usecases.held import notes_in
from usecases.verification import verification
from usecases.verifying import Options, Verifier

pytestmark = pytest.mark.in_file

__all__ = ["keep", "world"]  # fixtures

WAYS = {
    "two processes": Options(beside_from=0),
    "one process": Options(beside_from=1 << 62),
    "row by row": Options(quick=False),
}


def found_by(world: World, way: str, **changes: int | bool) -> Verification:
    with opened() as project:
        return verification(project, notes_in([Path(HELD)]), [world.key], WAYS[way]._replace(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CHANGES)
def test_every_way_finds_the_same(world: World, name: str) -> None:
    with inside(LOG) as connection:
        CHANGES[name][0](connection)
    expected = found_by(world, "row by row")
    assert expected["verdict"] == "damaged"
    assert found_by(world, "two processes") == expected
    assert found_by(world, "one process") == expected


@pytest.mark.parametrize("first", [1, 2, 255, 256, 257, 258, 297])
@pytest.mark.parametrize("envelopes_only", [False, True])
def test_every_way_answers_the_same_where_nothing_differs(world: World, first: int, envelopes_only: bool) -> None:
    for position in (3, 20, 256, 290):
        assert world.orch("audit", "redact", str(position), "--reason", "a name in it", "--yes").status == 0
    expected = found_by(world, "row by row", first=first, envelopes_only=envelopes_only)
    assert expected["verdict"] == "incomplete" and expected["problems"] == []
    assert expected["erased"] == sum(position >= first for position in (3, 20, 256, 290))
    for way in ("two processes", "one process"):
        assert found_by(world, way, first=first, envelopes_only=envelopes_only) == expected


@pytest.mark.parametrize("way", ["two processes", "one process"])
@pytest.mark.parametrize("read", [False, True])
def test_the_roots_at_all_sizes_are_those_that_row_by_row_gives(world: World, way: str, read: bool) -> None:
    sizes = range(world.size + 1)
    roots = []
    with the_log() as log:
        for options in (WAYS["row by row"], WAYS[way]._replace(read=read, fold=read)):
            verifier = Verifier(log, Findings(), options, address=str(LOG))
            verifier.run(sizes, done=lambda _: None)
            roots.append((verifier.roots, verifier.root, verifier.rows.payloads))
    assert roots[0] == roots[1] and len(roots[0][0]) == world.size + 1


def test_hashes_alone_show_a_changed_row_and_it_is_named(world: World) -> None:
    with inside(LOG) as connection:
        envelope_changed(connection, 270, lambda envelope: envelope.update(causation="x"))
    for way in WAYS:
        assert found_by(world, way, read=False, fold=False)["first_problem"] == {
            **found_by(world, "row by row")["first_problem"],  # type: ignore[dict-item]
        }


def test_others_may_write_while_two_processes_verify(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    with SqliteLog.open(path) as log, SqliteLog.open(path) as other:
        carry_out(log, draft("st01-x"))
        for _ in range(600):
            carry_out(log, request("st01-x"))
        findings = Findings()
        verifier = Verifier(log, findings, WAYS["two processes"], address=str(path))
        carry_out(other, request("st01-x"))
        told = []

        def meanwhile(rows: int) -> None:
            told.append(rows)
            carry_out(other, request("st01-x"))

        verifier.run([], done=meanwhile)
        assert findings.problems == []
        assert verifier.rows.events == verifier.size == sum(told) < log.moment().position


def test_what_was_done_is_taken_back_where_it_is_done_again(world: World) -> None:
    with inside(LOG) as connection:
        envelope_changed(connection, 290, lambda envelope: envelope.update(causation="x"))
    told: list[int] = []
    with the_log() as log:
        verifier = Verifier(log, Findings(), WAYS["one process"])
        verifier.run([], done=told.append)
    quick = next(at for at, rows in enumerate(told) if rows < 0)
    assert sum(told[: quick + 1]) == 0 and 0 < sum(told) <= verifier.size


def test_without_room_for_another_process_one_does_it_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = found_by(world, "row by row")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert found_by(world, "two processes") == expected


def test_a_process_that_was_killed_is_said_plainly(world: World) -> None:
    with the_log() as log:
        verifier = Verifier(log, Findings(), WAYS["two processes"], address=str(LOG))

        def kill(_: int) -> None:
            for pid in helpers(os.getpid()):
                os.kill(pid, signal.SIGKILL)

        with pytest.raises(Unavailable, match="signal 9"):
            verifier.run([], done=kill)
    assert helpers(os.getpid()) == []


def test_nothing_is_left_behind_where_it_is_stopped(world: World) -> None:
    with the_log() as log:
        verifier = Verifier(log, Findings(), WAYS["two processes"], address=str(LOG))
        seen: list[int] = []

        def stop(_: int) -> None:
            seen.append(helper_of(os.getpid()))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            verifier.run([], done=stop)
    assert len(seen) == 1 and helpers(os.getpid()) == []


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> LongProject:
    """Return a project with a long log, which is only read."""
    return make_long_project(tmp_path_factory.mktemp("long"))


def test_a_long_log_is_verified_by_two_processes(long: LongProject) -> None:
    with long.verifying() as process:
        helper = helper_of(process.pid)
        out, _ = process.communicate()
    answer = orjson.loads(out)["data"]
    assert process.returncode == 7 and answer["problems"] == []
    assert answer["events"] == answer["payloads"] == long.size and gone(helper)


def test_ctrl_c_ends_both_processes(long: LongProject) -> None:
    with long.verifying() as process:
        helper = helper_of(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130 and orjson.loads(out)["error"]["code"] == "CANCELLED"
    assert b"Traceback" not in err and gone(helper)


def test_a_killed_helper_is_an_error_and_the_command_can_be_repeated(long: LongProject) -> None:
    with long.verifying() as process:
        os.kill(helper_of(process.pid), signal.SIGKILL)
        out, err = process.communicate()
    error = orjson.loads(out)["error"]
    assert process.returncode == 8 and (error["code"], error["fix"]) == ("UNAVAILABLE", ["orch audit verify"])
    assert "signal 9" in error["message"] and b"Traceback" not in err


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_verification_leaves_no_process_behind(long: LongProject, how: signal.Signals) -> None:
    """Its helper is stopped meanwhile, so that it cannot have ended by itself."""
    with long.verifying() as process:
        helper = helper_of(process.pid)
        os.kill(helper, signal.SIGSTOP)
        process.send_signal(how)
        process.wait()
        os.kill(helper, 0)  # it is there
        os.kill(helper, signal.SIGCONT)
        assert gone(helper)


def test_a_helper_ends_when_nobody_is_there_any_more_even_where_it_could_go_on(world: World) -> None:
    """Its answer is larger than a pipe and nobody reads it, so it would wait for ever."""
    order = [str(LOG.absolute()), 1, world.size, list(range(200, 256)), True, False]
    words = [sys.executable, "-P", "-m", "usecases.stretch_process"]
    with Popen(words, stdin=PIPE, stdout=PIPE, env=environment()) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(orjson.dumps(order) + b"\n")
        process.stdin.flush()
        assert process.stdout.read(1) == b"{", "it has begun to answer"
        assert process.poll() is None
        process.stdin.close()
        process.stdin = None
        with suppress(TimeoutError):
            assert process.wait(30) == 1
