"""Sources as APA prints them (Publication Manual, 7th edition, chapters 9 and 10)."""

import re
from collections.abc import Mapping

from adapters.markdown import inline

NO_DATE = "n.d."
# Inside italics these would end them, or begin something of their own.
MARKUP = re.compile(r"([\\`*_\[\]<])")
NUMBERED = re.compile(r"^(\d{1,9})([.)])")
"""What would begin a numbered list."""
ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
JOURNAL = re.compile(r"(?P<name>.+?, ?\d+)(?P<rest>\(.+?\).*|, .*)?")
"""A journal with its volume, both in italics; issue and pages are not (section 9.25 to 9.27)."""
UNTITLED = {"web": "[Web page]", "book": "[Untitled book]", "journal": "[Untitled article]"}
ENDS = (".", "?", "!", ".*", "?*", "!*")


def apa(source: Mapping[str, object]) -> str:
    """Return a citation: author, year, title, where it appeared, address. What is missing is handled as APA does.

    Without a year it says n.d.; without an author the title comes first; without a title a description in brackets
    stands for it (sections 9.12, 9.14, 9.17, 9.22). A publisher who is also the author is named once (9.29).
    """
    title, author, published = (_line(source.get(name)) for name in ("title", "author", "published_in"))
    url = "".join(str(source.get("url") or "").split())
    kind = str(source.get("type") or "")
    year = f"({source.get('year') or NO_DATE})"
    if not title or title == url:
        work = UNTITLED.get(kind, "[Untitled]").replace("[", r"\[").replace("]", r"\]")
    else:
        # Of an article the journal stands in italics, of anything else the work itself.
        work = inline(title) if kind == "journal" else _italics(title)
    parts = [inline(author), year, work] if author else [work, year]
    if published and published != author:
        parts.append(_journal(published) if kind == "journal" else inline(published))
    said = " ".join(part if part.endswith(ENDS) else f"{part}." for part in parts)
    said = NUMBERED.sub(r"\1\\\2", said)
    return f"{said} {_address(url, source.get('accessed'))}".rstrip()


def _line(value: object) -> str:
    return " ".join(str(value or "").split())


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\1", text)


def _italics(text: str) -> str:
    return f"*{_escaped(text)}*"


def _journal(published: str) -> str:
    found = JOURNAL.fullmatch(published)
    if found is None:
        return _italics(published)
    return _italics(found["name"]) + inline(found["rest"] or "")


def _address(url: str, accessed: object) -> str:
    if not url:
        return ""
    # What is no web address would be an HTML tag in angle brackets.
    link = f"<{url.replace('<', '%3C').replace('>', '%3E')}>" if ADDRESS.fullmatch(url) else _escaped(url)
    return f"Retrieved {_long_day(str(accessed))}, from {link}" if accessed else link


def _long_day(day: str) -> str:
    from datetime import date

    try:
        found = date.fromisoformat(day)
    except ValueError:
        return inline(day)
    return f"{found:%B} {found.day}, {found.year}"
