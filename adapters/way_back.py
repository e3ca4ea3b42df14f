"""The command that brings a lost log back from where its backups are, as far as the settings can be read."""

import os
from collections.abc import Mapping
from pathlib import Path
from shlex import join

from adapters.backup_addresses import is_address
from adapters.settings import BY_NAME, NOBODYS
from adapters.settings_file import settings_of
from domain.errors import Refusal


def way_back(
    root: Path, settings: Path, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS
) -> str:
    """Return `orch recover run …`, with the place that the setting backup.dir says."""
    return join([*("orch", "recover", "run", "--to", "now", "--out", "recovered"), *_from(root, settings, env, flags)])


def _from(root: Path, settings: Path, env: Mapping[str, str], flags: Mapping[str, str]) -> tuple[str, str]:
    try:
        words = str(settings_of(["backup.dir"], settings, env=env, flags=flags)["backup.dir"].value)
    except Refusal:  # a file of settings that is broken: its own refusal is for another command
        words = str(BY_NAME["backup.dir"].default)
    if is_address(words):
        return "--from-backups", words
    path, here = root / words, Path.cwd()
    return "--from-backups", str(path.relative_to(here) if path.is_relative_to(here) else path)
