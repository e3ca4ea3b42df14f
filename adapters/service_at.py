"""Where the service is that a project is worked on through, and what is shown to it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from adapters.loopback import is_loopback
from adapters.places import Places
from adapters.secret_files import secret_in
from adapters.settings import NOBODYS, is_url
from adapters.settings_file import settings_of
from domain.errors import InvalidInput

TOKEN = "ORCHESTRATOR_TOKEN"  # noqa: S105  # the name of the variable
URL = "ORCHESTRATOR_URL"
EXAMPLE = "https://orch.example.org"
NAME_IT = f"export ORCHESTRATOR_URL={EXAMPLE}"
SHOW_IT = 'export ORCHESTRATOR_TOKEN="orch_…"'
USUAL_PORT = 8420
LONGEST = 16 * 1024
"""Characters of a token; those that other authorities issue are long."""


class ServiceAt(NamedTuple):
    """A service, and how it is spoken to."""

    scheme: str
    host: str
    port: int
    prefix: str
    """What stands before the paths of the service, where it shares a host with others."""
    token: str
    ca_file: Path | None
    timeout_s: float
    typed: str = ""
    """The command that names a service by an option, with the example in its place; empty where the settings do."""

    def named(self, url: str = EXAMPLE) -> str:
        """Return the command that names another address: an option is stronger than any setting."""
        return _named(self.typed, url)

    @property
    def begun(self) -> str:
        """The command that begins a service there; it is about the log itself, so no service may be named with it."""
        port = "" if self.port == USUAL_PORT else f" --port {self.port}"
        return f"{URL}= orch serve{port}  # in the folder of the project"

    @property
    def where(self) -> str:
        """The service as people name it."""
        usual = {"http": 80, "https": 443}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port == usual else f':{self.port}'}{self.prefix}"

    @property
    def is_near(self) -> bool:
        """Whether it runs on this machine."""
        return is_loopback(self.host)


def service_at(
    places: Places,
    *,
    env: Mapping[str, str] = os.environ,
    flags: Mapping[str, str] = NOBODYS,
    shows: bool = True,
    typed: str = "",
) -> ServiceAt:
    """Return the service that the settings name. Raises `InvalidInput` where it cannot be spoken to as they say.

    `shows` says that a token is shown to it; where none is, nothing has to be kept from those on the way. `typed` is
    the command that names it by an option.
    """
    scheme, host, port, prefix = _parts(places.url or "", shows=shows, typed=typed)
    values = settings_of(("token_file", "ca_file"), places.settings, env=env, flags=flags)
    token_file, ca_file = (None if value.value is None else places.root / str(value.value) for value in values.values())
    if ca_file is not None and not ca_file.is_file():
        raise InvalidInput(f"There is no file of certificates at {ca_file}.", fix=("orch config show ca_file",))
    token = _token(places.url, token_file, env) if shows else ""
    return ServiceAt(scheme, host, port, prefix, token, ca_file, places.timeout_ms / 1000, typed)


def _token(url: str | None, file: Path | None, env: Mapping[str, str]) -> str:
    token = env.get(TOKEN) or (secret_in(file, most=LONGEST, setting="token_file") if file else "")
    if not token:
        raise InvalidInput(
            f"A token is needed to work through {url}; whoever runs the service issues one.",
            fix=(SHOW_IT, "export ORCHESTRATOR_TOKEN_FILE=~/.config/orch/token"),
        )
    if len(token) > LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidInput("That is no token: it has printable ASCII characters without spaces.", fix=(SHOW_IT,))
    return token


def _named(typed: str, url: str) -> str:
    return typed.replace(EXAMPLE, url) if typed else f"export {URL}={url}"


def _parts(url: str, *, shows: bool, typed: str) -> tuple[str, str, int, str]:
    name_it = _named(typed, EXAMPLE)
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        raise InvalidInput("The address of a service has a port from 1 to 65535.", fix=(name_it,)) from None
    if not is_url(url) or not parts.hostname:
        raise InvalidInput("The address of a service begins with https://, or http:// on this machine.", fix=(name_it,))
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InvalidInput(
            "The address of a service is a host, a port and perhaps a path; a token is shown otherwise.",
            fix=(name_it, SHOW_IT),
        )
    if shows and parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidInput(
            f"{parts.hostname} is another machine, and the token would go there in the clear; use https://.",
            fix=(_named(typed, f"https://{parts.netloc}{parts.path}"),),
        )
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/").removesuffix("/api/v1")
