"""The signing key of a new log: gone where the log does not know it, kept where it may."""

from pathlib import Path
from typing import Any

import pytest

from adapters.sqlite_log import SqliteLog
from domain.errors import Conflict, Refusal, Unavailable
from tests.cli.conftest import Orch


@pytest.mark.in_file
@pytest.mark.parametrize(
    ("refusal", "kept"),
    [(Unavailable("The answer of the store was lost."), 1), (Conflict("project", read=0, found=1), 0)],
)
def test_only_a_key_that_the_log_cannot_know_is_removed(
    orch: Orch, monkeypatch: pytest.MonkeyPatch, refusal: Refusal, kept: int
) -> None:
    append = SqliteLog.append

    def and_lose_the_answer(log: SqliteLog, decisions: Any) -> Any:
        if kept:
            append(log, decisions)
        raise refusal

    monkeypatch.setattr(SqliteLog, "append", and_lose_the_answer)
    assert orch("init").status in (5, 8)
    assert len(list(Path(".orch/keys").glob("*.pem"))) == kept


@pytest.mark.in_file
def test_no_log_is_begun_where_the_keys_of_a_lost_one_are_left(drafted: Orch) -> None:
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    refused = drafted("init", "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert refused.error["fix"][0].startswith("orch recover run") and not Path(".orch/log.db").exists()
    Path(".orch").rename(".orch.old")
    assert drafted("init").status == 0
