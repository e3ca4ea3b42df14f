"""Where rows of the audit go: stdout, or a file that is written whole or not at all."""

import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, Optional, TypeVar

import typer

from cli.answers import answer, answer_in_pieces
from cli.options import Asked
from cli.output_file import output_file, refuse_inside, refuse_nameless
from domain.errors import InvalidInput
from projections.counts import counted
from usecases.audit_formats import Format

FormatName = Annotated[
    Optional[Format],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--format", help="text; json, as --json; csv; jsonl: CloudEvents 1.0, one on each line."),
]
Limit = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--limit", metavar="N", min=0, help="At most so many rows; otherwise all."),
]
T = TypeVar("T")


class Cut(Generic[T]):
    """The first so many items; afterwards `more` tells whether there were others."""

    def __init__(self, items: Iterable[T], limit: int | None) -> None:
        self._items, self._limit = items, limit
        self.count = 0
        self.more = False

    def __iter__(self) -> Iterator[T]:
        for item in self._items:
            if self.count == self._limit:
                self.more = True
                return
            self.count += 1
            yield item


class Destination(NamedTuple):
    """Where to, in which form, and whether a file there may be replaced."""

    format: Format
    file: str | None
    replace: bool

    @property
    def on_screen(self) -> bool:
        """Whether a person sees the rows come."""
        return self.file is None and sys.stdout.isatty()


def destination(asked: Asked, form: Format | None, output: str | None, *, yes: bool) -> Destination:
    """Return where the rows go. `--json` is `--format json`, or asks about a file in JSON."""
    if asked.json and output is None and form not in (None, Format.JSON):
        raise InvalidInput(f"--json and --format {form} are two forms; leave one out, or name a file with -o.")
    refuse_nameless(output)
    return Destination(form or (Format.JSON if asked.json else Format.TEXT), output, yes)


def deliver(
    asked: Asked, to: Destination, make: Callable[[], tuple[Cut[Any], Iterator[str]]], *, keep_out: Path
) -> None:
    """Write what `make` gives: the rows as they are counted, and the pieces that hold them.

    No file may lie in `keep_out`, where the store is: --yes must never replace the log.
    """
    if to.file is None:
        if to.format is Format.JSON:  # half a document helps nobody: everything is read once before the first byte
            for _ in make()[0]:
                pass
        answer_in_pieces(make()[1])
        return
    path, digest, size = Path(to.file), sha256(), 0
    refuse_inside(path, keep_out)
    with output_file(path, replace=to.replace) as file:
        rows, pieces = make()
        for piece in pieces:
            data = piece.encode()
            digest.update(data)
            size += len(data)
            file.write(data)
    written = {
        "file": to.file,
        "format": to.format.value,
        "rows": rows.count,
        "more": rows.more,
        "bytes": size,
        "sha256": digest.hexdigest(),
    }
    answer("audit.file", written, as_json=asked.json, show=lambda: _show(written))


def _show(written: dict[str, Any]) -> None:
    from cli.screen import one_line

    print(f"{one_line(written['file'])}: {counted(written['rows'], 'row')}, {counted(written['bytes'], 'byte')}")
    print(f"SHA-256 {written['sha256']}")
