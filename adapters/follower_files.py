"""Where what follows the log of a project lies."""

from adapters.follower_file import FollowerFile
from adapters.places import Places


def documents_of(places: Places) -> FollowerFile:
    """Return where it is written down how far the documents are."""
    return FollowerFile(places.state / "cache" / "documents.db", "the documents")


def search_of(places: Places) -> FollowerFile:
    """Return where the search index lies."""
    return FollowerFile(places.state / "cache" / "search.db", "the search index")
