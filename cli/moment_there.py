"""A moment as a service takes it: a file that names one lies here, and is held against the log first."""

from cli.project import opened
from cli.service_named import service_named

FILE = "checkpoint:"


def moment_there(to: str) -> str:
    """Return the words for a moment; where the log is opened here, or no file is named, they stay as they are."""
    if not to.startswith(FILE) or service_named() is None:
        return to
    from usecases.moments import resolved

    with opened() as project:
        return f"position:{resolved(to, project.log)[0].position}"
