"""The address of a database in a line that somebody pastes: as it was, but for the password."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters.log_notes import LEFT_TO, RETIRED, refuse_ended
from adapters.settings import to_paste
from cli.migrate_setting import export
from domain.errors import StoreRetired


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://u:pw@h/db", "postgresql://u@h/db"),
        ("postgresql://u:***@h/db", "postgresql://u@h/db"),
        ("postgresql://u:p:w@h:5433,i:5434/db?sslmode=require", "postgresql://u@h:5433,i:5434/db?sslmode=require"),
        ("postgresql://:pw@h/db", "postgresql://@h/db"),
        ("postgresql://u@h:5433/db", "postgresql://u@h:5433/db"),
        ("postgresql://h:5433/db", "postgresql://h:5433/db"),
        ("postgresql:///db?user=u&password=pw", "postgresql:///db?user=u"),
        ("postgresql:///db?password=pw&user=u", "postgresql:///db?user=u"),
        ("postgresql:///db?sslpassword=pw", "postgresql:///db"),
    ],
)
def test_only_the_password_is_left_out(address: str, told: str) -> None:
    assert to_paste(address) == told
    kept = conninfo_to_dict(address)
    assert conninfo_to_dict(told) == {name: kept[name] for name in kept if name not in ("password", "sslpassword")}


def test_a_folder_stays_as_it_is() -> None:
    assert to_paste("/srv//a:b@c") == "/srv//a:b@c"


def test_what_is_exported_after_a_move_has_no_password_that_libpq_would_send() -> None:
    assert export("postgresql://u:pw@h/db") == "export ORCHESTRATOR_DATABASE_URL='postgresql://u@h/db'"


def test_a_masked_password_that_a_log_has_kept_is_left_out() -> None:
    notes = {RETIRED: "example.org/a", LEFT_TO: "postgresql://u:***@h/db"}
    with pytest.raises(StoreRetired) as refused:
        refuse_ended("the database a", notes)
    assert refused.value.fix == ("export ORCHESTRATOR_DATABASE_URL=postgresql://u@h/db", "orch init --yes")
