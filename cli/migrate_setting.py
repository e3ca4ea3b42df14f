"""The setting that names the database, after the log has moved: changed where that can be done, told where not."""

from shlex import quote

from adapters.settings import Source, shown, to_paste
from adapters.settings_edit import change
from cli.config_names import setting_of
from cli.settings_here import file_here, setting_here
from domain.errors import FilesUnavailable

NAME = "database_url"
VARIABLE = "ORCHESTRATOR_DATABASE_URL"
UNSET = f"unset {VARIABLE}"


def follow_setting(address: str | None) -> tuple[str | None, list[str]]:
    """Let the setting name the address, or none; return what was changed in the file, and what is left to do by hand.

    The environment belongs to whoever set it, and a password does not belong into the file.
    """
    now = setting_here(NAME)
    if now.value == address:
        return None, []
    if now.source is Source.ENVIRONMENT:
        return None, [UNSET if address is None else export(address)]
    if address is not None and shown(NAME, address) != address:
        return None, [export(address)]
    path = file_here()
    try:
        change(path, setting_of(NAME), address)
    except FilesUnavailable:  # the file is somebody else's, as under the units: the log has moved all the same
        return None, [
            f"orch config set {NAME} {'--unset' if address is None else quote(address)}  # who may write {path}"
        ]
    return f"{NAME} in {path} {'is gone' if address is None else 'names it'}", []


def export(address: str) -> str:
    """Return the command that names a database, with its password left out."""
    return f"export {VARIABLE}='{to_paste(address)}'"
