"""orch role and the rules per step of orch policy set."""

from tests.cli.conftest import Orch, position


def test_a_role_decides_who_may_approve_a_step(drafted: Orch) -> None:
    assert drafted("policy", "set", "--approver-role", "spec=lead", "--approvers", "plan=2").status == 0
    refused = drafted("approve", "st01-x", "spec", "--json")
    assert (refused.status, refused.error["code"]) == (3, "POLICY_VIOLATION")
    assert refused.error["message"].endswith("nobody does yet.") and "orch role grant ada lead" in refused.error["fix"]
    granted = drafted("role", "grant", "grace", "lead", "--reason", "since today", "--json")
    assert granted.data["role"] == {"name": "grace", "role": "lead"}
    refused = drafted("approve", "st01-x", "spec", "--json")
    assert "ada does not hold the role lead; grace could approve" in refused.error["message"]
    why = drafted("why", "st01-x", "research", "--json").data["missing"][0]
    assert (why["approvers"]["role"], why["approvers"]["holders"]) == ("lead", ["grace"])
    assert "with the role lead (grace)" in drafted("why", "st01-x", "research").out
    assert drafted("approve", "st01-x", "spec", "--actor", "grace").status == 0
    row = drafted("history", "st01-x", "--json").data["rows"][-1]
    assert row["policy_version"] == drafted("policy", "show", "--json").data["version"] == 3


def test_roles_are_listed_with_the_steps_that_ask_for_them(project: Orch) -> None:
    assert "Nobody holds a role" in project("role", "list").out
    assert project("role", "grant", "ada", "lead").out.startswith("✓ ada holds the role lead now")
    assert project("role", "grant", "grace", "auditor").status == 0
    assert project("policy", "set", "--approver-role", "spec=lead", "--approver-role", "prd=owner").status == 0
    assert project("role", "list", "--json").data["rows"] == [
        {"role": "auditor", "holders": ["grace"], "steps": []},
        {"role": "lead", "holders": ["ada"], "steps": ["spec"]},
        {"role": "owner", "holders": [], "steps": ["prd"]},
    ]
    said = project("role", "list")
    assert "nobody" in said.out and "a claim, not a proof" in said.err
    assert project("role", "revoke", "ada", "lead").status == 0
    assert project("role", "revoke", "ada", "lead").status == 4
    shown = project("policy", "show", "--json").data
    assert shown["members"] == {"auditor": ["grace"]}
    assert shown["approver_roles"] == {"spec": "lead", "prd": "owner"}
    assert "spec: lead" in project("policy", "show").out


def test_the_rules_and_roles_of_a_moment_are_shown(project: Orch) -> None:
    before = f"position:{position(project)}"
    assert project("policy", "set", "--minimum-approvers", "2").status == 0
    between = f"position:{position(project)}"
    assert project("role", "grant", "ada", "lead").status == 0
    for at, approvers, roles in ((before, 1, []), (between, 2, []), (f"position:{position(project)}", 2, ["lead"])):
        assert project("policy", "show", "--at", at, "--json").data["minimum_approvers"] == approvers
        assert [row["role"] for row in project("role", "list", "--at", at, "--json").data["rows"]] == roles
    assert "1" in project("policy", "show", "--at", before).out
    none = project("policy", "show", "--at", "position:0", "--json")
    assert (none.status, none.error["fix"]) == (4, ["orch policy show"])
    assert project("policy", "show", "--at", "yesterday").status == project("role", "list", "--at", "x").status == 2


def test_forced_past_a_role_shows_in_the_exceptions(drafted: Orch) -> None:
    assert drafted("policy", "set", "--approver-role", "spec=lead").status == 0
    assert drafted("approve", "st01-x", "spec", "--force", "--reason", "the lead is ill").status == 0
    rows = drafted("audit", "exceptions", "--json").data["rows"]
    assert [row["broke"] for row in rows if row["exception"] == "forced"] == [["approver_role"]]


def test_two_approvers_for_one_step(drafted: Orch) -> None:
    assert drafted("policy", "set", "--approvers", "spec=2").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0
    approvals = drafted("status", "st01-x", "--json").data["steps"]["spec"]["approvals"]
    assert (approvals["given"], approvals["needed"]) == (1, 2)
    assert drafted("gate", "st01-x", "spec").status == 3
    assert drafted("approve", "st01-x", "spec", "--actor", "grace").status == 0
    assert drafted("gate", "st01-x", "spec").status == 0


def test_words_that_are_no_rule_are_refused(project: Orch) -> None:
    for words in (
        ("--approvers", "spec"),
        ("--approvers", "spec=two"),
        ("--approvers", "spec=9999"),
        ("--approvers", "handoff=2"),
        ("--approver-role", "spec=The Lead"),
    ):
        refused = project("policy", "set", *words, "--json")
        assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR"), words
        assert refused.error["fix"], words


def test_the_replay_shows_a_role_that_came_and_went(project: Orch) -> None:
    assert project("role", "grant", "ada", "lead").status == 0
    assert project("role", "revoke", "ada", "lead", "--reason", "moved on").status == 0
    last = project("replay", "--json").data["rows"][-1]
    assert sorted(last["changes"], key=lambda change: change["what"]) == [
        {"what": "members.lead", "before": ["ada"], "after": None},
        {"what": "version", "before": 2, "after": 3},
    ]
    assert "took the role lead from ada" in last["summary"]
    assert project("audit", "verify").status in (0, 7)
    assert project("rebuild", "--check").status == 0
