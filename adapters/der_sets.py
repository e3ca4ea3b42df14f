"""Put the certificates of a time-stamp response into the order that DER wants of a set (X.690 §11.6).

OpenSSL writes them in the order it has them, and strict readers refuse that. The signature does not cover them.
"""

from collections.abc import Iterator

SEQUENCE = 0x30
CONTEXT_0 = 0xA0


class NotDer(ValueError):
    """It is nested in another way than a response is."""


def with_sorted_certificates(response: bytes) -> bytes:
    """Return a TimeStampResp (RFC 3161 §2.4.2) with SignedData.certificates sorted; whatever is no such thing as it is.

    Sorting moves parts of equal length in all, so no length around them changes.
    """
    try:
        (_, *token) = _inside(response, 0, len(response), SEQUENCE)
        (_, content) = _inside(response, *token[0], SEQUENCE)
        (signed,) = _inside(response, *content, CONTEXT_0)
        parts = _inside(response, *signed, SEQUENCE)
        start, stop = next(part for part in parts if response[part[0]] == CONTEXT_0)
        certificates = _inside(response, start, stop, CONTEXT_0)
    except (NotDer, ValueError, IndexError, StopIteration):
        return response
    if not certificates:
        return response
    first = certificates[0][0]
    return response[:first] + b"".join(sorted(response[a:b] for a, b in certificates)) + response[stop:]


def _inside(data: bytes, start: int, stop: int, tag: int) -> list[tuple[int, int]]:
    """Return where the elements inside of one element begin and end."""
    if data[start] != tag:
        raise NotDer
    body, end = _body(data, start)
    if end != stop:
        raise NotDer
    return list(_elements(data, body, end))


def _elements(data: bytes, at: int, stop: int) -> Iterator[tuple[int, int]]:
    while at < stop:
        _, end = _body(data, at)
        if end > stop:
            raise NotDer
        yield at, end
        at = end


def _body(data: bytes, at: int) -> tuple[int, int]:
    """Return where the content of an element begins and ends."""
    length, body = data[at + 1], at + 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise NotDer
        length, body = int.from_bytes(data[body : body + count], "big"), body + count
    return body, body + length
