"""The rows that a recovery writes, and their fold: here, or in another process where the log is long."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from domain.event_log import Record
from usecases import beside
from usecases.fold_beside import FoldBeside
from usecases.fold_here import Fold, FoldHere
from usecases.recover_sources import Source, Store
from usecases.refilling import rows_of


@contextmanager
def rows_and_fold(source: Source, size: int) -> Iterator[tuple[Iterable[list[Record]], Fold]]:
    """Open the rows of the first events, and what their fold will be."""
    with ExitStack() as stack:
        if isinstance(source, Store) and source.places.url is None and size >= beside.ENOUGH:
            try:
                other = stack.enter_context(FoldBeside(source.log, source.places.address, size))
            except OSError:  # no room for another process
                pass
            else:
                yield other.watched(source.rows(size)), other
                return
        fold = FoldHere()
        yield rows_of(source.events(size), fold), fold


def without_texts(pages: Iterable[list[Any]], positions: Collection[int]) -> Iterator[list[Any]]:
    """Yield the rows, without the texts of those positions."""
    if not positions:
        yield from pages
        return
    for page in pages:
        yield [Record(*row)._replace(salt=None, payload=None) if row[0] in positions else row for row in page]
