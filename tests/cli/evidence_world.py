"""A project worth exporting, its evidence package, and what people do to packages."""

import csv
import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters import evidence_verify
from tests.cli.conftest import Orch, begun_in_a_file

HELD = "held.txt"
ZIP = "evidence.zip"


class Verdict(NamedTuple):
    """What verify.py answered."""

    status: int
    out: str


Verify = Callable[..., Verdict]


def fill(orch: Orch) -> None:
    """Let two people and an agent work on two phases, with checkpoints on the way and a key that is replaced."""

    def must(*words: str) -> None:
        assert orch(*words).status == 0, words

    must("init", "--host", "example.org")
    must("spec", "st01-x", "--objectives", "Round trip below 10 ms")
    must(
        "reject",
        "st01-x",
        "spec",
        "--feedback",
        "=1+1",
        "--feedback",
        "say how <b>it</b> is measured",
        "--actor",
        "grace",
    )
    must("audit", "checkpoint")
    must("spec", "st01-x", "--objectives", "Round trip below 10 ms by loopback")
    must("policy", "set", "--agents-may-approve", "--approvers", "spec=2", "--reason", "so an agent may force")
    forced = ("--force", "--reason", "release day \x1b[31m", "--actor", "robot", "--actor-kind", "agent")
    must("approve", "st01-x", "spec", *forced)
    must("audit", "key", "rotate", "--reason", "a year has passed")
    Path(HELD).write_text(orch("audit", "checkpoint").out)
    must("policy", "set", "--minimum-approvers", "2", "--reason", "four eyes")
    must("spec", "st02-y", "--objectives", "small", "--title", "Öfen & <i>Pfeifen</i> 愛")
    must("approve", "st02-y", "spec", "--comments", "fine", "--actor", "grace")
    must("block", "st02-y", "no sound card")


def export(orch: Orch, *words: str, name: str = ZIP) -> dict[str, Any]:
    """Write a package and return what the command told."""
    told = orch("audit", "export", "-o", name, "--yes", "--json", *words)
    assert told.status == 0, told
    return told.data


def unpacked(name: str | Path = ZIP, folder: str = "evidence") -> Path:
    """Unpack a package into a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(name) as packed:
        packed.extractall(folder)
    return Path(folder)


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Iterator[Verify]:
    """Yield a function that runs the program of a package on some path, in this process, which it leaves as it was."""
    limit = csv.field_size_limit()

    def run(*words: str | Path) -> Verdict:
        capsys.readouterr()
        status = evidence_verify.main([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Verdict(status, said.out)

    yield run
    csv.field_size_limit(limit)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return where a module keeps the world that its first test made."""
    return {"world": tmp_path_factory.mktemp("kept") / "world"}


@pytest.fixture
def world(orch: Orch, kept: dict[str, Path], tmp_path: Path) -> Orch:
    """Return `orch` in a copy of the project, its package of everything unpacked in `evidence`."""
    with begun_in_a_file(orch):
        if kept["world"].exists():
            shutil.copytree(kept["world"], tmp_path, dirs_exist_ok=True)
        else:
            fill(orch)
            export(orch)
            unpacked()
            shutil.copytree(tmp_path, kept["world"])
    return orch


def lines(folder: Path, name: str = "events.jsonl") -> list[dict[str, Any]]:
    """Return the lines of a list."""
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def write_lines(folder: Path, found: list[dict[str, Any]], name: str = "events.jsonl") -> None:
    """Write the lines of a list."""
    (folder / name).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found))


def relisted(folder: Path) -> None:
    """Make the manifest fit the files, as somebody would who changed one."""
    manifest = json.loads((folder / "manifest.json").read_text())
    names = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    manifest["files"] = [
        {
            "name": name,
            "bytes": (folder / name).stat().st_size,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in names
        if not name.startswith(("documents/", "manifest."))
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest))
