"""What a service does where its log is, asked from afar; the answer has the shape that the command prints."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

from adapters.places import Places, find
from cli.given import flags
from cli.options import typed_line
from cli.project import here
from cli.service_named import service_named
from domain.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from adapters.service_work import Reached
    from cli.progress import Progress


def asked_there(
    method: str,
    path: str,
    *,
    query: Mapping[str, object] | None = None,
    body: Mapping[str, object] | None = None,
    key: str | None = None,
    places: Places | None = None,
) -> Any:
    """Return the data of what a service does, or None where the log is opened here. How far it is, is shown.

    Of `query` and `body` only what says something is sent.
    """
    places = places or find(here(), flags=flags())
    if places.url is None:
        return None
    from adapters.far_logs import reached_service
    from cli.from_afar import from_afar

    asked = urlencode({name: _word(value) for name, value in (query or {}).items() if value})
    said = {name: value for name, value in body.items() if value} if body is not None else None
    try:
        with closing(reached_service(places, seen=from_afar)) as line, _Showing() as showing:
            return line.work(method, f"{path}?{asked}" if asked else path, said, showing.show, key=key).data
    except Unavailable as error:
        error.fix = (*error.fix, typed_line())
        raise


def refuse_there(named: Mapping[str, object], why: str, *fix: str, there: str | None = None) -> None:
    """Refuse options that were given and that no service takes, where one is asked.

    `there` is what is typed on its machine, if it is not what was typed here.
    """
    given = [option for option, value in named.items() if value]
    url = service_named()
    if url is not None and given:
        _refuse(url, given[0], why, (*fix, there or typed_line()))


def _refuse(url: str, option: str, why: str, fix: Sequence[str]) -> NoReturn:
    from cli.from_afar import WHERE

    *others, there = fix
    raise InvalidInput(
        f"With {option} that is done where the log is, and {url} is a service: {why}.",
        fix=(*others, f"{there}{WHERE}"),
    )


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


class _Showing:
    """Shows how far a service is, one part of its work after the other."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._part, self._done = 0, 0
        self._meter: Progress | None = None

    def show(self, reached: "Reached") -> None:
        """Show how far it is now."""
        from cli.progress import Progress
        from cli.screen import one_line

        if self._meter is None or reached.part != self._part:
            self._stack.close()
            self._part, self._done = reached.part, 0
            self._meter = self._stack.enter_context(Progress(reached.total, one_line(reached.what), every=1))
        self._meter.advance(reached.done - self._done)
        self._done = reached.done

    def __enter__(self) -> "_Showing":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
