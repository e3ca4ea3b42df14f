"""orch search: any words in anything that was ever written, and not erased."""

from typing import Annotated, Optional, TypedDict

import typer

from adapters.envelope import told as told_by
from cli.answers import answer
from cli.arguments import phases_known
from cli.moment_said import say
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint
from cli.search_following import SearchFollower, bring_up_to_date, index_held
from domain.errors import InvalidInput
from domain.following import FollowerBroken
from domain.text_index import Place
from domain.unknown import unknown_phase
from projections.counts import counted
from projections.moments import AsOf, as_of
from projections.search_hits import SearchHit, hit_of
from projections.searchable import TextKind
from projections.words import phrases
from usecases.moments import resolved
from usecases.project import Project

MOST_WORDS = 100

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


class SearchAnswer(TypedDict):
    """The texts that hold all the words, the latest first."""

    rows: list[SearchHit]
    as_of: AsOf


class _Distrusted(Exception):
    """The index named a text that is not there."""


@reading
def search(asked: Asked, words: Words, phase: OfPhase = None, kind: OfKind = None, limit: Limit = None) -> None:
    """Find words in all documents, in every iteration, and in feedback, directives, comments, reasons, titles.

    Case and accents do not matter. Words in quotes are a phrase; nothing else is syntax. Erased texts are not found.

    Example: orch search latency '"round trip"' --kind document

    Next: orch show PHASE STEP --iteration N
    """
    wanted = [phrase for each in words for phrase in phrases(each)]
    if not wanted:
        raise InvalidInput("There is no word to look for.", fix=("orch search latency",))
    if sum(map(len, wanted)) > MOST_WORDS:
        raise InvalidInput(f"A search has at most {MOST_WORDS} words.", fix=("orch search latency",))
    with opened() as project:
        if phase is not None and project.head(phase) is None:
            raise unknown_phase(project.log, phase)
        moment = resolved(asked.at, project.log)[0] if asked.at else project.log.moment()
        if asked.at:
            say(moment)
        rows = found_in(project, wanted, upto=moment.position, kind=kind, phase=phase, limit=limit)
    data: SearchAnswer = {"rows": rows, "as_of": as_of(moment)}
    answer("search", data, as_json=asked.json, show=lambda: _show(rows))


def found_in(
    project: Project, wanted: list[list[str]], *, upto: int, kind: str | None, phase: str | None, limit: int | None
) -> list[SearchHit]:
    """Ask the index, and hold every answer against the log; an index that says what is not there is made anew, once."""
    with index_held(project.places) as index:
        try:
            return _hits(project, index, wanted, upto=upto, kind=kind, phase=phase, limit=limit, strict=True)
        except (FollowerBroken, _Distrusted):
            index.begin_anew()
        return _hits(project, index, wanted, upto=upto, kind=kind, phase=phase, limit=limit, strict=False)


def _hits(
    project: Project,
    index: SearchFollower,
    wanted: list[list[str]],
    *,
    upto: int,
    kind: str | None,
    phase: str | None,
    limit: int | None,
    strict: bool,
) -> list[SearchHit]:
    bring_up_to_date(index, project.log)
    rows: list[SearchHit] = []
    before: Place | None = None
    while page := index.find(wanted, upto=upto, kind=kind, phase=phase, before=before):
        for place in page:
            hit = _hit(project, place, wanted, kind=kind, phase=phase)
            if hit is not None:
                rows.append(hit)
            elif strict:
                raise _Distrusted
            if len(rows) == limit:
                return rows
        before = page[-1]
    return rows


def _hit(
    project: Project, place: Place, wanted: list[list[str]], *, kind: str | None, phase: str | None
) -> SearchHit | None:
    record = next(project.log.records(place.position, place.position), None)
    if record is None:
        return None
    return hit_of(told_by(record), record.stream, place.part, wanted, kind=kind, phase=phase)


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
