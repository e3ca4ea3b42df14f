"""The pages of an evidence package: a report for people, a README, and the programs that check it."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.evidence_verify import clean

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent.parent / "templates"
REPORT = "evidence_report.html.j2"
README = "evidence_readme.md.j2"
PIECE = 200
"""Pieces of a template's output that are joined before they are written."""


def verify_py() -> bytes:
    """Return the program that checks a package with Python."""
    return Path(__file__).with_name("evidence_verify.py").read_bytes()


def check_go() -> bytes:
    """Return the program that checks a package with Go."""
    return Path(__file__).with_name("evidence_check.go").read_bytes()


def report(facts: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the report in pieces."""
    stream = _environment().get_template(REPORT).stream(facts)
    stream.enable_buffering(PIECE)
    for piece in stream:
        yield piece.encode()


def readme(facts: Mapping[str, Any]) -> bytes:
    """Return the README."""
    return _environment().get_template(README).render(facts).encode()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_quiet,
    )


def _quiet(value: Any) -> Any:
    """Return a value without control characters; line breaks stay. What a macro made has been through here before."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return "\n".join(clean(line) for line in value.split("\n"))
    return value
