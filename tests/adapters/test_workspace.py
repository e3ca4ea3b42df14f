"""The documents on disk: whole files, no way out of the project, and one sentence when the disk says no."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from threading import Event, Thread

import pytest

from adapters.places import Places, places_of
from adapters.workspace import LIMIT, Workspace
from domain.errors import FilesUnavailable, InvalidInput, Refusal
from domain.steps import Step

ROOT = Path(__file__).parents[2]
PHASE = "st01-audio-engine"
AS_NOBODY = """
import os, sys
from pathlib import Path
from adapters.places import places_of
from adapters.workspace import Workspace
from domain.errors import Refusal
from domain.steps import Step
os.setgroups([]); os.setgid(65534); os.setuid(65534)
files = Workspace(places_of(Path(sys.argv[1]), env={}))
for name, ask in {
    "read": lambda: files.read("st01", Step.SPEC),
    "write": lambda: files.write("st01", "spec.md", "text"),
    "rescue": lambda: files.rescue("st01", Step.SPEC, stamp="now"),
    "lock": lambda: files.locked("st01").__enter__(),
}.items():
    try:
        print(name, ask())
    except Refusal as refusal:
        print(name, refusal.code, refusal.message)
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Make an empty project."""
    root = tmp_path / "project"
    (root / ".orch").mkdir(parents=True)
    return places_of(root, env={})


@pytest.fixture
def files(places: Places) -> Workspace:
    return Workspace(places)


def test_a_text_comes_back_as_it_was_written(files: Workspace, places: Places) -> None:
    text = "# Spec\r\n\n愛 \x00 no end of line"
    path = files.write(PHASE, "spec.md", text)
    assert path == places.document(PHASE, Step.SPEC)
    assert files.read(PHASE, Step.SPEC) == text
    assert files.read_bytes(PHASE, Step.SPEC) == text.encode()
    assert files.shown(PHASE, Step.SPEC) == f"dev/{PHASE}/spec.md"
    assert files.read(PHASE, Step.PLAN) is None
    assert files.read("st02-never-seen", Step.SPEC) is None


def test_a_reader_sees_the_old_text_or_the_new_one(files: Workspace) -> None:
    texts = {letter * 200_000 for letter in "ab"}
    files.write(PHASE, "spec.md", min(texts))
    stop = Event()

    def write() -> None:
        while not stop.is_set():
            for text in texts:
                files.write(PHASE, "spec.md", text)

    writer = Thread(target=write)
    writer.start()
    try:
        seen = [files.read(PHASE, Step.SPEC) for _ in range(300)]
    finally:
        stop.set()
        writer.join()
    assert set(seen) <= texts


def test_writing_leaves_nothing_but_the_file(files: Workspace, places: Places) -> None:
    files.write(PHASE, "spec.md", "one")
    files.write(PHASE, "spec.md", "two")
    assert [path.name for path in places.phase(PHASE).iterdir()] == ["spec.md"]


def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(files: Workspace, places: Places) -> None:
    files.write(PHASE, "spec.md", "old")
    (places.phase(PHASE) / "plan.md").mkdir()
    with pytest.raises(FilesUnavailable, match="Is a directory"):
        files.write(PHASE, "plan.md", "new")
    assert sorted(path.name for path in places.phase(PHASE).iterdir()) == ["plan.md", "spec.md"]
    assert files.read(PHASE, Step.SPEC) == "old"


def test_what_a_killed_writer_left_behind_stops_nobody(files: Workspace, places: Places) -> None:
    files.write(PHASE, "spec.md", "old")
    (places.phase(PHASE) / f".spec.md.{os.getpid()}.part").write_text("half of a much longer text")
    files.write(PHASE, "spec.md", "new")
    assert files.read(PHASE, Step.SPEC) == "new"


def test_a_document_that_is_a_link_is_not_followed(files: Workspace, places: Places, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not for the log")
    places.phase(PHASE).mkdir(parents=True)
    places.document(PHASE, Step.SPEC).symlink_to(secret)
    with pytest.raises((FilesUnavailable, InvalidInput), match=r"spec\.md.*link"):
        files.read(PHASE, Step.SPEC)
    files.write(PHASE, "spec.md", "text")
    assert secret.read_text() == "not for the log", "the link was replaced, not what it led to"
    assert files.read(PHASE, Step.SPEC) == "text"


@pytest.mark.parametrize("linked", [f"dev/{PHASE}", "dev"])
def test_a_folder_that_leads_out_of_the_project_is_refused(
    files: Workspace, places: Places, tmp_path: Path, linked: str
) -> None:
    outside = tmp_path / "outside"
    (outside / PHASE).mkdir(parents=True)
    for folder in (outside, outside / PHASE):
        (folder / "spec.md").write_text("outside")
    link = places.root / linked
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    for ask in (
        lambda: files.read(PHASE, Step.SPEC),
        lambda: files.write(PHASE, "spec.md", "text"),
        lambda: files.rescue(PHASE, Step.SPEC, stamp="now"),
    ):
        with pytest.raises(FilesUnavailable, match="leads out of the project"):
            ask()
    assert [path.read_text() for path in sorted(outside.rglob("*.md"))] == ["outside", "outside"]


def test_a_link_that_leads_to_itself_is_said_in_words(files: Workspace, places: Places) -> None:
    places.phase(PHASE).parent.mkdir()
    places.phase(PHASE).symlink_to(PHASE)
    with pytest.raises(FilesUnavailable, match="leads to itself"):
        files.read(PHASE, Step.SPEC)
    with pytest.raises(FilesUnavailable, match="leads to itself"):
        files.write(PHASE, "spec.md", "text")


def test_a_document_that_is_no_file_is_said_in_words(files: Workspace, places: Places) -> None:
    places.document(PHASE, Step.SPEC).mkdir(parents=True)
    with pytest.raises((FilesUnavailable, InvalidInput), match=r"Is a directory|not a regular file"):
        files.read(PHASE, Step.SPEC)
    (places.root / "dev" / "st02").write_text("a file where a folder should be")
    with pytest.raises(FilesUnavailable, match="Not a directory"):
        files.read("st02", Step.SPEC)
    with pytest.raises(FilesUnavailable, match=r"Not a directory|File exists"):
        files.write("st02", "spec.md", "text")


def test_a_pipe_in_a_documents_place_keeps_nobody_waiting(files: Workspace, places: Places) -> None:
    places.phase(PHASE).mkdir(parents=True)
    os.mkfifo(places.document(PHASE, Step.SPEC))
    said: list[object] = []

    def read() -> None:
        try:
            said.append(files.read(PHASE, Step.SPEC))
        except Refusal as refusal:
            said.append(refusal)

    reader = Thread(target=read, daemon=True)
    reader.start()
    reader.join(10)
    assert len(said) == 1


def test_what_is_not_utf_8_is_refused_with_its_place_and_the_way_back(files: Workspace, places: Places) -> None:
    files.write(PHASE, "spec.md", "")
    places.document(PHASE, Step.SPEC).write_bytes(b"# Spec\n\xff\xfe")
    with pytest.raises(InvalidInput, match=rf"dev/{PHASE}/spec\.md is not UTF-8 text \(byte 7\)") as refusal:
        files.read(PHASE, Step.SPEC)
    assert refusal.value.fix == (f"orch checkout {PHASE} spec",)
    assert files.read_bytes(PHASE, Step.SPEC) == b"# Spec\n\xff\xfe"


def test_a_text_may_be_as_large_as_the_limit_and_no_larger(files: Workspace, places: Places) -> None:
    files.write(PHASE, "spec.md", "x" * LIMIT)
    assert len(files.read(PHASE, Step.SPEC) or "") == LIMIT
    with places.document(PHASE, Step.SPEC).open("a") as file:
        file.write("x")
    with pytest.raises(InvalidInput, match="larger than 4 MiB"):
        files.read(PHASE, Step.SPEC)


def test_a_rescued_document_is_moved_aside_whole(files: Workspace, places: Places) -> None:
    assert files.rescue(PHASE, Step.SPEC, stamp="now") is None
    files.write(PHASE, "spec.md", "edited")
    aside = files.rescue(PHASE, Step.SPEC, stamp="now")
    assert aside == places.state / "rescued" / PHASE / "spec-now.md"
    assert aside.read_text() == "edited"
    assert files.read(PHASE, Step.SPEC) is None


def test_rescued_documents_never_take_each_others_place(files: Workspace) -> None:
    asides = []
    for number in range(5):
        files.write(PHASE, "spec.md", f"edit {number}")
        asides.append(files.rescue(PHASE, Step.SPEC, stamp="now"))
    assert [aside and aside.read_text() for aside in asides] == [f"edit {number}" for number in range(5)]


def test_what_cannot_be_read_can_be_rescued(files: Workspace, places: Places, tmp_path: Path) -> None:
    places.phase(PHASE).mkdir(parents=True)
    document = places.document(PHASE, Step.SPEC)
    document.write_bytes(b"\xff" * (LIMIT + 1))
    aside = files.rescue(PHASE, Step.SPEC, stamp="now")
    assert aside is not None and aside.stat().st_size == LIMIT + 1
    document.symlink_to(tmp_path / "nowhere")
    aside = files.rescue(PHASE, Step.SPEC, stamp="now")
    assert aside is not None and aside.is_symlink() and not document.is_symlink()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder on a way that everybody may go, unlike those that pytest makes."""
    with TemporaryDirectory(dir="/tmp") as folder:
        run(["chmod", "755", folder], check=True)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_somebody_without_rights_is_told_in_one_sentence(open_folder: Path) -> None:
    files = Workspace(places_of(open_folder, env={}))
    path = files.write("st01", "spec.md", "text")
    path.chmod(0o600)
    (open_folder / ".orch").mkdir(mode=0o755)
    answer = run([sys.executable, "-c", AS_NOBODY, open_folder], cwd=ROOT, capture_output=True, text=True)
    assert answer.stderr == ""
    said = dict(line.split(" ", 1) for line in answer.stdout.splitlines())
    assert said.keys() == {"read", "write", "rescue", "lock"}
    for line in said.values():
        assert line.startswith(f"FILESYSTEM_ERROR {open_folder}/")
        assert line.endswith(": Permission denied.")
    assert path.read_text() == "text"
