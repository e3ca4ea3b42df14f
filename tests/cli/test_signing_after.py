"""Checkpoints signed after approvals and handoffs, where the settings ask for them; the verdict never depends on it."""

import os
from pathlib import Path
from typing import Any

import pytest

from adapters.signed_notes import opened
from domain.checkpoints import Checkpoint
from tests.cli.conftest import Orch, position
from tests.cli.garbage_world import DRAFTS

FILE = Path(".orch/config.toml")
KEPT = Path(".orch/checkpoints")


@pytest.fixture
def signing(drafted: Orch) -> Orch:
    """Return the function in a project that signs after approvals and handoffs, and anchors."""
    FILE.write_text('[checkpoints]\nafter = ["approval", "handoff"]\nanchor = "elsewhere/anchor.txt"\n')
    Path("elsewhere").mkdir()
    return drafted


def signed(orch: Orch, *words: str) -> Any:
    told = orch(*words, "--json")
    assert (told.status, told.err) == (0, ""), told
    return told.data["checkpoint"]


def approve(orch: Orch, *words: str) -> Any:
    return signed(orch, "approve", "st01-x", "spec", *words)


def test_without_a_setting_nothing_is_signed(drafted: Orch) -> None:
    assert approve(drafted) is None and not KEPT.exists()


def test_an_approval_is_signed_kept_and_anchored(signing: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("below").mkdir()
    monkeypatch.chdir("below")
    told = approve(signing)
    monkeypatch.chdir("..")
    note = Path(told["file"]).read_bytes()
    assert note == Path("elsewhere/anchor.txt").read_bytes(), "the anchor is relative to the project"
    key = signing("audit", "key", "show", "--json").data["key"]
    assert Checkpoint.parse(opened(note, [key]).text).size == told["size"] == position(signing)
    assert (told["warning"], told["fix"]) == (None, [])
    assert signing("status", "st01-x", "--json").data["checkpoint"]["uncovered"] == 0


def test_only_what_was_asked_for_is_signed(signing: Orch) -> None:
    FILE.write_text('[checkpoints]\nafter = ["handoff"]\n')
    assert approve(signing) is None
    for step, words in DRAFTS.items():
        signing(step, "st01-x", *words)
        assert signed(signing, "approve", "st01-x", step) is None
    told = signed(signing, "handoff", "st01-x")
    assert told["size"] == position(signing) and told["anchor"] is None and not Path("elsewhere/anchor.txt").exists()


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
    before = Path(first["file"]).stat().st_mtime_ns
    signing("block", "st01-x", "no sound card")
    signing("audit", "checkpoint")
    anchored = Path("elsewhere/anchor.txt").read_bytes()
    assert signing(*words).data["checkpoint"] == first
    assert Path(first["file"]).stat().st_mtime_ns == before and len(list(KEPT.iterdir())) == 2
    assert Path("elsewhere/anchor.txt").read_bytes() == anchored, "nothing is anchored twice"
    for note in KEPT.iterdir():
        note.unlink()
    assert signing(*words).data["checkpoint"]["size"] == position(signing)


def test_a_repeated_command_anchors_what_could_not_be_anchored(signing: Orch) -> None:
    words = ("approve", "st01-x", "spec", "--command-id", "once", "--json")
    os.rmdir("elsewhere")
    told = signing(*words)
    assert told.status == 0 and told.data["checkpoint"]["anchor"] is None
    Path("elsewhere").mkdir()
    again = signing(*words).data["checkpoint"]
    assert again["warning"] is None
    assert Path("elsewhere/anchor.txt").read_bytes() == Path(again["file"]).read_bytes()


@pytest.mark.parametrize("anchor", ["nowhere/anchor.txt", "/dev/full", "dev", "pipe"])
def test_an_anchor_that_fails_is_a_warning(signing: Orch, anchor: str) -> None:
    os.mkfifo("pipe")
    FILE.write_text(f'[checkpoints]\nafter = ["approval"]\nanchor = "{anchor}"\n')
    told = signing("approve", "st01-x", "spec")
    assert told.status == 0 and told.out.startswith("✓")
    assert f"orch audit checkpoint --anchor {Path(anchor).absolute()}" in told.err
    assert "could not be anchored" in told.err and len(list(KEPT.iterdir())) == 1


def test_without_its_key_the_verdict_stays_and_says_so(signing: Orch) -> None:
    (key,) = Path(".orch/keys").iterdir()
    key.rename("key.pem")
    told = signing("approve", "st01-x", "spec", "--command-id", "once", "--json")
    checkpoint = told.data["checkpoint"]
    assert told.status == 0 and told.data["final"] is True
    assert (checkpoint["size"], checkpoint["file"], checkpoint["anchor"]) == (None, None, None)
    assert "no private key" in checkpoint["warning"] and "recorded at position 6" in checkpoint["warning"]
    assert checkpoint["fix"] == [f"orch audit checkpoint --anchor {Path('elsewhere/anchor.txt').absolute()}"]
    assert checkpoint["warning"] in told.err
    Path("key.pem").rename(key)
    assert signing("approve", "st01-x", "spec", "--command-id", "once", "--json").data["checkpoint"]["size"] == 6


def test_a_folder_of_checkpoints_that_takes_none_is_a_warning(signing: Orch) -> None:
    KEPT.write_text("in the way")
    told = signing("approve", "st01-x", "spec", "--json")
    assert told.status == 0 and "no checkpoint could be signed" in told.data["checkpoint"]["warning"]


def test_settings_that_are_wrong_are_refused_before_anything_is_recorded(
    signing: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = position(signing)
    for text in ('[checkpoints]\nafter = "approval"', '[checkpoints]\nafter = ["aproval"]', "[checkpoints]\nafer = []"):
        FILE.write_text(text)
        assert signing("approve", "st01-x", "spec").status == 2
    FILE.write_text("")
    monkeypatch.setenv("ORCHESTRATOR_CHECKPOINTS_AFTER", "approval,handof")
    refused = signing("approve", "st01-x", "spec", "--json")
    assert refused.status == 2 and "ORCHESTRATOR_CHECKPOINTS_AFTER" in refused.error["message"]
    assert position(signing) == before
    monkeypatch.setenv("ORCHESTRATOR_CHECKPOINTS_AFTER", "approval, handoff")
    assert approve(signing)["size"] == before + 1


def test_a_checkpoint_on_demand_goes_to_the_same_anchor_unless_another_is_named(signing: Orch) -> None:
    told = signing("audit", "checkpoint", "--json").data
    assert Path(told["anchor"]).read_text() == told["note"]
    signing("audit", "checkpoint", "--anchor", "other.txt")
    assert Path("other.txt").exists() and Path("elsewhere/anchor.txt").read_text() == told["note"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (60, "1 minute"), (7_199, "1 hour"), (86_400 * 3 + 5, "3 days")],
)
def test_status_says_how_old_the_last_checkpoint_is(drafted: Orch, seconds: int, words: str) -> None:
    drafted("audit", "checkpoint")
    (note,) = KEPT.iterdir()
    then = note.stat().st_mtime - seconds
    os.utime(note, (then, then))
    assert f"covers everything; {words} old" in drafted("status", "st01-x").out
    drafted("block", "st01-x", "no sound card")
    assert f"1 event since the last one, which is {words} old" in drafted("status", "st01-x").out
    assert seconds <= drafted("status", "st01-x", "--json").data["checkpoint"]["age_seconds"] <= seconds + 60
