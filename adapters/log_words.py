"""What a log may say: nothing that opens a door, and no character that would make a terminal do something."""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any

LONGEST = 500
"""Characters of one value."""
# C0 and C1 controls, and the marks that reorder or hide text (Unicode UAX #9, UTR #36).
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
SECRETS = (
    (re.compile(r"(orch_[0-9a-f]{12})_[A-Za-z0-9_-]+"), r"\1_***"),
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "whsec_***"),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[^\s,;\"']+"), r"\1 ***"),
    (re.compile(r"(?i)\b(cookie|x-api-key)\b(\W{1,4})[^\s,;\"']+"), r"\1\2***"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/\s@]*@"), r"\1***@"),
    (re.compile(r"(?i)\b(password|passwd|pwd|secret|token|access_token|api_key)(\s*[=:]\s*)[^\s,;&\"']+"), r"\1\2***"),
    (re.compile(r"(?i)((?:https?|postgres(?:ql)?|rediss?)://[^\s?#\"']*)[?#][^\s\"']*"), r"\1?***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "***"),
    (re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]+"), "***"),
)
"""What looks like a secret, and what is left of it."""
PLAIN = re.compile(r"(?!orch_|whsec_)[a-z0-9_.-]{0,64}|[0-9T:.-]{0,32}Z|[0-9a-f:.]{0,40}")
"""What most values are: names, ids, times and addresses, in which nothing of that kind can be."""


def safe(text: str) -> str:
    """Return a text without secrets, controls and endlessness."""
    if PLAIN.fullmatch(text):
        return text
    text = text[: 4 * LONGEST]
    for pattern, rest in SECRETS:
        text = pattern.sub(rest, text)
    text = UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def safe_value(value: Any) -> Any:
    """Return a value whose texts are safe, however deep they are; anything unknown is told by its type only."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return safe(value)
        case Mapping():
            return {safe(str(key)): safe_value(each) for key, each in value.items()}
        case list() | tuple():
            return [safe_value(each) for each in value]
    return type(value).__name__


def told_error(error: BaseException) -> list[dict[str, Any]]:
    """Return what went wrong and where, the cause first: kinds of errors and places in code, and no message.

    The message of an error may hold anything: a text that somebody sent, an address with a password in it.
    """
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return [{"error": type(each).__name__, "at": _frames(each.__traceback__)} for each in reversed(chain)]


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = []
    while traceback is not None:
        code, line = traceback.tb_frame.f_code, traceback.tb_lineno
        place = "/".join(code.co_filename.rsplit("/", 2)[-2:])
        frames.append(f"{place}:{line} {code.co_name}")
        traceback = traceback.tb_next
    return frames[-30:]
