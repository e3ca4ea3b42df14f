"""One project, open for as long as it is served."""

from typing import NamedTuple

from adapters.token_use import TokenUse
from usecases.project import Project


class Service(NamedTuple):
    """What every request works on: many threads share one open log, and so their commits."""

    project: Project
    use: TokenUse
