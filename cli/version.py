"""orch version: what is running."""

import sys

from cli.answers import answer
from cli.options import Asked, plain
from cli.screen import print_table
from usecases.release import VERSION

PARTS = ("eventsourcing", "pydantic", "orjson", "jinja2", "typer", "click", "apsw", "cryptography")


@plain
def version(asked: Asked) -> None:
    """Show the versions of orch and of what it stands on.

    Example: orch version --json

    Next: orch status
    """
    import apsw

    data = {"orch": VERSION, "python": sys.version.split()[0], "sqlite": apsw.sqlite_lib_version()}
    data |= {part: _version_of(part) for part in PARTS}
    answer("version", data, as_json=asked.json, show=lambda: print_table(data.items()))


def _version_of(part: str) -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed(part)
    except PackageNotFoundError:
        return "not installed"
