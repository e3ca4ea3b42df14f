"""Text and JSON that show no control character, and nothing that hides or reorders what is read."""

import re
from typing import Any

import orjson

# C0 and C1 controls without tab and newline, and the marks that reorder or hide text (Unicode UAX #9, UTR #36).
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# orjson escapes C0 controls itself; C1 controls and marks that reorder text are escaped here, still the same JSON.
UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """Return the text with every unsafe character written as its escape."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str) -> str:
    """Return the text as one safe line."""
    return clean(text).replace("\n", " ⏎ ").replace("\t", " ")


def json_of(value: Any) -> str:
    """Return JSON on one line that shows no control character."""
    return UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(value).decode())
