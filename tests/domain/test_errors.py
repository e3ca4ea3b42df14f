"""Every way we say no is drawn, coded and written once."""

import re

import pytest

from domain import errors
from domain.errors import DocumentEdited, Refusal
from tests.fix_lines import understood


def family(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind}.union(*(family(child) for child in kind.__subclasses__()))


def drawn() -> dict[str, str]:
    """Return the tree of the module's docstring: name to parent."""
    parents: dict[str, str] = {}
    path: list[str] = ["Refusal"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([│ ]*)[├└]── (\w+) +\S", line)
        if found:
            depth = len(found[1]) // 4 + 1
            parents[found[2]] = path[depth - 1]
            path[depth:] = [found[2]]
    return parents


def test_the_tree_that_is_drawn_is_the_tree_of_classes() -> None:
    known = {kind for kind in family(Refusal) if kind.__module__ == errors.__name__} - {Refusal}
    assert len(known) > 20
    assert drawn() == {
        kind.__name__: parent.__name__
        for parent in family(Refusal)
        for kind in parent.__subclasses__()
        if kind in known
    }


@pytest.mark.parametrize("kind", sorted(family(Refusal), key=str))
def test_every_code_is_one_that_a_program_can_rely_on(kind: type[Refusal]) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", kind.code)


def test_an_edited_document_offers_both_ways_out() -> None:
    refused = DocumentEdited("st01-x", "spec", path="dev/st01-x/spec.md")
    assert refused.code == "DOCUMENT_EDITED"
    assert refused.fix == ("orch edit st01-x spec", "orch checkout st01-x spec")
    assert all(understood(line) for line in refused.fix)
