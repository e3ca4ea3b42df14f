"""Where a service is named, and another log as well: neither is taken in silence."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from adapters.settings import CONFIG, ENVIRONMENT, Source, Value


def rival_of(values: Mapping[str, Value], root: Path, *, flags: Mapping[str, str]) -> str | None:
    """Return how another log than that of the service is named, or None where the service is what is meant.

    An option is typed for this command, so it is never passed over, nor is the file of settings that one names. A
    database has a log; a folder that a variable names may as well be where a copy keeps its locks and its cache, and
    is taken for a log where one lies in it. A weaker word than the one for the service changes nothing, as everywhere.
    """
    if values["url"].source is Source.FLAG:
        return None
    for name in ("state_dir", "database_url"):
        value = values[name]
        if value.source is Source.FLAG:
            return value.where
        if value.source is Source.FILE and flags.get(CONFIG) and values["url"].source is not Source.FILE:
            return f"--config ({name})"
        if value.source is Source.ENVIRONMENT and (name == "database_url" or _has_log(root / str(value.value))):
            return value.where
    return None


def cures(url: Value, rival: str | None, *, flags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the commands after one of which only one log is named."""
    file = f" --config {quote(flags[CONFIG])}" if flags.get(CONFIG) else ""
    mine = f"orch{file} config set url --unset" if url.source is Source.FILE else "unset ORCHESTRATOR_URL"
    return (mine, f"unset {rival}") if rival and rival.startswith(ENVIRONMENT) else (mine,)


def _has_log(state: Path) -> bool:
    from adapters.places import MARK

    return any((state / name).is_file() for name in ("log.db", MARK))
