"""orch audit redact: a planted secret is found nowhere afterwards, and everything else still holds."""

import io
import sys
from pathlib import Path
from subprocess import run

import apsw
import pytest

from adapters.sqlite_schema import SCHEMA_VERSION
from domain.event_log import Record
from tests.adapters.schema_1 import as_schema_1
from tests.cli.conftest import Answer, Orch, position, the_log
from tests.fix_lines import understood

SECRET = "hunter2-4711"
SPEC = Path("dev/st01-x/spec.md")
LOG = Path(".orch/log.db")


def redact(orch: Orch, at: int, *words: str, reason: str = "a password") -> Answer:
    return orch("audit", "redact", str(at), "--reason", reason, "--yes", *words)


def must(orch: Orch, *words: str) -> Answer:
    answer = orch(*words)
    assert answer.status == 0, answer
    return answer


def holds_secret(folder: Path = Path()) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes())


def records() -> list[Record]:
    with the_log() as log:
        return list(log.records())


@pytest.fixture
def leaked(project: Orch) -> Orch:
    """A secret in an objective (4), in feedback (6), quoted in the next draft (7), in a comment (9), in a blocker (10).

    Every step after the spec is untouched; iteration 3 of the spec is clean and waits.
    """
    must(project, "spec", "st01-x", "--objectives", f"Log in with {SECRET},Fast enough")
    must(project, "reject", "st01-x", "spec", "--feedback", f"Take {SECRET} out")
    must(project, "spec", "st01-x", "--objectives", "Log in,Fast enough")
    must(project, "approve", "st01-x", "spec", "--comments", f"without {SECRET}")
    must(project, "block", "st01-x", f"{SECRET} is still valid")
    return project


SECRETS = (4, 6, 7, 9, 10)


def cleaned(orch: Orch) -> None:
    """Draft the approved text anew, and redact everything that holds the secret."""
    must(orch, "reopen", "st01-x", "spec", "--reason", "a text has to go")
    must(orch, "spec", "st01-x", "--objectives", "Log in,Fast enough")
    for at in SECRETS:
        assert redact(orch, at).status == 0


@pytest.mark.in_file
def test_a_planted_secret_is_found_nowhere(leaked: Orch) -> None:
    assert {".orch/log.db-wal", str(SPEC), "dev/st01-x/phase-state.json"} == {*holds_secret()}
    cleaned(leaked)
    assert holds_secret() == []
    assert Path(".orch/log.db-wal").stat().st_size == 0
    assert [record.position for record in records() if record.payload is None and record.salt is None] == [
        *(4, 5, 6, 7, 8, 9, 10, 13)
    ], "erased, or never with a text: 5, 8 and 13 are requests"


def test_every_proof_made_before_still_holds(leaked: Orch) -> None:
    Path("held.txt").write_text(must(leaked, "audit", "checkpoint").out)
    proofs = {at: must(leaked, "audit", "prove", str(at), "-o", f"before-{at}") for at in SECRETS}
    before = records()
    cleaned(leaked)
    for one, other in zip(before, records(), strict=False):
        assert one._replace(salt=None, payload=None) == other._replace(salt=None, payload=None)
    for at in proofs:
        must(leaked, "audit", "prove", str(at), "-o", f"after-{at}")
        assert Path(f"before-{at}/entry").read_bytes() == Path(f"after-{at}/entry").read_bytes()
    answer = leaked("audit", "verify", "--against", "held.txt", "--json")
    found = answer.data
    assert (answer.status, found["verdict"], found["problems"]) == (7, "incomplete", [])
    assert found["erased"] == len(SECRETS) and f"{len(SECRETS)} events was erased" in found["not_proved"][0]
    assert found["checkpoints"][0]["holds"] is True


@pytest.mark.in_file
def test_the_fingerprint_of_the_command_is_gone_too(leaked: Orch) -> None:
    with the_log() as log:
        (record,) = log.records(10, 10)
        _, fingerprint = log.receipt(record.command_id) or (None, None)
    assert fingerprint and any(fingerprint.encode() in path.read_bytes() for path in Path(".orch").glob("log.db*"))
    redact(leaked, 10)
    assert not any(fingerprint.encode() in path.read_bytes() for path in Path(".orch").rglob("*") if path.is_file())
    words = ("block", "st01-x", "anything", "--command-id", record.command_id)
    assert must(leaked, *words, "--json").data["position"] == 10, "nobody knows any more what was asked"


def test_every_reader_shows_the_gap_and_who_made_it(leaked: Orch) -> None:
    cleaned(leaked)
    said = f"text erased at position {position(leaked) - 4} by ada (human): a password"
    by = {"position": position(leaked) - 4, "name": "ada", "kind": "human", "reason": "a password"}
    for words in (("history", "st01-x"), ("audit", "trail"), ("show", "st01-x", "spec", "--iteration", "1")):
        assert said in must(leaked, *words).out, words
    for words in (("history", "st01-x"), ("audit", "trail")):
        row = next(row for row in must(leaked, *words, "--json").data["rows"] if row["position"] == 4)
        assert (row["erased"], row["erased_by"]) == (True, by)
        assert all(row["erased_by"] is None for row in must(leaked, *words, "--json").data["rows"] if not row["erased"])
    shown = must(leaked, "show", "st01-x", "spec", "--iteration", "1", "--json").data
    assert (shown["text"], shown["erased_by"]) == (None, by)
    assert said in leaked("show", "st01-x", "spec", "--iteration", "1", "--raw").err
    compared = must(leaked, "diff", "st01-x", "spec", "--from", "1", "--json").data
    assert (compared["lines"], compared["old"]["erased_by"], compared["new"]["erased_by"]) == (None, by, None)
    assert said in must(leaked, "diff", "st01-x", "spec", "--from", "1").out
    for format_ in ("csv", "jsonl", "text"):
        assert "a password" in must(leaked, "audit", "trail", "--format", format_).out
    for line in ("status st01-x", "why st01-x", "next", "list", "audit exceptions"):
        must(leaked, *line.split())
        must(leaked, *line.split(), "--json")
    assert "[erased]" in Path("dev/st01-x/phase-state.json").read_text()


@pytest.mark.parametrize("at", [*SECRETS, 11])
def test_the_past_is_read_across_the_gap(leaked: Orch, at: int) -> None:
    cleaned(leaked)
    moment = ("--at", f"position:{at}")
    for words in (("status", "st01-x"), ("history", "st01-x"), ("why", "st01-x"), ("list",), ("audit", "trail")):
        must(leaked, *words, *moment, "--json")
    shown = must(leaked, "show", "st01-x", "spec", *moment, "--json").data
    assert shown["erased"] and shown["erased_by"]["reason"] == "a password", "gone now is gone then"


def test_the_reason_may_be_erased_as_well(leaked: Orch) -> None:
    redact(leaked, 10, reason=f"the password was {SECRET}")
    last = position(leaked)
    assert redact(leaked, last, reason="the reason said it again").status == 0
    row = next(row for row in must(leaked, "history", "st01-x", "--json").data["rows"] if row["position"] == 10)
    assert row["erased_by"] == {"position": last, "name": "ada", "kind": "human", "reason": None}
    assert f"text erased at position {last} by ada (human)\n" in must(leaked, "history", "st01-x").out
    for at in (4, 6, 9):
        redact(leaked, at)
    assert leaked("audit", "verify").status == 7


def test_the_latest_text_is_drafted_anew_first(leaked: Orch) -> None:
    refused = redact(leaked, 7, "--json")
    assert (refused.status, refused.error["code"]) == (3, "LATEST_TEXT")
    assert all(understood(line) for line in refused.error["fix"])
    assert SECRET in SPEC.read_text()


def test_what_says_the_same_is_named_with_the_command_that_erases_it(leaked: Orch) -> None:
    found = redact(leaked, 6, "--json").data
    assert [(each["position"], each["step"], each["iteration"]) for each in found["still_there"]] == [(7, "spec", 2)]
    assert found["still_there"][0]["fix"] == "orch audit redact 7 --reason 'a password' --yes"
    assert understood(found["still_there"][0]["fix"])
    shown = redact(leaked, 4)
    assert "position 7 (phase.document_drafted spec 2) says 1 of 2 pieces" in shown.out, "the objective that stayed"
    assert SECRET not in shown.out + shown.err


def test_a_document_names_the_feedback_that_it_quotes(leaked: Orch) -> None:
    must(leaked, "reopen", "st01-x", "spec", "--reason", "a text has to go")
    must(leaked, "spec", "st01-x", "--objectives", "Other")
    found = redact(leaked, 7, "--json").data
    assert {each["position"] for each in found["still_there"]} == {4, 6}


def test_an_archived_phase_loses_its_latest_text_and_its_file(leaked: Orch) -> None:
    must(leaked, "archive", "st01-x", "--reason", "over")
    found = redact(leaked, 7, "--json").data
    assert found["removed"] == [str(SPEC)] and not SPEC.exists()
    assert redact(leaked, 7, "--json").data["removed"] == []


def test_a_file_that_says_something_else_stays(leaked: Orch) -> None:
    SPEC.write_text(f"# mine, with {SECRET}\n")
    must(leaked, "archive", "st01-x", "--reason", "over")
    assert redact(leaked, 7, "--json").data["removed"] == []
    assert "# mine" in SPEC.read_text()
    SPEC.write_bytes(b"\xff\xfe")
    assert redact(leaked, 4, "--json").data["removed"] == []


def test_an_erased_text_on_disk_gives_way_to_the_latest(leaked: Orch) -> None:
    first = must(leaked, "show", "st01-x", "spec", "--iteration", "1", "--raw").out or _raw(leaked)
    SPEC.write_text(first)
    found = redact(leaked, 4, "--json").data
    assert found["removed"] == [str(SPEC)]
    assert "Log in\n" in SPEC.read_text() and "Log in with" not in SPEC.read_text()


def _raw(orch: Orch) -> str:
    text: str = must(orch, "show", "st01-x", "spec", "--iteration", "1", "--json").data["text"]
    return text


def test_rescued_copies_go_and_others_are_named(leaked: Orch) -> None:
    first = _raw(leaked)
    for text in (first, first.replace("\n", "\r\n"), f"# mine, about {SECRET}\n"):
        SPEC.write_text(text, newline="")
        must(leaked, "checkout", "st01-x", "spec")
    rescued = sorted(Path(".orch/rescued/st01-x").iterdir())
    assert len(rescued) == 3
    found = redact(leaked, 4, "--json").data
    assert len(found["removed"]) == 2
    (left,) = Path(".orch/rescued/st01-x").iterdir()
    assert "# mine" in left.read_text()
    assert any("1 other text in .orch/rescued/st01-x may hold parts" in each for each in found["out_of_reach"])


def test_what_a_killed_writer_left_half_written_goes(leaked: Orch) -> None:
    for name in (".spec.md.77.part", ".phase-state.json.77.part"):
        (SPEC.parent / name).write_text(f"half of {SECRET}")
    (SPEC.parent / "notes.part").write_text("mine")
    found = redact(leaked, 10, "--json").data
    assert found["removed"] == ["dev/st01-x/.phase-state.json.77.part", "dev/st01-x/.spec.md.77.part"]
    assert (SPEC.parent / "notes.part").exists()


def git(*words: str) -> None:
    run(["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", *words], check=True, capture_output=True)


def test_copies_in_git_are_named_as_out_of_reach(leaked: Orch) -> None:
    assert not any("git" in each for each in redact(leaked, 10, "--json").data["out_of_reach"])
    git("init")
    assert not any("git" in each for each in redact(leaked, 9, "--json").data["out_of_reach"])
    git("add", "dev/st01-x/phase-state.json")
    assert "phase-state.json. " in redact(leaked, 9, "--json").data["out_of_reach"][0]
    git("add", "dev")
    git("commit", "-m", "a spec")
    git("rm", "--cached", str(SPEC))
    git("commit", "-m", "no spec")
    told = redact(leaked, 6, "--json").data["out_of_reach"]
    assert told[0].startswith("git holds versions of dev/st01-x/phase-state.json, dev/st01-x/spec.md. What they say")
    assert "history of the repository is rewritten" in redact(leaked, 6).out


def test_a_git_that_does_not_answer_is_said(leaked: Orch) -> None:
    Path(".git").write_text("gitdir: nowhere\n")
    assert any("git did not say" in each for each in redact(leaked, 10, "--json").data["out_of_reach"])


def test_texts_of_the_project_itself_go_without_any_files(leaked: Orch) -> None:
    found = redact(leaked, 2, "--json").data
    assert (found["erased"]["stream"], found["erased"]["phase"], found["removed"]) == ("policy", None, [])
    assert found["redacted"] == 2 and found["still_there"] == []


def test_repeating_finishes_and_records_nothing(leaked: Orch) -> None:
    first = redact(leaked, 10, "--json", "--command-id", "once").data
    Path("dev/st01-x/.spec.md.9.part").write_text(SECRET)
    again = redact(leaked, 10, "--json", "--command-id", "once")
    assert "nothing was recorded now" in again.err
    assert again.data == first | {"removed": ["dev/st01-x/.spec.md.9.part"], "still_there": None}
    other = redact(leaked, 10, "--json", reason="another reason")
    assert other.data == first | {"removed": [], "still_there": None}
    assert position(leaked) == first["position"]
    assert "can no longer be looked for" in redact(leaked, 10).out


def test_an_id_that_was_used_for_something_else_erases_nothing(leaked: Orch) -> None:
    block = records()[9].command_id
    assert redact(leaked, 9, "--command-id", block, "--json").error["code"] == "COMMAND_ID_REUSED"
    assert redact(leaked, 10).status == 0
    for at in (9, 5, 99):
        assert redact(leaked, at, "--command-id", block, "--json").error["code"] == "COMMAND_ID_REUSED"
    assert records()[8].payload is not None


@pytest.mark.in_file
def test_readers_in_the_way_are_named_and_the_same_command_finishes(
    leaked: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_OPERATION_TIMEOUT_MS", "200")
    reader = apsw.Connection(str(LOG), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchall()
    refused = redact(leaked, 10, "--json", "--command-id", "once")
    assert (refused.status, refused.error["code"]) == (8, "UNAVAILABLE")
    assert "recorded at position 11, but not finished" in refused.error["message"]
    assert "log.db-wal still holds what was erased" in refused.error["message"]
    assert refused.error["fix"][-1].startswith("orch ")
    assert records()[9].payload is None and Path(".orch/log.db-wal").stat().st_size
    reader.close()
    assert redact(leaked, 10, "--command-id", "once").status == 0
    assert Path(".orch/log.db-wal").stat().st_size == 0


@pytest.mark.at_the_log("through a service it is the token that says the kind")
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_away_from_a_terminal_it_has_to_be_meant(leaked: Orch, words: tuple[str, ...]) -> None:
    refused = leaked("audit", "redact", "10", "--reason", "a 'name'", "--actor-kind", "human", *words)
    line = """orch audit redact 10 --reason 'a '"'"'name'"'"'' --yes --actor-kind human"""
    assert refused.status == 2 and understood(line)
    assert refused.error["fix"] == [line] if words else line in refused.err
    assert records()[9].payload is not None


@pytest.mark.at_the_log("through a service it is the token that says the kind")
def test_away_from_a_terminal_who_erases_has_to_be_said(leaked: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    refused = redact(leaked, 10, "--json")
    assert refused.status == 2 and "--actor-kind" in refused.error["message"]
    assert refused.error["fix"][0] == "orch audit redact 10 --reason 'a password' --yes --actor-kind human"


def test_an_agent_erases_nothing_while_only_people_may_approve(leaked: Orch) -> None:
    refused = redact(leaked, 10, "--actor-kind", "agent", "--json")
    assert (refused.status, refused.error["code"]) == (3, "POLICY_VIOLATION")


@pytest.mark.parametrize(("at", "status"), [("99", 4), ("0", 2), ("x", 2), ("-1", 2), ("5", 3), ("9" * 30, 4)])
def test_what_is_not_there_is_refused(leaked: Orch, at: str, status: int) -> None:
    assert leaked("audit", "redact", at, "--reason", "why", "--yes", "--json").status == status


def test_a_redaction_says_why(leaked: Orch) -> None:
    refused = leaked("audit", "redact", "10", "--yes", "--json")
    assert refused.status == 2 and refused.error["fix"] == ['orch audit redact 10 --reason "why the text has to go"']


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("n\n", 130), ("\n", 130), ("", 130)])
def test_on_a_terminal_it_shows_what_goes_and_asks(
    leaked: Orch, monkeypatch: pytest.MonkeyPatch, typed: str, status: int
) -> None:
    at_a_terminal(monkeypatch, typed)
    answer = leaked("audit", "redact", "9", "--reason", "a password")
    assert answer.status == status, answer
    assert "phase.document_approved: st01-x spec iteration 2, by ada (human) at 2" in answer.err
    assert "bytes" in answer.err and SECRET not in answer.err + answer.out
    assert (records()[8].payload is None) == (status == 0)


def test_on_a_terminal_nobody_is_asked_about_what_is_refused_anyway(
    leaked: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_terminal(monkeypatch, "y\n")
    for words, status in (("7",), 3), (("9", "--actor-kind", "agent"), 3), (("5",), 3), (("99",), 4):
        answer = leaked("audit", "redact", *words, "--reason", "a password")
        assert answer.status == status and "Erase it?" not in answer.err, answer


@pytest.mark.in_file
def test_a_log_of_an_older_version_is_upgraded_first(leaked: Orch, tmp_path: Path) -> None:
    as_schema_1(LOG, tmp_path / "old.db")
    for end in ("", "-wal", "-shm"):
        Path(f"{LOG}{end}").unlink(missing_ok=True)
    (tmp_path / "old.db").rename(LOG)
    for end in ("-wal", "-shm"):
        (tmp_path / f"old.db{end}").unlink(missing_ok=True)
    must(leaked, "status", "st01-x")
    assert leaked("audit", "verify").status == 7
    refused = redact(leaked, 10, "--json")
    assert (refused.status, refused.error["code"], refused.error["fix"][0]) == (8, "UPGRADE_NEEDED", "orch upgrade")
    before = records()
    told = must(leaked, "upgrade", "--json").data
    assert (told["before"], told["after"], told["upgraded"]) == (1, SCHEMA_VERSION, True)
    again = must(leaked, "upgrade", "--json").data
    assert (again["before"], again["upgraded"]) == (again["after"], False)
    assert "nothing to do" in must(leaked, "upgrade").out
    assert records() == before and leaked("audit", "verify").status == 7
    cleaned(leaked)
    assert holds_secret() == []
