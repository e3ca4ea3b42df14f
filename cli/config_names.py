"""The names of settings as people type them."""

from adapters.settings import BY_NAME, SETTINGS, Setting
from domain.errors import InvalidInput


def names(incomplete: str) -> list[str]:
    """Return the names that begin so, for the shell."""
    return [setting.name for setting in SETTINGS if setting.name.startswith(incomplete)]


def setting_of(name: str) -> Setting:
    """Return the setting of that name, of a variable or of a key of the guide. Raises `InvalidInput`."""
    from adapters.input_rules import nearest, plain

    found = BY_NAME.get(name) or next((each for each in SETTINGS if name in (each.guide, each.variable)), None)
    if found is None:
        raise InvalidInput(
            f"{plain(name, 80)} is no setting of this version; {nearest(name, BY_NAME)}", fix=("orch config show",)
        )
    return found
