"""Every command of `orch`, as its table has them."""

from collections.abc import Iterator, Sequence

from cli.lazy import LazyGroup, load
from cli.main import Orch as Commands


def entries(group: type[LazyGroup] = Commands, before: str = "", *, why: str = "") -> Iterator[tuple[str, str]]:
    """Yield every command, and why it is typed where the log is; nothing for one that may be asked from afar."""
    for name, entry in group.entries.items():
        found, reason = load(entry.place), why or entry.at_the_log
        if isinstance(found, type):
            yield from entries(found, f"{before}{name} ", why=reason)
        else:
            yield f"{before}{name}", reason


def named(words: Sequence[str]) -> str:
    """Return the command that words begin with."""
    names = {name for name, _ in entries()}
    return next(name for name in (" ".join(words[:n]) for n in (3, 2, 1)) if name in names)
