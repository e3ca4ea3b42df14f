"""The project's signing keys: Ed25519, in files that only their owner can read."""

import os
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from adapters.durable import sync

ED25519 = b"\x01"
"""The signature type of Ed25519 in a C2SP signed note."""


def make_key(folder: Path, origin: str) -> str:
    """Make a key pair, keep the private half in the folder, and return the verifier key.

    The verifier key is C2SP signed-note: `name+hash+base64(0x01 ‖ public key)`, where the hash is the first
    four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key) in hex. The private half is PKCS 8 in PEM.
    """
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = ED25519 + private.public_key().public_bytes_raw()
    key_id = sha256(origin.encode() + b"\n" + public).digest()[:4].hex()
    pem = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    verifier = f"{origin}+{key_id}+{b64encode(public).decode()}"
    file = os.open(key_file(folder, verifier), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(pem)
        opened.flush()
        os.fsync(opened.fileno())
    sync(folder)
    sync(folder.parent)
    return verifier


def key_file(folder: Path, verifier: str) -> Path:
    """Return where the private half of a verifier key lies."""
    return folder / f"{verifier.split('+')[1]}.pem"
