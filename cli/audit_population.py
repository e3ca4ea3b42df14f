"""orch audit population: how many events there are."""

from cli.answers import answer
from cli.audit_filters import filtered, scope_of
from cli.options import Asked, reading
from cli.progress import watched
from cli.project import opened
from cli.screen import one_line, paint
from projections.audit_population import Population
from usecases.auditing import population as population_of
from usecases.trail import Filters


@reading
@filtered
def population(asked: Asked, filters: Filters) -> None:
    """Count the events by topic, actor, kind of actor and month (UTC), and the verdicts by outcome.

    Example: orch audit population --kind human

    Next: orch audit sample --n 25
    """
    with opened() as project:
        scope = scope_of(project, asked, filters)
        data = population_of(project, scope, watched=watched)
    answer("audit.population", data, as_json=asked.json, show=lambda: _show(data, scope.moment.position))


def _show(counted: Population, position: int) -> None:
    print(f"{counted['total']:,} events, of the {position:,} up to position {position}")
    _part("BY TOPIC", [(row["topic"], row["count"]) for row in counted["topics"]])
    _part("BY ACTOR", [(f"{row['name']} ({row['kind']})", row["count"]) for row in counted["actors"]])
    _part("BY KIND", [(row["kind"], row["count"]) for row in counted["kinds"]])
    _part("BY MONTH", [(row["month"], row["count"]) for row in counted["months"]])
    _part("VERDICTS", [(row["outcome"], row["count"]) for row in counted["verdicts"]])


def _part(title: str, rows: list[tuple[str, int]]) -> None:
    print(f"\n{paint(title, 'bold')}")
    for name, count in rows:
        print(f"{count:>9,}  {one_line(name)}")
