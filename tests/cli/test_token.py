"""orch token: the secret is shown once, only people issue, and the list says who could get in when."""

import re

from adapters.access_tokens import FORM
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
    out = project("token", "create", "grace").out
    assert FORM.fullmatch(out.splitlines()[-1])
    said = project("token", "create", "grace", "--command-id", "x")
    assert FORM.fullmatch(said.out.splitlines()[-1])
    assert "was shown when it was issued" in project("token", "create", "grace", "--command-id", "x").out


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
