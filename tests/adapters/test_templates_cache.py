"""Compiled templates are code: they are taken only from a folder that nobody else can write."""

from pathlib import Path

import pytest

from adapters.templates import JinjaTemplates
from domain.steps import Step


def text(cache: Path, overrides: Path | None = None) -> str:
    templates = JinjaTemplates(overrides, cache)
    return templates.render(
        Step.SPEC, {"objectives": ["a"]}, phase="a", title="A", iteration=1, answers=[], derived={}
    ).text


def test_the_second_command_takes_what_the_first_compiled(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = text(cache)
    assert cache.stat().st_mode & 0o777 == 0o700
    assert len(list(cache.glob("*.jinja"))) == len(list(cache.iterdir())) == 2
    before = {file: file.stat().st_ino for file in cache.iterdir()}
    assert text(cache) == first
    assert {file: file.stat().st_ino for file in cache.iterdir()} == before, "compiled again"


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o755, 0o702])
def test_a_folder_open_to_others_is_left_alone(tmp_path: Path, mode: int) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(mode)
    assert text(cache).startswith("# Specification: A")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"j2", b"garbage" * 100, "cut"])
def test_a_damaged_cache_is_no_cache(tmp_path: Path, content: bytes | str) -> None:
    cache = tmp_path / "cache"
    first = text(cache)
    files = list(cache.glob("*.jinja"))
    assert files
    for file in files:
        file.write_bytes(content if isinstance(content, bytes) else file.read_bytes()[:-40])
    assert text(cache) == first


def test_a_cache_that_cannot_be_made_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert text(tmp_path / "file" / "cache").startswith("# Specification: A")
    assert text(tmp_path / "file").startswith("# Specification: A")


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    overrides, cache = tmp_path / "own", tmp_path / "cache"
    overrides.mkdir()
    for words in ("one", "two", "one"):
        (overrides / "spec.md.j2").write_text(words)
        assert text(cache, overrides) == words + "\n"
