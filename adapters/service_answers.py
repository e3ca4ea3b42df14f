"""What comes back over a line to a service: whole, no larger than anybody could hold, and no slower than it may be."""

import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPException, HTTPResponse
from time import monotonic
from typing import IO, NamedTuple

from domain.errors import Damaged, FilesUnavailable

LARGEST = 1 << 30
"""Bytes of an answer."""
STRANGERS = 64 * 1024
"""Bytes that are read of what is no answer of a service: enough to tell that."""
PIECE = 1 << 16
SLOWEST = 16 * 1024
"""Bytes a second: once its time is over, an answer that comes more slowly is given up."""
OURS = ("application/json", "application/problem+json")
GZIP = 31
"""What zlib calls the format of gzip."""


class Said(NamedTuple):
    """An answer, whatever it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """What the body says to be."""
        return media_type_of(self.headers)


def media_type_of(headers: Mapping[str, str]) -> str:
    """Return the media type that headers tell, without what is said beside it."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def said_by(response: HTTPResponse, *, seconds: float, into: IO[bytes] | None = None, most: int | None = None) -> Said:
    """Read an answer. One that went well and is no JSON goes `into` a file, where one was given, and has no body.

    `most` is for what is asked outside the operations; of a stranger's answer only the beginning is read. Raises
    `HTTPException` and `zlib.error` where the answer is not whole, `TimeoutError`, and `Damaged` for one too large.
    """
    headers = {name.lower(): value for name, value in response.getheaders()}
    is_ours = media_type_of(headers) in OURS
    pieces = _pieces(response, monotonic(), seconds)
    if into is not None and response.status == 200 and not is_ours:
        _write(pieces, into, headers)
        return Said(response.status, headers, b"")
    if not is_ours and most is None:
        return Said(response.status, headers, _beginning(pieces))
    most = most or LARGEST
    raw = _whole(pieces, most)
    if headers.get("content-encoding") == "gzip":
        unpacking = zlib.decompressobj(wbits=GZIP)
        raw = unpacking.decompress(raw, most + 1)
        if not unpacking.eof and len(raw) <= most:
            raise HTTPException("the answer is not whole")
    if len(raw) > most:
        raise Damaged("The service answered with more than anybody could hold.")
    return Said(response.status, headers, raw)


def _pieces(response: HTTPResponse, began: float, seconds: float) -> Iterator[bytes]:
    """Yield a body as it comes, and let go of it behind its end. Raises `TimeoutError` for one that trickles."""
    size, length = 0, response.length
    while length is None or size < length:
        piece = response.read1(PIECE if length is None else min(PIECE, length - size))
        if not piece:
            break
        size += len(piece)
        yield piece
        if monotonic() - began > seconds + size / SLOWEST:
            raise TimeoutError
    if length is not None and size < length:
        raise HTTPException("the answer is not whole")
    response.close()


def _whole(pieces: Iterator[bytes], most: int) -> bytes:
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > most:
            raise Damaged("The service answered with more than anybody could hold.")
    return b"".join(found)


def _beginning(pieces: Iterator[bytes]) -> bytes:
    found = b""
    for piece in pieces:
        found += piece
        if len(found) >= STRANGERS:
            break
    return found


def _write(pieces: Iterator[bytes], file: IO[bytes], headers: Mapping[str, str]) -> None:
    """Write a body to a file, from its beginning, and hold it against the digest that came with it (RFC 9530)."""
    with _told_apart():
        file.seek(0)
        file.truncate()
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
        with _told_apart():
            file.write(piece)
    told = headers.get("repr-digest")
    if told is not None and told != f"sha-256=:{b64encode(digest.digest()).decode()}:":
        raise HTTPException("the file is not what was sent")


@contextmanager
def _told_apart() -> Iterator[None]:
    """Let a full disk here not pass for a broken line."""
    try:
        yield
    except OSError as error:
        raise FilesUnavailable(f"What the service sends cannot be written: {error.strerror or error}.") from error
