"""Garbage in files: what `--from` names, templates of the project's own, documents on disk."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.garbage_world import World

FILES: dict[str, bytes] = {
    "alias.yaml": b"objectives: &a [x]\nrequirements: *a\n",
    "laughs.yaml": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "tag.yaml": b"objectives: !!python/object/apply:os.system ['touch ../others/owned']\n",
    "twice.yaml": b"objectives: [a]\nobjectives: [b]\n",
    "deep.yaml": b"objectives: " + b"[" * 20_000,
    "deeper.yaml": b"- " * 20_000,
    "merge.yaml": b"<<: {objectives: [a]}\n",
    "two.yaml": b"objectives: [a]\n---\nobjectives: [b]\n",
    "latin.yaml": b"objectives: [caf\xe9]\n",
    "utf16.yaml": "objectives: [a]".encode("utf-16"),
    "nul.yaml": b"objectives: [a\x00b]\n",
    "escape.yaml": b'objectives: ["\\e[2J\\x9b\\u202e"]\n',
    "bidi.yaml": "objectives: [\u202eevil, \u2066x]\n".encode(),
    "nan.yaml": b"objectives: [.nan]\n",
    "huge.yaml": b"objectives: " + b"9" * 10_000,
    "empty.yaml": b"",
    "comment.yaml": b"# nothing\n",
    "scalar.yaml": b"just words",
    "list.yaml": b"[1, 2]",
    "large.yaml": b"objectives: [" + b"x" * (5 * 2**20) + b"]",
    "unknown.yaml": b"nonsense: 1\n__class__: 2\n",
    "nan.json": b'{"objectives": [NaN, Infinity, -Infinity]}',
    "huge.json": b'{"objectives": ' + b"9" * 5_000 + b"}",
    "float.json": b'{"objectives": [1e999]}',
    "surrogate.json": b'{"objectives": ["\\ud800"]}',
    "escape.json": b'{"objectives": ["\\u001b[2J\\u009b"]}',
    "twice.json": b'{"objectives": ["a"], "objectives": ["b"]}',
    "deep.json": b"[" * 100_000,
    "cut.json": b'{"objectives": [',
    "keys.toml": b".".join([b"a"] * 5_000) + b" = 1",
    "cut.toml": b"objectives = [",
    "time.toml": b"objectives = [1979-05-27T07:32:00Z]",
    "deep.toml": b"objectives = " + b"[" * 5_000,
    "words.exe": b"objectives: [a]",
}
WORDS = "{{ 7*7 }} {% include '/etc/passwd' %} ```\n# x\n| a | b |\n<script> - [x] T001"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("made"))
    world.make()
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """Return a project of one's own, where every phase stands somewhere else."""
    return made.copy(tmp_path / "world")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("from_stdin", [False, True], ids=["file", "stdin"])
def test_an_input_file_of_any_kind_is_fields_or_refused(world: World, name: str, from_stdin: bool) -> None:
    (world.project / name).write_bytes(FILES[name])
    for step, phase in (("spec", "st05-new"), ("research", "st02-middle")):
        said = world.tried(
            step, phase, "--json", "--from", "-" if from_stdin else name, stdin=FILES[name] if from_stdin else b""
        )
        assert said.status in (0, 2)
    world.check_log()


@pytest.mark.parametrize("name", ["..", ".", "/", "missing.yaml", "folder.yaml", "pipe.yaml", "loop.yaml", "zero.yaml"])
def test_an_input_that_is_no_file_is_refused_at_once(world: World, name: str) -> None:
    (world.project / "folder.yaml").mkdir()
    os.mkfifo(world.project / "pipe.yaml")
    (world.project / "loop.yaml").symlink_to("loop.yaml")
    (world.project / "zero.yaml").symlink_to("/dev/zero")
    assert world.tried("spec", "st05-new", "--json", "--from", name).status == 2


@pytest.mark.parametrize("words", ["a", "--", "-", WORDS])
def test_templates_and_markdown_in_data_stay_data(world: World, words: str) -> None:
    text = words.replace(",", " ")
    assert world.tried("spec", "st05-new", f"--objectives={text}").status == 0
    shown = world.tried("show", "st05-new", "spec").out
    assert "49" not in shown and "root:" not in shown
    assert sum(line.startswith("# ") for line in shown.splitlines()) == 1
    world.check_log()


@pytest.mark.parametrize(
    "source",
    [
        b"{{ ''.__class__.__mro__ }}",
        b"{{ d.__init__.__globals__ }}",
        b"{{ d|attr('__class__') }}",
        b"{% include '../../../others/secret.md' %}",
        b"{% include '/etc/passwd' %}",
        b"{% set x = '../x' %}{% include x %}",
        b"{% for %}",
        b"{{ nope }}",
        b"{{ 9**9**9 }}",
        b"{{ 'x' * 10**9 }}",
        b"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        b"{% include 'spec.md.j2' %}",
        b"{{ cycler }}{{ lipsum() }}",
        b"{% raw %}\x1b[2J\xe2\x80\xae{% endraw %}",
        b"\xff\xfe",
        b"(" * 5_000 + b"{{" + b"(" * 5_000,
        b"x" * 300_000,
        b"",
    ],
)
def test_a_template_of_the_projects_own_is_rendered_or_refused(world: World, source: bytes) -> None:
    folder = world.project / ".orch" / "templates"
    folder.mkdir()
    (folder / "spec.md.j2").write_bytes(source)
    said = world.tried("spec", "st05-new", "--objectives", "x", "--json")
    assert said.status in (0, 2)
    if said.status:
        assert said.error["code"] == "TEMPLATE_ERROR"
    else:
        world.tried("show", "st05-new", "spec")
    world.check_log()


def test_a_template_that_is_no_file_is_refused_at_once(world: World) -> None:
    template = world.project / ".orch" / "templates" / "spec.md.j2"
    template.parent.mkdir()
    makes: list[Callable[[Path], object]] = [Path.mkdir, os.mkfifo, a_link_out]
    for make in makes:
        make(template)
        said = world.tried("spec", "st05-new", "--objectives", "x", "--json")
        assert (said.status, said.error["code"]) == (2, "TEMPLATE_ERROR")
        template.rmdir() if template.is_dir() else template.unlink()


def garbage_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00\x80")


def escapes(path: Path) -> None:
    path.write_text("# \x1b[2J\x9b31m \u202e \u2066 \x07\x00\r\n")


def too_large(path: Path) -> None:
    path.write_bytes(b"x" * (5 * 2**20))


def a_link_out(path: Path) -> None:
    path.symlink_to(next(p for p in path.parents if (p / "others").is_dir()) / "others" / "secret.md")


def a_loop(path: Path) -> None:
    path.symlink_to(path)


KINDS = [garbage_text, escapes, too_large, Path.mkdir, os.mkfifo, a_link_out, a_loop, Path.touch]


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_a_document_turned_into_anything_is_refused_and_checkout_brings_it_back(
    world: World, make: Callable[[Path], object]
) -> None:
    path = world.project / "dev" / "st02-middle" / "research.md"
    recorded = path.read_text()
    path.unlink()
    make(path)
    refused = world.tried("approve", "st02-middle", "research", "--json")
    assert refused.status in (2, 3)
    assert "orch checkout st02-middle research" in refused.error["fix"]
    for words in ("status", "show", "history", "list", "next", "why", "reject", "handoff", "request", "block"):
        step = ["research"] if words in ("show", "reject", "request") else ["text"] if words == "block" else []
        world.tried(words, *([] if words in ("list", "next") else ["st02-middle"]), *step, "--json")
    assert world.tried("checkout", "st02-middle", "research", "--json").status == 0
    assert path.read_text() == recorded and not path.is_symlink()
    assert world.tried("approve", "st02-middle", "research").status == 0
    world.check_log()


def test_escapes_recorded_by_hand_reach_no_screen(world: World) -> None:
    escapes(world.project / "dev" / "st02-middle" / "research.md")
    edited = world.tried("edit", "st02-middle", "research")
    assert edited.status in (0, 2)
    for words in (("show", "st02-middle", "research"), ("history", "st02-middle"), ("status", "st02-middle")):
        world.tried(*words)
        world.tried(*words, "--json")
    world.check_log()


@pytest.mark.parametrize("name", ["dev", "dev/st02-middle", ".orch/locks", ".orch/rescued"])
def test_a_folder_that_leads_out_lets_nothing_out(world: World, name: str) -> None:
    folder = world.project / name
    if folder.exists():
        shutil.rmtree(folder)
    folder.symlink_to(world.others)
    if name.startswith("dev"):
        for step in ("research", "spec"):
            world.tried("research", "st02-middle", "--foundation", "else", "--json")
            world.tried("checkout", "st02-middle", step, "--json")
            world.tried("approve", "st02-middle", step, "--json")
    world.tried("list", "--json")
