"""Settings where nobody has opened a project, or there may be none: those of the nearest folder that has any."""

from pathlib import Path

from adapters.places import project_root
from adapters.settings import Value, file_of_settings
from adapters.settings_file import settings_of
from cli.given import flags
from cli.project import here


def file_here(given: dict[str, str] | None = None) -> Path:
    """Return the file of settings, which need not be there; `given` are other options than those typed."""
    return file_of_settings(project_root(here()), flags=flags() if given is None else given).absolute()


def setting_here(name: str) -> Value:
    """Return one setting, and where it comes from. Raises `InvalidInput`, `FilesUnavailable`."""
    return settings_of([name], file_here(), flags=flags())[name]


def path_here(value: Value) -> Path:
    """Return the path that a setting means: a relative one is relative to the root."""
    return project_root(here()) / str(value.value)
