"""orch audit review and reviews: who has looked at which part of the log, and what is left."""

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from domain.commands import RedactPayload
from domain.handler import handle
from domain.merkle import tree_root
from tests.cli.conftest import Orch, how_known, position, the_log
from tests.cli.insider import envelope_changed, everything_rehashed, inside, leaf_rehashed
from tests.fix_lines import understood
from tests.reliability.ledger import TEMPLATES, meta

LOG = Path(".orch/log.db")
LAST = 5  # what the fixture `drafted` records


def reviewed(orch: Orch, *words: str) -> dict[str, Any]:
    answer = orch("audit", "review", *words, "--json")
    assert answer.status == 0, answer
    found: dict[str, Any] = answer.data["reviewed"]
    return found


def spans(orch: Orch, *words: str) -> list[tuple[int, int]]:
    found = orch("audit", "reviews", *words, "--json").data["unreviewed"]
    return [(gap["first"], gap["last"]) for gap in found]


def test_a_review_covers_everything_unless_told_otherwise_and_the_next_one_goes_on_behind_it(drafted: Orch) -> None:
    leaves = [bytes.fromhex(row["leaf"]) for row in drafted("audit", "trail", "--json").data["rows"]]
    assert reviewed(drafted) == {"first": 1, "last": LAST, "root": tree_root(leaves).hex()}
    assert drafted("approve", "st01-x", "spec").status == 0
    assert {**reviewed(drafted), "root": ""} == {"first": LAST + 1, "last": LAST + 2, "root": ""}
    assert spans(drafted) == [(LAST + 3, LAST + 3)]


@pytest.mark.parametrize(
    ("words", "span"),
    [
        (("--from", "position:2", "--to", "position:4"), (2, 4)),
        (("--to", "position:3"), (1, 3)),
        (("--from", "position:4"), (4, LAST)),
        (("--from", "2001-01-01T00:00:00Z"), (1, LAST)),
        (("--to", "2999-01-01T00:00:00+01:00"), (1, LAST)),
    ],
)
def test_a_range_is_named_by_positions_or_times(drafted: Orch, words: tuple[str, ...], span: tuple[int, int]) -> None:
    found = reviewed(drafted, *words)
    assert (found["first"], found["last"]) == span


def test_a_person_reads_what_was_reviewed_and_what_is_left(drafted: Orch) -> None:
    said = drafted("audit", "review", "--from", "position:2", "--to", "position:3", "--comments", "both read").out
    for words in ("positions 2 to 3 reviewed", "to review positions 1, 4 to 6", "orch audit reviews", how_known()):
        assert words in said, words
    told = drafted("audit", "reviews").out
    for words in ("ada (human)", "2 to 3", "yes", "“both read”", "Left to review: positions 1, 4 to 6."):
        assert words in told, words


def test_the_rows_say_who_when_and_which_root(drafted: Orch) -> None:
    root = reviewed(drafted, "--actor", "audra")["root"]
    (row,) = drafted("audit", "reviews", "--json").data["rows"]
    assert (row["actor"]["name"], row["root"], row["holds"]) == ("audra", root, True)
    assert (row["position"], row["first"], row["last"]) == (LAST + 1, 1, LAST)


def test_reviews_as_of_a_moment_are_those_that_were_there(drafted: Orch) -> None:
    reviewed(drafted, "--to", "position:2")
    assert spans(drafted, "--at", f"position:{LAST}") == [(1, LAST)]
    assert spans(drafted, "--at", f"position:{LAST + 1}") == [(3, LAST + 1)]


def test_where_nobody_has_reviewed_anything_it_says_how_to_begin(drafted: Orch) -> None:
    said = drafted("audit", "reviews").out
    assert "Begin with: orch audit review" in said and f"positions 1 to {LAST}" in said


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--from", "position:4", "--to", "position:3"), 2),
        (("--from", "position:0"), 2),
        (("--to", "position:99"), 4),
        (("--to", "2001-01-01T00:00:00Z"), 2),
        (("--from", "2999-01-01T00:00:00Z"), 2),
        (("--from", "2026-11-24T14:00:00"), 2),
        (("--to", "yesterday"), 2),
    ],
)
def test_a_range_that_is_none_is_refused_and_nothing_recorded(
    drafted: Orch, words: tuple[str, ...], status: int
) -> None:
    refused = drafted("audit", "review", *words, "--json")
    assert refused.status == status and refused.error["fix"]
    assert all(understood(line) for line in refused.error["fix"])
    assert position(drafted) == LAST


@pytest.mark.at_the_log("through a service it is the token that says the kind")
def test_away_from_a_terminal_the_kind_of_the_reviewer_is_said(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    refused = drafted("audit", "review", "--from", "position:2", "--json")
    assert refused.status == 2 and position(drafted) == LAST
    assert refused.error["fix"][0] == "orch audit review --from position:2 --actor-kind human"
    assert reviewed(drafted, "--actor-kind", "agent")["last"] == LAST


def test_a_repeated_review_answers_as_before_although_the_log_has_grown(drafted: Orch) -> None:
    for number, words in enumerate(((), ("--to", "2999-01-01T00:00:00Z"), ("--from", "position:1"))):
        line = ("audit", "review", *words, "--command-id", f"r{number}", "--json")
        first = drafted(*line)
        assert drafted("block", "st01-x", "no sound card").status == 0
        before = position(drafted)
        assert drafted(*line).data == first.data and position(drafted) == before
    other = drafted("audit", "review", "--to", "position:1", "--command-id", "r0", "--json")
    assert (other.status, other.error["code"]) == (2, "COMMAND_ID_REUSED")
    other = drafted("audit", "review", "--comments", "else", "--command-id", "r0", "--json")
    assert other.error["code"] == "COMMAND_ID_REUSED"


def an_envelope(connection: Connection) -> None:
    envelope_changed(connection, 3, lambda said: said["actor"].update(id="mallory"))


def an_envelope_and_its_leaf(connection: Connection) -> None:
    an_envelope(connection)
    leaf_rehashed(connection, 3)


def a_text(connection: Connection) -> None:
    connection.execute("UPDATE events SET payload = x'7b7d' WHERE position = 3")


def the_tree(connection: Connection) -> None:
    connection.execute("UPDATE tree SET frontier = zeroblob(length(frontier))")


def a_missing_row(connection: Connection) -> None:
    connection.execute("DELETE FROM events WHERE position = 3")


@pytest.mark.in_file
@pytest.mark.parametrize("change", [an_envelope, an_envelope_and_its_leaf, a_text, the_tree, a_missing_row])
@pytest.mark.parametrize("words", [(), ("--from", "position:3", "--to", "position:4")], ids=["all", "range"])
def test_nobody_signs_for_a_damaged_range(
    drafted: Orch, change: Callable[[Connection], None], words: tuple[str, ...]
) -> None:
    with inside(LOG) as connection:
        change(connection)
    refused = drafted("audit", "review", *words, "--json")
    assert refused.status == 6, refused
    message = refused.error["message"]
    assert "Nobody can sign for a damaged log" in message or "lacks position 3" in message, message
    with inside(LOG) as connection:
        assert connection.execute("SELECT max(position) FROM events").fetchone() == (LAST,)


@pytest.mark.in_file
def test_a_text_that_was_erased_as_recorded_does_not_hinder_a_review(drafted: Orch) -> None:
    with the_log(to_write=True) as log:
        handle(RedactPayload(meta(), 3, "a name in it"), log=log, templates=TEMPLATES)
    with inside(LOG) as connection:
        connection.execute("UPDATE events SET payload = NULL, salt = NULL WHERE position = 3")
    assert reviewed(drafted)["last"] == LAST + 1


@pytest.mark.in_file
def test_a_review_of_another_history_is_said_to_be_one_and_covers_nothing(drafted: Orch) -> None:
    reviewed(drafted)
    with inside(LOG) as connection:
        envelope_changed(connection, 3, lambda said: said["actor"].update(id="mallory"))
        everything_rehashed(connection)
    found = drafted("audit", "reviews", "--json")
    assert found.status == 6 and [row["holds"] for row in found.data["rows"]] == [False]
    assert spans(drafted) == [(1, LAST + 1)]
    said = drafted("audit", "reviews")
    assert said.status == 6 and "NO" in said.out and "not the one that was reviewed" in said.out


def test_what_a_reviewer_said_reaches_no_screen_as_control_characters(drafted: Orch) -> None:
    reviewed(drafted, "--comments", "bell \x07 escape \x1b[31m")
    said = drafted("audit", "reviews").out
    assert "\\u001b" in said and not set(said) & set("\x07\x1b")
