"""orch audit trail: its filters, its forms, its file."""

import csv
import io
import json
import os
import stat
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from adapters.new_files import new_file
from cli.answers import HELD_BACK
from domain.errors import AlreadyExists
from tests.cli.conftest import Orch, position


@pytest.fixture
def busy(drafted: Orch) -> Orch:
    """Return the same function where two people and an agent have been at work on two phases."""
    assert (
        drafted("reject", "st01-x", "spec", "--feedback", "=1+1", "--feedback", "a\tb", "--actor", "grace").status == 0
    )
    assert drafted("spec", "st01-x", "--objectives", "another").status == 0
    assert drafted("policy", "set", "--agents-may-approve", "--minimum-approvers", "2").status == 0
    forced = ("--force", "--reason", "-release\nday", "--actor", "robot", "--actor-kind", "agent")
    assert drafted("approve", "st01-x", "spec", *forced).status == 0
    assert drafted("spec", "st02-y", "--objectives", "small", "--title", "@SUM(A1)").status == 0
    return drafted


def rows(orch: Orch, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orch("audit", "trail", *words, "--json").data["rows"]
    return found


def test_the_trail_holds_every_position_of_the_whole_log(busy: Orch) -> None:
    found = rows(busy)
    assert [row["position"] for row in found] == list(range(1, position(busy) + 1))
    assert {row["phase"] for row in found} == {None, "st01-x", "st02-y"}
    assert all(len(row["leaf"]) == 64 for row in found)


def test_a_row_agrees_with_history(busy: Orch) -> None:
    told = {row["position"]: row for row in busy("history", "st01-x", "--json").data["rows"]}
    found = rows(busy, "--phase", "st01-x")
    assert [row["position"] for row in found] == list(told)
    for row in found:
        assert told[row["position"]].items() <= row.items()
    assert (found[-1]["from_state"], found[-1]["to_state"]) == ("awaiting_approval", "approved")


@pytest.mark.parametrize(
    ("words", "positions"),
    [
        (("--actor", "grace"), {6}),
        (("--kind", "agent"), {10}),
        (("--forced",), {10}),
        (("--topic", "phase.opened"), {3, 11}),
        (("--topic", "policy."), {2, 9}),
        (("--phase", "st02-y"), {11, 12, 13}),
        (("--phase", "st01-x", "--step", "spec", "--actor", "ada"), {4, 5, 7, 8}),
        (("--from", "position:12"), {12, 13}),
        (("--to", "position:2"), {1, 2}),
        (("--from", "position:3", "--to", "position:4"), {3, 4}),
        (("--at", "position:2"), {1, 2}),
        (("--step", "plan"), set()),
        (("--to", "2001-01-01T00:00:00Z"), set()),
        (("--from", "2999-01-01T00:00:00Z"), set()),
        (("--from", "position:4", "--to", "position:3"), set()),
    ],
)
def test_filters_leave_what_they_name(busy: Orch, words: tuple[str, ...], positions: set[int]) -> None:
    assert {row["position"] for row in rows(busy, *words)} == positions


def test_a_time_from_a_row_includes_that_row_at_both_ends(busy: Orch) -> None:
    (row,) = rows(busy, "--actor", "grace")
    assert rows(busy, "--from", row["recorded_at"], "--to", row["recorded_at"]) == [row]


def test_states_are_right_even_when_the_range_begins_late(busy: Orch) -> None:
    everything = rows(busy)
    assert rows(busy, "--from", "position:6") == everything[5:]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--topic", "phase.approved"), 2),
        (("--topic", "phase"), 2),
        (("--phase", "st99-never"), 4),
        (("--phase", "No Phase"), 2),
        (("--from", "yesterday"), 2),
        (("--to", "position:999"), 4),
        (("--format", "csv"), 2),
        (("--kind", "ghost"), 2),
    ],
)
def test_what_could_only_be_mistyped_is_refused_with_what_would_work(
    busy: Orch, words: tuple[str, ...], status: int
) -> None:
    refused = busy("audit", "trail", *words, "--json")
    assert refused.status == status and refused.error["message"]


def test_the_limit_says_that_there_is_more(busy: Orch) -> None:
    cut = busy("audit", "trail", "--limit", "2", "--json").data
    assert ([row["position"] for row in cut["rows"]], cut["more"]) == ([1, 2], True)
    whole = busy("audit", "trail", "--limit", "13", "--json").data
    assert (len(whole["rows"]), whole["more"]) == (13, False)


def test_csv_is_rfc_4180_and_says_what_json_says(busy: Orch) -> None:
    said = busy("audit", "trail", "--format", "csv").out
    lines = said.encode().split(b"\r\n")
    found = list(csv.DictReader(io.StringIO(said, newline="")))
    told = rows(busy)
    assert lines[-1] == b"" and len(lines) == len(told) + 2  # a header, and nothing breaks a line
    assert "\n" not in said.replace("\r\n", "")
    for cells, row in zip(found, told, strict=True):
        assert (cells["actor.name"], cells["actor.kind"]) == (row["actor"]["name"], row["actor"]["kind"])
        erased_by = {f"erased_by.{part}" for part in ("position", "name", "kind", "reason")}
        assert cells.keys() == (row.keys() - {"actor", "erased_by"}) | {"actor.name", "actor.kind"} | erased_by
        assert (int(cells["position"]), cells["leaf"], cells["digest"]) == (
            row["position"],
            row["leaf"],
            row["digest"] or "",
        )
        assert json.loads(cells["forced"]) is row["forced"] and json.loads(cells["feedback"]) == row["feedback"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\n", "\uff1d"])
def test_no_cell_is_a_formula(project: Orch, start: str) -> None:
    assert project("spec", "st01-x", "--objectives", "small").status == 0
    assert project("block", "st01-x", "noise").status == 0
    assert project("unblock", "st01-x", "B1", "--reason", f"{start}cmd|' /C calc'!A0").status == 0
    said = project("audit", "trail", "--topic", "phase.unblocked", "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(said, newline=""))
    assert row["reason"].startswith("'") and row["reason"].endswith("calc'!A0")


def test_numbers_stay_numbers(busy: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    found = csv.DictReader(io.StringIO(busy("audit", "trail", "--format", "csv").out, newline=""))
    assert all(row["skew_us"].lstrip("-").isdigit() for row in found)


def test_control_characters_from_data_never_reach_text_or_csv(busy: Orch) -> None:
    assert busy("block", "st01-x", "bell \x07 escape \x1b[31m turn \u202e end").status == 0
    for form in ("text", "csv", "jsonl"):
        said = busy("audit", "trail", "--format", form).out
        assert "\\u001b" in said and "\\u202e" in said, form
        assert not set(said) & set("\x07\x1b\u202e"), form


def test_json_lines_are_cloud_events(busy: Orch) -> None:
    said = busy("audit", "trail", "--format", "jsonl").out
    events = [json.loads(line) for line in said.splitlines()]
    assert [event["data"] for event in events] == rows(busy)
    origin = json.loads(busy("audit", "trail", "--format", "jsonl", "--limit", "1").out)["source"]
    for event in events:
        row = event["data"]
        assert (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
        assert (event["id"], event["source"]) == (f"{origin}/{row['position']}", origin)
        assert (event["type"], event["time"]) == (row["topic"], row["recorded_at"])
        assert datetime.fromisoformat(event["time"]).tzinfo
    assert len({(event["source"], event["id"]) for event in events}) == len(events)
    assert [event.get("subject") for event in events[:4]] == [None, None, "st01-x", "st01-x/spec"]


def test_text_says_who_what_why_and_from_which_state_to_which(busy: Orch) -> None:
    said = busy("audit", "trail", "--forced").out
    for words in (
        "robot (agent)",
        "approved spec",
        "awaiting approval → approved",
        "-release ⏎ day",
        "sha256:1:",
        "leaf",
    ):
        assert words in said, words


@pytest.mark.in_file
def test_an_erased_text_is_said_to_be_erased(busy: Orch) -> None:
    import sqlite3

    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET payload = NULL, salt = NULL")
    store.commit()
    store.close()
    before = [row for row in rows(busy) if row["erased"]]
    assert len(before) > 5 and "text erased" in busy("audit", "trail").out
    assert "the reason was erased" in busy("audit", "exceptions").out
    assert "only the digest is left: text erased" in busy("diff", "st01-x", "spec").out
    assert busy("diff", "st01-x", "spec", "--json").data["lines"] is None


@pytest.mark.parametrize("form", ["text", "json", "csv", "jsonl"])
def test_a_file_holds_what_stdout_would(busy: Orch, form: str) -> None:
    shown = busy("audit", "trail", "--format", form).out
    told = busy("audit", "trail", "--format", form, "-o", "trail", "--json").data
    data = Path("trail").read_bytes()
    assert data == shown.encode() and b"\x1b" not in data
    assert told == {
        "file": "trail",
        "format": form,
        "rows": position(busy),
        "more": False,
        "bytes": len(data),
        "sha256": sha256(data).hexdigest(),
    }
    assert stat.S_IMODE(Path("trail").stat().st_mode) == 0o600
    assert [p for p in Path().iterdir() if p.name.endswith(".part")] == []


def test_a_file_is_replaced_only_when_asked(busy: Orch) -> None:
    Path("trail").write_text("mine")
    refused = busy("audit", "trail", "-o", "trail", "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert Path("trail").read_text() == "mine"
    assert busy("audit", "trail", "-o", "trail", "--yes").status == 0
    assert "st01-x" in Path("trail").read_text()


@pytest.mark.in_file
def test_the_store_and_what_is_no_file_are_never_replaced(busy: Orch) -> None:
    before = Path(".orch/log.db").read_bytes()
    Path("link").symlink_to(".orch/log.db")
    Path("folder").mkdir()
    Path("way").symlink_to(".orch")
    for name in (".orch/log.db", ".orch/new", "way/log.db", "link", "folder", "missing/file", "", "a\x00b"):
        assert busy("audit", "trail", "-o", name, "--yes").status in (2, 8), name
    assert Path(".orch/log.db").read_bytes() == before and not Path(".orch/new").exists()


@pytest.mark.in_file
def test_a_log_damaged_at_its_end_leaves_no_file_and_no_half_document(busy: Orch) -> None:
    import sqlite3

    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET version = 9 WHERE position = 12")
    store.commit()
    store.close()
    for form in ("text", "json", "csv", "jsonl"):
        refused = busy("audit", "trail", "--format", form)
        assert refused.status == 6 and refused.out == "", form
        assert busy("audit", "trail", "--format", form, "-o", "trail").status == 6
        assert not Path("trail").exists()
    assert busy("audit", "trail", "--json").error["code"]
    assert [p for p in Path().iterdir() if p.name.endswith(".part")] == []


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "trail"

    def write() -> None:
        with new_file(path, replace=False) as file:
            file.write(b"ours")
            path.write_text("theirs")

    with pytest.raises(AlreadyExists):
        write()
    assert path.read_text() == "theirs" and os.listdir(tmp_path) == ["trail"]


def test_a_long_trail_comes_out_whole(drafted: Orch) -> None:
    for number in range(12):
        words = ",".join(f"{number} objective {n} " + "long " * 60 for n in range(20))
        assert drafted("block", "st01-x", words).status == 0
    said = drafted("audit", "trail", "--format", "jsonl").out
    while len(said) <= HELD_BACK:
        for _ in range(20):
            assert drafted("block", "st01-x", "long " * 1000).status == 0
        said = drafted("audit", "trail", "--format", "jsonl").out
    assert [json.loads(line)["data"]["position"] for line in said.splitlines()] == list(range(1, position(drafted) + 1))
