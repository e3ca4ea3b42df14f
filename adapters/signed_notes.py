"""Signed notes: a text and who signed it (C2SP signed-note), with Ed25519 keys."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Self

from domain.errors import InvalidInput, SignatureRefused

if TYPE_CHECKING:  # half of what a short command takes
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = b"\x01"
"""The signature type of Ed25519."""
KEY_ID = 4
LARGEST = 1_000_000
"""Bytes of a note. Ours have some hundred; a hundred post-quantum signatures of others fit."""
MOST_SIGNATURES = 100
"""As many as Go's sumdb/note reads."""
DASH = "— "
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
SHOW = ("orch audit key show",)
"""How a log says which keys it has."""


class VerifierKey(NamedTuple):
    """The public half of a key and the name it signs for."""

    name: str
    public: bytes
    """The 32 bytes of RFC 8032."""

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ LF ‖ 0x01 ‖ public key), the first four bytes."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID]

    def text(self) -> str:
        """Return the key as people pass it on: `name+hash+base64(0x01 ‖ public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key, in the one way it can be written. Raises `InvalidInput`."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        key = _decoded(encoded)
        if not _is_name(name) or not re.fullmatch("[0-9a-f]{8}", key_id) or not key:
            raise InvalidInput(f"This is not a verifier key (name+hash+key): {text[:120]!r}.", fix=SHOW)
        if key[:1] != ED25519 or len(key) != 33:
            raise InvalidInput(f"The verifier key of {name} is not an Ed25519 key.", fix=SHOW)
        found = cls(name, key[1:])
        if found.key_id.hex() != key_id:
            raise InvalidInput(
                f"The verifier key of {name} was changed: its hash is {found.key_id.hex()}, not {key_id}.", fix=SHOW
            )
        return found


class OpenedNote(NamedTuple):
    """A text that at least one known key signed."""

    text: str
    verified: tuple[str, ...]
    """The verifier keys whose signatures were verified, in the order of the note; names alone stay the same when keys
    are rotated."""
    unknown: int
    """Signature lines of other keys and of other types: witnesses, say. Nothing was verified about them."""


def sign(text: str, vkey: str, private_key: "Ed25519PrivateKey") -> str:
    """Return the signature line of a key for a text, its newline included."""
    key = VerifierKey.parse(vkey)
    if private_key.public_key().public_bytes_raw() != key.public:
        raise ValueError(f"the private key is not that of {vkey}")
    signature = private_key.sign(_signable(text))
    return f"{DASH}{key.name} {b64encode(key.key_id + signature).decode()}\n"


def note(text: str, lines: Sequence[str]) -> bytes:
    """Return the note: the text, an empty line, and the signature lines."""
    made = _signable(text) + f"\n{''.join(lines)}".encode()
    if _parsed(made) != (text, [_signature(line.removesuffix("\n")) for line in lines]):
        raise ValueError("these are not signature lines")
    return made


def opened(note: bytes, vkeys: Iterable[str]) -> OpenedNote:
    """Return the text of a note that at least one of these keys signed.

    One false signature of a known key condemns the whole note, however many others are good: who carried it to us
    has changed it, or the key is not what we think it is. Signatures of unknown keys are counted and otherwise ignored.

    Raises:
        InvalidInput: it is no signed note at all, or one of the keys is no verifier key.
        SignatureRefused: a known key did not sign this text, or no known key is named.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    known = _by_name_and_id(vkeys)
    text, signatures = _parsed(note)
    verified: dict[str, None] = {}
    unknown = 0
    for name, signature in signatures:
        key = known.get((name, signature[:KEY_ID]))
        if key is None:
            unknown += 1
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature[KEY_ID:], text.encode())
        except InvalidSignature:
            raise SignatureRefused(
                f"The signature of {name} (key {key.key_id.hex()}) is false: this text is not what the key signed."
            ) from None
        verified[key.text()] = None
    if not verified:
        asked = ", ".join(f"{name} (key {key_id.hex()})" for name, key_id in known) or "no key at all"
        raise SignatureRefused(f"The note is not signed by any key it was to be checked with: {asked}.")
    return OpenedNote(text, tuple(verified), unknown)


def _by_name_and_id(vkeys: Iterable[str]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for vkey in vkeys:
        key = VerifierKey.parse(vkey)
        if known.setdefault((key.name, key.key_id), key) != key:
            raise InvalidInput(f"Two different keys of {key.name} have the same hash, {key.key_id.hex()}.")
    return known


def _parsed(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text and (name, key id ‖ signature) of each signature line."""
    if len(note) > LARGEST:
        raise InvalidInput(f"A signed note has at most {LARGEST} bytes; this one has {len(note)}.")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise InvalidInput("The signed note is not UTF-8.") from None
    if CONTROL.search(whole):
        raise InvalidInput("The signed note has a control character in it.")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise InvalidInput("This is not a signed note: a text, an empty line, then lines of signatures.")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MOST_SIGNATURES:
        raise InvalidInput(f"A signed note has at most {MOST_SIGNATURES} signatures; this one has {len(signatures)}.")
    return f"{text}\n", [_signature(line) for line in signatures]


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    signature = _decoded(encoded)
    if not line.startswith(DASH) or not _is_name(name) or len(signature) <= KEY_ID:
        raise InvalidInput(f"This is not the line of a signature: {line[:120]!r}.")
    return name, signature


def _signable(text: str) -> bytes:
    if not text.endswith("\n") or CONTROL.search(text):
        raise ValueError("a text to sign ends with a newline and has no other control characters")
    return text.encode()


def _is_name(name: str) -> bool:
    """Tell whether that can name a key: no space, no plus, and nothing that UTF-8 cannot write."""
    return bool(name) and not any(c == "+" or c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name)


def _decoded(encoded: str) -> bytes:
    """Return what base 64 says when it is written the one standard way, or nothing."""
    try:
        decoded = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        return b""
    return decoded if b64encode(decoded).decode() == encoded else b""
