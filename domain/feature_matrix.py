"""Rate features by impact and complexity where the author did not, and lay them out in weeks.

Impact is how many lines of the spec are about a feature, complexity how many components of the plan are: four or more
are high, two or three medium, fewer low. A line is about a feature when it shares at least half of its telling words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.basis import Bases, lines
from domain.priorities import HALF_WEEKS, PRIORITIES, level, priority
from domain.steps import Step

WORD = re.compile(r"[^\W_]{4,}")
COMMON = "about after also before from have into least more most must only over shall than that them then they this"
NOT_TELLING = frozenset(f"{COMMON} through when which will with within without".split())
SAYS_WHAT_MATTERS = (
    "objectives",
    "user_stories",
    "requirements",
    "deliverables",
    "acceptance_criteria",
    "success_criteria",
)
NOBODY_KNOWS = "medium"
"""The level where the spec or the plan says nothing that could be counted."""
MOST_FEATURES, MOST_LINES = 500, 5_000
"""No document that people read has more; of one that does, the rest is not counted, so that a draft stays quick."""


def rated(features: Sequence[str], given: Sequence[Mapping[str, str]], of: Bases) -> list[dict[str, str]]:
    """Return a row for each feature, the author's ratings first; what was not rated is rated from spec and plan."""
    rows = [{**row, "priority": priority(row["impact"], row["complexity"]), "from": ""} for row in given]
    known = {row["feature"] for row in given}
    matters = [line for name in SAYS_WHAT_MATTERS for line in lines(of, Step.SPEC, name)]
    said = [words_in(line.value) for line in matters[:MOST_LINES]]
    built = [words_in(line.value) for line in lines(of, Step.PLAN, "core_components")[:MOST_LINES]]
    bases = " and ".join(of[step].named() for step in (Step.SPEC, Step.PLAN) if step in of)
    for at, feature in enumerate(dict.fromkeys(features)):
        if feature not in known and bases:
            counted = at < MOST_FEATURES
            impact, complexity = (_level(feature, some if counted else ()) for some in (said, built))
            rating = {"impact": impact, "complexity": complexity, "priority": priority(impact, complexity)}
            rows.append({"feature": feature, **rating, "from": bases})
    return rows


def timeline(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return by which week each feature is done when they are built one after the other, the first priority first."""
    done = 0
    found = []
    for row in sorted(rows, key=lambda row: PRIORITIES.index(row["priority"])):
        done += HALF_WEEKS[row["complexity"]]
        milestone = f"{row['feature']} ({row['priority']})"
        found.append({"when": f"Week {-(-done // 2)}", "milestone": milestone, "from": "the feature matrix"})
    return found


def words_in(value: Any) -> frozenset[str]:
    """Return the telling words of a text, or of all texts in a table, without their plural s."""
    texts = value.values() if isinstance(value, Mapping) else [value]
    words = (word.casefold() for text in texts if isinstance(text, str) for word in WORD.findall(text))
    return frozenset(word.removesuffix("s") for word in words if word not in NOT_TELLING)


def _level(feature: str, statements: Sequence[frozenset[str]]) -> str:
    telling = words_in(feature)
    if not statements or not telling:
        return NOBODY_KNOWS
    return level(sum(2 * len(telling & words) >= len(telling) for words in statements))
