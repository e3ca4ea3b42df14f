"""Any words at all after any command: an answer or a refusal, and nothing broken."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli import bench_rounds
from cli.main import program
from domain.steps import STEPS
from tests.cli.garbage_world import World
from tests.reliability.ledger import LONG

PHASES = ("st01-done", "st02-middle", "st03-blocked", "st04-archived")
GARBAGE = (
    "",
    " ",
    "\n",
    "\t",
    "-",
    "--",
    ".",
    "..",
    "/",
    "~",
    "*",
    "$(touch x)",
    "`id`",
    "../../others/secret",
    "/etc/passwd",
    "/dev/zero",
    "st01-done/../../..",
    "st01-done\x00",
    "st01-d\u043ene",
    "\uff53t01-done",
    "ST01-DONE",
    "st01\u2011done",
    "x" * 10_000,
    "x-" * 50 + "x",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31mred",
    "\u202egnp.exe\u202c",
    "\u2066\u200f\u061c\u2028\ufeff",
    "\udcff\udcfe",
    "\r\noverwritten\r",
    "{{ 7*7 }}",
    "{% include '/etc/passwd' %}{% raw %}",
    "{{ ''.__class__.__mro__ }}",
    "%s%n{0}{x!r}",
    "# Heading\n\n```\n| a | b |\n<!-- -->\n---\n- [x] T001",
    "\\,\\,,\\",
    "null",
    "NaN",
    "1e999",
    "-1",
    "0",
    "9" * 18,
    "9" * 30,
    "9" * 5_000,
    "[" * 5_000,
    '{"a":' * 1_000,
    '[{"name": "a", "pros": ["\\u001b[2J"]}]',
    '[{"name": "a", "name": "b"}]',
    "'; DROP TABLE events; --",
    "position:0",
    "position:-1",
    "position:1",
    "position:999999999999999",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-02-30T25:61:61Z",
    "2026-11-24T14:00:00",
    "2026-11-24T14:00:00+99:99",
    "sha256:1:" + "0" * 64,
    "😀" * 300,
    "a\u0301\u0323" * 200,
)
LARGE = ("y" * 2**20, "line\n" * 200_000, "a,b\\,c," * 40_000, "\u202e" * 300_000)

garbage = st.one_of(st.sampled_from(GARBAGE), st.sampled_from(GARBAGE), st.text(st.characters(), max_size=20))


def commands() -> dict[tuple[str, ...], click.Command]:
    """Return every command that does something, by the words that name it."""
    found: dict[tuple[str, ...], click.Command] = {}
    root = program()
    assert isinstance(root, click.Group)
    for name in (*root.list_commands(click.Context(root)), "setup"):
        command = root.get_command(click.Context(root), name)
        if isinstance(command, click.Group):
            for inner in command.list_commands(click.Context(command)):
                found[name, inner] = command.get_command(click.Context(command), inner) or command
        else:
            assert command is not None
            found[name,] = command
    return found


LEFT_OUT = ("json", "follow")
"""Options that are not drawn: one is tried with everything, the other makes a command go on until a signal ends it."""
ENDS = (("--once",), ("--status",), ("--rebuild",), ("--wait", "5", "--timeout", "0.1"))
"""One of these is always said to `orch follow`: by itself it goes on until a signal ends it, too."""
ENDLESS = (("follow",), ("serve",), ("monitor",))
COMMANDS = commands()
TASK_COMMANDS = tuple(name for name in sorted(COMMANDS) if name[0] == "task")


def test_every_command_is_tried() -> None:
    assert len(COMMANDS) >= 32
    assert {("spec",), ("policy", "set"), ("schema", "show"), ("setup",)} <= COMMANDS.keys()


def sensible(parameter: click.Parameter) -> st.SearchStrategy[str]:
    """Return words that the parameter may well accept, so that garbage elsewhere gets past the first check."""
    match parameter.name:
        case "phase" | "on":
            return st.sampled_from(PHASES)
        case "step":
            return st.sampled_from(STEPS)
        case "phases":
            return st.sampled_from((*PHASES, ",".join(PHASES), "all", "st01-done,BAD,st99-no"))
        case "command":
            return st.sampled_from(("status", "approve spec", "block {} why", "show spec --raw", "spec --objectives x"))
        case "tasks":
            return st.sampled_from(("T001", "2", "First,Second"))
        case "blocker":
            return st.just("B1")
        case "to":
            return st.sampled_from(("position:5", "now", "point:a"))
        case "out" | "new" | "documents":
            return st.sampled_from(("new", "others"))
        case "at" | "since" | "until":
            return st.sampled_from(("position:5", "2030-01-01T00:00:00Z"))
        case "kind" | "actor_kind" | "meaning":
            return st.sampled_from(("human", "resource_unavailable", "review"))
        case "name":
            return st.sampled_from(("spec", "phase.status", "search"))
        case _:
            integers = isinstance(parameter.type, click.types.IntParamType | click.IntRange)
            return st.sampled_from(("1", "2")) if integers else st.sampled_from(("plain words", "4,6", "[]"))


@st.composite
def lines(
    draw: st.DrawFn, values: st.SearchStrategy[str], names: Sequence[tuple[str, ...]] = tuple(sorted(COMMANDS))
) -> tuple[str, ...]:
    """Return a whole command line: any command, any of its options, mostly garbage in them."""
    name = draw(st.sampled_from(names))
    options: list[str] = []
    arguments: list[str] = []
    for parameter in COMMANDS[name].params:
        value = (
            st.one_of(sensible(parameter), values)
            if parameter.name != "step"
            else st.one_of(sensible(parameter), sensible(parameter), values)
        )
        if isinstance(parameter, click.Argument):
            if parameter.required or draw(st.booleans()):
                arguments.append(draw(value))
            continue
        assert isinstance(parameter, click.Option)
        if parameter.name in LEFT_OUT or not (parameter.required or draw(st.integers(0, 2)) == 0):
            continue
        words = draw(st.sampled_from(parameter.opts + parameter.secondary_opts))
        if parameter.is_flag:
            options.append(words)
        else:
            for _ in range(draw(st.integers(1, 2)) if parameter.multiple else 1):
                options += [words, draw(value)] if draw(st.booleans()) else [f"{words}={draw(value)}"]
    if name == ("follow",):
        options += draw(st.sampled_from(ENDS))
    if name == ("monitor",):
        options.append("--once")
    if name == ("serve",):
        options.append("--check")  # by itself it serves until a signal ends it
    takes_json = any(parameter.name == "json" for parameter in COMMANDS[name].params)
    as_json = ["--json"] if takes_json and draw(st.booleans()) else []
    end = ["--"] if draw(st.integers(0, 3)) else []
    return (*name, *as_json, *options, *end, *arguments)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("made"))
    world.make()
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (("EVENTS", 20), ("ROUNDS", 1), ("DURABLE", 2)):  # it is about words, and no figure
            patched.setattr(bench_rounds, name, value)
        yield world


def tried(made: World, line: tuple[str, ...], stdin: bytes = b"") -> None:
    folder = made.folder.with_name("tried")
    shutil.rmtree(folder, ignore_errors=True)
    world = made.copy(folder)
    world.tried(*line, stdin=stdin)
    world.check_log()


@settings(
    max_examples=8000 if LONG else 500,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(line=lines(garbage), stdin=st.sampled_from((b"", b"objectives: [a]", b"\xff", b"- - -")))
def test_any_words_are_answered_or_refused(made: World, line: tuple[str, ...], stdin: bytes) -> None:
    tried(made, line, stdin)


@settings(max_examples=1000 if LONG else 80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(line=lines(garbage, TASK_COMMANDS))
def test_any_words_about_tasks_are_answered_or_refused(made: World, line: tuple[str, ...]) -> None:
    tried(made, line)


@settings(max_examples=300 if LONG else 25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(line=lines(st.sampled_from(LARGE)))
def test_a_mebibyte_is_answered_or_refused(made: World, line: tuple[str, ...]) -> None:
    tried(made, line)


@settings(max_examples=3000 if LONG else 120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    words=st.lists(
        st.one_of(garbage, st.sampled_from([name[0] for name in COMMANDS if name not in ENDLESS])), max_size=5
    )
)
def test_words_in_any_order_are_answered_or_refused(made: World, words: list[str]) -> None:
    if "--help" not in words:
        tried(made, tuple(words))


def test_the_way_out_of_the_project_is_looked_at(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path / "x")
    (world.others / "new").write_text("x")
    assert (made.others / "secret.md").exists() and not (made.others / "new").exists()
