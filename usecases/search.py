"""Any words in anything that was ever written, and not erased."""

from collections.abc import Sequence
from typing import TypedDict

from adapters.envelope import told as told_by
from domain.errors import InvalidInput
from domain.following import FollowerBroken
from domain.text_index import Place
from domain.unknown import unknown_phase
from projections.moments import AsOf, as_of
from projections.search_hits import SearchHit, hit_of
from projections.searchable import TextKind
from projections.words import phrases
from usecases.moments import resolved
from usecases.project import Project
from usecases.search_following import SearchFollower, bring_up_to_date, index_held

MOST_WORDS = 100


class SearchAnswer(TypedDict):
    """The texts that hold all the words, the latest first."""

    rows: list[SearchHit]
    as_of: AsOf


class _Distrusted(Exception):
    """The index named a text that is not there."""


def search(
    project: Project,
    words: Sequence[str],
    at: str | None,
    *,
    phase: str | None = None,
    kind: TextKind | None = None,
    limit: int | None = None,
) -> SearchAnswer:
    """Return the texts that hold all the words; what stands in quotes is a phrase."""
    wanted = phrases_in(words)
    if phase is not None and project.head(phase) is None:
        raise unknown_phase(project.log, phase)
    moment = resolved(at, project.log)[0] if at else project.log.moment()
    if at:
        project.tell(moment)
    rows = found_in(project, wanted, upto=moment.position, kind=kind, phase=phase, limit=limit)
    return {"rows": rows, "as_of": as_of(moment)}


def phrases_in(words: Sequence[str]) -> list[list[str]]:
    """Return what is looked for; refuse what is nothing, or too much."""
    wanted = [phrase for each in words for phrase in phrases(each)]
    if not wanted:
        raise InvalidInput("There is no word to look for.", fix=("orch search latency",))
    if sum(map(len, wanted)) > MOST_WORDS:
        raise InvalidInput(f"A search has at most {MOST_WORDS} words.", fix=("orch search latency",))
    return wanted


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
    bring_up_to_date(index, project.log, metering=project.metering)
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
