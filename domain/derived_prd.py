"""What a PRD does not say itself, taken from the approved spec and plan; every line knows where it comes from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.basis import Bases, Basis, Line, lines
from domain.feature_matrix import rated, timeline
from domain.priorities import weeks
from domain.steps import Step


def derived_prd(fields: Mapping[str, Any], bases: Sequence[Basis]) -> dict[str, Any]:
    """Return the parts that the author left out, each line with its `from`, and the `sources` that were used."""
    of = {basis.step: basis for basis in bases}
    taken = {part: found for part, taking in PARTS.items() if not fields.get(part) and (found := taking(of))}
    stories_told = any(feature.get("user_stories") for feature in fields.get("key_features") or ())
    if not stories_told and (stories := _stories(of)):
        taken["user_stories"] = stories
    features = [feature["name"] for feature in fields.get("key_features") or ()]
    rows = rated(
        features or [line.value for line in taken.get("key_features", ())], fields.get("feature_matrix") or (), of
    )
    used = {line.source.step for found in taken.values() for line in found}
    if any(row["from"] for row in rows):
        used.update((Step.SPEC, Step.PLAN))
    told: dict[str, Any] = {part: [_told(line) for line in found] for part, found in taken.items()}
    if rows:
        told["feature_matrix"] = rows
        told["weeks"] = weeks(row["complexity"] for row in rows)
        if not fields.get("timeline"):
            told["timeline"] = timeline(rows)
    if used:
        told["sources"] = [basis.facts() for basis in bases if basis.step in used]
    return told


def _told(line: Line) -> dict[str, Any]:
    row = line.value if isinstance(line.value, Mapping) else {"words": line.value}
    return {**row, "from": line.source.named()}


def _goal(of: Bases) -> list[Line]:
    return lines(of, Step.SPEC, "objectives")[:1]


def _features(of: Bases) -> list[Line]:
    found = lines(of, Step.SPEC, "deliverables", "requirements", "objectives")
    return list({line.value: line for line in found}.values())


def _stories(of: Bases) -> list[Line]:
    return lines(of, Step.SPEC, "user_stories")


def _flow(of: Bases) -> list[Line]:
    """Return what users want to do, in the order of their stories."""
    wants = [(line.value.get("want") or line.value["words"], line.source) for line in _stories(of)]
    return [Line(want[:1].upper() + want[1:], source) for want, source in wants]


def _technical(of: Bases) -> list[Line]:
    return [Line(line.value["name"], line.source) for line in lines(of, Step.PLAN, "implementation_phases")]


def _outside(of: Bases) -> list[Line]:
    """Return what others make: it is used here and built elsewhere."""
    phases = lines(of, Step.SPEC, "dependencies")
    return [
        *(Line(f"What {line.value} delivers: a phase of its own", line.source) for line in phases),
        *(Line(f"Changes to {line.value}: others make it", line.source) for line in _external(of)),
    ]


def _needed(of: Bases) -> list[Line]:
    return [*lines(of, Step.SPEC, "dependencies"), *_external(of)]


def _external(of: Bases) -> list[Line]:
    things = lines(of, Step.PLAN, "external_dependencies")
    return [Line(" ".join(filter(None, (t.value["name"], t.value.get("version")))), t.source) for t in things]


def _risks(of: Bases) -> list[Line]:
    """Return the risks of spec and plan; of one that both name, the plan's row, which knows what is done about it."""
    found = [*lines(of, Step.SPEC, "risks"), *lines(of, Step.PLAN, "risk_mitigation")]
    return list({line.value.get("risk"): line for line in found}.values())


PARTS: dict[str, Callable[[Bases], list[Line]]] = {
    "mvp_goal": _goal,
    "key_features": _features,
    "user_flow": _flow,
    "technical_priorities": _technical,
    "success_metrics": lambda of: lines(of, Step.SPEC, "success_criteria"),
    "out_of_scope": _outside,
    "acceptance_criteria": lambda of: lines(of, Step.SPEC, "acceptance_criteria"),
    "dependencies": _needed,
    "risks": _risks,
}
