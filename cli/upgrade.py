"""orch upgrade: bring the log of an older version of orch up to this one."""

import sys

from cli.answers import answer
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, paint

LARGE = 64 * 1024 * 1024
"""Writing a smaller file anew takes less than a second or two."""


@plain
def upgrade(asked: Asked) -> None:
    """Change the schema of the log to the one of this version, and write its file anew. Every event stays as it is.

    Until then an older log can be read, and a write on it is refused. Safe to repeat, and to run several at once.

    Example: orch upgrade

    Next: orch audit verify
    """
    from adapters.places import find
    from adapters.sqlite_upgrade import upgrade_log
    from adapters.stores import refuse_database

    places = find(here(), flags=flags())
    refuse_database(places, "orch upgrade")
    path = places.log
    done = upgrade_log(path, begins=_say_when_it_takes_long)
    upgraded = done.before != done.after
    data = {"log": str(path), "before": done.before, "after": done.after, "upgraded": upgraded}

    def show() -> None:
        if upgraded:
            print(f"{paint('✓', 'green')} {clean(str(path))}: schema {done.before} became {done.after}")
        else:
            print(f"{paint('✓', 'green')} {clean(str(path))} has schema {done.after}; there is nothing to do")

    answer("upgrade", data, as_json=asked.json, show=show)


def _say_when_it_takes_long(size: int) -> None:
    if size > LARGE and sys.stderr.isatty():
        print(f"The log's {size / 1e6:,.0f} MB are written anew; other commands wait.", file=sys.stderr)
