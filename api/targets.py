"""What a request is about: a path, or a whole URL, as proxies ask and servers have to understand (RFC 9112, 3.2.2)."""

import re
from urllib.parse import unquote

from starlette.types import Scope

ABSOLUTE = re.compile(rb"https?://([^/]*)", re.IGNORECASE)
"""How a target in absolute form begins; its query is elsewhere."""


def path_in(scope: Scope) -> str:
    """Return the path of a target, whatever its form."""
    found = ABSOLUTE.match(scope["raw_path"])
    return str(scope["path"]) if found is None else _decoded(_behind(found))


def host_named(scope: Scope) -> str | None:
    """Take the host out of a target that is a whole URL, and return it; it is stronger than the header Host.

    Any other target leaves the scope as it is.
    """
    found = ABSOLUTE.match(scope["raw_path"])
    if found is None:
        return None
    scope["raw_path"] = path = _behind(found)
    scope["path"] = _decoded(path)
    return found[1].decode("latin-1")


def _behind(found: re.Match[bytes]) -> bytes:
    return found.string[found.end() :] or b"/"


def _decoded(path: bytes) -> str:
    return unquote(path.decode("ascii", "replace"))
