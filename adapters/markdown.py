"""Put people's words into Markdown without letting them change its structure."""

import re
from collections.abc import Mapping, Sequence

# At the beginning of a line each of these would start a block of its own (CommonMark 0.31, chapter 4 and 5).
BLOCK_START = re.compile(
    r"#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$|=+[ \t]*$|-+[ \t]*$"
    r"|`{3,}|~{3,}|<(?=[A-Za-z/!?])|\||\[[ xX]\](?=\s|$)|\[[^\]\n]*\]:"
)
NUMBERED = re.compile(r"([0-9]{1,9})([.)])(?=\s|$)")
# Inside a block of text lists and quotes are welcome; only what would end or swallow the section is not.
SECTION_BREAK = re.compile(r" {0,3}(#{1,6}(?=\s|$)|=+[ \t]*$|-+[ \t]*$|(?:[-*_][ \t]*){3,}$|<(?=[A-Za-z/!?]))")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def inline(value: object) -> str:
    """Return a value as one line that starts no block: for list items, headings and paragraphs."""
    text = " ".join(str(value).split()).replace("<!--", r"\<!--")
    if NUMBERED.match(text):
        return NUMBERED.sub(r"\1\\\2", text, count=1)
    return "\\" + text if BLOCK_START.match(text) else text


def cell(value: object) -> str:
    """Return a value as one cell of a table."""
    text = " ".join(str(value).split()).replace("<!--", r"\<!--")
    # A pipe ends a cell even inside a code span (GitHub Flavored Markdown, 4.10); one escaped already stays.
    return re.sub(r"\\*\|", _escaped_pipe, text)


def block(value: object) -> str:
    """Return a text of several paragraphs: lists and closed code fences stay, headings and rules become text."""
    lines = str(value).replace("\t", "    ").split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        end = _closing(lines, at)
        if end is not None:
            kept += lines[at : end + 1]
            at = end + 1
            continue
        line = lines[at].rstrip()
        if FENCE.match(line) or SECTION_BREAK.match(line):
            indent = len(line) - len(line.lstrip())
            line = line[:indent] + "\\" + line[indent:]
        line = line.replace("<!--", r"\<!--").replace(r"\\<!--", r"\<!--")
        if line or (kept and kept[-1]):
            kept.append(line)
        at += 1
    return "\n".join(kept).strip("\n")


def closed(text: str) -> str:
    """Return a whole document, with an end for a code fence or a comment that would swallow what comes behind it."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        end = _closing(lines, at)
        if opening and end is None and not (opening[1][0] == "`" and "`" in opening[2]):
            return f"{text}\n{opening[1]}"
        at = (end or at) + 1
    return f"{text}\n-->" if text.rfind("<!--") > text.rfind("-->") else text


def _closing(lines: list[str], at: int) -> int | None:
    """Return the line that closes the code fence opened here, or None when there is none."""
    opening = FENCE.match(lines[at])
    if opening is None or (opening[1][0] == "`" and "`" in opening[2]):
        return None
    closing = re.compile(rf" {{0,3}}{re.escape(opening[1][0])}{{{len(opening[1])},}}[ ]*")
    return next((end for end in range(at + 1, len(lines)) if closing.fullmatch(lines[end])), None)


def _escaped_pipe(found: re.Match[str]) -> str:
    slashes = len(found[0]) - 1
    return found[0] if slashes % 2 else "\\" * slashes + "\\|"


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[tuple[str, str]]) -> str:
    """Return rows as a table; a column that no row fills is left out. `columns` are (field, heading)."""
    used = [(field, heading) for field, heading in columns if any(row.get(field) for row in rows)]
    lines = [[heading for _, heading in used], ["---"] * len(used)]
    lines += [[cell(_several(row.get(field))) for field, _ in used] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def with_article(value: object) -> str:
    """Return a role with its article: `an author`, `a guitarist`, `the operator` as it is."""
    role = " ".join(str(value).split())
    if role.lower().startswith(("a ", "an ", "the ", "one ", "any ")):
        return role
    return ("an " if role[:1].lower() in "aeio" else "a ") + role


def tidied(text: str) -> str:
    """Return a document with single empty lines and no spaces at line ends, except inside code fences."""
    lines = text.split("\n")
    fences = "```" in text or "~~~" in text
    kept: list[str] = []
    at = 0
    while at < len(lines):
        end = _closing(lines, at) if fences else None
        if end is not None:
            kept += lines[at : end + 1]
            at = end + 1
            continue
        line = lines[at].rstrip()
        if line or (kept and kept[-1]):
            kept.append(line)
        at += 1
    return "\n".join(kept).strip("\n") + "\n"


def _several(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(str(item).rstrip(".;") if at < len(value) - 1 else str(item) for at, item in enumerate(value))
    return "" if value is None else str(value)
