"""orch token: the secret is shown once, only people issue, and the list says who could get in when."""

import re
from datetime import datetime, timedelta

import pytest

from adapters.access_tokens import FORM
from domain.access_token import Scope
from tests.cli.conftest import Orch, position


def test_a_token_is_shown_once_and_the_log_holds_only_its_digest(project: Orch) -> None:
    created = project("token", "create", "grace", "--scope", "read", "--days", "1", "--command-id", "one", "--json")
    secret = created.data["secret"]
    assert FORM.fullmatch(secret) and created.data["token"]["scopes"] == ["read"]
    again = project("token", "create", "grace", "--scope", "read", "--days", "1", "--command-id", "one", "--json")
    assert again.data == {**created.data, "secret": None}
    for words in (("token", "list"), ("audit", "trail"), ("replay", "--all"), ("token", "list", "--json")):
        assert secret not in project(*words).out
    assert len(project("token", "list", "--json").data["rows"]) == 1


def test_a_person_gets_the_secret_on_a_line_of_its_own(project: Orch) -> None:
    said = project("token", "create", "grace", "--command-id", "x")
    assert FORM.fullmatch(said.out.removesuffix("\n")), (
        "a script takes it and nothing else: TOKEN=$(orch token create …)"
    )
    assert "grace" in said.err and "next      orch serve" in said.err and said.out.strip() not in said.err
    again = project("token", "create", "grace", "--command-id", "x")
    assert (again.status, again.out) == (0, "") and "was shown when it was issued" in again.err


def test_a_token_is_revoked_by_its_id_and_the_list_tells_when(project: Orch) -> None:
    token = project("token", "create", "builder", "--kind", "agent", "--json").data["token"]["id"]
    before = position(project)
    assert project("token", "revoke", token, "--reason", "seen in a log").status == 0
    (row,) = project("token", "list", "--json").data["rows"]
    assert (row["state"], row["revoked_by"]["name"], row["actor"]["kind"]) == ("revoked", "ada", "agent")
    (then,) = project("token", "list", "--at", f"position:{before}", "--json").data["rows"]
    assert then["state"] == "active" and then["revoked_at"] is None
    assert project("token", "revoke", token).status == 3
    assert re.search(rf"{token} +builder \(agent\) +read, write .*revoked +never", project("token", "list").out)


def test_only_people_issue_tokens(project: Orch) -> None:
    for kind in ("agent", "service"):
        refused = project("token", "create", "grace", "--actor-kind", kind, "--json")
        assert refused.status == 3 and refused.error["code"] == "POLICY_VIOLATION"


def test_what_mends_a_token_keeps_its_kind_and_its_scopes(project: Orch) -> None:
    def fix(*words: str) -> list[str]:
        return list(project("token", "create", *words, "--json").error["fix"])

    assert fix("", "--scope", "read") == ["orch token create ada --scope read --days 90"]
    assert fix("a\nb", "--kind", "agent") == ["orch token create ada --kind agent --days 90"]
    assert fix("night shift", "--kind", "service", "--scope", "root") == [
        "orch token create 'night shift' --kind service --scope read --scope write"
    ]


def test_wrong_words_are_refused_and_no_secret_is_repeated(project: Orch) -> None:
    before = position(project)
    assert project("token", "create", "grace", "--scope", "root").status == 2
    assert project("token", "create", "grace", "--days", "367").status == 2
    assert project("token", "create", "a\nb").status == 2
    secret = "orch_0b8f3a52c1d2_" + "a" * 43
    refused = project("token", "revoke", secret)
    assert refused.status == 2 and "a" * 43 not in refused.err
    assert project("token", "revoke", "0b8f3a52c1d2").status == 4
    assert position(project) == before
    assert "Begin with: orch token create" in project("token", "list").out


@pytest.mark.parametrize(
    "days", ["0", "-1", "367", "1.5", "nan", "1e2", "", " ", "0x10", "99999999999999999999999", "ten", "1\x00"]
)
def test_a_token_lives_for_whole_days_of_a_year_at_most(days: str, project: Orch) -> None:
    before = position(project)
    refused = project("token", "create", "grace", "--days", days)
    assert refused.status == 2 and "Traceback" not in refused.err and position(project) == before


@pytest.mark.parametrize("days", [1, 366])
def test_a_token_ends_so_many_days_after_it_was_issued_to_the_second(days: int, project: Orch) -> None:
    token = project("token", "create", "grace", "--days", str(days), "--json").data["token"]
    (row,) = project("token", "list", "--json").data["rows"]
    ends, issued = (datetime.fromisoformat(row[name]) for name in ("expires_at", "issued_at"))
    assert abs((ends - issued) - timedelta(days=days)) < timedelta(seconds=5) and row["id"] == token["id"]


@pytest.mark.parametrize(
    "scope", ["READ", "read,write", "read write", "", "*", "read\n", "root", "\x1b[2J", "re\u0430d"]
)
def test_a_scope_is_one_of_the_words_there_are(scope: str, project: Orch) -> None:
    before = position(project)
    refused = project("token", "create", "grace", "--scope", "read", "--scope", scope)
    assert refused.status == 2 and "\x1b" not in refused.err and position(project) == before
    assert all(word in refused.err for word in Scope)


def test_a_scope_that_is_given_again_counts_once(project: Orch) -> None:
    words = ("--scope", "approve", "--scope", "read", "--scope", "approve", "--json")
    assert project("token", "create", "grace", *words).data["token"]["scopes"] == ["read", "approve"]


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a\nb", "a\x1b[2Jb", "\u202eecarg", "grace ", " grace", "grace  hopper", "x" * 201),
        *("jose\u0301", "grace\ufe0f", "gra\u034fce", "\u3164", "\ud800", "grace\u200b", "a\x00b"),
    ],
)
def test_nobody_has_a_name_that_looks_like_another_or_like_nothing(name: str, project: Orch) -> None:
    before = position(project)
    refused = project("token", "create", name)
    assert refused.status == 2 and position(project) == before
    assert not set("\x1b\u202e\ufe0f\u200b") & set(refused.err)


def test_names_of_people_are_taken_as_they_are(project: Orch) -> None:
    for name in ("José", "Grace Hopper", "李小龍", "O'Brien", "grace@example.org", "Łukasz", "ångström", "नमस्ते"):
        assert project("token", "create", name).status == 0, name


def test_two_tokens_of_one_name_are_two(project: Orch) -> None:
    one, other = (project("token", "create", "grace", "--json").data["token"]["id"] for _ in range(2))
    assert one != other and project("token", "revoke", one).status == 0
    states = {row["id"]: row["state"] for row in project("token", "list", "--json").data["rows"]}
    assert states == {one: "revoked", other: "active"}


@pytest.mark.parametrize(
    "token",
    ["", "0B8F3A52C1D2", "orch_0b8f3a52c1d2", "0b8f3a52c1d", "0b8f3a52c1d2 ", "../../log.db", "*", "\u0660b8f3a52c1d2"],
)
def test_what_is_no_id_revokes_nothing(token: str, project: Orch) -> None:
    before = position(project)
    refused = project("token", "revoke", token)
    assert refused.status == 2 and "orch token list" in refused.err and position(project) == before


def test_a_token_that_was_revoked_or_has_ended_is_not_revoked_again(project: Orch) -> None:
    token = project("token", "create", "grace", "--json").data["token"]["id"]
    assert project("token", "revoke", token).status == 0
    before = position(project)
    again = project("token", "revoke", token, "--json")
    assert (again.status, again.error["code"]) == (3, "NOTHING_CHANGED") and position(project) == before


def test_whoever_loses_a_role_keeps_the_token_and_approves_no_more_what_the_role_is_for(project: Orch) -> None:
    """A token says who somebody is; what they may is asked of the policy each time."""
    project("role", "grant", "grace", "lead")
    project("policy", "set", "--approver-role", "spec=lead")
    project("spec", "st01-x", "--objectives", "a")
    token = project("token", "create", "grace", "--scope", "approve", "--json").data["token"]["id"]
    project("role", "revoke", "grace", "lead")
    (row,) = project("token", "list", "--json").data["rows"]
    assert (row["id"], row["state"], row["scopes"]) == (token, "active", ["approve"])
    refused = project("approve", "st01-x", "spec", "--actor", "grace", "--json")
    assert refused.status == 3 and refused.error["code"] == "POLICY_VIOLATION"
