"""Which feature comes first and how long it takes: by its impact and its complexity."""

from collections.abc import Iterable

CRITICAL, HIGH, MEDIUM, LOW = "Critical", "High", "Medium", "Low"
PRIORITIES = (CRITICAL, HIGH, MEDIUM, LOW)
MATRIX = {
    ("high", "low"): CRITICAL,
    ("high", "medium"): HIGH,
    ("high", "high"): MEDIUM,
    ("medium", "low"): HIGH,
    ("medium", "medium"): MEDIUM,
    ("medium", "high"): LOW,
    ("low", "low"): MEDIUM,
    ("low", "medium"): LOW,
    ("low", "high"): LOW,
}
HALF_WEEKS = {"high": 4, "medium": 2, "low": 1}


def priority(impact: str, complexity: str) -> str:
    """Return the priority of a feature: much impact for little work comes first."""
    return MATRIX[impact, complexity]


def weeks(complexities: Iterable[str]) -> int:
    """Return how many weeks features take: 2 for each of high complexity, 1 medium, ½ low, rounded up."""
    return -(-sum(HALF_WEEKS[complexity] for complexity in complexities) // 2)


def level(count: int) -> str:
    """Return how much a number of mentions says: four or more are high, two or three medium."""
    return "high" if count >= 4 else "medium" if count >= 2 else "low"
