"""What becomes of a service that cannot begin, where whoever watches over it would begin it anew for ever."""

import functools
from collections.abc import Callable
from typing import Any

import typer

from cli import exits
from cli.answers import refuse_with
from cli.options import Asked
from domain.errors import PackageMissing, StoreOutdated


def not_begun_anew(function: Callable[..., None]) -> Callable[..., None]:
    """End with a status of its own where an upgrade or a package is missing: no restart brings either.

    Other things that need hands may pass while nobody types: a disk that is full, a right, a disk that is away.
    """

    @functools.wraps(function)
    def begun(asked: Asked, **words: Any) -> None:
        try:
            function(asked, **words)
        except (StoreOutdated, PackageMissing) as refusal:
            refuse_with(refusal, as_json=asked.json)
            raise typer.Exit(exits.NOT_READY) from None

    return begun
