"""What follows the log of a project, and how far each of it is."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from adapters.follower_file import FollowerFile
from adapters.follower_files import documents_of, search_of
from domain.following import Follower
from usecases.documents_following import DocumentsFollower
from usecases.project import Project
from usecases.search_following import SearchFollower

WHY = {
    "other_log": "it was made from another log",
    "ahead": "it holds more than there is in the log",
    "other_history": "it was made from another history of this log",
    "broken": "it cannot be read",
}
"""Why it is made anew."""


class Following(NamedTuple):
    """One follower: its file, and how what is in it is taken up."""

    name: str
    file: FollowerFile
    opened: Callable[[Path], Follower]


def followings(project: Project) -> list[Following]:
    """Return everything that follows the log of a project."""
    return [
        Following("documents", documents_of(project.places), partial(DocumentsFollower, project=project)),
        Following("search", search_of(project.places), SearchFollower),
    ]


NAMES = ("documents", "search")
