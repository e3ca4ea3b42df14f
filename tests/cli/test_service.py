"""Working through a service: the same commands, the same output, the same exit codes, and nothing that is believed."""

import os
from json import dumps
from pathlib import Path

import apsw
import pytest

from tests.api.served import new_project, opened
from tests.cli.command_table import entries
from tests.cli.test_startup import loaded_by
from tests.cli.through_service import Far, begun, far, worked_on

__all__ = ["begun", "far"]  # fixtures
pytestmark = pytest.mark.in_file


def test_a_copy_holds_the_documents_that_the_project_does(far: Far) -> None:
    worked_on(far)
    for name in ("dev/st01-x/spec.md", "dev/st01-x/research.md"):
        assert Path(name).read_bytes() == (far.project.places.root / name).read_bytes()
    Path("dev/st01-x/research.md").write_text("# Another\n")
    assert far.orch("approve", "st01-x", "research").status == 3  # the gate is where the files are
    assert far.orch("edit", "st01-x", "research").status == 0
    assert far.orch("show", "st01-x", "research").out == "# Another\n"
    Path("dev/st01-x/research.md").unlink()
    assert far.orch("checkout", "st01-x", "research").status == 0
    assert Path("dev/st01-x/research.md").read_text() == "# Another\n"


def test_a_folder_that_is_no_copy_stays_as_it_was(far: Far) -> None:
    drafted = far.orch("spec", "st01-x", "--objectives", "Round trip below 10 ms", "--json")
    assert drafted.status == 0 and drafted.data["document"] is None
    assert far.orch("approve", "st01-x", "spec").status == 0
    assert far.orch("search", "trip").status == 0
    assert {each.name for each in far.folder.iterdir()} <= {"home"}  # the search is kept in the cache of whoever asks
    for words in (("edit", "st01-x", "spec"), ("checkout", "st01-x", "spec")):
        refused = far.orch(*words)
        assert refused.status == 2 and "no copy" in refused.err and "orch init" in refused.err


def test_whoever_shows_the_token_acts_and_nobody_can_say_otherwise(far: Far) -> None:
    far.env.setenv("ORCHESTRATOR_ACTOR", "mallory")
    assert far.orch("spec", "st01-x", "--objectives", "a", "--json").data["actor"]["name"] == "grace"
    refused = far.orch("spec", "st01-x", "--objectives", "b", "--actor", "mallory")
    assert refused.status == 2 and "grace" in refused.err
    approved = far.orch("approve", "st01-x", "spec", "--json").data  # away from a terminal: the token knows the kind
    assert approved["authentication"].startswith("token:")


def test_an_auditor_believes_nothing_that_the_service_says(far: Far) -> None:
    worked_on(far)
    held = far.orch("audit", "checkpoint")
    (far.folder / "held.txt").write_text(held.out)
    assert far.orch("audit", "verify", "--against", "held.txt").status == 0
    with apsw.Connection(str(far.project.places.log)) as insider:
        insider.execute("DROP TRIGGER events_never_change")
        of_the_other = "SELECT envelope FROM events WHERE position = 6"
        insider.execute(f"UPDATE events SET envelope = ({of_the_other}) WHERE position = 5")
    found = far.orch("audit", "verify", "--against", "held.txt", "--json")
    assert found.status == 6 and found.data["verdict"] == "damaged"
    assert any(problem["position"] == 5 for problem in found.data["problems"])


def test_a_log_that_was_replaced_by_another_one_fails_against_what_the_auditor_holds(far: Far, tmp_path: Path) -> None:
    worked_on(far)
    (far.folder / "held.txt").write_text(far.orch("audit", "checkpoint").out)
    assert far.orch("spec", "st02-y", "--objectives", "a").status == 0
    vkey = far.orch("audit", "key", "show", "--json").data["key"]
    found = far.orch("audit", "verify", "--against", "held.txt", "--vkey", vkey, "--json")
    assert found.status == 7 and found.data["covered"] == found.data["size"] - 3  # what came since, nobody holds yet
    (tmp_path / "other").mkdir()
    new_project(tmp_path / "other")
    with opened(tmp_path / "other") as other, pytest.MonkeyPatch.context() as env:
        from tests.api.served import issued, served

        with served(other) as client:
            env.setenv("ORCHESTRATOR_URL", f"http://127.0.0.1:{client.port}")
            env.setenv("ORCHESTRATOR_TOKEN", issued(other))
            refused = far.orch("list")  # the copy knows whose it is
            assert refused.status == 2 and "is a copy of the log" in refused.err
            env.chdir(tmp_path)
            found = far.orch("audit", "verify", "--against", str(far.folder / "held.txt"), "--vkey", vkey, "--json")
            assert found.status == 6 and "checkpoint origin" in found.data["problem_counts"]


@pytest.mark.parametrize("words", [name for name, reason in entries() if reason])
def test_what_is_done_where_the_log_is_says_so_and_why(far: Far, words: str) -> None:
    reason = dict(entries())[words]
    refused = far.orch(*words.split(), "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert f"where the log is, and this project is worked on through {far.url}: {reason}." in refused.error["message"]
    assert refused.error["fix"] == [f"orch {words} --json  # on the machine of the service", "unset ORCHESTRATOR_URL"]
    assert far.orch(*words.split(), "--help").status == 0


def test_a_folder_with_a_log_of_its_own_is_never_taken_for_a_copy(far: Far) -> None:
    far.env.chdir(far.project.places.root)
    refused = far.orch("list")
    assert refused.status == 2 and "has a log of its own" in refused.err and "unset ORCHESTRATOR_URL" in refused.err


def test_a_store_that_an_option_names_is_never_taken_for_the_service(far: Far) -> None:
    there = str(far.project.places.state)
    settings = far.folder / "production.json"
    settings.write_text(dumps({"orchestrator": {"storage": {"stateDirectory": there}}}))
    before = far.project.log.moment().position
    for words in (["--state-dir", there], ["--state-dir", "does-not-exist"], ["--config", str(settings)]):
        for command in (["list"], ["spec", "st01-x", "--objectives", "meant for the file"], ["doctor"], ["init"]):
            refused = far.orch(*words, *command)
            assert refused.status == 2 and words[0] in refused.err, refused
            assert far.url in refused.err and "unset ORCHESTRATOR_URL" in refused.err
    assert far.project.log.moment().position == before


def test_a_log_that_a_variable_names_is_never_taken_for_the_service(far: Far) -> None:
    for name, value in (
        ("ORCHESTRATOR_DATABASE_URL", "postgresql://ada@127.0.0.1/orch"),
        ("ORCHESTRATOR_STATE_DIR", str(far.project.places.state)),
    ):
        with far.env.context() as env:
            env.setenv(name, value)
            refused = far.orch("list")
            assert refused.status == 2 and f"{name} names a log" in refused.err and far.url in refused.err
            assert "unset ORCHESTRATOR_URL" in refused.err and f"unset {name}" in refused.err
            assert far.orch("health", "--url", far.url).status == 0, "whoever names the service means it"
    assert far.orch("list").status == 0


def test_a_variable_may_say_where_a_copy_keeps_its_locks_and_its_cache(far: Far) -> None:
    far.env.setenv("ORCHESTRATOR_STATE_DIR", str(far.folder / "kept"))
    assert far.orch("init").status == 0
    worked_on(far)
    assert far.orch("search", "trip").status == 0 and any((far.folder / "kept").iterdir())


def test_an_address_in_the_file_of_a_copy_is_taken_back_there(far: Far) -> None:
    assert far.orch("init").status == 0
    assert far.orch("config", "set", "url", far.url).status == 0
    far.env.delenv("ORCHESTRATOR_URL")
    refused = far.orch("--state-dir", "elsewhere", "list")
    assert refused.status == 2 and "orch config set url --unset" in refused.err
    assert far.orch("list").status == 0
    far.env.setenv("ORCHESTRATOR_DATABASE_URL", "postgresql://ada@127.0.0.1/orch")  # stronger than the file
    assert far.orch("list").status == 2


def test_a_token_is_read_from_a_file_of_ones_own_and_never_shown(far: Far) -> None:
    secret = os.environ["ORCHESTRATOR_TOKEN"]
    file = far.folder / "token"
    file.write_text(secret + "\n")
    far.env.delenv("ORCHESTRATOR_TOKEN")
    assert far.orch("list").status == 2  # none at all
    far.env.setenv("ORCHESTRATOR_TOKEN_FILE", str(file))
    file.chmod(0o644)
    refused = far.orch("list")
    assert refused.status == 2 and f"chmod 600 {file}" in refused.err
    file.chmod(0o600)
    assert far.orch("list").status == 0
    far.env.setenv("ORCHESTRATOR_TOKEN", secret)
    shown = far.orch("config", "show", "--json")
    assert shown.status == 0 and secret not in shown.out and shown.data["unread"] == []


def test_nothing_of_it_is_loaded_where_no_service_is_named(far: Far) -> None:
    far.env.chdir(far.project.places.root)
    far.env.delenv("ORCHESTRATOR_URL")
    assert {"http.client", "ssl", "adapters.remote_log", "usecases.far"} & loaded_by("list") == set()
    far.env.setenv("ORCHESTRATOR_URL", f"http://127.0.0.1:{far.client.port}")
    far.env.chdir(far.folder)
    heavy = {"fastapi", "uvicorn", "pydantic", "eventsourcing", "botocore", "urllib3"}
    loaded = {name.split(".")[0] for name in loaded_by("list")}
    assert "http" in loaded and loaded & heavy == set()


def test_what_is_written_through_a_service_is_done_where_the_log_is(far: Far) -> None:
    worked_on(far)
    (far.folder / "w.yaml").write_text("spec: {objectives: [Round trip below 10 ms]}\n")
    drafts = far.orch("audit", "trail", "--topic", "phase.document_drafted", "--json").data["rows"]
    for words in (
        ("workflow", "st03-z", "--config", "w.yaml"),
        ("batch", "--phases", "st04-a,st05-b", "--command", "spec --objectives x"),
        ("audit", "redact", str(drafts[0]["position"]), "--reason", "It named somebody", "--yes"),
        ("audit", "key", "rotate", "--reason", "The laptop is lost"),
        ("audit", "review", "--to", "position:5", "--comments", "All of it"),
        ("follow", "--once"),
        ("audit", "verify"),
    ):
        done = far.orch(*words)
        assert done.status in (0, 7), (words, done)
        assert "a local name is a claim" not in done.out, words
    there = far.project.log.heads(["phase:st03-z", "phase:st04-a", "phase:st05-b"])[1]
    assert len(there) == 3
    assert far.orch("gate", "st01-x", "spec", "--json").data["approvals"][0]["authentication"].startswith("token:")


def test_health_and_figures_are_those_of_the_service(far: Far) -> None:
    assert far.orch("health", "--json").data["uptime"] is not None
    seen = far.orch("monitor", "--once", "--json").data
    assert seen["health"] == "healthy" and seen["source"].startswith("http:") and seen["most"], seen


def test_a_copy_whose_settings_ask_for_receipts_has_them(far: Far) -> None:
    assert far.orch("init").status == 0
    Path(".orch/config.toml").write_text("[receipts]\nwrite = true\n")
    assert far.orch("spec", "st01-x", "--objectives", "a").status == 0
    approved = far.orch("approve", "st01-x", "spec", "--json").data
    vkey = far.orch("audit", "key", "show", "--json").data["key"]
    assert Path(approved["receipt"]["file"]).is_file()
    assert far.orch("gate", "st01-x", "spec", "--receipt", "--vkey", vkey).status == 0
    assert not list((far.project.places.root / "dev").rglob("*receipt*"))


def test_a_time_stamp_is_a_matter_of_the_service(far: Far) -> None:
    size = far.project.log.moment().position
    answer = far.orch("audit", "checkpoint", "--timestamp", "https://tsa.example.org")
    assert answer.status == 2 and "kept where the log is" in answer.err and far.project.log.moment().position == size
    assert far.project.checkpoints.sizes() == []
    assert far.orch("audit", "checkpoint").status == 0


def test_who_is_asked_for_a_time_stamp_is_said_by_the_settings_of_the_service(far: Far) -> None:
    assert far.orch("init").status == 0
    Path(".orch/config.toml").write_text('[checkpoints]\ntimestamp_url = "http://127.0.0.1:9/here"\n')
    assert far.orch("audit", "checkpoint", "--json").data["timestamp"] is None, "a copy has no say"
    there = far.project.places.settings
    there.write_text('[checkpoints]\ntimestamp_url = "http://user:secret@127.0.0.1:9/there"\n')
    told = far.orch("audit", "checkpoint", "--json")
    stamp = told.data["timestamp"]
    assert told.status == 8 and (stamp["url"], stamp["time"]) == ("http://127.0.0.1:9/…", None)
    assert "no time stamp" in stamp["warning"] and "secret" not in told.out + told.err
    said = far.orch("audit", "checkpoint")
    assert said.status == 8 and said.out == told.data["note"] and "→ orch audit checkpoint\n" in said.err


def test_what_was_signed_after_a_verdict_names_no_place_of_the_service(far: Far) -> None:
    there = far.project.places
    there.settings.write_text('[checkpoints]\nafter = ["approval"]\nanchor = "nowhere/anchor.txt"\n')
    assert far.orch("spec", "st01-x", "--objectives", "a").status == 0
    told = far.orch("approve", "st01-x", "spec", "--json")
    signed = told.data["checkpoint"]
    assert signed["fix"] == ["orch audit checkpoint"] and "could not be anchored" in signed["warning"]
    assert str(there.root) not in told.out + told.err
    (there.root / "nowhere").mkdir()
    assert far.orch("audit", "checkpoint").status == 0
    assert (there.root / "nowhere/anchor.txt").is_file(), "what mends it is typed from here"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("token revoke ../../log.db", 2),
        ("audit redact 999999999999999999999999999999 --reason why --yes", 4),
        ("audit review --from 2999-01-01T00:00:00Z", 2),
        ("unblock st01-x ../B1", 4),
    ],
)
def test_what_can_name_nothing_is_refused_as_beside_the_log(far: Far, words: str, status: int) -> None:
    assert far.orch("spec", "st01-x", "--objectives", "a").status == 0
    here = far.orch(*words.split(), "--json")
    far.env.chdir(far.project.places.root)
    for name, value in (("ORCHESTRATOR_ACTOR", "grace"), ("ORCHESTRATOR_ACTOR_KIND", "human")):
        far.env.setenv(name, value)
    far.env.delenv("ORCHESTRATOR_URL")
    assert here == far.orch(*words.split(), "--json") and here.status == status
