"""Where a request comes from."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

UNKNOWN = "unknown"
HOME_BITS = 64
"""Of an IPv6 address: the part that a network gives to one customer, who may take any address in it."""


def address_of(scope: Scope, *, behind_proxy: bool) -> str:
    """Return the address of a client, of IPv6 its network.

    Behind a proxy it is what the proxy added to X-Forwarded-For: the last one. All before it is what the client said.
    """
    peer = scope.get("client")
    found = str(peer[0]) if peer else UNKNOWN
    if behind_proxy:
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        last = said[-1].decode("latin-1").rpartition(",")[2].strip() if said else ""
        found = last if _is_address(last) else found
    return _counted(found)


def _is_address(words: str) -> bool:
    try:
        ip_address(words)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)  # the same few ask all the time
def _counted(words: str) -> str:
    """Return what is counted of an address."""
    try:
        address = ip_address(words)
    except ValueError:
        return words
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), HOME_BITS), strict=False))
    return str(address)
