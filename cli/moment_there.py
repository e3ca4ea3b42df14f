"""A moment as a service takes it: a file that names one lies here, and is held against the log first."""

from adapters.places import find
from cli.given import flags
from cli.project import here, opened

FILE = "checkpoint:"


def moment_there(to: str) -> str:
    """Return the words for a moment; where the log is opened here, or no file is named, they stay as they are."""
    if not to.startswith(FILE) or find(here(), flags=flags()).url is None:
        return to
    from usecases.moments import resolved

    with opened() as project:
        return f"position:{resolved(to, project.log)[0].position}"
