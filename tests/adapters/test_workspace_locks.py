"""One command at a time on the files of a phase; who waits too long is told."""

from pathlib import Path
from threading import Event, Thread

import pytest

from adapters import workspace
from adapters.places import Places, places_of
from adapters.workspace import Workspace
from domain.errors import Unavailable

PHASE = "st01-audio-engine"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Make an empty project."""
    (tmp_path / ".orch").mkdir()
    return places_of(tmp_path, env={})


@pytest.fixture
def files(places: Places) -> Workspace:
    return Workspace(places)


def test_who_waits_for_a_phase_gets_it_when_the_other_is_done(files: Workspace, places: Places) -> None:
    order: list[str] = []
    inside = Event()

    def second() -> None:
        inside.wait(10)
        with Workspace(places).locked(PHASE):
            order.append("second")

    waiting = Thread(target=second)
    waiting.start()
    with files.locked(PHASE):
        inside.set()
        waiting.join(0.2)
        assert waiting.is_alive(), "it waits"
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_whoever_waits_too_long_is_told(files: Workspace, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "LOCK_SECONDS", 0.1)
    with files.locked(PHASE):
        with pytest.raises(Unavailable, match=f"files of {PHASE}"), Workspace(places).locked(PHASE):
            raise AssertionError("the lock was held")
        with Workspace(places).locked("st02-mixer"):
            """Another phase is free."""
    with Workspace(places).locked(PHASE):
        """Whoever gave up left nothing behind."""


def test_an_error_while_holding_a_phase_lets_it_go(files: Workspace) -> None:
    with pytest.raises(RuntimeError), files.locked(PHASE):
        raise RuntimeError
    with files.locked(PHASE):
        """It is free again."""
