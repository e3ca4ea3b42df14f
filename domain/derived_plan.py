"""What follows from a plan: who uses whom, in which order it can be built, and how its stretches of work follow."""

from collections.abc import Mapping
from typing import Any

from domain.graphs import levels

Graph = dict[str, Any]
"""`nodes` (name, label), `edges` (from, to) and the names that are `marked`."""


def derived_plan(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows from the fields of a plan. Raises InvalidInput when parts use each other in a circle."""
    uses = uses_in(fields)
    comes_after = {
        stretch["name"]: list(stretch.get("dependencies") or ())
        for stretch in fields.get("implementation_phases") or ()
    }
    found: dict[str, Any] = {}
    if any(uses.values()):
        found["build_order"] = levels(uses, "components")
        found["components"] = _graph(uses, [(name, need) for name in uses for need in uses[name]])
    if any(comes_after.values()):
        found["phase_order"] = levels(comes_after, "implementation_phases")
        found["phases"] = _graph(comes_after, [(need, name) for name in comes_after for need in comes_after[name]])
    return found


def uses_in(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return each part of a plan with the parts it uses: by its components and by its internal dependencies."""
    uses: dict[str, list[str]] = {}
    for component in fields.get("core_components") or ():
        uses[component["name"]] = list(component.get("dependencies") or ())
    for link in fields.get("internal_dependencies") or ():
        uses.setdefault(link["from"], []).append(link["to"])
    return {name: list(dict.fromkeys(needs)) for name, needs in uses.items()}


def _graph(needs: Mapping[str, list[str]], edges: list[tuple[str, str]]) -> Graph:
    names = dict.fromkeys([*needs, *(need for some in needs.values() for need in some)])
    return {"nodes": [(name, name) for name in names], "edges": edges, "marked": []}
