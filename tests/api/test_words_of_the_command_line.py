"""Over HTTP no sentence speaks of options and commands: what can come out of the service names fields and headers."""

import ast
from collections.abc import Iterator
from inspect import isclass
from pathlib import Path

from domain import errors
from domain.errors import CommandIdReused, Refusal
from tests.api.served import SPOKEN

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "usecases", "adapters", "domain", "projections")
ADVICE = ("fix", "command", "option", "example", "grants", "draft")
"""Arguments of refusals that are commands by their nature: `fix` is told as the command line says it (docs/api.md)."""
ONLY_BESIDE_THE_LOG = {
    "adapters.actor": "who acts is told by options there, and by a token here",
    "adapters.inputs": "fields that were given as options; here they are fields of a body",
    "adapters.input_files": "a file that an option names; here it is a body, which has a name of its own",
    "adapters.input_flags": "as above",
}
"""Modules that the service loads for something else: their refusals of this kind are raised for options only."""


def modules() -> dict[str, ast.Module]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text()) for path in found}


MODULES = modules()


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def served() -> set[str]:
    """Return every module that the service can come to."""
    found: set[str] = set()
    waiting = [name for name in MODULES if name.startswith("api.")]
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in found:
            found.add(name)
            waiting += imported(MODULES[name])
    return found


def refusals() -> set[str]:
    """Return the names of all kinds of refusals, wherever they are defined."""
    names = {name for name, kind in vars(errors).items() if isclass(kind) and issubclass(kind, Refusal)}
    names |= {"HttpRefusal"}
    for tree in MODULES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id in names for b in node.bases):
                names.add(node.name)
    return names


def sentences(tree: ast.Module, kinds: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the words that a module gives to refusals, and those that the kinds themselves are made of."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        made = node.func.id if isinstance(node.func, ast.Name) else ""
        is_super = isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"
        if made in kinds or is_super or made == "_refuse":
            given = [*node.args, *(each.value for each in node.keywords if each.arg not in ADVICE)]
            for part in (part for each in given for part in ast.walk(each)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value


def test_no_sentence_of_a_refusal_that_the_service_can_tell_names_an_option_or_a_command() -> None:
    kinds, found = refusals(), []
    looked_at = 0
    for name in sorted(served() - ONLY_BESIDE_THE_LOG.keys()):
        for line, words in sentences(MODULES[name], kinds):
            looked_at += 1
            if SPOKEN.search(words):
                found.append(f"{name}:{line}: {words}")
    assert not found, "\n".join(found)
    assert looked_at > 1000, "it looks at something"


def test_what_is_left_out_is_loaded_at_all_and_says_such_words() -> None:
    kinds = refusals()
    assert ONLY_BESIDE_THE_LOG.keys() <= served()
    said = [words for name in ONLY_BESIDE_THE_LOG for _, words in sentences(MODULES[name], kinds)]
    assert any(SPOKEN.search(words) for words in said), "the search finds them"


def test_a_key_that_was_used_before_is_told_without_an_option() -> None:
    assert not SPOKEN.search(CommandIdReused("key").message)
