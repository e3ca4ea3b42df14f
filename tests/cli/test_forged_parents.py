"""Backups in the name of a log that was left are believed only under the keys it had, and only where they agree."""

from pathlib import Path
from time import time_ns

import pytest

from adapters.backup_author import Author
from adapters.backup_folder import Folder
from adapters.backup_packing import recipients_from
from adapters.backup_reading import open_backups
from adapters.backup_writing import BackupWriter
from adapters.keys import load_key, make_key
from adapters.signed_notes import note, sign
from tests.cli.conftest import Orch
from tests.cli.recovered_world import WHY, files_in, lived, promoted, recovered

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture
FORGED = "forged"


@pytest.fixture
def forged(lived: Orch) -> tuple[Orch, str]:
    """Return a log that left its parent at 12, and the key of somebody who signed another history of the parent."""
    assert lived("backup", "create").status == 0
    recovered(lived, "position:12")
    promoted(lived)
    backups = open_backups(Folder(Path(".orch/backups")))
    key = make_key(Path("evil"), backups.origin)
    secret = load_key(Path("evil"), key)
    events = list(backups.events())
    events[5] = events[5]._replace(envelope=events[5].envelope.replace(b'"ada"', b'"eve"'))
    author = Author(
        backups.origin,
        (key,),
        lambda text: note(text, [sign(text, key, secret)]),
        recipients_from([]),
        lambda: time_ns() // 1000,
    )
    writer = BackupWriter(Folder(Path(FORGED)), author)
    with writer.turn():
        writer.begin(full=True)
        writer.add(events, redacted=frozenset())
        writer.finish()
    return lived, key


def test_a_key_that_the_parent_never_had_signs_no_backups_of_it(forged: tuple[Orch, str]) -> None:
    orch, _ = forged
    for words in (
        ("backup", "verify", "--from", FORGED),
        ("backup", "restore", "--from", FORGED, "--out", "back"),
        ("recover", "run", "--to", "position:9", "--from-backups", FORGED, "--out", "back"),
    ):
        refused = orch(*words, "--json")
        assert (refused.status, refused.error["code"]) == (6, "SIGNATURE_REFUSED"), words
    assert not Path("back").exists()
    assert orch("backup", "verify", "--from", ".orch/backups").status == 0, "those of the parent itself are believed"


@pytest.mark.parametrize("to", ["position:9", "position:12", "position:15"])
def test_another_history_of_the_parent_is_not_promoted_whoever_believed_it(forged: tuple[Orch, str], to: str) -> None:
    orch, key = forged
    for number in range(3):
        assert orch("block", "st02-y", f"a pause {number}").status == 0
    words = ("--from", FORGED, "--vkey", key, "--out", "back", "--to", to)
    assert orch("backup", "restore", *words).status == 0
    found = orch("recover", "verify", "back", "--json")
    assert (found.status, found.data["problem_counts"]["prefix"]) == (6, 1)
    before = files_in(Path(".orch"))
    assert orch("recover", "promote", "back", *WHY, "--yes", "--json").status == 6
    assert files_in(Path(".orch")) == before


def test_the_parents_own_history_may_come_back_when_the_new_log_is_longer(forged: tuple[Orch, str]) -> None:
    orch, _ = forged
    for number in range(3):
        assert orch("block", "st02-y", f"a pause {number}").status == 0
    recovered(orch, "now", "--from-backups", ".orch/backups", out="back")
    found = orch("recover", "verify", "back", "--json")
    assert (found.status, found.data["problems"]) == (7, [])
    assert "after 12 events" in " ".join(found.data["not_proved"])
    promoted(orch, out="back")
    assert orch("audit", "verify", "--json").data["problems"] == []
