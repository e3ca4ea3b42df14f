"""How many events there are: by topic, actor, kind of actor and month, and the verdicts by outcome."""

from collections import Counter
from collections.abc import Iterable
from typing import TypedDict

from domain.actors import ActorKind
from projections.audit_trail import TrailRow
from projections.verdict_topics import OUTCOMES, VerdictOutcome


class TopicCount(TypedDict):
    topic: str
    count: int


class ActorCount(TypedDict):
    name: str
    kind: ActorKind
    count: int


class KindCount(TypedDict):
    kind: ActorKind
    count: int


class MonthCount(TypedDict):
    """The month of the recorded time, UTC: 2026-11."""

    month: str
    count: int


class OutcomeCount(TypedDict):
    outcome: VerdictOutcome
    count: int


class Population(TypedDict):
    """Counts of the same events, cut five ways. The verdicts are those among them."""

    total: int
    first_position: int | None
    last_position: int | None
    topics: list[TopicCount]
    actors: list[ActorCount]
    kinds: list[KindCount]
    months: list[MonthCount]
    verdicts: list[OutcomeCount]


def audit_population(trail: Iterable[TrailRow]) -> Population:
    """Count the events. Every kind and outcome is listed, with 0 where there was none."""
    topics: Counter[str] = Counter()
    actors: Counter[tuple[str, ActorKind]] = Counter()
    months: Counter[str] = Counter()
    first = last = None
    for row in trail:
        first = first or row["position"]
        last = row["position"]
        topics[row["topic"]] += 1
        actors[row["actor"]["name"], row["actor"]["kind"]] += 1
        months[row["recorded_at"][:7]] += 1
    by_kind: Counter[ActorKind] = Counter()
    for (_, acts_as), count in actors.items():
        by_kind[acts_as] += count
    by_outcome = {outcome: topics[topic] for topic, outcome in OUTCOMES.items()}
    return {
        "total": topics.total(),
        "first_position": first,
        "last_position": last,
        "topics": [{"topic": topic, "count": topics[topic]} for topic in sorted(topics)],
        "actors": [{"name": name, "kind": kind, "count": actors[name, kind]} for name, kind in sorted(actors)],
        "kinds": [{"kind": kind, "count": by_kind[kind]} for kind in ActorKind],
        "months": [{"month": month, "count": months[month]} for month in sorted(months)],
        "verdicts": [{"outcome": outcome, "count": count} for outcome, count in by_outcome.items()],
    }
