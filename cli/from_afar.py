"""Commands that a service names, as they read for somebody who is far from it."""

import shlex
from collections.abc import Iterator

from cli.lazy import Entry, LazyGroup, load

WHERE = "  # on the machine of the service"
ABOUT_FILES = frozenset(("init", "setup", "config", "checkout", "edit", "follow", "deploy", "completion"))
"""Commands that work on the files of the machine on which they are typed, and run on any."""
WITH_THE_LOG = frozenset(("create", "drill"))
"""What `orch backup` does with the log at hand: where a place or a key is named, only there."""
OF_A_MACHINE = frozenset(("--to", "--from", "--identity", "--recipient"))


def from_afar(line: str) -> str:
    """Return a command that a service names, marked where it is for the machine of that service."""
    return f"{line}{WHERE}" if _is_done_there(line) else line


def _is_done_there(line: str) -> bool:
    try:
        first, *words = shlex.split(line)
    except ValueError:  # no command at all, or one that a shell would not take either
        return True
    if first != "orch" or not words or words[0] in ABOUT_FILES:
        return True
    if words[0] == "backup" and words[1:2] and words[1] in WITH_THE_LOG and OF_A_MACHINE & {*words}:
        return True
    return any(entry.at_the_log for entry in _entries(words))


def _entries(words: list[str]) -> Iterator[Entry]:
    """Yield the entry of each word that names a command, from the outside in."""
    from cli.main import Orch

    group: type[LazyGroup] | None = Orch
    for word in words:
        entry = group.entries.get(word) if group else None
        if entry is None:
            return
        yield entry
        found = load(entry.place)
        group = found if isinstance(found, type) else None
