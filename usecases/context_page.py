"""The context as Markdown: what was recorded stands between fences, so that no text can pass for the page itself."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from projections.context import ContextKind, ContextRow
from projections.tokens import tokens
from usecases.safe_text import clean, one_line

LANGUAGES = {ContextKind.DOCUMENT: "markdown", ContextKind.DRAFT: "markdown"}
NAMES = {
    ContextKind.DIRECTIVE: ("directive", "directives"),
    ContextKind.BLOCKER: ("blocker", "blockers"),
    ContextKind.FEEDBACK: ("piece of feedback", "pieces of feedback"),
    ContextKind.VERDICT: ("open verdict", "open verdicts"),
    ContextKind.TASKS: ("list of open tasks", "lists of open tasks"),
    ContextKind.DOCUMENT: ("document", "documents"),
    ContextKind.DRAFT: ("draft", "drafts"),
}
REASONS = {"budget": "the budget", "level": "the level", "erased": "erasure"}
MARKUP = re.compile(r"([\\`*_\[\]<>|~#&!])")

Left = Mapping[tuple[ContextKind, str], int]
"""How many rows of a kind were left out for a reason."""


class About(NamedTuple):
    """What the page is about."""

    phase: str | None
    level: int
    budget: int
    position: int
    recorded_at: str | None


def heading(about: About) -> str:
    """Return how the page begins."""
    of = f" of {about.phase}" if about.phase else ""
    when = f", {about.recorded_at[:19]}Z" if about.recorded_at else ""
    return (
        f"# Context{of}\n\nLevel {about.level} as of position {about.position}{when}, the most important first."
        " What stands between fences was recorded by whoever is named above it.\n"
    )


def section(row: ContextRow, text: str, *, more: int = 0) -> str:
    """Return one row; `more` tokens of its text are left out of it."""
    name = MARKUP.sub(r"\\\1", one_line(row["by"]["name"]))
    by = f"{name} ({row['by']['kind']})"
    verb = "approved by" if row["kind"] is ContextKind.DOCUMENT else "by"
    facts = [f"{verb} {by}", f"{row['at'][:19]}Z", f"position {row['position']}"]
    if row["digest"]:
        facts.append(row["digest"])
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = [f"\n## {_title(row)}\n", ", ".join(facts) + "\n", f"{fence}{LANGUAGES.get(row['kind'], 'text')}"]
    lines += [clean(text).rstrip("\n"), fence]
    if more:
        lines.append(f"\nCut here: about {more} more tokens. The whole text: `{see(row)}`")
    return "\n".join(lines) + "\n"


def ending(about: About, used: int, left: Left) -> str:
    """Return how the page ends: what it took, what is not on it, and how to see that."""
    said = f"\n---\n\nAbout {used} of {about.budget} tokens."
    if not left:
        return said + " Nothing was left out.\n"
    parts = [f"{count} {NAMES[kind][count != 1]} ({REASONS[why]})" for (kind, why), count in left.items()]
    return f"{said} Left out: {', '.join(parts)}.\n" + "".join(f"`{line}`\n" for line in more_of(about, left))


def more_of(about: About, left: Left) -> list[str]:
    """Return the commands that show what was left out."""
    reasons = {why for _, why in left}
    phase = f" --phase {about.phase}" if about.phase else ""
    found = []
    if "level" in reasons or "budget" in reasons:
        level = 4 if "level" in reasons else about.level
        size = max(20_000, about.budget * 2 if "budget" in reasons else about.budget)
        found.append(f"orch context --level {level} --budget {size}{phase}")
    if "budget" in reasons:
        found.append(f"orch status {about.phase}" if about.phase else "orch list")
    if "erased" in reasons:
        found.append("orch audit trail")
    return found


def see(row: ContextRow) -> str:
    """Return the command that prints the whole text of a document."""
    return f"orch show {row['phase']} {row['step']} --iteration {row['iteration']}"


def as_much_as_fits(row: ContextRow, room: int) -> tuple[str, str] | None:
    """Return the first lines of a text that fit into so many tokens, and their section; None where none do."""
    lines = (row["text"] or "").rstrip("\n").split("\n")
    whole = tokens(clean(row["text"] or ""))
    fits, beyond = 0, len(lines)  # so many lines fit; so many do not
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        # The number of tokens left out is shown: the largest stands for it while the length is looked for.
        if tokens(section(row, "\n".join(lines[:middle]), more=whole)) <= room:
            fits = middle
        else:
            beyond = middle
    if not fits:
        return None
    text = "\n".join(lines[:fits])
    return text, section(row, text, more=max(1, whole - tokens(clean(text))))


def _title(row: ContextRow) -> str:
    where = " ".join(part for part in (row["phase"], row["step"]) if part)
    match row["kind"]:
        case ContextKind.DIRECTIVE:
            about = f" for {row['phase']}" if row["phase"] else ""
            return f"Directive {row['name']}, {row['level']}{about}"
        case ContextKind.BLOCKER:
            return f"{where} is blocked by {row['name']}"
        case ContextKind.FEEDBACK:
            return f"{where}: feedback on iteration {row['iteration']}, not answered yet"
        case ContextKind.VERDICT:
            return f"{where}: iteration {row['iteration']} waits"
        case ContextKind.TASKS:
            return f"{row['phase']}: what is left to do"
        case ContextKind.DOCUMENT:
            return f"{where}, iteration {row['iteration']}, approved"
        case ContextKind.DRAFT:
            return f"{where}, iteration {row['iteration']}, NOT approved"
