"""The words of `nextAction` in the state file, in the order in which a phase goes through them."""

NEXT_ACTIONS = (
    "start_specification",
    "await_spec_approval",
    "start_research",
    "await_research_approval",
    "start_plan",
    "await_plan_approval",
    "start_prd",
    "await_prd_approval",
    "start_tasks",
    "await_tasks_approval",
    "ready_for_handoff",
    "completed",
)
