"""The service that is asked: the one a project is worked on through, or one that is named."""

from typing import TYPE_CHECKING

from adapters.places import find
from cli.given import flags
from cli.options import typed_line, typed_with
from cli.project import here
from cli.screen import one_line
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from adapters.service_line import ServiceLine


def service_named() -> str | None:
    """Return the address that the settings name, or None where the log is opened here."""
    return find(here(), flags=flags()).url


def line_to(url: str, *, shows: bool, seconds: float) -> "ServiceLine":
    """Return a line to a service; token, certificates and the rest are those of the settings here.

    `shows` says that a token is needed, `seconds` how long it is waited for an answer.
    """
    from adapters.service_at import EXAMPLE, service_at
    from adapters.service_line import ServiceLine
    from adapters.settings import is_url

    if not is_url(url):
        raise InvalidInput(
            f"--url has to be an address with http:// or https://; got {one_line(url[:200])!r}.",
            fix=("orch health --url http://127.0.0.1:8420",),
        )
    places = find(here(), flags={**flags(), "url": url})
    with_another = typed_with(url, EXAMPLE)
    typed = with_another if with_another != typed_line() else ""
    return ServiceLine(service_at(places, shows=shows, typed=typed)._replace(timeout_s=seconds))
