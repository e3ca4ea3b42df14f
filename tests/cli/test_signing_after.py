"""Checkpoints signed after approvals and handoffs, where the settings ask for them; the verdict never depends on it."""

import os
from pathlib import Path
from typing import Any

import pytest

from adapters.signed_notes import opened
from domain.checkpoints import Checkpoint
from tests.cli.conftest import Orch, by_the_log, position
from tests.cli.garbage_world import DRAFTS

FILE = ".orch/config.toml"
KEPT = ".orch/checkpoints"
ANCHOR = "elsewhere/anchor.txt"


@pytest.fixture
def signing(drafted: Orch) -> Orch:
    """Return the function in a project that signs after approvals and handoffs, and anchors."""
    by_the_log(FILE).write_text('[checkpoints]\nafter = ["approval", "handoff"]\nanchor = "elsewhere/anchor.txt"\n')
    by_the_log("elsewhere").mkdir()
    return drafted


def signed(orch: Orch, *words: str) -> Any:
    told = orch(*words, "--json")
    assert (told.status, told.err) == (0, ""), told
    return told.data["checkpoint"]


def kept(told: Any) -> Path:
    """Return the file of a checkpoint; a service tells its name only."""
    return by_the_log(KEPT) / Path(told["file"]).name


def again(anchor: str) -> str:
    """Return the command that makes up for what failed; a service anchors as its settings say."""
    return "orch audit checkpoint" + ("" if by_the_log() != Path() else f" --anchor {Path(anchor).absolute()}")


def approve(orch: Orch, *words: str) -> Any:
    return signed(orch, "approve", "st01-x", "spec", *words)


def test_without_a_setting_nothing_is_signed(drafted: Orch) -> None:
    assert approve(drafted) is None and not by_the_log(KEPT).exists()


def test_an_approval_is_signed_kept_and_anchored(signing: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("below").mkdir()
    monkeypatch.chdir("below")
    told = approve(signing)
    monkeypatch.chdir("..")
    note = kept(told).read_bytes()
    assert note == by_the_log(ANCHOR).read_bytes(), "the anchor is relative to the project"
    key = signing("audit", "key", "show", "--json").data["key"]
    assert Checkpoint.parse(opened(note, [key]).text).size == told["size"] == position(signing)
    assert (told["warning"], told["fix"]) == (None, [])
    assert signing("status", "st01-x", "--json").data["checkpoint"]["uncovered"] == 0


def test_only_what_was_asked_for_is_signed(signing: Orch) -> None:
    by_the_log(FILE).write_text('[checkpoints]\nafter = ["handoff"]\n')
    assert approve(signing) is None
    for step, words in DRAFTS.items():
        signing(step, "st01-x", *words)
        assert signed(signing, "approve", "st01-x", step) is None
    told = signed(signing, "handoff", "st01-x")
    assert told["size"] == position(signing) and told["anchor"] is None and not by_the_log(ANCHOR).exists()


def test_a_rejection_is_no_approval(signing: Orch) -> None:
    assert signed(signing, "reject", "st01-x", "spec", "--feedback", "too vague") is None


def test_an_approval_that_is_not_final_is_signed_too_and_so_is_a_reconfirmation(signing: Orch) -> None:
    signing("policy", "set", "--minimum-approvers", "2")
    first = signing("approve", "st01-x", "spec", "--json").data
    assert first["final"] is False and first["checkpoint"]["size"] == first["position"]
    second = signing("approve", "st01-x", "spec", "--actor", "grace", "--json").data
    assert second["final"] is True and second["checkpoint"]["size"] == second["position"]
    signing("policy", "set", "--minimum-approvers", "1")
    signing("research", "st01-x", "--foundation", "known")
    approve_research = ("approve", "st01-x", "research")
    signed(signing, *approve_research)
    signing("reopen", "st01-x", "spec", "--reason", "again")
    signing("spec", "st01-x", "--objectives", "another text")
    approve(signing)
    told = signing("reconfirm", "st01-x", "research", "--reason", "it still holds", "--json").data
    assert told["checkpoint"]["size"] == told["position"]


def test_a_repeated_command_signs_only_what_no_checkpoint_covers(signing: Orch) -> None:
    words = ("approve", "st01-x", "spec", "--command-id", "once", "--json")
    first = signing(*words).data["checkpoint"]
    before = kept(first).stat().st_mtime_ns
    signing("block", "st01-x", "no sound card")
    signing("audit", "checkpoint")
    anchored = by_the_log(ANCHOR).read_bytes()
    assert signing(*words).data["checkpoint"] == first
    assert kept(first).stat().st_mtime_ns == before and len(list(by_the_log(KEPT).iterdir())) == 2
    assert by_the_log(ANCHOR).read_bytes() == anchored, "nothing is anchored twice"
    for note in by_the_log(KEPT).iterdir():
        note.unlink()
    assert signing(*words).data["checkpoint"]["size"] == position(signing)


def test_a_repeated_command_anchors_what_could_not_be_anchored(signing: Orch) -> None:
    words = ("approve", "st01-x", "spec", "--command-id", "once", "--json")
    by_the_log("elsewhere").rmdir()
    told = signing(*words)
    assert told.status == 0 and told.data["checkpoint"]["anchor"] is None
    by_the_log("elsewhere").mkdir()
    second = signing(*words).data["checkpoint"]
    assert second["warning"] is None
    assert by_the_log(ANCHOR).read_bytes() == kept(second).read_bytes()


@pytest.mark.parametrize("anchor", ["nowhere/anchor.txt", "/dev/full", "dev", "pipe"])
def test_an_anchor_that_fails_is_a_warning(signing: Orch, anchor: str) -> None:
    os.mkfifo(by_the_log("pipe"))
    by_the_log(FILE).write_text(f'[checkpoints]\nafter = ["approval"]\nanchor = "{anchor}"\n')
    told = signing("approve", "st01-x", "spec")
    assert told.status == 0 and told.out.startswith("✓")
    assert f"→ {again(anchor)}\n" in told.err
    assert "could not be anchored" in told.err and len(list(by_the_log(KEPT).iterdir())) == 1


def test_without_its_key_the_verdict_stays_and_says_so(signing: Orch) -> None:
    (key,) = by_the_log(".orch/keys").iterdir()
    key.rename("key.pem")
    told = signing("approve", "st01-x", "spec", "--command-id", "once", "--json")
    checkpoint = told.data["checkpoint"]
    assert told.status == 0 and told.data["final"] is True
    assert (checkpoint["size"], checkpoint["file"], checkpoint["anchor"]) == (None, None, None)
    assert "no private key" in checkpoint["warning"] and "recorded at position 6" in checkpoint["warning"]
    assert checkpoint["fix"] == [again(ANCHOR)]
    assert checkpoint["warning"] in told.err
    Path("key.pem").rename(key)
    assert signing("approve", "st01-x", "spec", "--command-id", "once", "--json").data["checkpoint"]["size"] == 6


def test_a_folder_of_checkpoints_that_takes_none_is_a_warning(signing: Orch) -> None:
    by_the_log(KEPT).write_text("in the way")
    told = signing("approve", "st01-x", "spec", "--json")
    assert told.status == 0 and "no checkpoint could be signed" in told.data["checkpoint"]["warning"]


def test_settings_that_are_wrong_are_refused_before_anything_is_recorded(
    signing: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = position(signing)
    for text in ('[checkpoints]\nafter = "approval"', '[checkpoints]\nafter = ["aproval"]', "[checkpoints]\nafer = []"):
        by_the_log(FILE).write_text(text)
        assert signing("approve", "st01-x", "spec").status == 2
    by_the_log(FILE).write_text("")
    monkeypatch.setenv("ORCHESTRATOR_CHECKPOINTS_AFTER", "approval,handof")
    refused = signing("approve", "st01-x", "spec", "--json")
    assert refused.status == 2 and "ORCHESTRATOR_CHECKPOINTS_AFTER" in refused.error["message"]
    assert position(signing) == before
    monkeypatch.setenv("ORCHESTRATOR_CHECKPOINTS_AFTER", "approval, handoff")
    assert approve(signing)["size"] == before + 1


@pytest.mark.at_the_log("the anchor of the settings is there, and gets whatever is signed there")
def test_a_checkpoint_on_demand_goes_to_the_same_anchor_unless_another_is_named(signing: Orch) -> None:
    told = signing("audit", "checkpoint", "--json").data
    assert by_the_log(ANCHOR).read_text() == told["note"]
    signing("audit", "checkpoint", "--anchor", "other.txt")
    assert Path("other.txt").exists() and by_the_log(ANCHOR).read_text() == told["note"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (60, "1 minute"), (7_100, "1 hour"), (86_400 * 3 + 5, "3 days")],
)
def test_status_says_how_old_the_last_checkpoint_is(drafted: Orch, seconds: int, words: str) -> None:
    drafted("audit", "checkpoint")
    (note,) = by_the_log(KEPT).iterdir()
    then = note.stat().st_mtime - seconds
    os.utime(note, (then, then))
    assert f"covers everything; {words} old" in drafted("status", "st01-x").out
    drafted("block", "st01-x", "no sound card")
    assert f"1 event since the last one, which is {words} old" in drafted("status", "st01-x").out
    assert seconds <= drafted("status", "st01-x", "--json").data["checkpoint"]["age_seconds"] <= seconds + 60
