"""orch upgrade: bring the log of an older version of orch up to this one."""

import sys
from typing import TYPE_CHECKING

from adapters.settings import is_database_url
from cli.answers import answer
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, paint

if TYPE_CHECKING:
    from adapters.places import Places

LARGE = 64 * 1024 * 1024
"""Writing a smaller file anew takes less than a second or two."""


@plain
def upgrade(asked: Asked) -> None:
    """Change the schema of the log to the one of this version. Every event stays as it is; a file is written anew.

    Until then an older log can be read, and a write on it is refused. Safe to repeat, and to run several at once.

    Example: orch upgrade

    Next: orch audit verify
    """
    from adapters.places import find

    places = find(here(), flags=flags())
    where, before, after = _upgraded(places)
    upgraded = before != after
    data = {"log": where, "before": before, "after": after, "upgraded": upgraded}

    def show() -> None:
        if upgraded:
            print(f"{paint('✓', 'green')} {clean(where)}: schema {before} became {after}")
        else:
            print(f"{paint('✓', 'green')} {clean(where)} has schema {after}; there is nothing to do")

    answer("upgrade", data, as_json=asked.json, show=show)


def _upgraded(places: "Places") -> tuple[str, int, int]:
    """Upgrade the log wherever it is; return where that is, and its schema before and after."""
    if is_database_url(places.address):
        from adapters.postgres_connection import named
        from adapters.postgres_schema import upgrade_tables
        from adapters.stores import open_log

        open_log(places, read_only=True).close()  # which refuses a database that holds another log
        before, after = upgrade_tables(places.address, timeout_s=places.timeout_ms / 1000)
        return named(places.address), before, after
    from adapters.sqlite_upgrade import upgrade_log

    done = upgrade_log(places.log, begins=_say_when_it_takes_long)
    return str(places.log), done.before, done.after


def _say_when_it_takes_long(size: int) -> None:
    if size > LARGE and sys.stderr.isatty():
        print(f"The log's {size / 1e6:,.0f} MB are written anew; other commands wait.", file=sys.stderr)
