"""Find parts of a Markdown text: sections by their headings, and the lines with a box to tick."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*$")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
BOX = re.compile(r"([ \t]*)[-*+] \[[ xX]\][ \t]+(.+)")


class Section(NamedTuple):
    """A heading as written, and the lines below it up to the next heading of its level or above."""

    heading: str
    body: str


def sections(text: str, wanted: Collection[str]) -> list[Section]:
    """Return the sections whose headings are wanted, in lower case; a section within one of them is part of it."""
    found: list[Section] = []
    level, heading, body = 0, "", [""]
    for line, match in _lines(text):
        if match and level and len(match[1]) <= level:
            found.append(Section(heading, _closed("\n".join(body).strip("\n"))))
            level = 0
        if match and not level and match[2].lower().rstrip(":") in wanted:
            level, heading, body = len(match[1]), match[2].rstrip(":"), []
        elif level:
            body.append(line)
    if level:
        found.append(Section(heading, _closed("\n".join(body).strip("\n"))))
    return [section for section in found if section.body]


def _closed(body: str) -> str:
    """Return a section that swallows nothing of what is put below it: its last block of code and comment end."""
    fence = ""
    for line in body.split("\n"):
        match = FENCE.fullmatch(line)
        if fence and match and match[1].startswith(fence) and not match[2].strip():
            fence = ""
        elif not fence and match:
            fence = match[1]
    body += f"\n{fence}" if fence else ""
    return body + ("\n-->" if body.rfind("<!--") > body.rfind("-->") else "")


def boxes(text: str) -> list[str]:
    """Return every line with a box, unticked, as deep as it was written."""
    fenced = _fenced(text)
    found = [match for line, inside in fenced if not inside and (match := BOX.fullmatch(line))]
    return [f"{match[1].expandtabs(4)}- [ ] {match[2].rstrip()}" for match in found]


def _lines(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield every line, and what it says as a heading if it is one."""
    for line, inside in _fenced(text):
        yield line, None if inside else HEADING.fullmatch(line)


def _fenced(text: str) -> Iterator[tuple[str, bool]]:
    """Yield every line, and whether it belongs to a block of code (CommonMark 0.31, 4.5)."""
    fence = ""
    for line in text.split("\n"):
        match = FENCE.fullmatch(line)
        if fence:
            yield line, True
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        else:
            fence = match[1] if match else ""
            yield line, bool(match)
