"""What happens to the bytes of a backup on their way to disk: zstd with a checksum, then age."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.errors import Damaged, InvalidInput

if TYPE_CHECKING:  # both are native libraries that no other command needs
    from collections.abc import Callable

    Parse = Callable[[str], Any]

LEVEL = 3
LARGEST_IDENTITIES = 1 << 20
MOST_SHOWN = 60


class Packed(NamedTuple):
    """What a file of a backup is, before and after packing."""

    stored: bytes
    plain_size: int
    plain_sha256: str


class Recipients(NamedTuple):
    """Whom backups are encrypted to; nobody leaves them in plain text."""

    words: tuple[str, ...] = ()
    """age1… or ssh-ed25519 …, as people write them."""

    @property
    def fingerprints(self) -> list[str]:
        """The first half of the SHA-256 of each recipient, in hex: they tell which key opens a file, and no more."""
        return [sha256(word.encode()).hexdigest()[:32] for word in self.words]


def recipients_from(words: Iterable[str]) -> Recipients:
    """Return recipients, each read once so that a wrong one is refused before anything is done."""
    found = Recipients(tuple(dict.fromkeys(word.strip() for word in words if word.strip())))
    for word in found.words:
        _recipient(word)
    return found


def identities_from(files: Sequence[Path]) -> list[Any]:
    """Return the private keys in some files: as age-keygen writes them, or OpenSSH's. Raises `InvalidInput`."""
    found: list[Any] = []
    for path in files:
        try:
            with path.open("rb") as opened:
                data = opened.read(LARGEST_IDENTITIES)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its name holds a NUL character"
            raise InvalidInput(f"The identity {path} cannot be read: {why}.") from None
        found += _identities(path, data)
    return found


def packed(plain: bytes, recipients: Recipients) -> Packed:
    """Compress, and encrypt where there is somebody to encrypt to."""
    import zstandard

    compressed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(plain)
    stored = _encrypted(compressed, recipients) if recipients.words else compressed
    return Packed(stored, len(plain), sha256(plain).hexdigest())


def unpacked(stored: bytes, plain_size: int, identities: Sequence[Any], *, encrypted: bool, name: str) -> bytes:
    """Return the plain bytes. Raises `Damaged`, or `InvalidInput` where the key is missing."""
    import zstandard

    compressed = _decrypted(stored, identities, name) if encrypted else stored
    try:
        if zstandard.get_frame_parameters(compressed).content_size != plain_size:
            raise Damaged(f"{name} does not unpack to the {plain_size} bytes that its manifest names.")
        return zstandard.ZstdDecompressor().decompress(compressed)
    except zstandard.ZstdError as error:
        raise Damaged(f"{name} cannot be unpacked: {error}.") from None


def _encrypted(data: bytes, recipients: Recipients) -> bytes:
    import pyrage

    stored: bytes = pyrage.encrypt(data, [_recipient(word) for word in recipients.words])
    return stored


def _decrypted(data: bytes, identities: Sequence[Any], name: str) -> bytes:
    import pyrage

    if not identities:
        raise InvalidInput(
            f"{name} is encrypted; the private key that opens it is needed.",
            fix=("orch backup verify --identity key.txt",),
        )
    try:
        plain: bytes = pyrage.decrypt(data, list(identities))
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise InvalidInput(f"None of the keys given opens {name}; it was encrypted to another one.") from None
        raise Damaged(f"{name} cannot be decrypted: {error}.") from None
    return plain


def _recipient(word: str) -> Any:
    import pyrage

    parse: Parse = pyrage.ssh.Recipient.from_str if word.startswith("ssh-") else pyrage.x25519.Recipient.from_str
    try:
        return parse(word)
    except pyrage.RecipientError:
        raise InvalidInput(
            f"This is no recipient of age (age1… or ssh-ed25519 …): {word[:MOST_SHOWN]!r}.", fix=("age-keygen",)
        ) from None


def _identities(path: Path, data: bytes) -> list[Any]:
    import pyrage

    try:
        if data.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode("ascii").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, UnicodeDecodeError):
        found = []
    if not found:
        raise InvalidInput(f"{path} holds no private key of age (AGE-SECRET-KEY-1…) and none of OpenSSH.")
    return found
