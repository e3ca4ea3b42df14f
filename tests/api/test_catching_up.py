"""What a power cut left undone on disk is done by the service when it starts, beside its work."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import orjson
import pytest

from domain.commands import DraftDocument, Meta
from domain.steps import Step
from tests.api.served import PATIENCE, issued, opened, served
from tests.api.test_process import running, token_for
from tests.facts import ADA, NOON

SPEC = {"objectives": ["Round trip below 10 ms"]}


def recorded_only(folder: Path, *phases: str) -> None:
    """Record drafts and write none of their files, as whoever is cut off between the two."""
    with opened(folder) as project:
        for phase in phases:
            project.handle(DraftDocument(Meta(f"cut-{phase}", ADA, NOON), phase, Step.SPEC, SPEC))


def until(holds: Callable[[], bool], what: str) -> None:
    ends = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < ends, what
        sleep(0.02)


def document(folder: Path, phase: str) -> Path:
    return folder / "dev" / phase / "spec.md"


def lines(folder: Path, event: str) -> list[dict[str, object]]:
    path = folder / ".orch/logs/combined.log"
    found = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [line for line in found if line["event"] == event]


def test_documents_that_a_cut_left_behind_are_there_without_anybody_typing(folder: Path) -> None:
    phases = [f"st{number:02}-x" for number in range(1, 4)]
    recorded_only(folder, *phases)
    assert not any(document(folder, phase).exists() for phase in phases)
    with running(folder):
        until(lambda: bool(lines(folder, "documents.up_to_date")), "it says that it is up to date")
    for phase in phases:
        assert document(folder, phase).read_text().count("Round trip below 10 ms") >= 1
        assert (folder / "dev" / phase / "phase-state.json").exists()


def test_a_document_that_was_edited_by_hand_stays_as_it_is(folder: Path) -> None:
    recorded_only(folder, "st01-x", "st02-y")
    document(folder, "st01-x").parent.mkdir(parents=True)
    document(folder, "st01-x").write_text("# Mine\n")
    with running(folder):
        until(document(folder, "st02-y").exists, "the other one is written")
        until(lambda: bool(lines(folder, "documents.up_to_date")), "it says that it is up to date")
    assert document(folder, "st01-x").read_text() == "# Mine\n"


def test_a_folder_that_cannot_be_written_is_said_once_and_tried_again_and_keeps_nobody_waiting(folder: Path) -> None:
    recorded_only(folder, "st01-x", "st02-y")
    (folder / "dev").mkdir(exist_ok=True)
    (folder / "dev/st01-x").symlink_to("/nonexistent/elsewhere")
    token = token_for(folder)
    with running(folder) as (_, client):
        until(document(folder, "st02-y").exists, "the other one is written all the same")
        assert client.shows(token).post("/phases/st03-z/spec", SPEC).status == 200
        (folder / "dev/st01-x").unlink()
        until(document(folder, "st01-x").exists, "it is tried again")
        until(lambda: bool(lines(folder, "documents.up_to_date")), "it says that it is up to date")
    assert len(lines(folder, "documents.behind")) == 1


def test_what_comes_after_a_folder_that_refuses_is_followed_once_and_not_with_every_try(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.catching_up.AGAIN_S", 0.05)
    monkeypatch.setattr("api.catching_up.LONGEST_S", 0.05)
    monkeypatch.setattr("api.catching_up.AT_ONCE", 3)
    recorded_only(folder, "st01-x", "st02-y", "st03-z")
    (folder / "dev").mkdir(exist_ok=True)
    (folder / "dev/st01-x").symlink_to("/nonexistent/elsewhere")
    with opened(folder) as project, served(project):
        until((folder / "dev/st03-z/phase-state.json").exists, "the others are written all the same")
        until(lambda: bool(lines(folder, "documents.behind")), "it says what refuses")
        document(folder, "st03-z").unlink()
        sleep(0.5)
        assert not document(folder, "st03-z").exists(), "whoever moves a document away finds it gone"
        (folder / "dev/st01-x").unlink()
        until(lambda: bool(lines(folder, "documents.up_to_date")), "what refuses is tried again")
    assert document(folder, "st01-x").exists()


def test_it_ends_between_two_stretches_of_what_comes_after_a_folder_that_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.catching_up.AT_ONCE", 1)
    monkeypatch.setattr("api.catching_up.BREATH_S", 0.2)
    recorded_only(folder, *(f"st{number:02}-x" for number in range(1, 30)))
    (folder / "dev").mkdir(exist_ok=True)
    (folder / "dev/st01-x").symlink_to("/nonexistent/elsewhere")
    with opened(folder) as project, served(project):
        until(document(folder, "st02-x").exists, "it has begun")
    assert not document(folder, "st29-x").exists()


def test_it_ends_between_two_batches_and_goes_on_with_the_next_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.catching_up.AT_ONCE", 1)
    monkeypatch.setattr("api.catching_up.BREATH_S", 0.2)
    phases = [f"st{number:02}-x" for number in range(1, 30)]
    recorded_only(folder, *phases)
    with opened(folder) as project, served(project) as client:
        holder = client.shows(issued(project))
        until(document(folder, "st01-x").exists, "it has begun")
        assert holder.get("/phases/st29-x").status == 200, "the service answers meanwhile"
    assert not document(folder, "st29-x").exists()
    monkeypatch.setattr("api.catching_up.BREATH_S", 0.0)
    with opened(folder) as project, served(project):
        until(document(folder, "st29-x").exists, "the next start goes on")


def test_the_service_ends_at_once_while_somebody_holds_the_files_of_a_phase(folder: Path) -> None:
    recorded_only(folder, "st01-x", "st02-y", "st03-z")
    with opened(folder) as project, project.files.locked("st01-x"), project.files.locked("st03-z"):
        with running(folder) as (process, _):
            until(lambda: bool(open_locks(process.pid, "st01-x")), "it waits for the lock")
            began = monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0 and monotonic() - began < 5
        assert not document(folder, "st01-x").exists() and lines(folder, "documents.behind") == []
    with running(folder):
        until(lambda: bool(lines(folder, "documents.up_to_date")), "the next start does what was left")
    assert document(folder, "st01-x").exists() and document(folder, "st03-z").exists()


def open_locks(process: int, phase: str) -> list[str]:
    """Return the lock files of a phase that a process has open."""
    found = []
    for file in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            found += [each for each in [os.readlink(file)] if each.endswith(f"/locks/{phase}")]
    return found
