"""Where what follows the log of a project lies, and who follows it in the background."""

from pathlib import Path

from adapters.follower_file import FollowerFile
from adapters.one_at_a_time import is_held
from adapters.places import Places


def documents_of(places: Places) -> FollowerFile:
    """Return where it is written down how far the documents are."""
    return FollowerFile(places.state / "cache" / "documents.db", "the documents")


def search_of(places: Places) -> FollowerFile:
    """Return where the search index lies."""
    return FollowerFile(places.state / "cache" / "search.db", "the search index")


def running_lock(places: Places) -> Path:
    """Return the lock that `orch follow` holds while it runs; what it follows is written in it."""
    return places.state / "cache" / "follow.lock"


def is_running(places: Places) -> bool:
    """Tell whether `orch follow` runs now."""
    return is_held(running_lock(places))


def kept_up(places: Places) -> frozenset[str]:
    """Return the names of what `orch follow` keeps as new as the log now; readers bring up the rest."""
    lock = running_lock(places)
    return frozenset(lock.read_text("ascii", "replace").split()) if is_held(lock) else frozenset()
