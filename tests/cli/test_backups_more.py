"""What the backup commands say and refuse, and what rides along."""

import os
import shlex
import shutil
from pathlib import Path

import apsw
import pyrage
import pytest

from adapters.backup_folder import Folder
from adapters.backup_reading import open_backups
from domain.errors import NotFound
from domain.times import rfc3339
from tests.cli.conftest import Orch, position, the_log
from tests.cli.test_backup_redaction import redact
from tests.cli.test_startup import loaded_by
from tests.cli.verified_world import LOG

pytestmark = pytest.mark.at_the_log("orch backup is typed there")

AWAY = Path("away")


@pytest.fixture
def kept(drafted: Orch) -> Orch:
    """Return a project with two segments in its backups and another event after them."""
    drafted("backup", "create", "--to", "away")
    drafted("reject", "st01-x", "spec", "--feedback", "Say how it is measured")
    drafted("backup", "create", "--to", "away")
    drafted("spec", "st01-x", "--objectives", "Round trip below 10 ms by loopback")
    return drafted


def recipient(name: str = "key.txt") -> str:
    identity = pyrage.x25519.Identity.generate()
    Path(name).write_text(f"{identity}\n")
    return str(identity.to_public())


def test_plain_backups_and_backups_on_the_same_disk_are_warned_about(drafted: Orch) -> None:
    said = drafted("backup", "create")
    assert said.status == 0 and "plain text" in said.err and "takes both" in said.err
    said = drafted("backup", "create", "--full", "--recipient", recipient())
    assert "plain text" not in said.err


def test_encrypted_backups_are_checked_without_the_key_and_opened_with_it(drafted: Orch) -> None:
    words = ("--recipient", recipient("one.txt"), "--recipient", recipient("two.txt"))
    made = drafted("backup", "create", "--to", "away", *words, "--json").data
    assert made["encrypted"] and len(made["recipients"]) == 2
    assert not any(b"Round trip" in path.read_bytes() for path in AWAY.rglob("*") if path.is_file())
    closed = drafted("backup", "verify", "--from", "away", "--json")
    assert closed.status == 7 and closed.data["rows"][0]["opened"] is False
    for key in ("one.txt", "two.txt"):
        assert drafted("backup", "verify", "--from", "away", "--identity", key).status == 0
        assert drafted("backup", "restore", "--from", "away", "--out", f"new-{key}", "--identity", key).status == 0
    recipient("three.txt")
    refused = drafted("backup", "restore", "--from", "away", "--out", "new", "--identity", "three.txt", "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR") and not Path("new").exists()
    assert drafted("backup", "restore", "--from", "away", "--out", "new", "--json").status == 2


def test_recipients_and_folder_come_from_the_settings(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".orch/config.toml").write_text(f'[backup]\ndir = "kept"\nrecipients = ["{recipient()}"]\n')
    made = drafted("backup", "create", "--json").data
    assert made["folder"] == str(Path("kept").absolute()) and made["encrypted"]
    monkeypatch.setenv("ORCHESTRATOR_BACKUP_DIR", "elsewhere")
    assert drafted("backup", "create", "--json").data["folder"] == str(Path("elsewhere").absolute())
    monkeypatch.setenv("ORCHESTRATOR_BACKUP_RECIPIENTS", "age1nonsense")
    assert drafted("backup", "create", "--json").status == 2


def test_settings_templates_and_young_logs_ride_along_and_keys_never_do(kept: Orch) -> None:
    Path(".orch/config.toml").write_text('[checkpoints]\nafter = ["approval"]\n')
    (Path(".orch/templates") / "partials").mkdir(parents=True)
    Path(".orch/templates/spec.md.j2").write_text("# {{ title }}\n")
    Path(".orch/templates/partials/x.j2").write_text("x")
    Path(".orch/templates/out.j2").symlink_to("/etc/passwd")
    Path(".orch/logs").mkdir()
    Path(".orch/logs/young.log").write_text("said\n")
    Path(".orch/logs/old.log").write_text("said long ago\n")
    os.utime(".orch/logs/old.log", (0, 0))
    kept("backup", "create", "--to", "away")
    told = kept("backup", "restore", "--from", "away", "--out", "new", "--json").data
    assert sorted(told["files"]) == ["config.toml", "logs/young.log", "templates/partials/x.j2", "templates/spec.md.j2"]
    assert Path("new/config.toml").read_text() == Path(".orch/config.toml").read_text()
    names_in = sorted(path.name for path in Path("new").iterdir())
    assert names_in == [".gitignore", "config.toml", "log.db", "logs", "templates"]
    earlier = kept("backup", "restore", "--from", "away", "--out", "earlier", "--to", "position:5", "--json").data
    assert earlier["files"] == [], "they were not there yet"


def test_files_that_did_not_change_are_not_stored_again(drafted: Orch) -> None:
    Path(".orch/templates").mkdir()
    Path(".orch/templates/spec.md.j2").write_text("# {{ title }}\n")
    assert len(drafted("backup", "create", "--to", "away", "--json").data["files"]) == 2
    drafted("approve", "st01-x", "spec")
    assert len(drafted("backup", "create", "--to", "away", "--json").data["files"]) == 1


def test_a_moment_names_the_same_position_in_the_backups_as_in_the_log(kept: Orch) -> None:
    kept("backup", "create", "--to", "away")
    backups = open_backups(Folder(AWAY))
    with the_log() as log:
        last = log.moment().position
        for number in range(last + 1):
            assert backups.moment(number) == log.moment(number)
        for record in log.records():
            for time in (record.recorded_at - 1, record.recorded_at, record.recorded_at + 1):
                assert backups.moment_at(time) == log.moment_at(time)
    with pytest.raises(NotFound):
        backups.moment(last + 1)


@pytest.mark.parametrize("lost", [True, False], ids=["gone", "broken"])
def test_a_list_that_is_lost_does_not_cost_the_backups(kept: Orch, lost: bool) -> None:
    kept("backup", "create", "--to", "away", "--full")
    data = (AWAY / "backups.note").read_bytes()
    (AWAY / "backups.note").write_bytes(data.replace(b"serial", b"Serial"))
    if lost:
        (AWAY / "backups.note").unlink()
    words = ("backup", "restore", "--from", "away", "--out", "new")
    refused = kept(*words, "--json")
    assert refused.status == 6 and "orch backup restore --ignore-list --out NEW" in refused.error["fix"]
    told = kept(*words, "--ignore-list", "--json").data
    assert (told["copy"], told["events"]) == ("copy-0002", position(kept))
    segment = next((AWAY / "copy-0002").glob("*.seg.zst"))
    segment.write_bytes(segment.read_bytes()[:-1])
    again = (*words[:-1], "older", "--ignore-list")
    assert kept(*again).status == 6 and kept(*again, "--copy", "copy-0001").status == 0
    assert kept("backup", "verify", "--from", "away").status == 6
    assert kept("backup", "create", "--to", "away").status == 6


def test_a_time_is_restored_and_one_before_everything_is_refused(kept: Orch) -> None:
    with the_log() as log:
        times = [record.recorded_at for record in log.records()]
    words = ("backup", "restore", "--from", "away", "--json")
    told = kept(*words, "--out", "new", "--to", rfc3339(times[3])).data
    assert told["as_of"]["recorded_at"] == rfc3339(times[3]) and told["events"] == sum(
        time <= times[3] for time in times
    )
    for early in ("position:0", rfc3339(times[0] - 1)):
        refused = kept(*words, "--out", "never", "--to", early)
        assert (refused.status, refused.error["code"]) == (4, "NOT_FOUND") and not Path("never").exists()
    assert kept(*words, "--out", "never", "--to", "position:99").status == 4
    assert kept(*words, "--out", "never", "--to", "2026-11-24T14:00:00").status == 2


@pytest.mark.in_file
def test_a_log_that_was_set_back_or_rewritten_gets_no_more_backups(kept: Orch, tmp_path: Path) -> None:
    older = {path: path.read_bytes() for path in Path(".orch").glob("log.db*")}
    kept("approve", "st01-x", "spec")
    kept("backup", "create", "--to", "away")
    for path in Path(".orch").glob("log.db*"):
        path.unlink()
    for path, data in older.items():
        path.write_bytes(data)
    set_back = kept("backup", "create", "--to", "away", "--json")
    assert set_back.status == 6 and "set back" in set_back.error["message"]
    kept("request", "st01-x", "spec")
    kept("request", "st01-x", "spec")
    rewritten = kept("backup", "create", "--to", "away", "--json")
    assert rewritten.status == 6 and "rewritten" in rewritten.error["message"]
    assert kept("backup", "drill", "--from", "away").status == 6


@pytest.mark.in_file
def test_what_is_damaged_does_not_get_into_a_backup(drafted: Orch) -> None:
    connection = apsw.Connection(str(LOG))
    connection.execute("DROP TRIGGER events_never_change")
    connection.execute("UPDATE events SET payload = x'7b7d' WHERE position = 3")
    connection.close()
    refused = drafted("backup", "create", "--to", "away", "--json")
    assert refused.status == 6 and "position 3" in refused.error["message"]


def test_a_drill_is_remembered_and_shown(kept: Orch) -> None:
    assert "no drill yet" in kept("backup", "list", "--from", "away").out
    drill = kept("backup", "drill", "--from", "away", "--json").data
    assert drill["passed"] and drill["position"] == 6 and drill["unshipped"] == position(kept) - 6
    assert kept("backup", "list", "--from", "away", "--json").data["drill"] == drill
    assert "every file is there in its size" in kept("backup", "list", "--from", "away").out
    segment = next(AWAY.rglob("*.seg.zst"))
    segment.write_bytes(segment.read_bytes()[:-1])
    cut = kept("backup", "list", "--from", "away")
    assert "✗ copy-0001" in cut.out and "its manifest says" in cut.out and "every file is there" not in cut.out
    segment.write_bytes(segment.read_bytes() + b"x")
    failed = kept("backup", "drill", "--from", "away", "--json")
    assert failed.status == 6 and not failed.data["passed"]
    assert kept("backup", "list", "--from", "away", "--json").data["drill"] == failed.data
    assert not [path for path in Path(".orch").iterdir() if "drill" in path.name and path.is_dir()]
    with Path(".orch/drills.jsonl").open("a") as file:
        file.write('{"at": "20')
    assert kept("backup", "list", "--from", "away", "--json").data["drill"] == failed.data


def names(orch: Orch) -> list[str]:
    return [row["copy"] for row in orch("backup", "list", "--from", "away", "--json").data["rows"]]


def test_prune_keeps_the_young_the_newest_and_says_what_it_would_do(kept: Orch) -> None:
    for _ in range(3):
        kept("backup", "create", "--to", "away", "--full")
    words = ("backup", "prune", "--to", "away")
    assert kept(*words, "--yes", "--json").data["removed"] == [], "all of them are younger than 30 days"
    old = (*words, "--keep-days", "0")
    shown = kept(*old, "--json").data
    assert shown["dry_run"] and shown["removed"] == ["copy-0001", "copy-0002"] and len(names(kept)) == 4
    assert kept(*old, "--keep-copies", "3", "--json").data["removed"] == ["copy-0001"]
    done = kept(*old, "--yes", "--json").data
    assert not done["dry_run"] and done["verified"] == "copy-0004" and names(kept) == ["copy-0003", "copy-0004"]
    assert kept("backup", "verify", "--from", "away").status == 0
    kept("approve", "st01-x", "spec")
    assert kept("backup", "create", "--to", "away", "--json").data["copy"] == "copy-0004"
    assert kept("backup", "create", "--to", "away", "--full", "--json").data["copy"] == "copy-0005"


def test_prune_never_removes_the_last_copy_that_verifies(kept: Orch) -> None:
    kept("backup", "create", "--to", "away", "--full")
    segment = next((AWAY / "copy-0002").glob("*.seg.zst"))
    data = bytearray(segment.read_bytes())
    data[30] ^= 1
    segment.write_bytes(data)
    refused = kept("backup", "prune", "--to", "away", "--keep-days", "0", "--keep-copies", "1", "--yes", "--json")
    assert refused.status == 3 and names(kept) == ["copy-0001", "copy-0002"]
    assert kept("backup", "restore", "--from", "away", "--out", "new").status == 6
    assert kept("backup", "restore", "--from", "away", "--copy", "copy-0001", "--out", "new").status == 0
    assert kept("backup", "create", "--to", "away", "--full").status == 0, "a broken copy does not stop a new one"


@pytest.mark.in_file
def test_encrypted_copies_are_not_rewritten_in_plain_text(drafted: Orch) -> None:
    drafted("block", "st01-x", "a name nobody should read")
    drafted("backup", "create", "--to", "away", "--recipient", recipient())
    redact(6)
    refused = drafted("backup", "prune", "--to", "away", "--redacted", "--yes", "--json")
    assert refused.status == 2 and "plain text" in refused.error["message"]
    (line,) = refused.error["fix"]
    words = [recipient("other.txt") if word == "AGE_KEY" else word for word in shlex.split(line)[1:]]
    assert drafted(*words, "--json").data["rewritten"] == ["copy-0001"]
    row = drafted("backup", "list", "--from", "away", "--json").data["rows"][0]
    assert row["encrypted"]
    found = drafted("backup", "verify", "--from", "away", "--identity", "other.txt", "--json").data
    assert found["problems"] == [] and drafted(*words, "--json").data["rewritten"] == []


def test_recipients_are_named_only_for_what_is_written_again(kept: Orch) -> None:
    refused = kept("backup", "prune", "--to", "away", "--recipient", recipient(), "--json")
    assert refused.status == 2 and "--redacted" in refused.error["fix"][0]


def test_a_copy_that_is_encrypted_from_now_on_says_what_is_still_plain(drafted: Orch) -> None:
    drafted("backup", "create", "--to", "away")
    drafted("block", "st01-x", "a pause")
    to = ("--to", "away", "--recipient", recipient())
    said = drafted("backup", "create", *to)
    assert said.status == 0
    assert "copy-0001 still holds 1 plain text segment" in said.err and "orch backup create --full" in said.err
    assert "partly encrypted" in drafted("backup", "list", "--from", "away").out
    assert "still holds" in drafted("backup", "ship", *to).err
    full = drafted("backup", "create", *to, "--full")
    assert full.status == 0 and "still holds" not in full.err
    drafted("block", "st01-x", "another pause")
    assert "still holds" not in drafted("backup", "create", *to).err
    assert "partly" in drafted("backup", "list", "--from", "away").out.split("copy-0002")[0]
    assert "partly" not in drafted("backup", "list", "--from", "away").out.split("copy-0002")[1]


@pytest.mark.in_file
def test_backups_of_another_log_name_the_way_out(kept: Orch) -> None:
    kept("recover", "run", "--to", "now", "--out", "new")
    assert kept("recover", "promote", "new", "--reason", "a trial", "--yes").status == 0
    refused = kept("backup", "create", "--to", "away", "--json")
    assert refused.status == 2 and refused.error["fix"][0].startswith("orch backup create --to ")
    assert kept(*shlex.split(refused.error["fix"][0])[1:]).status == 0


def test_backups_go_on_after_the_key_was_rotated(kept: Orch) -> None:
    before = kept("audit", "key", "show", "--json").data["key"]
    kept("audit", "key", "rotate", "--reason", "a year has passed")
    assert kept("backup", "create", "--to", "away").status == 0
    kept("request", "st01-x", "spec")
    assert kept("backup", "create", "--to", "away").status == 0
    now = kept("audit", "key", "show", "--json").data["key"]
    assert kept("backup", "verify", "--from", "away", "--vkey", now).status == 0
    replaced = kept("backup", "verify", "--from", "away", "--vkey", before, "--json")
    assert (replaced.status, replaced.error["code"]) == (6, "SIGNATURE_REFUSED"), "a replaced key speaks no more"
    assert replaced.error["fix"] == ["orch audit key show"], "the list is as good as ever: it is the key that is wrong"
    assert kept("backup", "drill", "--from", "away").status == 0


def test_words_that_name_nothing_are_refused(kept: Orch) -> None:
    for words, status in (
        (("list", "--from", "nowhere"), 4),
        (("verify", "--from", "nowhere"), 4),
        (("verify", "--from", "away", "--copy", "copy-9999"), 4),
        (("verify", "--from", "away", "--vkey", "nonsense"), 2),
        (("verify", "--from", "away", "--identity", "nowhere.txt"), 2),
        (("verify", "--from", "away", "--identity", "."), 2),
        (("restore", "--from", "away", "--out", "no/such/folder"), 2),
        (("prune", "--to", "away", "--keep-copies", "0"), 2),
        (("prune", "--to", "nowhere"), 4),
        (("ship", "--interval", "0"), 2),
        (("create", "--recipient", "nobody"), 2),
    ):
        refused = kept("backup", *words, "--json")
        assert refused.status == status, (words, refused)
        assert refused.error["message"]
    assert not Path("nowhere").exists()


def test_backups_are_listed_and_restored_where_there_is_no_project(
    kept: Orch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = str(AWAY.absolute())
    shutil.rmtree(".orch")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert kept("backup", "list", "--from", away, "--json").data["unshipped"] is None
    assert kept("backup", "restore", "--from", away, "--out", ".orch").status == 0
    assert kept("status", "st01-x", "--json").data["steps"]["spec"]["state"] == "rejected"
    assert kept("list").status == 0 and kept("backup", "list").status == 4


def test_a_target_that_cannot_be_written_is_for_another_time(kept: Orch) -> None:
    Path("file").write_text("x")
    refused = kept("backup", "create", "--to", "file/below", "--json")
    assert (refused.status, refused.error["code"]) == (8, "FILESYSTEM_ERROR")


def test_reads_load_nothing_of_the_backups(drafted: Orch) -> None:
    assert not {name.split(".")[0] for name in loaded_by("status", "st01-x")} & {"pyrage", "zstandard"}
