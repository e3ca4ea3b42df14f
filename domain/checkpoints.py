"""What a checkpoint says: whose log, how many entries, which root (C2SP tlog-checkpoint)."""

import re
from base64 import b64decode, b64encode
from typing import NamedTuple, Self

from domain.errors import InvalidInput

SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
LARGEST = 2**63 - 1
"""Sizes are 64-bit integers with a sign wherever logs are verified."""
ROOT = re.compile(r"[A-Za-z0-9+/]{43}=")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


class Checkpoint(NamedTuple):
    """A tree head and the log it belongs to. Who signed it is another question: `adapters.signed_notes`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Lines after the root; ours have none, another log's are kept."""

    def text(self) -> str:
        """Return the text that is signed, its last newline included."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        if self.parse(text) != self:  # a newline inside a part would say something else
            raise ValueError(f"not a checkpoint: {self!r}")
        return text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint's text, in the one way it can be written. Raises `InvalidInput`."""
        if not text.endswith("\n"):
            raise InvalidInput("The checkpoint does not end with a newline.")
        if CONTROL.search(text):
            raise InvalidInput("The checkpoint has a control character in it.")
        lines = text[:-1].split("\n")
        if len(lines) < 3:
            raise InvalidInput(f"A checkpoint has three lines (origin, size, root); this one has {len(lines)}.")
        if "" in lines:
            raise InvalidInput(f"Line {lines.index('') + 1} of the checkpoint is empty.")
        origin, size, root, *extensions = lines
        if not SIZE.fullmatch(size) or int(size) > LARGEST:
            raise InvalidInput(f"The second line of the checkpoint is not a size: {size[:40]!r}.")
        found = b64decode(root) if ROOT.fullmatch(root) else b""
        if b64encode(found).decode() != root:
            raise InvalidInput(f"The third line of the checkpoint is not a hash of 32 bytes in base 64: {root[:60]!r}.")
        return cls(origin, int(size), found, tuple(extensions))
