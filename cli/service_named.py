"""The service that a project is worked on through, for what asks a service and no project."""

from adapters.places import find
from cli.given import flags
from cli.project import here


def service_named() -> str | None:
    """Return the address that the settings name, or None where the log is opened here."""
    return find(here(), flags=flags()).url
