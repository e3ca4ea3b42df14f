"""What was revoked is in force again after a recovery to before it: whoever goes back is told, and what to type."""

import shlex
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position
from tests.cli.recovered_world import NEW, in_store, promoted, recovered

pytestmark = pytest.mark.in_file


@pytest.fixture
def revoked(project: Orch) -> tuple[Orch, str, int]:
    """Return a project in which a token, a role and a key were taken back after a position; and that token."""
    token: str = project("token", "create", "builder", "--kind", "agent", "--json").data["token"]["id"]
    gone: str = project("token", "create", "earlier", "--json").data["token"]["id"]
    project("token", "revoke", gone)
    for name, role in (("grace", "lead"), ("linus", "lead")):
        project("role", "grant", name, role)
    before = position(project)
    for words in (
        ("token", "revoke", token, "--reason", "seen in a log"),
        ("role", "revoke", "grace", "lead"),
        ("role", "revoke", "linus", "lead"),
        ("role", "grant", "linus", "lead"),
        ("role", "grant", "mary", "lead"),
        ("role", "revoke", "mary", "lead"),
        ("audit", "key", "rotate", "--reason", "a laptop was stolen"),
    ):
        assert project(*words).status == 0, words
    later = project("token", "create", "later", "--json").data["token"]["id"]
    assert project("token", "revoke", later).status == 0
    return project, token, before


def test_a_recovery_to_before_a_revocation_says_what_is_in_force_again(revoked: tuple[Orch, str, int]) -> None:
    orch, token, before = revoked
    made = recovered(orch, f"position:{before}")
    found = [(row["kind"], row["name"], row["role"], row["position"]) for row in made.data["undone_revocations"]]
    key = next(name for kind, name, _, _ in found if kind == "key")
    assert found == [
        ("token", token, None, before + 1),
        ("role", "grace", "lead", before + 2),
        ("key", key, None, before + 7),
    ]
    assert f"The token {token} was revoked at position {before + 1}, and opens the service again" in made.err
    with in_store(NEW):
        states = {row["id"]: row["state"] for row in orch("token", "list", "--json").data["rows"]}
        assert states[token] == "active", "and so it is"
    assert recovered(orch, "now", out="whole").data["undone_revocations"] == []


def test_a_promotion_says_it_before_it_asks_and_the_lines_close_it_again(revoked: tuple[Orch, str, int]) -> None:
    orch, token, before = revoked
    recovered(orch, f"position:{before}")
    said = promoted(orch).err
    lines = [line.strip().removeprefix("→ ") for line in said.splitlines() if "→ orch" in line]
    assert [line.split(" --reason")[0] for line in lines] == [
        f"orch token revoke {token}",
        "orch role revoke grace lead",
    ], "of the key nothing: the promoted log has one of its own"
    for line in lines:
        assert orch(*shlex.split(line)[1:]).status == 0
    states = {row["id"]: row["state"] for row in orch("token", "list", "--json").data["rows"]}
    assert states[token] == "revoked"
    assert orch("role", "list", "--json").data["rows"][0]["holders"] == ["linus"]


def test_where_the_rest_of_the_log_is_damaged_the_recovery_says_that_it_cannot_tell(
    revoked: tuple[Orch, str, int],
) -> None:
    orch, _, before = revoked
    with sqlite3.connect(".orch/log.db") as log:
        log.execute("DROP TRIGGER events_never_change")
        log.execute("UPDATE events SET envelope = x'00' WHERE position = ?", (before + 1,))
    log.close()
    made = recovered(orch, f"position:{before}")
    assert made.data["undone_revocations"] == []
    assert any("What was revoked after T" in sentence for sentence in made.data["verification"]["not_proved"])
    assert Path(NEW).is_dir()
