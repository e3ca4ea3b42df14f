"""The interview, at a real pseudo-terminal: what is answered is recorded, and only when somebody says so at the end."""

import json
import os
import random
import re
import signal
import stat
from pathlib import Path
from time import monotonic

import pytest

from domain.hints import draft
from domain.steps import Step
from tests.cli.at_a_terminal import PATIENCE_SECONDS, Session, at_a_terminal, kill
from tests.cli.conftest import Orch, position

KEPT = Path(".orch/interviews/st02-audio-engine-spec.json")
PHASE = "st02-audio-engine"


@pytest.fixture
def around(project: Orch, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return a project in which a phase before has an approved spec."""
    project("spec", "st01-clock", "--objectives", "Jitter below 1 ms", "--requirements", "Sample exact,No allocation")
    project("approve", "st01-clock", "spec")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("ORCHESTRATOR_FEEDBACK_STYLE", "professional")
    return project


def answer(session: Session, question: str, *lines: str) -> None:
    """Wait for a question, and type lines at its prompts, the last of which ends it."""
    session.says(question)
    for line in lines:
        session.says("> ")
        session.type(f"{line}\r")


def to_the_end(session: Session, *, first: int = 0) -> None:
    """Go on past all questions from one on, and come to the answers."""
    questions = ("called?", "achieve?", "good for?", "checked?", "is done?", "worth it?", "before?", "exists", "wrong?")
    for question in questions[first:]:
        session.says(question)
        session.says("who: " if question == "good for?" else "what may go wrong: " if question == "wrong?" else "> ")
        session.type("\r")
    session.says("leave > ")


def fields(orch: Orch, phase: str = PHASE, step: str = "spec") -> dict[str, object]:
    """Return what the log holds of a draft."""
    rows = orch("export", phase, "--format", "json", "-o", f"{phase}-{position(orch)}.json")
    assert rows.status == 0, rows
    (found,) = json.loads(Path(f"{phase}-{position(orch)}.json").read_text())["data"]["phases"]
    latest: dict[str, object] = found["documents"][step]["iterations"][-1]["fields"]
    return latest


def test_somebody_leaves_goes_on_and_records(around: Orch) -> None:
    before = position(around)
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "1/9  What is it called?", "1")
        answer(session, "What must it achieve?", "?", "1", "Ünïcode round trip", "")
        session.says("who: ")
        session.type("guitarist\r")
        session.says("wants (to do what): ")
        session.type("to hear herself\r")
        session.says("so that: ")
        session.type("she can play\r")
        session.says("who: ")
        session.type("\r")
        session.says("What must hold")
        session.says("> ")
        session.type("\x04")
        assert session.ends() == 130
        assert f"go on with: orch spec {PHASE}" in session.out and "An objective says what is different" in session.out
    assert position(around) == before and stat.S_IMODE(KEPT.stat().st_mode) == 0o600
    with at_a_terminal("spec", PHASE) as session:
        session.says("3 answers are kept from before.")
        session.says("[Y/n] ")
        session.type("\r")
        answer(session, "What must hold", "2", "")
        answer(session, "is done?", "a loopback test", "")
        answer(session, "worth it?", "")
        answer(session, "handed off before?", "no such phase", "1", "")
        answer(session, "What exists", "-")
        session.says("what may go wrong: ")
        session.type("drop-outs\r")
        session.says("how bad")
        session.type("terrible\r")
        session.says("is done about it: ")
        session.type("\r")
        session.says("risks[0].impact is one of high, medium, low")
        session.says("what may go wrong: ")
        session.type("drop-outs\r")
        session.says("how bad")
        session.type("high\r")
        session.says("is done about it: ")
        session.type("more buffers\r")
        session.says("what may go wrong: ")
        session.type("\r")
        session.says("leave > ")
        session.type("p\r")
        session.says("# Specification: Audio Engine")
        session.says("leave > ")
        session.type("y\r")
        assert session.ends() == 0, session.out
        assert "must be the id of a phase" in session.out and "spec iteration 1 recorded" in session.out
    assert not KEPT.exists()
    text = around("show", PHASE, "spec", "--raw").out
    for line in (
        "- Jitter below 1 ms\n- Ünïcode round trip\n",
        "- As a guitarist, I want to hear herself, so that she can play.",
        "## Requirements\n\n- No allocation\n",
        "- a loopback test\n",
        "- `st01-clock`\n",
        "| drop-outs | high | more buffers |",
    ):
        assert line in text, text
    assert "Deliverables" not in text and "Success" not in text


def test_an_answer_can_be_changed_at_the_end_and_by_going_back(around: Orch) -> None:
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "called?", "Engine")
        answer(session, "achieve?", "<")
        answer(session, "called?", "The engine")
        answer(session, "achieve?", "First", "")
        to_the_end(session, first=2)
        session.type("2\r")
        answer(session, "achieve?", "Second", "Third", "")
        session.says("leave > ")
        session.type("y\r")
        assert session.ends() == 0, session.out
    text = around("show", PHASE, "spec", "--raw").out
    assert "# Specification: The engine\n" in text and "- Second\n- Third\n" in text and "First" not in text


def test_a_killed_interview_is_gone_on_with(around: Orch) -> None:
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "called?", "Engine")
        answer(session, "achieve?", "To be heard", "")
        session.says("who: ")
        kill(session, signal.SIGKILL)
        assert session.ends() == -signal.SIGKILL
    with at_a_terminal("spec", PHASE) as session:
        session.says("2 answers are kept")
        session.type("\r")
        to_the_end(session, first=2)
        session.type("y\r")
        assert session.ends() == 0
    assert "- To be heard\n" in around("show", PHASE, "spec", "--raw").out


def test_answers_that_are_kept_can_be_left_behind_and_a_broken_file_is_put_aside(around: Orch) -> None:
    KEPT.parent.mkdir()
    KEPT.write_text('{"v":1,"iteration":0,"at":2,"answers":{"title":"Old","objectives":["old"]}}')
    with at_a_terminal("spec", PHASE) as session:
        session.says("2 answers are kept")
        session.type("n\r")
        answer(session, "called?", "New")
        session.says("achieve?")
        session.says("> ")
        assert session.cancelled() == 130
    assert json.loads(KEPT.read_text())["answers"] == {"title": "New"}
    for text in ("{", "[]", '{"v":1}', '{"v":1,"iteration":0,"at":"x","answers":{}}', "\udcff"):
        KEPT.write_bytes(text.encode("utf-8", "surrogateescape"))
        with at_a_terminal("spec", PHASE) as session:
            session.says("called?")
            session.says("> ")
            session.type("\x04")
            assert session.ends() == 130 and "Traceback" not in session.out
        assert KEPT.with_suffix(".broken").exists()
        KEPT.unlink(missing_ok=True)


def test_what_was_asked_for_is_shown_and_the_answers_of_before_stay(around: Orch) -> None:
    around("spec", PHASE, "--objectives", "Fast", "--criteria", "It is fast")
    around("reject", PHASE, "spec", "--feedback", "how fast?")
    with at_a_terminal("spec", PHASE) as session:
        session.says("to answer: how fast?")
        session.says("called?")
        session.type("\r")
        answer(session, "achieve?", "Below 10 ms", "")
        to_the_end(session, first=2)
        session.type("y\r")
        assert session.ends() == 0, session.out
    text = around("show", PHASE, "spec", "--raw").out
    assert "- Below 10 ms\n" in text and "- It is fast\n" in text and "- Fast\n" not in text


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a program that can be told what to write into the file it edits."""
    told = tmp_path / "told"
    script = tmp_path / "an editor"
    script.write_text(f'#!/bin/sh\n[ -s "{told}.1" ] && f="{told}.1" || f="{told}.2"\ncp "$f" "$2"; : > "$f"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"'{script}' --wait")
    return told


def test_one_answer_or_all_of_them_are_written_in_an_editor(around: Orch, editor: Path) -> None:
    editor.with_suffix(".1").write_text("one\ntwo\n")
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "called?", "Engine")
        answer(session, "achieve?", "!")
        to_the_end(session, first=2)
        assert "one" in session.out and "two" in session.out
        editor.with_suffix(".1").write_text("objectives: [one\n")
        editor.with_suffix(".2").write_text(
            "title: By hand\nobjectives: [three]\nmethodology_alignment:\n  influence_points: [here]\n"
        )
        session.type("e\r")
        session.says("not YAML")
        session.says("again? [Y/n] ")
        session.type("\r")
        session.says("By hand")
        session.says("leave > ")
        session.type("y\r")
        assert session.ends() == 0, session.out
    text = around("show", PHASE, "spec", "--raw").out
    assert "# Specification: By hand\n" in text and "- three\n" in text and "- here\n" in text


def test_an_editor_that_fails_is_said(around: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "false")
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "called?", "!")
        session.says("The editor false ended with status 1")
        session.says("> ")
        session.type("\x04")
        assert session.ends() == 130
    monkeypatch.setenv("EDITOR", "/nowhere/ed")
    with at_a_terminal("spec", PHASE) as session:
        session.says("called?")
        session.says("> ")
        session.type("!\r")
        session.says("/nowhere/ed cannot be run")
        session.says("> ")
        session.type("\x04")
        assert session.ends() == 130


def test_nobody_is_asked_who_is_not_at_a_terminal(around: Orch) -> None:
    for words in (("spec", PHASE), ("spec", PHASE, "--interactive"), ("prd", PHASE, "--interactive")):
        refused = around(*words, "--json")
        step = Step(words[0])
        assert refused.status == 2 and refused.error["fix"] == [draft(PHASE, step)], words
    with at_a_terminal("spec", PHASE, "--json") as session:
        assert session.ends() == 2
        assert json.loads(session.out)["error"]["code"] == "VALIDATION_ERROR"


def test_what_could_not_be_drafted_is_refused_before_anybody_answers(around: Orch) -> None:
    for words, says in (
        (("spec", "st01-clock"), "spec is approved"),
        (("prd", "st01-clock", "--interactive"), "orch research st01-clock"),
        (("prd", PHASE, "--interactive"), "a phase begins with its spec"),
    ):
        with at_a_terminal(*words) as session:
            assert session.ends() in (3, 4)
            assert says in session.out and "called?" not in session.out, session.out


def test_a_prd_is_asked_for_and_what_is_left_out_is_derived(around: Orch) -> None:
    for step, words in (("research", ("--foundation", "known")), ("plan", ("--components", "Mixer"))):
        around(step, "st01-clock", *words)
        around("approve", "st01-clock", step)
    with at_a_terminal("prd", "st01-clock", "--interactive") as session:
        answer(session, "first release for?", "To keep time")
        for question in ("What does it do?", "step by step?", "with which target?", "on purpose?", "accepted?"):
            session.says(question)
            session.says("feature: " if question == "What does it do?" else "> ")
            session.type("no video\r" if question == "on purpose?" else "\r")
            if question == "on purpose?":
                session.says("> ")
                session.type("\r")
        session.says("what may go wrong: ")
        session.type("\r")
        session.says("leave > ")
        session.type("p\r")
        session.says("No allocation *(derived from spec, iteration 1)*")
        session.says("leave > ")
        session.type("y\r")
        assert session.ends() == 0, session.out
    text = around("show", "st01-clock", "prd", "--raw").out
    assert "To keep time" in text and "- no video" in text and "- No allocation *(derived" in text


LAST_YES = re.compile(r"(^|[\r\n\x0f])\s*y(es)?\s*([\r\n\x0f]|$)", re.IGNORECASE)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_typed_nothing_is_recorded_without_the_last_yes(around: Orch, seed: int) -> None:
    dice = random.Random(seed)
    before = position(around)
    letters = [chr(c) for c in range(1, 256) if chr(c) not in "\x1a\x1c\x03\x04\x13"] + ["\r"] * 60
    with at_a_terminal("spec", PHASE, EDITOR="true") as session:
        session.says("called?")
        for _ in range(30):
            keys = "".join(dice.choices(letters, k=dice.randint(1, 40)))
            keys = dice.choice(("!", "e", "p", "ye", "y!", "1")) if dice.random() < 0.3 else keys
            if LAST_YES.search(keys):
                continue
            os.write(session._master, keys.encode("latin-1" if dice.random() < 0.3 else "utf-8") + b"\r")
            session._read(0.01)
        until = monotonic() + PATIENCE_SECONDS
        while session.program.poll() is None and monotonic() < until:  # it counts only where somebody waits for a line
            session.type("\x04")
            session._read(0.1)
        assert session.ends() == 130, session.out
        assert "Traceback" not in session.out and "[BUG]" not in session.out
    assert position(around) == before


def test_the_style_says_how_much_is_explained(around: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {}
    for style in ("user-friendly", "professional", "terse"):
        monkeypatch.setenv("ORCHESTRATOR_FEEDBACK_STYLE", style)
        with at_a_terminal("spec", PHASE) as session:
            session.says("1/9")
            session.says("> ")
            session.type("\x04")
            session.ends()
        shown[style] = session.out
    assert "as people will read it everywhere" in shown["user-friendly"]
    assert "What is it called?" in shown["professional"] and "as people will read" not in shown["professional"]
    assert "1/9  title" in shown["terse"] and "Enter keeps" not in shown["terse"]


@pytest.mark.parametrize(
    "answers",
    ['{"title":5}', '{"objectives":[{"x":[1]}]}', '{"nonsense":"z"}', '{"title":"a\\u0007b"}', '[["title","x"]]'],
)
def test_answers_that_no_question_takes_are_put_aside_and_never_recorded(around: Orch, answers: str) -> None:
    KEPT.parent.mkdir()
    before = position(around)
    for aside in (".broken", ".broken-2"):
        KEPT.write_text(f'{{"v":1,"iteration":0,"at":9,"answers":{answers}}}')
        with at_a_terminal("spec", PHASE) as session:
            session.says(f"no answers that could be gone on with; it is kept as {PHASE}-spec{aside}.")
            session.says("1/9")
            session.says("> ")
            session.type("\x04")
            assert session.ends() == 130 and "Cancelled" not in session.out
        assert answers in KEPT.with_suffix(aside).read_text()
    assert position(around) == before


def test_answers_that_do_not_fit_each_other_are_said_and_not_recorded(around: Orch) -> None:
    """The names of features are each once, which no answer alone can tell."""
    for step, words in (("research", ("--foundation", "known")), ("plan", ("--components", "Mixer"))):
        around(step, "st01-clock", *words)
        around("approve", "st01-clock", step)
    before = position(around)
    path = Path(".orch/interviews/st01-clock-prd.json")
    path.parent.mkdir()
    path.write_text('{"v":1,"iteration":0,"at":7,"answers":{"mvp_goal":"To keep time"}}')
    with at_a_terminal("prd", "st01-clock", "--interactive") as session:
        session.says("[Y/n] ")
        session.type("\r")
        session.says("leave > ")
        session.type("2\r")
        for _ in range(2):
            session.says("feature: ")
            session.type("Mixer\r")
            session.says("what it does: ")
            session.type("\r")
        session.says("feature: ")
        session.type("\r")
        session.says("two key_features are called 'Mixer'")
        session.says("feature: ")
        session.type("\x04")
        assert session.ends() == 130
    assert position(around) == before


def test_a_number_that_names_no_suggestion_is_asked_for_again(around: Orch) -> None:
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "called?", "Engine")
        answer(session, "achieve?", "9")
        session.says("There is no suggestion 9")
        session.says("> ")
        session.type("1\r")
        session.says("> ")
        session.type("\r")
        session.says("who: ")
        session.type("\x04")
        assert session.ends() == 130
    assert json.loads(KEPT.read_text())["answers"]["objectives"] == ["Jitter below 1 ms"]


def test_items_with_parts_are_edited_as_yaml(around: Orch, editor: Path) -> None:
    editor.with_suffix(".1").write_text("- role: guitarist\n  want: to hear herself\n")
    with at_a_terminal("spec", PHASE) as session:
        answer(session, "called?", "Engine")
        answer(session, "achieve?", "")
        session.says("who: ")
        session.type("!\r")
        session.says("What must hold")
        session.says("> ")
        session.type("\x04")
        assert session.ends() == 130
    assert json.loads(KEPT.read_text())["answers"]["user_stories"] == [{"role": "guitarist", "want": "to hear herself"}]


def test_options_are_laid_over_the_answers_of_before(around: Orch) -> None:
    KEPT.parent.mkdir()
    KEPT.write_text('{"v":1,"iteration":0,"at":9,"answers":{"title":"Old","deliverables":["a program"]}}')
    with at_a_terminal("spec", PHASE, "--interactive", "--objectives", "other") as session:
        session.says("2 answers are kept")
        session.says("[Y/n] ")
        session.type("\r")
        session.says("leave > ")
        session.type("y\r")
        assert session.ends() == 0, session.out
    text = around("show", PHASE, "spec", "--raw").out
    assert "# Specification: Old\n" in text and "- other\n" in text and "- a program\n" in text
