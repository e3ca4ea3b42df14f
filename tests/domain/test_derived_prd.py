"""What a PRD takes from the approved spec and plan, and that every line says so."""

from typing import Any

from domain.basis import Basis
from domain.derived import derived
from domain.feature_matrix import rated, timeline, words_in
from domain.steps import Step

SPEC = Basis(
    Step.SPEC,
    2,
    "sha256:1:aa",
    {
        "objectives": ["Round trips below 8 ms", "Ring buffer without locks", "Ring buffer on two processors"],
        "deliverables": ["Ring buffer", "Guide"],
        "user_stories": [{"role": "guitarist", "want": "to hear myself", "benefit": "I keep time"}],
        "requirements": ["The ring buffer is wait-free"],
        "acceptance_criteria": ["The ring buffer passes its test"],
        "success_criteria": ["Nobody asks about delay"],
        "dependencies": ["st00-basics"],
        "risks": [{"risk": "Hidden buffers", "impact": "high"}],
    },
)
PLAN = Basis(
    Step.PLAN,
    1,
    "sha256:1:bb",
    {
        "core_components": [
            {"name": "Ring buffer", "purpose": "Messages"},
            {"name": "Executor", "purpose": "Runs buffers"},
        ],
        "external_dependencies": [{"name": "PortAudio", "version": "19.7"}, {"name": "CMake"}],
        "implementation_phases": [{"name": "Foundations"}, {"name": "Proof"}],
        "risk_mitigation": [{"risk": "Hidden buffers", "mitigation": "Measure first"}],
    },
)


def of(*bases: Basis, **fields: Any) -> dict[str, Any]:
    return derived(Step.PRD, fields, phase="st01-x", bases=bases)


def words(found: dict[str, Any], part: str) -> list[str]:
    return [line["words"] for line in found[part]]


def test_what_the_author_leaves_out_comes_from_spec_and_plan() -> None:
    found = of(SPEC, PLAN)
    assert words(found, "mvp_goal") == ["Round trips below 8 ms"]
    assert words(found, "key_features") == ["Ring buffer", "Guide"]
    assert words(found, "user_flow") == ["To hear myself"]
    assert words(found, "technical_priorities") == ["Foundations", "Proof"]
    assert words(found, "success_metrics") == ["Nobody asks about delay"]
    assert words(found, "acceptance_criteria") == ["The ring buffer passes its test"]
    assert words(found, "dependencies") == ["st00-basics", "PortAudio 19.7", "CMake"]
    assert words(found, "out_of_scope") == [
        "What st00-basics delivers: a phase of its own",
        "Changes to PortAudio 19.7: others make it",
        "Changes to CMake: others make it",
    ]
    assert found["risks"] == [{"risk": "Hidden buffers", "mitigation": "Measure first", "from": "plan, iteration 1"}]
    assert found["user_stories"][0]["want"] == "to hear myself"


def test_every_derived_line_says_where_it_comes_from() -> None:
    found = of(SPEC, PLAN)
    lines = [line for part, value in found.items() if part not in ("sources", "weeks") for line in value]
    assert len(lines) > 15 and all(line["from"] for line in lines)
    assert {line["from"] for line in found["dependencies"]} == {"spec, iteration 2", "plan, iteration 1"}
    assert found["sources"] == [
        {"step": "spec", "iteration": 2, "digest": "sha256:1:aa"},
        {"step": "plan", "iteration": 1, "digest": "sha256:1:bb"},
    ]


def test_what_the_author_gives_is_not_derived() -> None:
    given = {
        "mvp_goal": "Mine",
        "key_features": [{"name": "Mine", "user_stories": [{"role": "a", "want": "b"}]}],
        "feature_matrix": [{"feature": "Mine", "impact": "high", "complexity": "high"}],
        "timeline": [{"milestone": "Mine"}],
        **{name: ["Mine"] for name in ("user_flow", "technical_priorities", "success_metrics", "out_of_scope")},
        **{name: ["Mine"] for name in ("acceptance_criteria", "dependencies")},
        "risks": [{"risk": "Mine"}],
    }
    row = {"feature": "Mine", "impact": "high", "complexity": "high", "priority": "Medium", "from": ""}
    assert of(SPEC, PLAN, **given) == {"feature_matrix": [row], "weeks": 2}
    assert of(SPEC, PLAN, **given | {"mvp_goal": ""})["sources"] == [SPEC.facts()]


def test_a_feature_is_rated_by_how_many_lines_and_components_are_about_it() -> None:
    rows = rated(["Ring buffer", "Guide"], [], {Step.SPEC: SPEC, Step.PLAN: PLAN})
    assert [(row["impact"], row["complexity"], row["priority"]) for row in rows] == [
        ("high", "medium", "High"),
        ("low", "low", "Medium"),
    ]
    assert rows[0]["from"] == "spec, iteration 2 and plan, iteration 1"
    assert rated(["x"], [], {}) == []
    unknown = rated(["Ring buffer"], [], {Step.SPEC: SPEC._replace(fields={}), Step.PLAN: PLAN._replace(fields={})})
    assert (unknown[0]["impact"], unknown[0]["complexity"]) == ("medium", "medium")
    assert words_in("The Rings of 2026, without end") == {"ring", "2026"}


def test_features_are_laid_out_by_priority_and_by_the_weeks_they_take() -> None:
    ratings = [("a", "low", "high"), ("b", "high", "low"), ("c", "high", "low"), ("d", "high", "medium")]
    rows = rated([], [{"feature": f, "impact": i, "complexity": c} for f, i, c in ratings], {})
    assert [(row["when"], row["milestone"]) for row in timeline(rows)] == [
        ("Week 1", "b (Critical)"),
        ("Week 1", "c (Critical)"),
        ("Week 2", "d (High)"),
        ("Week 4", "a (Low)"),
    ]


def test_nothing_comes_from_nothing() -> None:
    assert of() == {} == of(SPEC._replace(fields={}), PLAN._replace(fields={}))
