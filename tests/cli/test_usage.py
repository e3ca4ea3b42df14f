"""Words that orch cannot read are answered with a line that it can."""

from pathlib import Path

import pytest

from tests.cli.conftest import Orch
from tests.fix_lines import understood

APPROVE = 'orch approve st01-audio-engine spec --comments "Clear enough"'
POLICY = "orch policy set --minimum-approvers 2 --approver-role plan=lead"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["approve"], APPROVE),
        (["approve", "st05-y"], APPROVE.replace("st01-audio-engine", "st05-y")),
        (["approve", "ST_05"], APPROVE),
        (["block", "st05-y"], 'orch block st05-y "No sound card to measure with"'),
        (["depend", "st05-y"], "orch depend st05-y --on st01-audio-engine"),
        (["recover", "salvage"], "orch recover salvage --out salvaged --from-backups backups"),
        (["replay", "--step", "foo"], "orch replay st01-audio-engine --step spec --all"),
        (["policy", "set", "--minimum-approvers", "two"], POLICY),
        (["status", "st05-y", "--jsn"], "orch status st05-y --json --json"),
        (["block", "st05-y", "--reason", "no card"], "orch block st05-y 'no card' --json"),
        (["reopen", "st05-y", "spec", "--reasn", "x"], "orch reopen st05-y spec --reason x --json"),
        (["policy", "set", "--jsom", "x"], POLICY),
        (["statsu", "st05-y"], "orch status st05-y --json"),
        (["audit", "key", "rotat", "--reason", "it's lost"], "orch audit key rotate --reason 'it'\"'\"'s lost' --json"),
        (["aprove"], APPROVE),
        (["aprove", "st05-y", "spec", "--comments", "x" * 500], APPROVE),
        (["--config", "x.toml", "lst"], "orch --config x.toml list --json"),
    ],
    ids=lambda words: " ".join(words)[:40] if isinstance(words, list) else "",
)
def test_the_first_line_offered_is_one_that_works(orch: Orch, words: list[str], first: str) -> None:
    refused = orch(*words, "--json")
    assert refused.status == 2 and refused.error["code"] == "USAGE_ERROR"
    assert refused.error["fix"][0] == first
    assert understood(first)
    assert refused.error["fix"][1:] and refused.error["fix"][-1].endswith(" --help")


def test_no_flag_is_offered_for_an_option_that_had_a_value(orch: Orch) -> None:
    for words in (["block", "st05-y", "--reason", "x"], ["block", "st05-y", "--reason=x"]):
        refused = orch(*words)
        assert refused.status == 2 and "--json" not in refused.err, "x would be recorded as what stands in the way"
    assert "--json" in orch("status", "st05-y", "--jsn").err


@pytest.mark.parametrize("words", [["frobnicate"], ["frobnicate", "--help"], ["--frobnicate"]], ids=" ".join)
def test_what_is_near_to_nothing_gets_the_list_of_commands(orch: Orch, words: list[str]) -> None:
    refused = orch(*words)
    assert refused.status == 2 and refused.err.splitlines()[1:] == ["  → orch --help"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["follow", "--wait", "x"], "--wait has to be a whole number from 0 on; got 'x'."),
        (["follow", "--wait", "-1"], "--wait has to be a whole number from 0 on; got '-1'."),
        (["follow", "--timeout", "nan"], "--timeout has to be a number of seconds from 0 to 86400; got 'nan'."),
        (["serve", "--port", "65536"], "--port has to be a whole number from 0 to 65535; got '65536'."),
        (["policy", "set", "--minimum-approvers", "2.5"], "--minimum-approvers has to be a whole number; got '2.5'."),
        *(
            (
                ["backup", "ship", "--once", "--interval", wrong],
                "--interval has to be a number of seconds from 0.05 to 3600; got '",
            )
            for wrong in ("nan", "NaN", "inf", "-inf", "-1", "0", "soon", "1e9")
        ),
        (
            ["monitor", "--once", "--interval", "nan"],
            "--interval has to be a number of seconds from 0.2 to 3600; got 'nan'.",
        ),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_a_number_that_cannot_be_is_refused_with_those_that_can(project: Orch, words: list[str], says: str) -> None:
    refused = project(*words, "--json")
    assert (refused.status, refused.error["code"]) == (2, "USAGE_ERROR")
    assert refused.error["message"].startswith(says)
    *lines, asked = refused.error["fix"]
    assert lines and all(understood(line) for line in lines) and asked.endswith(" --help")


def test_choices_are_told_on_one_line(orch: Orch) -> None:
    refused = orch("approve", "st01-x", "--json")
    assert refused.error["message"] == "Missing argument 'STEP'. Choose from: spec, research, plan, prd, tasks."


@pytest.mark.parametrize(
    ("command", "fix"),
    [
        ("stats", "orch batch --phases st01-x,st02-y --command status"),
        ("task strt T001", "orch batch --phases st01-x,st02-y --command 'task start'"),
        ("frobnicate", 'orch batch --phases st01-x,st02-y --command "status"'),
        ("status --json", 'orch batch --phases st01-x,st02-y --command "status" --json'),
        ("--frobnicate", 'orch batch --phases st01-x,st02-y --command "status"'),
    ],
)
def test_a_batch_of_no_command_is_told_one(project: Orch, command: str, fix: str) -> None:
    refused = project("batch", "--phases", "st01-x", "--command", command, "--json")
    assert refused.status == 2 and refused.error["fix"] == [fix]
    assert understood(fix)


@pytest.mark.at_the_log("recoveries and backups are made there")
@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (["recover", "salvage", "--out", "there"], "orch recover salvage --out there-3 --json"),
        (["recover", "run", "--to", "now", "--out=./there"], "orch recover run --to now --out=there-3 --json"),
        (["backup", "restore", "--out", "there"], "orch backup restore --out there-3 --json"),
        (
            ["recover", "documents", "st01-x", "--to", "now", "--out", "there"],
            "orch recover documents st01-x --to now --out there-3 --json",
        ),
        (["audit", "prove", "1", "-o", "there"], "orch audit prove 1 -o there-3 --json"),
    ],
    ids=lambda words: words[1],
)
def test_a_name_that_is_taken_is_answered_with_one_that_is_free(drafted: Orch, words: list[str], fix: str) -> None:
    Path("there").mkdir()
    Path("there/entry").touch()
    Path("there-2").touch()
    refused = drafted(*words, "--json")
    assert refused.status == 3 and refused.error["code"] == "ALREADY_EXISTS"
    assert refused.error["fix"] == [fix] and understood(fix)


def test_an_option_that_lacks_its_value_is_answered_about_its_command(orch: Orch) -> None:
    refused = orch("policy", "set", "--approvers")
    assert refused.status == 2 and refused.err.splitlines()[1:] == [f"  → {POLICY}", "  → orch policy set --help"]


def test_a_file_that_is_there_is_answered_with_the_command_that_replaces_it(drafted: Orch) -> None:
    Path("all.json").touch()
    refused = drafted("export", "-o", "all.json", "--json")
    assert refused.status == 3 and refused.error["fix"] == ["orch export -o all.json --json --yes"]
    assert drafted(*refused.error["fix"][0].split()[1:]).status == 0
