"""What a template of the project's own may do, and what it may not."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.templates import JinjaTemplates
from domain.errors import TemplateBroken
from domain.steps import Step
from tests.adapters.rendering import render


def own(folder: Path, source: str, name: str = "spec.md.j2") -> Path:
    (folder / name).write_text(source)
    return folder


def test_the_digest_is_of_the_sources_that_were_used(tmp_path: Path) -> None:
    alone = render(Step.SPEC, {}, overrides=own(tmp_path, "# Mine\n"))
    assert alone == ("# Mine\n", "project:spec.md.j2", "sha256:" + sha256(b"# Mine\n").hexdigest())
    own(tmp_path, "{% include 'part.j2' %}")
    own(tmp_path, "one", "part.j2")
    first = render(Step.SPEC, {}, overrides=tmp_path)
    own(tmp_path, "two", "part.j2")
    second = render(Step.SPEC, {}, overrides=tmp_path)
    assert (first.text, second.text) == ("one\n", "two\n")
    assert first.template_digest != second.template_digest
    assert render(Step.PRD, {}, overrides=tmp_path).template == "built-in:prd.md.j2"


def test_a_template_changed_between_two_renderings_is_read_again(tmp_path: Path) -> None:
    templates = JinjaTemplates(own(tmp_path, "one"))
    values: dict[str, Any] = {"phase": "a", "title": "A", "iteration": 1, "answers": [], "derived": {}}
    assert templates.render(Step.SPEC, {}, **values).text == "one\n"
    own(tmp_path, "two")
    assert templates.render(Step.SPEC, {}, **values).text == "two\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a\n{% if %}", "project:spec.md.j2, line 2: Expected an expression"),
        ("a\nb\n{{ missing }}", "project:spec.md.j2, line 3: 'missing' is undefined"),
        ("{{ d.missing }}", "line 1: 'dict object' has no attribute 'missing'"),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("{{ d.__class__ }}", "line 1"),
        ("{{ ''.__class__.__mro__ }}", "line 1"),
        ("{{ d.get.__self__ }}", "line 1"),
        ("{{ d.update({'a': 1}) }}", "line 1"),
        ("{{ d.clear() }}", "line 1"),
        ("{{ range(10) }}", "'range' is undefined"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ cycler }}", "'cycler' is undefined"),
        ("{{ self.__init__ }}", "line 1"),
        ("{{ 'a' * 10**9 }}", "ordinary size"),
        ("{{ 9 ** 9 }}", "ordinary size"),
        ("{{ '%1000000000d' % 1 }}", "ordinary size"),
        ("{{ '{:1000000000}'.format(1) }}", "line 1"),
        ("{{ 'a'.ljust(1000000000) }}", "line 1"),
        ("{{ 'a' | center(1000000000) }}", "No filter named 'center'"),
        ("{{ d | attr('keys') }}", "No filter named 'attr'"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls itself without end"),
        ("{% include '../spec.md.j2' %}", "has no plain name"),
        ("{% include '/etc/passwd' %}", "has no plain name"),
        ("{% include 'nothing.j2' %}", "project:spec.md.j2: there is no template nothing.j2"),
        ("{% set n = 'spec' %}{% include n ~ '.md.j2' ~ '' %}", "line 1"),
        ("{% include phase %}", "line 1"),
        ("a\n{{ title | map('nope') | list }}", "line 2"),
        ("{{ (((((" * 300, "nested too deeply"),
    ],
)
def test_a_broken_template_is_refused_with_its_line(tmp_path: Path, source: str, words: str) -> None:
    fields: dict[str, object] = {"objectives": ["a"]}
    with pytest.raises(TemplateBroken) as refused:
        render(Step.SPEC, fields, overrides=own(tmp_path, source))
    assert words in refused.value.message
    assert refused.value.message.isprintable()
    assert fields == {"objectives": ["a"]}


def test_a_template_cannot_write_without_end(tmp_path: Path) -> None:
    source = "{% for a in d.n %}{% for b in d.n %}{% for c in d.n %}{{ title }}{% endfor %}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateBroken, match="writes more than 16 MiB"):
        render(Step.SPEC, {"n": list(range(1000))}, overrides=own(tmp_path, source), title="x" * 1000)


@pytest.mark.parametrize(("data", "words"), [(b"\xff", "is not UTF-8"), (b"a" * 300_000, "larger than 256 KiB")])
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "spec.md.j2").write_bytes(data)
    with pytest.raises(TemplateBroken, match=words):
        render(Step.SPEC, {}, overrides=tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "spec.md.j2").symlink_to(tmp_path / "secret")
    with pytest.raises(TemplateBroken, match="link to somewhere else"):
        render(Step.SPEC, {}, overrides=folder)


@given(
    source=st.text()
    | st.lists(st.sampled_from(["{{", "}}", "{%", "%}", " d ", " for ", " if ", "x", "|", ".", "("])).map("".join)
)
def test_any_text_is_a_template_or_refused(tmp_path_factory: pytest.TempPathFactory, source: str) -> None:
    folder = tmp_path_factory.mktemp("templates", numbered=True)
    (folder / "spec.md.j2").write_bytes(source.encode("utf-8", "surrogatepass"))
    try:
        answer = render(Step.SPEC, {"title": "a"}, overrides=folder).text
    except TemplateBroken as refused:
        answer = refused.message
    else:
        assert answer.endswith("\n")
    assert answer
