"""The fingerprint of a document: what an approval approves."""

import re
from hashlib import sha256

from domain.steps import Step

SCHEME = "sha256:1:"
# `[^\S\n]` and not `\s`: the same boxes, but no walk through all following blank lines from each of them.
TICKED = re.compile(r"^([^\S\n]*[-*+] )\[[ xX]\]", re.MULTILINE)


def normalised(text: str) -> str:
    """Return the text without BOM, with LF line ends and exactly one final newline.

    No Unicode normalisation: two texts that look alike but differ in code points stay different.
    """
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip("\n") + "\n"


def digest_of(text: str, step: Step) -> str:
    """Return `sha256:1:` and the hex SHA-256 of the normalised text in UTF-8.

    In a tasks document a ticked box counts as an empty one, so that progress never breaks an approval.
    """
    text = normalised(text)
    if step is Step.TASKS:
        text = TICKED.sub(r"\1[ ]", text)
    return SCHEME + sha256(text.encode()).hexdigest()
