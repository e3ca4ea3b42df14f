"""orch replay at a real pseudo-terminal: one key, one event, and the terminal left as it was."""

import signal
import sqlite3
import sys

import pytest

from adapters.terminal import OTHER_SCREEN, OWN_SCREEN
from tests.cli.at_a_terminal import ROOT, Session, at_a_terminal, kill
from tests.cli.conftest import Orch

REPLAY = ("replay", "st01-x")


@pytest.fixture(autouse=True)
def phase(drafted: Orch) -> Orch:
    """Make a phase with a rejection and an approval: positions 3 to 9."""
    for words in (
        ("reject", "st01-x", "spec", "--feedback", "say how it is measured", "--actor", "grace"),
        ("spec", "st01-x", "--objectives", "another"),
        ("approve", "st01-x", "spec", "--actor", "grace"),
    ):
        assert drafted(*words).status == 0
    return drafted


def left_as_it_was(session: Session) -> None:
    assert session.current_mode() == session.mode
    assert session.out.count(OTHER_SCREEN) == session.out.count(OWN_SCREEN) == 1
    assert session.out.index(OTHER_SCREEN) < session.out.index(OWN_SCREEN)


def test_each_key_does_what_the_help_says() -> None:
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        assert session.current_mode() != session.mode
        for keys, words in (
            (" ", "position 4 of 9"),
            ("n", "position 5 of 9"),
            ("\r", "position 6 of 9"),
            ("\x1b[C", "position 7 of 9"),
            ("b", "position 6 of 9"),
            ("\x1b[D", "position 5 of 9"),
            ("\x1bOD", "position 4 of 9"),
            ("s", "rejected spec iteration 1"),
            ("s", "approved spec iteration 2"),
            ("s", "There is no verdict behind this event."),
            (" ", "This is the last event"),
            ("g", "Go to position"),
            ("49\x7f", "Go to position: 4▏"),
            ("\r", "position 4 of 9"),
            ("g999\r", "There is no event at position 999 or behind it."),
            ("g7q", "position 4 of 9"),
            ("g1\r", "position 3 of 9"),
            ("b", "This is the first event."),
            ("x", "? shows those that do"),
            ("é", "? shows those that do"),
            ("?", "the next verdict"),
            (" ", "position 3 of 9"),
        ):
            session.type(keys)
            session.shows(words)
        session.type("q")
        assert session.ends() == 0
        left_as_it_was(session)
        assert "You were at position 3" in session.out.split(OWN_SCREEN)[1]


def test_a_screen_has_the_state_and_marks_the_change() -> None:
    with at_a_terminal(*REPLAY) as session:
        session.type("s")
        lines = session.shows("position 6 of 9")
        assert len(lines) == 24 and all(len(line) <= 80 for line in lines)
        assert "  – say how it is measured" in lines
        assert any(line.startswith("▸ spec ") and "← was awaiting approval" in line for line in lines)
        assert any(line.startswith("  tasks ") and "not started" in line for line in lines)


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (200, 60)])
def test_a_window_of_another_size_is_filled_and_no_more(size: tuple[int, int]) -> None:
    with at_a_terminal(*REPLAY, size=size) as session:
        lines = session.shows("position 3 of 9")
        assert len(lines) == size[1] and all(len(line) <= size[0] for line in lines)


def test_a_window_without_a_size_counts_as_the_usual_one() -> None:
    with at_a_terminal(*REPLAY, size=(0, 0)) as session:
        assert len(session.shows("position 3 of 9")) == 24


def test_a_resized_window_is_drawn_anew_at_once() -> None:
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        session.resize(60, 15)
        lines = session.shows("position 3 of 9")
        assert len(lines) == 15 and all(len(line) <= 60 for line in lines)
        session.type(" ")
        session.shows("position 4 of 9")


def test_ctrl_c_leaves_the_terminal_as_it_was() -> None:
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        session.type("\x03")
        assert session.ends() == 130
        left_as_it_was(session)
        assert "CANCELLED" in session.out.split(OWN_SCREEN)[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_leaves_the_terminal_as_it_was(number: signal.Signals) -> None:
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        kill(session, number)
        assert session.ends() == -number
        left_as_it_was(session)


def test_the_end_of_input_quits() -> None:
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        session.type("\x04")
        assert session.ends() == 0
        left_as_it_was(session)


def test_it_ends_with_its_terminal() -> None:
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        session.hang_up()
        assert session.program.wait(30) in (-signal.SIGHUP, 0, 8)


@pytest.mark.in_file
def test_damage_is_said_on_the_terminal_as_it_was() -> None:
    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET envelope = x'7b7d' WHERE position = 5")
    store.commit()
    store.close()
    with at_a_terminal(*REPLAY) as session:
        session.shows("position 3 of 9")
        session.type("  ")
        assert session.ends() == 6
        left_as_it_was(session)
        assert "position 5" in session.out.split(OWN_SCREEN)[1]


def test_a_shell_gets_its_terminal_back_while_the_replay_is_stopped() -> None:
    shell = ("bash", "--norc", "--noprofile", "-i")
    with at_a_terminal(program=shell, PS1="ready> ") as session:
        session.says("ready> ")
        session.type(f"PYTHONPATH={ROOT} {sys.executable} -m cli.main replay st01-x\r")
        session.shows("position 3 of 9")
        session.type("\x1a")
        session.says(OWN_SCREEN)
        session.says("ready> ")
        session.type("stty -a | tr ' ;' '\\n' | grep -xE -- '-?(icanon|echo)' | tr '\\n' '.'\r")
        session.says("icanon.echo.")
        session.type("fg\r")
        session.shows("position 3 of 9")
        session.type(" ")
        session.shows("position 4 of 9")
        session.type("q")
        session.says("You were at position 4")


@pytest.mark.parametrize("words", [("--all",), ("--json",), ("--format", "csv")])
def test_asked_for_everything_it_prints_everything_at_a_terminal_too(words: tuple[str, ...]) -> None:
    with at_a_terminal(*REPLAY, *words) as session:
        assert session.ends() == 0
        assert OTHER_SCREEN not in session.out and "rejected spec iteration 1" in session.out


def test_a_terminal_that_knows_only_lines_gets_lines() -> None:
    with at_a_terminal(*REPLAY, TERM="dumb") as session:
        assert session.ends() == 0
        assert OTHER_SCREEN not in session.out and "approved spec iteration 2" in session.out


def test_an_empty_range_is_said_and_no_screen_is_shown() -> None:
    with at_a_terminal(*REPLAY, "--step", "plan") as session:
        assert session.ends() == 0
        assert OTHER_SCREEN not in session.out and "There is no event in that range." in session.out


def test_a_limit_ends_it_early() -> None:
    with at_a_terminal(*REPLAY, "--limit", "1") as session:
        session.shows("position 3 of 9")
        session.type(" ")
        session.shows("This is the last event")
