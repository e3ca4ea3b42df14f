"""A text that was erased after a fork stays erased, whichever store or backup of the log that was left comes back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from tests.cli.conftest import Orch
from tests.cli.recovered_world import in_store, lived, promoted, recovered, rows
from usecases.recovered import carried_by

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture
ERASED = 9


def retired() -> Path:
    (folder,) = Path(".orch/retired").iterdir()
    return folder


@pytest.fixture
def erased(lived: Orch) -> Orch:
    """Return the same function where a log of 15 events was backed up, left at 12, and a text erased of the new one."""
    assert lived("backup", "create").status == 0
    recovered(lived, "position:12")
    promoted(lived)
    assert lived("audit", "redact", str(ERASED), "--reason", "a court order", "--yes").status == 0
    return lived


def from_backups(orch: Orch, to: str) -> None:
    recovered(orch, to, "--from-backups", ".orch/backups", out="back")


def by_restore(orch: Orch, to: str) -> None:
    words = [] if to == "now" else ["--to", to]
    assert orch("backup", "restore", "--out", "back", *words).status == 0


def from_retired(orch: Orch, to: str) -> None:
    with in_store(retired()):
        recovered(orch, to, out="back")


@pytest.mark.parametrize("to", ["now", "position:12", "position:9"])
@pytest.mark.parametrize("way", [from_backups, by_restore, from_retired])
def test_a_redaction_after_the_fork_binds_what_the_parent_kept(
    erased: Orch, way: Callable[[Orch, str], None], to: str
) -> None:
    way(erased, to)
    assert rows("back")[ERASED - 1].payload is None
    assert rows("back")[5].payload is not None
    with SqliteLog.open(Path("back/log.db"), read_only=True) as log:
        assert set(carried_by(log)) == {ERASED}
    assert erased("recover", "verify", "back", "--json").data["problems"] == []
    promoted(erased, out="back")
    assert rows(".orch")[ERASED - 1].payload is None
    assert erased("audit", "verify", "--json").data["problems"] == []


def test_a_redaction_of_what_only_the_new_log_has_does_not_bind_the_parents(lived: Orch) -> None:
    lived("backup", "create")
    recovered(lived, "position:6")
    promoted(lived)
    lived("spec", "st03-z", "--objectives", "a secret")
    lived("spec", "st03-z", "--objectives", "no secret")
    assert lived("audit", "redact", "10", "--reason", "a court order", "--yes").status == 0
    by_restore(lived, "now")
    assert rows("back")[9].payload == rows(retired())[9].payload is not None


def test_a_recovery_of_a_recovery_still_says_what_it_carries(erased: Orch) -> None:
    from_retired(erased, "now")
    with in_store("back"):
        recovered(erased, "now", out="again")
    assert erased("recover", "verify", "again", "--json").data["redacted_later"] == [ERASED]


def test_a_redaction_names_the_stores_that_still_hold_the_text(erased: Orch) -> None:
    again = ("audit", "redact", str(ERASED), "--reason", "a court order", "--yes", "--json")
    told = [line for line in erased(*again).data["out_of_reach"] if "retired" in line]
    assert len(told) == 1 and f"{retired().name}/log.db holds the text of position {ERASED}" in told[0]
    erased("research", "st02-y", "--foundation", "a")
    erased("research", "st02-y", "--foundation", "b")
    new = ("audit", "redact", "15", "--reason", "only here", "--yes", "--json")
    found = erased(*new).data
    assert not [line for line in found["out_of_reach"] if "retired" in line], found


def test_a_retired_store_that_cannot_be_read_is_named(erased: Orch) -> None:
    path = retired() / "log.db"
    path.chmod(0o600)
    path.write_bytes(b"no log at all")
    again = ("audit", "redact", str(ERASED), "--reason", "a court order", "--yes", "--json")
    (told,) = [line for line in erased(*again).data["out_of_reach"] if "retired" in line]
    assert "cannot be read" in told


@pytest.mark.parametrize("to", ["now", "position:12", "position:13", "position:9"])
def test_a_store_restored_to_before_the_fork_has_the_name_of_then(erased: Orch, to: str) -> None:
    assert erased("backup", "create", "--to", "bk").status == 0
    words = () if to == "now" else ("--to", to)
    assert erased("backup", "restore", "--from", "bk", "--out", "back", *words).status == 0
    with in_store("back"):
        assert erased("audit", "verify", "--json").data["problems"] == []
    assert erased("recover", "verify", "back", "--json").data["problems"] == []
