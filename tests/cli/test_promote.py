"""orch recover promote: the project goes on with a recovered store, and nothing of the old one is lost."""

import os
import shlex
import shutil
import sqlite3
from pathlib import Path

import orjson
import pytest

from adapters.sqlite_log import SqliteLog
from cli import promoting
from domain.errors import Unavailable
from tests.cli.conftest import Orch, position, the_log
from tests.cli.recovered_world import NEW, WHY, files_in, in_store, lived, promoted, recovered, rows
from tests.fix_lines import understood

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture


def origin(store: str = ".orch") -> str:
    with SqliteLog.open(Path(store) / "log.db", read_only=True) as log:
        return log.origin


def kept() -> Path:
    (folder,) = Path(".orch/retired").iterdir()
    return folder


def test_a_promoted_store_is_the_projects_and_the_old_one_is_kept(lived: Orch) -> None:
    lived("audit", "checkpoint")
    before, old = rows(".orch"), origin()
    keys = {path.name for path in Path(".orch/keys").iterdir()}
    recovered(lived, "position:6")
    data = promoted(lived).data
    assert rows(".orch", 6) == before[:6] and rows(kept()) == before
    assert not Path(NEW).exists() and origin() != old and origin(str(kept())) == old
    assert data["forked"] == {
        "origin": origin(),
        "parent": old,
        "size": 6,
        "root": data["forked"]["root"],
        "parent_size": 15,
        "public_key": lived("audit", "key", "show", "--json").data["key"],
    }
    assert [event["topic"] for event in data["events"]] == ["ledger.forked", "ledger.recovered"]
    assert {path.name for path in (kept() / "keys").iterdir()} == keys
    assert {path.name for path in Path(".orch/keys").iterdir()}.isdisjoint(keys)
    assert [path.name for path in (kept() / "checkpoints").iterdir()] == ["15.note"]
    assert lived("status", "st01-x", "--json").data["current_step"] == "research"
    assert lived("block", "st01-x", "a pause").status == 0
    assert lived("audit", "verify", "--json").data["problems"] == []


def test_the_fork_says_what_was_left_and_why(lived: Orch) -> None:
    note = lived("audit", "checkpoint").out
    recovered(lived, "position:6")
    promoted(lived)
    forked, back = lived("audit", "trail", "--topic", "ledger.", "--json").data["rows"]
    assert forked["reason"] == back["reason"] == "the approval was a mistake"
    assert (forked["actor"], forked["position"]) == ({"name": "ada", "kind": "human"}, 7)
    facts = orjson.loads(rows(".orch")[6].envelope)["facts"]
    assert facts["checkpoint"] == note and facts["parent_size"] == 15
    assert orjson.loads(rows(".orch")[6].envelope)["origin"] == facts["origin"] == origin()


def test_the_retired_store_is_read_only_and_can_be_read(lived: Orch) -> None:
    recovered(lived, "position:6")
    promoted(lived)
    assert {oct(path.stat().st_mode & 0o777) for path in kept().rglob("*") if path.is_file()} == {"0o400"}
    assert {oct(path.stat().st_mode & 0o777) for path in (kept(), kept() / "keys")} == {"0o500"}
    assert {path.name for path in kept().iterdir()} == {"log.db", "keys"}
    with in_store(kept()):
        assert lived("list", "--json").data["as_of"]["position"] == 15
        refused = lived("approve", "st02-y", "research", "--json")
        assert (refused.status, refused.error["code"]) == (3, "STORE_RETIRED")
        refused = lived("audit", "checkpoint", "--json")
        assert (refused.status, refused.error["code"]) == (3, "STORE_RETIRED"), "nothing is signed for it either"


def test_a_retired_store_can_be_recovered_and_promoted_again(lived: Orch) -> None:
    first, old = rows(".orch"), origin()
    recovered(lived, "position:6")
    promoted(lived)
    with in_store(kept()):
        recovered(lived, "now", out="back")
    data = promoted(lived, out="back").data
    assert rows(".orch", 15) == first and data["forked"]["parent"] == old
    assert lived("audit", "verify", "--json").data["problems"] == []


def test_one_can_go_back_twice(lived: Orch) -> None:
    recovered(lived, "position:9")
    promoted(lived)
    second = origin()
    recovered(lived, "position:11", out="again")
    data = promoted(lived, out="again").data
    assert (data["forked"]["parent"], data["forked"]["size"]) == (second, 11)
    recovered(lived, "position:6", out="further")
    data = promoted(lived, out="further").data
    assert data["forked"]["size"] == 6 and len(list(Path(".orch/retired").iterdir())) == 3
    assert lived("audit", "verify", "--json").data["problems"] == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--yes",), 2),
        (("--reason", "  ", "--yes"), 2),
        (WHY, 2),
        ((*WHY, "--yes", "--actor-kind", "agent"), 3),
        ((*WHY, "--yes", "--actor-kind", "service"), 3),
    ],
)
def test_a_promotion_is_meant_reasoned_and_a_persons(lived: Orch, words: tuple[str, ...], status: int) -> None:
    recovered(lived, "position:6")
    before, new = files_in(Path(".orch")), rows(NEW)
    refused = lived("recover", "promote", NEW, *words, "--json")
    assert refused.status == status and refused.error["fix"]
    assert files_in(Path(".orch")) == before and rows(NEW) == new
    assert not list(Path(NEW).glob("keys/*"))


def test_the_rules_of_the_store_in_force_bind_agents_too(lived: Orch) -> None:
    lived("policy", "set", "--agents-may-approve")
    lenient = position(lived)
    lived("policy", "set", "--agents-may-not-approve")
    recovered(lived, f"position:{lenient}")
    refused = lived("recover", "promote", NEW, *WHY, "--yes", "--actor-kind", "agent", "--json")
    assert (refused.status, refused.error["code"]) == (3, "POLICY_VIOLATION")


def test_away_from_a_terminal_a_kind_has_to_be_named(lived: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    recovered(lived, "position:6")
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    assert lived("recover", "promote", NEW, *WHY, "--yes", "--json").status == 2


def test_a_damaged_recovery_is_not_promoted(lived: Orch) -> None:
    recovered(lived, "position:6")
    database = sqlite3.connect(f"{NEW}/log.db")
    database.execute("DROP TRIGGER events_never_change")
    database.execute("UPDATE events SET clock = clock + 1 WHERE position = 3")
    database.commit()
    database.close()
    before = files_in(Path(".orch"))
    refused = lived("recover", "promote", NEW, *WHY, "--yes", "--json")
    assert refused.status == 6 and files_in(Path(".orch")) == before


def test_a_store_of_its_own_is_not_promoted(lived: Orch) -> None:
    shutil.copytree(".orch", "copy")
    refused = lived("recover", "promote", "copy", *WHY, "--yes", "--json")
    assert refused.status == 2 and "no recovery" in refused.error["message"]
    with in_store(".orch"):
        assert lived("recover", "promote", ".orch", *WHY, "--yes", "--json").status == 2


def test_the_recovery_of_another_project_is_not_promoted(lived: Orch) -> None:
    recovered(lived, "position:6")
    shutil.rmtree(".orch")
    lived("init", "--host", "example.org")
    assert lived("recover", "promote", NEW, *WHY, "--yes", "--json").status in (2, 6)


def test_the_same_id_answers_the_same_and_does_nothing_more(lived: Orch) -> None:
    recovered(lived, "position:6")
    first = promoted(lived, "--command-id", "once")
    before = files_in(Path(".orch"))
    again = lived("recover", "promote", NEW, *WHY, "--yes", "--json", "--command-id", "once")
    assert again.out == first.out and files_in(Path(".orch")) == before


def test_an_id_that_another_command_bore_promotes_nothing(lived: Orch) -> None:
    used = lived("history", "st01-x", "--json").data["rows"][0]["command_id"]
    recovered(lived, "position:6")
    before = files_in(Path(".orch"))
    refused = lived("recover", "promote", NEW, *WHY, "--yes", "--json", "--command-id", used)
    assert refused.error["code"] == "COMMAND_ID_REUSED" and files_in(Path(".orch")) == before


def test_while_somebody_reads_the_old_store_it_is_not_replaced(lived: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.retiring.TIMEOUT_S", 0.2)
    recovered(lived, "position:6")
    with the_log() as reader:
        assert reader.moment().position == 15
        refused = lived("recover", "promote", NEW, *WHY, "--yes", "--json")
        assert (refused.status, refused.error["code"]) == (8, "UNAVAILABLE")
        assert reader.moment().position == 15 and origin() == reader.origin
    promoted(lived)
    assert position(lived) == 8


def test_what_another_disk_holds_is_not_promoted(lived: Orch) -> None:
    others = [Path(name) for name in ("/dev/shm", "/var/tmp")]  # noqa: S108  # memory, and a disk
    other = next((path for path in others if path.is_dir() and path.stat().st_dev != Path.cwd().stat().st_dev), None)
    if other is None:
        pytest.skip("there is no second file system here")
    new = other / f"orch-test-{os.getpid()}"
    try:
        recovered(lived, "position:6", out=str(new))
        refused = lived("recover", "promote", str(new), *WHY, "--yes", "--json")
        assert refused.status == 2 and "file system" in refused.error["message"]
    finally:
        shutil.rmtree(new, ignore_errors=True)


def test_a_log_that_was_forked_is_recovered_to_before_and_after_its_fork(lived: Orch) -> None:
    old = origin()
    recovered(lived, "position:6")
    promoted(lived)
    lived("spec", "st03-z", "--objectives", "new")
    for size, name in ((5, old), (6, old), (7, origin()), (8, origin()), (10, origin())):
        found = recovered(lived, f"position:{size}", out=f"at{size}").data["verification"]
        assert (found["verdict"], found["origin"]) == ("verified", name)
        assert lived("recover", "verify", f"at{size}", "--json").status == 0


def test_nobody_promotes_what_is_already_in_force(lived: Orch) -> None:
    recovered(lived, "position:6")
    with in_store(NEW):
        assert lived("recover", "promote", NEW, *WHY, "--yes", "--json").status == 2


def text_at(place: int, store: str | Path = ".orch") -> bytes | None:
    return rows(store)[place - 1].payload


def test_what_was_erased_after_the_recovery_is_not_brought_back(lived: Orch) -> None:
    recovered(lived, "position:12")
    assert lived("audit", "redact", "9", "--reason", "a court order", "--yes").status == 0
    before, new = files_in(Path(".orch")), rows(NEW)
    refused = lived("recover", "promote", NEW, *WHY, "--yes", "--json")
    assert (refused.status, refused.error["code"]) == (3, "REDACTED_SINCE")
    assert "position 9" in refused.error["message"]
    assert files_in(Path(".orch")) == before and rows(NEW) == new
    (line,) = refused.error["fix"]
    assert understood(line) and lived(*shlex.split(line)[1:]).status == 0
    promoted(lived, out="new-2")
    assert text_at(9) is None
    assert lived("audit", "verify", "--json").data["problems"] == []


def test_a_text_that_only_the_log_left_had_may_be_erased_meanwhile(lived: Orch) -> None:
    recovered(lived, "position:6")
    assert lived("audit", "redact", "9", "--reason", "a court order", "--yes").status == 0
    promoted(lived)
    assert lived("audit", "verify", "--json").data["problems"] == []


def test_an_interrupted_promotion_does_not_bring_an_erased_text_back_either(
    lived: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Unavailable("killed")

    recovered(lived, "position:12")
    with monkeypatch.context() as patched:
        patched.setattr(promoting, "change_places", killed)
        assert lived("recover", "promote", NEW, *WHY, "--yes").status == 8
    assert lived("audit", "redact", "9", "--reason", "a court order", "--yes").status == 0
    refused = lived("recover", "promote", NEW, *WHY, "--yes", "--json")
    assert (refused.status, refused.error["code"]) == (3, "REDACTED_SINCE")
    assert "--to position:12 " in refused.error["fix"][0]
