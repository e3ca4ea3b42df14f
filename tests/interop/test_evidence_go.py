"""The Go program of an evidence package, which shares nothing with verify.py, on the same packages."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from adapters.keys import load_key
from adapters.signed_notes import note, sign
from domain.checkpoints import Checkpoint
from tests.cli.conftest import Orch, orch
from tests.cli.evidence_world import export, kept, lines, unpacked, world, write_lines
from tests.cli.recovered_world import promoted, recovered
from tests.interop.go_judge import compiled

__all__ = ["kept", "orch", "world"]  # fixtures
HERE = Path("evidence")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return check.go, built as it lies in the package, or skip the test with the reason."""
    from adapters.evidence_pages import check_go

    folder = tmp_path_factory.mktemp("go")
    (folder / "check.go").write_bytes(check_go())
    return compiled(folder / "check.go", folder)


def check(program: Path, *words: str) -> tuple[int, str]:
    ran = subprocess.run([program, *words], capture_output=True, text=True, timeout=120)
    assert "panic" not in ran.stderr and "goroutine" not in ran.stderr, ran.stderr
    return ran.returncode, ran.stdout


def test_go_verifies_a_package_of_everything(program: Path, world: Orch) -> None:
    status, said = check(program, "evidence")
    assert status == 0, said
    assert f"checked: {len(lines(HERE))} events of {len(lines(HERE))}, 14 texts, 3 documents, 2 earlier" in said
    key = world("audit", "key", "show", "--json").data
    assert check(program, "-vkey", key["key"], "evidence")[0] == 0
    status, said = check(program, "-vkey", key["replaced"][0], "evidence")
    assert status == 6 and "checkpoint" in said


@pytest.mark.parametrize(
    "words", [("--phase", "st01-x"), ("--from", "position:4", "--to", "position:9"), ("--withhold",)]
)
def test_go_verifies_a_package_of_a_part(program: Path, world: Orch, words: tuple[str, ...]) -> None:
    export(world, *words)
    unpacked()
    status, said = check(program, "evidence")
    assert status == 7 and "what was checked holds" in said, said


@pytest.mark.parametrize("words", [(), ("--phase", "st01-x")])
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("events.jsonl", "grace", "heidi"),
        ("events.jsonl", "loopback", "prayer!!"),
        ("events.jsonl", '"salt":"', '"salt":"00'),
        ("documents/st01-x/spec-2.md", "loopback", "prayer"),
        ("checkpoint", "\n1", "\n2"),
        ("keys/current.vkey", "+A", "+B"),
    ],
)
def test_go_refuses_a_changed_package(
    program: Path, world: Orch, words: tuple[str, ...], name: str, old: str, new: str
) -> None:
    export(world, *words)
    unpacked()
    text = (HERE / name).read_text()
    assert old in text
    (HERE / name).write_text(text.replace(old, new))
    status, said = check(program, "evidence")
    assert status == 6 and "DIFFERS" in said


def test_go_refuses_events_left_out_or_in_another_order(program: Path, world: Orch) -> None:
    found = lines(HERE)
    for changed in (found[:-1], found[1:], [*found[:4], *found[5:]], [found[1], found[0], *found[2:]], []):
        write_lines(HERE, changed)
        assert check(program, "evidence")[0] == 6


def test_go_refuses_an_earlier_checkpoint_that_does_not_fit(program: Path, world: Orch) -> None:
    for folder in ("checkpoints", "consistency"):
        one, other = sorted((HERE / folder).iterdir())
        data = one.read_bytes()
        one.write_bytes(other.read_bytes())
        assert check(program, "evidence")[0] == 6
        one.write_bytes(data)


def test_go_tells_words_that_are_wrong_from_damage(program: Path, world: Orch) -> None:
    for words in (("nowhere",), ("evidence.zip",), ("-vkey", "x", "evidence")):
        ran = subprocess.run([program, *words], capture_output=True, text=True)
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran


def test_go_follows_a_log_that_was_promoted_twice(program: Path, world: Orch) -> None:
    for to, out in (("position:13", "new"), ("position:8", "newer")):
        recovered(world, to, out=out)
        promoted(world, out=out)
    world("spec", "st03-z", "--objectives", "later")
    for words, expected in (((), 0), (("--phase", "st01-x"), 7), (("--from", "position:4", "--to", "position:7"), 7)):
        export(world, *words)
        unpacked()
        status, said = check(program, "evidence")
        assert status == expected, said
    export(world)
    unpacked()
    found = lines(HERE)
    parent, fork = (json.loads(found[at]["entry"].partition("\n")[2])["origin"] for at in (0, -1))
    write_lines(HERE, [*found[:3], {**found[3], "entry": found[3]["entry"].replace(parent, fork)}, *found[4:]])
    status, said = check(program, "evidence")
    assert status == 6 and f'position 4 belongs to the log "{fork}", not to "{parent}"' in said


def test_in_go_a_key_speaks_for_its_own_log_only(program: Path, world: Orch) -> None:
    recovered(world, "position:13")
    promoted(world)
    export(world)
    unpacked()
    checkpoint = Checkpoint.parse((HERE / "checkpoint").read_text().partition("\n\n")[0] + "\n")
    replaced = (HERE / "keys/replaced-2.vkey").read_text().strip()
    (keys,) = Path(".orch/retired").glob("*/keys")
    text = checkpoint.text()
    (HERE / "checkpoint").write_bytes(note(text, [sign(text, replaced, load_key(keys, replaced))]))
    status, said = check(program, "evidence")
    assert status == 6 and f'no key of "{checkpoint.origin}" signed it' in said


def test_go_counts_a_tree_of_many_tiles(program: Path, orch: Orch) -> None:
    from tests.cli.verified_world import make_world

    make_world(orch)
    export(orch)
    unpacked()
    status, said = check(program, "evidence")
    assert status == 0 and f"{len(lines(HERE))} events of" in said, said


def test_the_go_command_of_the_readme_works_as_it_stands(program: Path, world: Orch) -> None:
    readme = (HERE / "README.md").read_text()
    (command,) = re.findall(r"^\$ (GO111MODULE=off .*)$", readme, re.MULTILINE)
    assert "GOPATH=/usr/share/gocode" in command
    env = {**os.environ, "GOCACHE": str(program.parent / "cache")}  # what `compiled` used
    done = subprocess.run(["/bin/sh", "-c", command], cwd=HERE, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "verified" in done.stdout, done.stdout + done.stderr


def test_a_digest_of_tasks_with_ticked_boxes_is_the_same_in_go(program: Path, orch: Orch) -> None:
    from tests.cli.garbage_world import DRAFTS, PREVIOUS

    assert orch("init", "--host", "example.org").status == 0
    assert orch("spec", "st01-x", "--objectives", "small").status == 0
    for step, words in DRAFTS.items():
        assert orch("approve", "st01-x", PREVIOUS[step]).status == 0
        assert orch(step, "st01-x", *words).status == 0
    path = Path("dev/st01-x/tasks.md")
    path.write_text("\ufeff" + path.read_text().replace("\n", "\r\n") + "- [x] done\n\u00a0* [X] odd\n\n\n+ [ ] open")
    assert orch("edit", "st01-x", "tasks").status == 0
    export(orch)
    unpacked()
    status, said = check(program, "evidence")
    assert status == 0 and "6 documents" in said, said
    assert json.loads((HERE / "manifest.json").read_text())["counts"]["documents"] == 6
