"""`orch why --at`: dependencies as they were then, not as they are now."""

from tests.cli.conftest import Orch, position

STEPS = (("research", "--foundation"), ("plan", "--architecture"), ("prd", "--goal"), ("tasks", "--tasks"))


def test_a_dependency_handed_off_since_is_still_missing_then(drafted: Orch) -> None:
    assert drafted("approve", "st01-x", "spec").status == 0
    for step, option in STEPS:
        assert drafted(step, "st01-x", option, "words").status == 0
        assert drafted("approve", "st01-x", step).status == 0
    assert drafted("spec", "st02-y", "--objectives", "later").status == 0
    assert drafted("depend", "st02-y", "--on", "st01-x").status == 0
    question = ("why", "st02-y", "--at", f"position:{position(drafted)}", "--json")
    before = drafted(*question).data
    assert drafted("handoff", "st01-x").status == 0
    assert drafted(*question).data["missing"] == before["missing"]
    assert len(drafted("why", "st02-y", "--json").data["missing"]) == len(before["missing"]) - 1
