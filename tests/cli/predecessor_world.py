"""Every field that the predecessor's documents have, each with words of its own, and the documents made of them."""

from pathlib import Path
from typing import Any

import orjson

from tests.cli.garbage_world import World

PHASE = "st01-audio-engine"
FIELDS: dict[str, dict[str, Any]] = {
    "spec": {
        "title": "The engine",
        "type": "Meta-Development",
        "user_stories": [{"role": "guitarist", "want": "hear no delay", "benefit": "playing in time"}],
        "objectives": ["Objective alpha"],
        "requirements": ["Requirement beta"],
        "dependencies": ["st00-basics"],
        "deliverables": ["Deliverable gamma"],
        "acceptance_criteria": ["Acceptance delta"],
        "success_criteria": ["Success epsilon"],
        "methodology_alignment": {
            "decision_tree_points": ["Decision zeta"],
            "influence_points": ["Influence eta"],
            "nss_requirements": ["Method theta"],
        },
        "risks": [{"risk": "Risk iota", "impact": "high", "mitigation": "Mitigation kappa"}],
    },
    "research": {
        "primary_sources": [
            {
                "type": "journal",
                "title": "Primary alpha",
                "author": "Sha, L.",
                "year": 1990,
                "published_in": "IEEE",
                "url": "https://a.example",
                "accessed": "2026-11-24",
            }
        ],
        "secondary_sources": [{"type": "book", "title": "Secondary beta"}],
        "project_sources": [{"type": "web", "title": "Project gamma"}],
        "technical_foundation": "Foundation delta",
        "alternatives": [{"name": "Alternative epsilon", "pros": ["Pro zeta"], "cons": ["Con eta"]}],
        "recommended_approach": "Approach theta",
        "justification": "Because iota",
        "risks": [{"kind": "resource", "risk": "Risk kappa", "impact": "low", "mitigation": "Mitigation lambda"}],
        "resource_requirements": ["Resource mu"],
    },
    "plan": {
        "architecture_overview": "Architecture alpha",
        "core_components": [{"name": "Mixer", "purpose": "Purpose beta", "dependencies": ["Buffer"]}],
        "integration_points": [{"from": "Mixer", "to": "Host gamma", "type": "call"}],
        "data_flow": ["Flow delta"],
        "technical_specifications": [{"name": "Rate epsilon", "value": "48 kHz"}],
        "file_structure": {
            "directories": [{"path": "src/zeta", "purpose": "Sources"}],
            "files": [{"path": "src/eta.c", "purpose": "The ring"}],
        },
        "external_dependencies": [{"name": "libtheta", "version": "1.9", "purpose": "Sound"}],
        "internal_dependencies": [{"from": "Buffer", "to": "Clock iota"}],
        "environment": ["Compiler kappa"],
        "implementation_phases": [
            {
                "name": "Stretch lambda",
                "description": "Begin",
                "deliverables": ["Skeleton"],
                "estimated_duration": "2 weeks",
            },
            {"name": "Stretch two", "dependencies": ["Stretch lambda"]},
        ],
        "risk_mitigation": [{"risk": "Risk mu", "impact": "medium", "mitigation": "Mitigation nu"}],
        "testing_strategy": "Testing xi",
        "performance_considerations": ["Performance omicron"],
    },
    "prd": {
        "mvp_goal": "Goal alpha.",
        "key_features": [
            {"name": "Feature beta", "description": "It hums", "user_stories": [{"role": "singer", "want": "an echo"}]}
        ],
        "feature_matrix": [{"feature": "Feature beta", "impact": "high", "complexity": "low"}],
        "user_flow": ["Flow gamma"],
        "technical_priorities": ["Priority delta"],
        "success_metrics": ["Metric epsilon"],
        "out_of_scope": ["Scope zeta"],
        "acceptance_criteria": ["Acceptance eta"],
        "risks": [{"risk": "Risk theta", "impact": "low", "mitigation": "Mitigation iota"}],
        "timeline": [{"milestone": "Milestone kappa", "when": "week 3"}],
        "dependencies": ["Dependency lambda"],
    },
    "tasks": {
        "tasks": [
            {
                "id": "T001",
                "title": "Title alpha",
                "description": "Description beta",
                "priority": "high",
                "estimated_hours": 4,
                "acceptance_criteria": ["Acceptance gamma"],
            },
            {"id": "T002", "title": "Second", "estimated_hours": 6, "dependencies": ["T001"]},
        ],
        "resource_allocation": {"developers": 2, "hours_per_day": 5},
        "quality_gates": ["Gate delta"],
        "risk_tasks": [{"risk": "Risk epsilon", "impact": "high", "mitigation": "Mitigation zeta"}],
        "definition_of_done": ["Done eta"],
    },
}


def leaves(value: object) -> list[str]:
    """Return every word that a field holds, without what is shown in another form."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [str(value)]


def documents(folder: Path) -> dict[str, str]:
    """Draft and approve all five documents from files with every field, and return their texts on disk."""
    world = World(folder)
    world.project.mkdir(parents=True)
    world.must("init", "--host", "example.org")
    for step, fields in FIELDS.items():
        (world.project / f"{step}.json").write_bytes(orjson.dumps(fields))
        world.must(step, PHASE, "--from", f"{step}.json")
        world.must("approve", PHASE, step)
    return {step: (world.project / "dev" / PHASE / f"{step}.md").read_text("utf-8") for step in FIELDS}
