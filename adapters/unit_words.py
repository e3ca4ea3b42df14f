"""Words as unit files of systemd take them: systemd.syntax(7), "Quoting" in systemd.service(5), systemd.unit(5)."""

import re
from pathlib import Path

from domain.errors import InvalidInput

NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
"""What useradd makes without being forced to, and no number."""
FORBIDDEN = "\"'\\"
HOMES = ("/home", "/root", "/run/user")
"""What ProtectHome= takes away."""
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108  # nothing is written there; they are compared
"""What PrivateTmp= replaces."""


def named(words: str, what: str) -> str:
    """Return the name of a user or group. Raises `InvalidInput` for whatever could be more than a name."""
    if not NAME.fullmatch(words):
        raise InvalidInput(
            f"{what} has to be a name of 1 to 31 lower-case letters, digits, - and _ that begins with a letter or _."
        )
    return words


def checked_path(path: Path, what: str) -> Path:
    """Return an absolute path that a unit file can name. Raises `InvalidInput` for what would have to be guessed at."""
    checked_words(str(path), what)
    if not path.is_absolute():
        raise InvalidInput(f"{what} has to be an absolute path.")
    return path


def checked_words(words: str, what: str) -> str:
    """Return a path or an address that a unit file can name. Raises `InvalidInput`."""
    if not words.isprintable() or words != words.strip() or any(c in FORBIDDEN for c in words):
        raise InvalidInput(
            f"{what} must not hold quotes, backslashes, line ends or other control characters, nor end with a space:"
            " a unit file could not name it."
        )
    return words


def literal(words: str) -> str:
    """Return words that stand alone behind an equals sign: only specifiers are taken out."""
    return words.replace("%", "%%")


def quoted(words: str) -> str:
    """Return one word of a list of paths, or one assignment of Environment=."""
    return '"' + literal(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


def argument(words: str) -> str:
    """Return one word of a command line, in which dollars would be variables, too."""
    return quoted(words).replace("$", "$$")


def hidden(path: Path) -> str | None:
    """Return the setting that hides a path from a service, if one does."""
    for setting, folders in (("ProtectHome", HOMES), ("PrivateTmp", TEMPORARY)):
        if any(path.is_relative_to(folder) for folder in folders):
            return setting
    return None
