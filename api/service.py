"""One project, open for as long as it is served."""

from collections.abc import Callable
from typing import NamedTuple

from adapters.oidc_tokens import Issuer
from adapters.token_use import TokenUse
from usecases.project import Project


class Followers:
    """Clients that follow the log; each is counted for as long as it does. Used from one thread only."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Service(NamedTuple):
    """What every request works on: many threads share one open log, and so their commits."""

    project: Project
    use: TokenUse
    followers: Followers
    is_ending: Callable[[], bool]
    """Tells whether those who follow have to be let go."""
    issuer: Issuer | None = None
    """Who names people beside our own tokens."""
