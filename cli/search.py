"""orch search: any words in anything that was ever written, and not erased."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint
from projections.counts import counted
from projections.search_hits import SearchHit
from projections.searchable import TextKind
from usecases.search import phrases_in
from usecases.search import search as find

Words = Annotated[list[str], typer.Argument(metavar="WORDS", help='All of them must stand in a text; "as a phrase".')]
OfPhase = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--phase", metavar="PHASE", help="Only what is about this phase.", autocompletion=phases_known),
]
OfKind = Annotated[
    Optional[TextKind],  # noqa: UP045  # as above
    typer.Option("--kind", help="Only texts of this kind."),
]
Limit = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--limit", min=1, help="Show at most so many, the latest."),
]


@reading
def search(asked: Asked, words: Words, phase: OfPhase = None, kind: OfKind = None, limit: Limit = None) -> None:
    """Find words in all documents, in every iteration, and in feedback, directives, comments, reasons, titles.

    Case and accents do not matter. Words in quotes are a phrase; nothing else is syntax. Erased texts are not found.

    Example: orch search latency '"round trip"' --kind document

    Next: orch show PHASE STEP --iteration N
    """
    phrases_in(words)  # before any project is looked for
    with opened() as project:
        data = find(project, words, asked.at, phase=phase, kind=kind, limit=limit)
    answer("search", data, as_json=asked.json, show=lambda: _show(data["rows"]))


def _show(rows: list[SearchHit]) -> None:
    for row in rows:
        where = " ".join(str(part) for part in (row["phase"], row["step"]) if part) or row["topic"].partition(".")[0]
        iteration = f" iteration {row['iteration']}" if row["iteration"] else ""
        who = one_line(f"{row['by']['name']} ({row['by']['kind']})")
        said = f"{row['kind']}, position {row['position']}, {who}, {row['recorded_at'][:19].replace('T', ' ')}"
        print(f"{paint(one_line(where) + iteration, 'bold')}  {paint(said, 'dim')}")
        print(f"  {_marked(row)}")
    print(paint(f"{counted(len(rows), 'text')} found." if rows else "Nothing was found.", "dim"))


def _marked(row: SearchHit) -> str:
    """Return the snippet as one safe line with its matches painted."""
    line, at = "", 0
    for start, end in row["matches"]:
        if start >= at:  # phrases may overlap
            line += one_line(row["snippet"][at:start]) + paint(one_line(row["snippet"][start:end]), "yellow")
            at = end
    return line + one_line(row["snippet"][at:])
