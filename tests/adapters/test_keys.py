"""Signing keys: the verifier key as C2SP signed-note has it, the private half for its owner only."""

import os
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.keys import key_file, load_key, make_key
from domain.errors import Damaged, InvalidInput, NotFound, Unavailable

ORIGIN = "example.org/5a1f7c1e-0000-4000-8000-000000000001"


def test_a_verifier_key_is_name_hash_and_key_as_the_specification_has_it(tmp_path: Path) -> None:
    for number in range(20):  # some of these have a plus sign in their base 64
        name, key_id, encoded = make_key(tmp_path / str(number), ORIGIN).split("+", 2)
        key = b64decode(encoded, validate=True)
        assert name == ORIGIN
        assert key[0] == 1 and len(key) == 33, "one byte for Ed25519, then the key of RFC 8032"
        assert key_id == sha256(name.encode() + b"\n" + key).hexdigest()[:8]


def test_the_private_half_signs_what_the_verifier_key_verifies(tmp_path: Path) -> None:
    verifier = make_key(tmp_path, ORIGIN)
    private = load_pem_private_key(key_file(tmp_path, verifier).read_bytes(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    public = Ed25519PublicKey.from_public_bytes(b64decode(verifier.split("+", 2)[2])[1:])
    public.verify(private.sign(b"a checkpoint"), b"a checkpoint")  # raises what is not true


def test_only_the_owner_can_read_the_private_half(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = tmp_path / "keys"
        file = key_file(folder, make_key(folder, ORIGIN))
    finally:
        os.umask(before)
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_new_key_takes_no_other_keys_place(tmp_path: Path) -> None:
    first = make_key(tmp_path, ORIGIN)
    kept = key_file(tmp_path, first).read_bytes()
    second = make_key(tmp_path, ORIGIN)
    assert first != second and key_file(tmp_path, first) != key_file(tmp_path, second)
    assert key_file(tmp_path, first).read_bytes() == kept


def test_the_private_half_is_found_by_its_verifier_key(tmp_path: Path) -> None:
    first, second = (make_key(tmp_path, ORIGIN) for _ in range(2))
    for verifier in (first, second):
        public = load_key(tmp_path, verifier).public_key().public_bytes_raw()
        assert public == b64decode(verifier.split("+", 2)[2])[1:]


def test_a_private_half_that_is_not_there_or_not_that_key_signs_nothing(tmp_path: Path) -> None:
    verifier, other = make_key(tmp_path / "keys", ORIGIN), make_key(tmp_path / "keys", ORIGIN)
    file = key_file(tmp_path / "keys", verifier)
    with pytest.raises(NotFound, match="no private key"):
        load_key(tmp_path, verifier)
    with pytest.raises(InvalidInput, match="not a verifier key"):
        load_key(tmp_path, "name+../../keys+AQ==")
    elliptic, locked = (
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        for encryption in (serialization.NoEncryption(), serialization.BestAvailableEncryption(b"word"))
    )
    for content in (key_file(tmp_path / "keys", other).read_bytes(), b"", b"\xff\0", elliptic, locked):
        file.write_bytes(content)
        with pytest.raises(Damaged, match=str(file)):
            load_key(tmp_path / "keys", verifier)
    file.unlink()
    file.mkdir()
    with pytest.raises(Unavailable, match="Is a directory"):
        load_key(tmp_path / "keys", verifier)
