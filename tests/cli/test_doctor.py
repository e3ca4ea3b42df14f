"""orch doctor: every thing it looks for is found and named with what mends it; it changes nothing and never breaks."""

import os
import random
import shutil
from collections.abc import Container
from pathlib import Path
from time import time_ns

import apsw
import pytest

from adapters.places import find
from adapters.sqlite_log import SqliteLog
from tests.adapters.log_entries import YEAR, accepted, decision
from tests.cli.conftest import Answer, Orch, position
from tests.cli.garbage_world import snapshot
from usecases.doctor_files import disk, file_system
from usecases.doctoring import CHECKS
from usecases.patient import Patient

SPEC = Path("dev/st01-x/spec.md")
UNTRIED = {"backups", "drill"}
"""What a project without backups is warned about."""


@pytest.fixture
def healthy(drafted: Orch) -> Orch:
    """Return the function in a project that nothing is wrong with."""
    assert drafted("backup", "create").status == 0
    assert drafted("backup", "drill").status == 0
    assert drafted("audit", "checkpoint").status == 0
    return drafted


def rows_of(told: Answer, check: str) -> list[tuple[str, str, list[str]]]:
    return [(row["level"], row["message"], row["fix"]) for row in told.data["rows"] if row["check"] == check]


def found(orch: Orch, check: str, *, level: str, status: int = 0, but: Container[str] = ()) -> tuple[str, list[str]]:
    """Return the message and the fix of the one row that is not in order; all others have to be, but those named."""
    told = orch("doctor", "--json")
    assert told.status == status, told
    wrong = {row["check"]: row["level"] for row in told.data["rows"] if row["level"] != "ok"}
    wrong = {name: level for name, level in wrong.items() if name == check or name not in but}
    assert wrong == {check: level}, told.data["rows"]
    ((_, message, fix),) = rows_of(told, check)
    assert message in orch("doctor").out
    return message, fix


@pytest.mark.in_file
def test_a_healthy_project_has_a_row_for_every_check_and_all_figures(healthy: Orch) -> None:
    told = healthy("doctor", "--json")
    assert (told.status, told.data["verdict"]) == (0, "fine")
    assert [row["check"] for row in told.data["rows"]] == [name for name, _ in CHECKS]
    assert {row["level"] for row in told.data["rows"]} == {"ok"}
    data = told.data
    assert (data["uncovered_events"], data["clock_skew_us"]) == (0, 0)
    assert 0 <= data["checkpoint_age_seconds"] < 60 and data["free_bytes"] > 0
    assert "orch audit verify" in healthy("doctor").out and "nothing is wrong" in healthy("doctor").out


def test_it_changes_nothing(healthy: Orch, tmp_path: Path) -> None:
    SPEC.write_text("by hand\n")
    Path(".orch/.x.999999999.part").touch()
    before = snapshot(tmp_path)
    healthy("doctor")
    after = snapshot(tmp_path)
    shared = str(tmp_path / ".orch/log.db-shm")  # how readers of SQLite see each other; no content of the log
    assert {**after, shared: None} == {**before, shared: None}


@pytest.mark.in_file
def test_events_that_no_checkpoint_covers_are_counted(drafted: Orch) -> None:
    message, fix = found(drafted, "checkpoints", level="warning", but=UNTRIED)
    assert "No checkpoint covers any of the 5 events" in message and fix == ["orch audit checkpoint"]
    drafted("audit", "checkpoint")
    drafted("block", "st01-x", "no sound card")
    message, fix = found(drafted, "checkpoints", level="warning", but=UNTRIED)
    assert "1 event came after it" in message and fix == ["orch audit checkpoint"]
    assert drafted("doctor", "--json").data["uncovered_events"] == 1
    (note,) = Path(".orch/checkpoints").iterdir()
    os.utime(note, (0, note.stat().st_mtime - 86_400 * 3))
    assert "3 days old" in drafted("doctor").out


@pytest.mark.in_file
def test_a_log_that_was_rolled_back_behind_its_checkpoint_is_damage(drafted: Orch) -> None:
    older = {path: path.read_bytes() for path in Path(".orch").glob("log.db*")}
    drafted("approve", "st01-x", "spec")
    drafted("audit", "checkpoint")
    for path in Path(".orch").glob("log.db*"):
        path.unlink()
    for path, content in older.items():
        path.write_bytes(content)
        path.chmod(0o600)
    message, _ = found(drafted, "checkpoints", level="damage", status=6, but=UNTRIED)
    assert "covers 6 events; this log has only 5" in message


@pytest.mark.in_file
@pytest.mark.parametrize("path", [".orch", ".orch/keys", ".orch/log.db", ".orch/checkpoints/5.note"])
def test_what_others_may_look_into_is_named(healthy: Orch, path: str) -> None:
    Path(path).chmod(0o755)
    message, fix = found(healthy, "permissions", level="warning")
    assert "0755" in message and fix == [f"chmod go-rwx {Path(path).absolute()}"]
    os.system(fix[0])  # noqa: S605  # the command that is offered, as it would be pasted
    assert healthy("doctor", "--json").data["verdict"] == "fine"


@pytest.mark.in_file
def test_a_key_that_is_gone_can_be_replaced(healthy: Orch) -> None:
    (own,) = Path(".orch/keys").iterdir()
    own.unlink()
    _, fix = found(healthy, "key", level="warning")
    assert fix == ['orch audit key rotate --reason "the private key was lost"']


@pytest.mark.in_file
def test_a_key_of_another_log_is_damage(healthy: Orch) -> None:
    (own,) = Path(".orch/keys").iterdir()
    healthy("audit", "key", "rotate", "--reason", "a year has passed")
    healthy("audit", "checkpoint")
    (other,) = set(Path(".orch/keys").iterdir()) - {own}
    other.write_bytes(own.read_bytes())
    assert "is not the private half" in found(healthy, "key", level="damage", status=6)[0]


@pytest.mark.in_file
def test_a_clock_that_was_put_back_is_noticed(healthy: Orch) -> None:
    with SqliteLog.open(Path(".orch/log.db"), clock=lambda: 4_000 * YEAR // 50) as log:
        accepted(log, decision("phase:st02-y", text="later"))
        ahead = log.moment().recorded_at
    assert ahead is not None
    told = healthy("doctor", "--json")
    ((level, message, fix),) = rows_of(told, "clock")
    assert level == "warning" and "ahead of this machine's clock" in message and "timedatectl status" in fix
    assert YEAR < told.data["clock_skew_us"] < ahead


@pytest.mark.in_file
@pytest.mark.parametrize(
    ("text", "fix"),
    [("by hand\n", ["orch edit st01-x spec", "orch checkout st01-x spec"]), (None, ["orch checkout st01-x spec"])],
)
def test_a_document_that_is_not_as_recorded_is_named(healthy: Orch, text: str | None, fix: list[str]) -> None:
    SPEC.unlink() if text is None else SPEC.write_text(text)
    message, offered = found(healthy, "documents", level="warning")
    assert str(SPEC) in message and offered == fix


@pytest.mark.in_file
def test_a_document_that_a_power_cut_left_behind_is_no_edit_and_following_mends_it(healthy: Orch) -> None:
    first = SPEC.read_text()
    assert healthy("follow", "--once").status == 0
    assert healthy("spec", "st01-x", "--objectives", "The newest text").status == 0
    newest = SPEC.read_text()
    assert healthy("backup", "create").status == healthy("audit", "checkpoint").status == 0
    SPEC.write_text(first)
    message, fix = found(healthy, "documents", level="warning")
    assert message == f"{SPEC} holds iteration 1, which is not the latest: what recorded that one was cut off."
    assert fix == ["orch follow --once", "orch checkout st01-x spec"]
    assert healthy("follow", "--once").status == 0
    assert SPEC.read_text() == newest and healthy("doctor").status == 0


@pytest.mark.in_file
def test_an_approved_document_is_put_back_or_reopened(healthy: Orch) -> None:
    healthy("approve", "st01-x", "spec")
    healthy("audit", "checkpoint")
    SPEC.write_text("by hand\n")
    fix = found(healthy, "documents", level="warning")[1]
    assert [line.split(" --")[0] for line in fix] == ["orch checkout st01-x spec", "orch reopen st01-x spec"]


@pytest.mark.at_the_log("the files that are looked at lie there")
def test_what_was_never_finished_is_named_unless_somebody_is_at_it(healthy: Orch) -> None:
    for name in (f".5.note.{os.getpid()}.part", ".5.note.999999999.part", f".log.db.{'0' * 16}.new"):
        Path(".orch", name).touch(mode=0o600)
    told = healthy("doctor", "--json")
    left = [fix for _, _, (fix,) in rows_of(told, "leftovers")]
    named = [f".log.db.{'0' * 16}.new", ".5.note.999999999.part"]
    assert sorted(left) == sorted(f"rm {Path('.orch', name).absolute()}" for name in named)
    assert told.status == 0


@pytest.mark.in_file
def test_a_file_whose_name_is_no_text_is_named_all_the_same(healthy: Orch) -> None:
    Path(os.fsdecode(b".orch/.caf\xe9.999999999.part")).touch()
    message, _ = found(healthy, "leftovers", level="warning")
    assert "caf\\udce9" in message


@pytest.mark.in_file
def test_a_log_that_is_gone_is_damage_and_what_is_left_of_it_is_named(healthy: Orch) -> None:
    Path(".orch/log.db").rename("log.db")
    told = healthy("doctor", "--json")
    assert told.status == 6 and told.data["uncovered_events"] is None
    assert rows_of(told, "store")[0][0] == "damage" and "put it back" in rows_of(told, "store")[0][1]
    assert any("log.db-wal" in message for _, message, _ in rows_of(told, "leftovers"))
    assert {level for level, _, _ in rows_of(told, "documents")} == {"warning"}
    ((level, message, fix),) = rows_of(told, "backups")
    assert level == "ok" and "reach to position 5" in message and fix[0].startswith("orch recover plan")


def test_a_folder_where_nothing_was_begun_says_how_to_begin(orch: Orch) -> None:
    assert orch("doctor", "--json").status == 4
    Path(".orch").mkdir(mode=0o700)
    told = orch("doctor", "--json")
    assert (told.status, told.data["verdict"]) == (8, "unavailable")
    assert rows_of(told, "store")[0][2] == ["orch init"]


@pytest.mark.in_file
@pytest.mark.parametrize("text", ['[checkpoints]\naftr = ["approval"]', "state_dir = 3", "state_dir = ["])
def test_settings_that_cannot_be_read_hide_nothing_else(healthy: Orch, text: str) -> None:
    Path(".orch/config.toml").write_text(text)
    message, fix = found(healthy, "settings", level="warning", status=8, but={"backups"})
    assert "config.toml" in message and fix[-1] == "orch config show --help"


def test_a_variable_that_nothing_reads_is_named(healthy: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_LOG_COLOUR", "/backups")
    told = healthy("doctor", "--json")
    assert told.status == 0 and any("ORCHESTRATOR_LOG_COLOUR" in message for _, message, _ in rows_of(told, "settings"))


def test_a_network_file_system_and_a_full_disk_are_noticed(healthy: Orch, tmp_path: Path) -> None:
    patient = Patient(find(tmp_path), refused=None)
    mounts = tmp_path / "mountinfo"
    mounts.write_text("36 35 98:0 / / rw - nfs4 server:/export rw\n")
    (row,) = file_system(patient, mounts=mounts)
    assert row.level == "warning" and "nfs4" in row.message
    (row,) = disk(patient, least=1 << 60)
    assert row.level == "warning" and row.message.startswith("Only ") and row.fix[0].startswith("df -h ")


@pytest.mark.in_file
def test_whatever_bytes_the_store_holds_there_is_an_answer(healthy: Orch) -> None:
    chance = random.Random(20261125)
    whole = Path(".orch/log.db").read_bytes()
    for leftover in Path(".orch").glob("log.db-*"):
        leftover.unlink()
    statuses = set()
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 20, 400))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        Path(".orch/log.db").write_bytes(data)
        told = healthy("doctor", "--json")
        assert told.status in {0, 6, 8} and [row["check"] for row in told.data["rows"]], told
        statuses.add(told.status)
    assert 6 in statuses


@pytest.mark.at_the_log("the files that are looked at lie there")
@pytest.mark.parametrize("kind", ["keys", "checkpoints"])
def test_a_file_for_a_folder_is_an_answer_too(healthy: Orch, kind: str) -> None:
    folder = Path(".orch", kind)
    shutil.rmtree(folder)
    folder.write_text("x")
    told = healthy("doctor", "--json")
    assert told.status in {0, 6, 8} and told.data["verdict"] != "fine"
    assert position(healthy) == 5


def test_a_project_without_backups_is_told_and_the_figures_say_what_is_at_stake(drafted: Orch) -> None:
    told = drafted("doctor", "--json")
    ((level, message, fix),) = rows_of(told, "backups")
    assert (level, fix) == ("warning", ["orch backup create"]) and "no backups at" in message
    assert rows_of(told, "drill")[0][2] == ["orch backup drill"]
    assert told.data["unshipped_events"] == 5 and 0 <= told.data["rpo_seconds"] < 60
    assert told.data["rto_seconds"] is told.data["drill_age"] is None


def test_what_came_after_the_last_backup_is_a_warning_after_a_day(
    healthy: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = healthy("doctor", "--json").data
    assert (data["unshipped_events"], data["rpo_seconds"]) == (0, 0)
    assert data["rto_seconds"] > 0 and 0 <= data["drill_age"] < 60
    healthy("block", "st01-x", "no sound card")
    healthy("audit", "checkpoint")
    told = healthy("doctor", "--json")
    ((level, message, fix),) = rows_of(told, "backups")
    assert (level, fix) == ("ok", []) and "1 of 6 events are in none" in message
    later = time_ns() + 25 * 3_600 * 10**9
    monkeypatch.setattr("usecases.doctor_backups.time_ns", lambda: later)
    told = healthy("doctor", "--json")
    ((level, message, fix),) = rows_of(told, "backups")
    assert (level, fix) == ("warning", ["orch backup create"]) and "for 1 day" in message
    assert told.data["unshipped_events"] == 1 and 86_400 < told.data["rpo_seconds"] < 95_000


@pytest.mark.in_file
def test_a_drill_that_failed_or_is_long_ago_is_a_warning(healthy: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time_ns() + 31 * 86_400 * 10**9
    with monkeypatch.context() as patched:
        patched.setattr("usecases.doctor_backups.time_ns", lambda: later)
        message, fix = found(healthy, "drill", level="warning", but=UNTRIED)
        assert "31 days ago" in message and fix == ["orch backup drill"]
    (segment,) = Path(".orch/backups").rglob("segment-*")
    segment.write_bytes(segment.read_bytes()[:-1])
    assert healthy("backup", "drill").status == 6
    message, fix = found(healthy, "drill", level="warning", but=UNTRIED)
    assert "failed" in message and fix == ["orch backup drill"]
    assert healthy("doctor", "--json").data["rto_seconds"] is None


@pytest.mark.in_file
@pytest.mark.parametrize(
    ("statement", "what", "fix"),
    [
        ("UPDATE heads SET facts = CAST(replace(facts, 'st01-x', 'st01-y') AS BLOB)", "head", "orch rebuild"),
        ("UPDATE events SET topic = 'phase.archived' WHERE position = 4", "column topic", "orch recover"),
        ("UPDATE events SET payload = x'78' WHERE position = 4", "payload", "orch recover"),
        ("UPDATE tree SET recorded_at = recorded_at + 1", "time of the tree", "orch recover"),
    ],
)
def test_what_was_changed_in_the_log_is_named_with_what_mends_it(
    healthy: Orch, statement: str, what: str, fix: str
) -> None:
    for trigger in triggers():
        changed(f"DROP TRIGGER {trigger}")
    changed(statement)
    told = healthy("doctor", "--json")
    assert told.status == 6
    damage = [row for row in rows_of(told, "events") if row[0] == "damage"]
    assert any(what in message for _, message, _ in damage), damage
    assert all(line.startswith(fix) for _, _, lines in damage for line in lines if lines != ["orch audit verify"])
    quick = healthy("doctor", "--quick", "--json")
    assert rows_of(quick, "events")[0][0] == "ok" and "as asked" in rows_of(quick, "events")[0][1]


@pytest.mark.at_the_log("the files that are looked at lie there")
def test_a_recovered_store_is_not_told_to_sign_or_to_back_up(healthy: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert healthy("recover", "run", "--to", "now", "--out", "recovered").status == 0
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", "recovered")
    told = healthy("doctor", "--json")
    for check in ("key", "checkpoints", "backups", "drill"):
        ((level, message, fix),) = rows_of(told, check)
        assert (level, fix) == ("ok", []) and "promote" in message


def triggers() -> list[str]:
    connection = apsw.Connection(".orch/log.db")
    names = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
    connection.close()
    return names


def changed(statement: str) -> None:
    connection = apsw.Connection(".orch/log.db")
    connection.execute(statement)
    connection.close()


@pytest.mark.in_file
def test_one_phase_is_looked_at_alone(healthy: Orch) -> None:
    healthy("spec", "st02-y", "--objectives", "Another one")
    for trigger in triggers():
        changed(f"DROP TRIGGER {trigger}")
    assert healthy("doctor", "st01-x", "--json").data["verdict"] == "fine"
    changed("UPDATE events SET payload = x'7b7d' WHERE position = 4")
    told = healthy("doctor", "st01-x", "--json")
    assert (told.status, told.data["verdict"]) == (6, "damaged")
    assert "position 4 is not the one that was recorded" in rows_of(told, "events")[0][1]
    assert healthy("doctor", "st02-y", "--json").data["verdict"] == "fine"


@pytest.mark.in_file
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE events SET clock = clock + 1 WHERE position = 4", "is not what its leaf says"),
        ("UPDATE events SET leaf = zeroblob(32) WHERE position = 5", "is not what the tree holds"),
        ("UPDATE events SET command_id = 'x' WHERE position = 5", "contradict the envelope"),
        ("DELETE FROM events WHERE position = 4", "was expected"),
        ("UPDATE heads SET facts = CAST(replace(facts, 'st01-x', 'st01-y') AS BLOB)", "fold to"),
        ("DELETE FROM heads WHERE stream LIKE 'phase:%'", "has no head"),
    ],
)
def test_what_differs_in_one_phase_is_named(healthy: Orch, statement: str, said: str) -> None:
    for trigger in triggers():
        changed(f"DROP TRIGGER {trigger}")
    changed(statement)
    told = healthy("doctor", "st01-x", "--json")
    assert told.status == 6 and any(said in message for _, message, _ in rows_of(told, "events")), told


@pytest.mark.at_the_log("the files that are looked at lie there")
def test_the_files_of_one_phase_are_held_against_the_log(healthy: Orch) -> None:
    Path("dev/st01-x/phase-state.json").write_text("{}")
    SPEC.unlink()
    told = healthy("doctor", "st01-x", "--json")
    assert (told.status, told.data["verdict"]) == (0, "warnings")
    assert rows_of(told, "state_file")[0][2] == ["orch rebuild"]
    assert rows_of(told, "documents")[0][2] == ["orch checkout st01-x spec"]
    assert healthy("doctor", "st09-nobody", "--json").status == 4
    assert healthy("doctor", "No Phase", "--json").status == 2
