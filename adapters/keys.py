"""The project's signing keys: Ed25519, in files that only their owner can read."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.durable import sync
from adapters.signed_notes import VerifierKey
from domain.errors import Damaged, FilesUnavailable, NotFound, Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def make_key(folder: Path, origin: str) -> str:
    """Make a key pair, keep the private half in the folder, and return the verifier key.

    The verifier key is C2SP signed-note: `name+hash+base64(0x01 ‖ public key)`. The private half is PKCS 8 in PEM.
    Raises `FilesUnavailable`.
    """
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    verifier = VerifierKey(origin, private.public_key().public_bytes_raw()).text()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)  # not what it lies in: where that is away, a key beside it is lost
        file = os.open(key_file(folder, verifier), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(pem)
            opened.flush()
            os.fsync(opened.fileno())
        sync(folder)
        sync(folder.parent)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or folder}: {error.strerror}.") from error
    return verifier


def key_file(folder: Path, verifier: str) -> Path:
    """Return where the private half of a verifier key lies."""
    return folder / f"{verifier.split('+')[1]}.pem"


def kept_keys(folder: Path, origin: str) -> list[str]:
    """Return the verifier keys of a log whose private halves are in the folder, whatever the log itself can say."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = []
    for file in sorted(folder.glob("*.pem")):
        try:
            private = load_pem_private_key(file.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(private, Ed25519PrivateKey):
            verifier = VerifierKey(origin, private.public_key().public_bytes_raw())
            if file.stem == verifier.key_id.hex():  # the name is part of the hash
                found.append(verifier.text())
    return found


def load_key(folder: Path, verifier: str) -> "Ed25519PrivateKey":
    """Return the private half of a verifier key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    public = VerifierKey.parse(verifier).public
    file = key_file(folder, verifier)
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError:
        raise NotFound(
            f"There is no private key at {file}: without it nothing can be signed here.", fix=("orch doctor",)
        ) from None
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Damaged(f"{file} cannot be read as a private key.") from error
    if not isinstance(private, Ed25519PrivateKey) or private.public_key().public_bytes_raw() != public:
        raise Damaged(f"{file} is not the private half of {verifier}.")
    return private
