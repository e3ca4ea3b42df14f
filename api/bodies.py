"""Answers that are files: a page, a table, an archive; with the type they have and the name they want."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

MARKDOWN = "text/markdown; charset=utf-8"
PIECE = 64 * 1024
LEAST = 32 * 1024
"""Bytes that are gathered before they are sent: a piece for each row would cost more than the row."""


def file_body(data: bytes, name: str, media_type: str) -> Response:
    """Return a whole file; `Repr-Digest` lets a client see that it is (RFC 9530)."""
    return Response(data, 200, {**_named(name), **_digest(sha256(data).digest())}, media_type)


def pieces_body(pieces: Iterable[str], name: str, media_type: str) -> Response:
    """Return a file as it is made. Whatever is refused is refused at its first piece, or by then it is too late."""
    gathered = _gathered(pieces)
    first = next(gathered, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from gathered

    return StreamingResponse(whole(), 200, _named(name), media_type)


def stream_body(file: BinaryIO, name: str, media_type: str) -> Response:
    """Return a file that is open, from its beginning; it is closed behind its last piece."""
    digest = sha256()
    file.seek(0)
    size = 0
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
    file.seek(0)

    def whole() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE):
                yield piece

    headers = {**_named(name), **_digest(digest.digest()), "Content-Length": str(size)}
    return StreamingResponse(whole(), 200, headers, media_type)


def _gathered(pieces: Iterable[str]) -> Iterator[bytes]:
    held, size = [], 0
    for piece in pieces:
        data = piece.encode()
        held.append(data)
        size += len(data)
        if size >= LEAST:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _digest(digest: bytes) -> dict[str, str]:
    return {"Repr-Digest": f"sha-256=:{b64encode(digest).decode()}:"}
