"""Signed notes: the published example, rotation, and everything that is refused."""

from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.keys import load_key, make_key
from adapters.signed_notes import OpenedNote, VerifierKey, note, opened, sign
from domain.checkpoints import Checkpoint
from domain.errors import InvalidInput, SignatureRefused

# The example of Go's sumdb/note, whose private key is published with it.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)  # fmt: skip
PETERS_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCHS_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
NOTE = f"{TEXT}\n{PETERS_LINE}".encode()

ORIGIN = "example.org/5a1f7c1e-0000-4000-8000-000000000001"


class Signer:
    """A key made from a number."""

    def __init__(self, number: int, name: str = ORIGIN) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.vkey = VerifierKey(name, self.private.public_key().public_bytes_raw()).text()

    def line(self, text: str) -> str:
        return sign(text, self.vkey, self.private)


OLD, NEW, STRANGER = Signer(1), Signer(2), Signer(3, "witness.example")


def line(name: str, signature: bytes) -> str:
    return f"— {name} {b64encode(signature).decode()}\n"


def test_the_published_example_is_signed_and_opened() -> None:
    assert sign(TEXT, PETER, Ed25519PrivateKey.from_private_bytes(PETERS_SEED)) == PETERS_LINE
    assert note(TEXT, [PETERS_LINE]) == NOTE
    assert opened(NOTE, [PETER]) == OpenedNote(TEXT, (PETER,), 0)
    assert opened(f"{TEXT}\n{PETERS_LINE}{ENOCHS_LINE}".encode(), [PETER]) == OpenedNote(TEXT, (PETER,), 1)


def test_a_verifier_key_is_read_and_written() -> None:
    key = VerifierKey.parse(PETER)
    assert (key.name, key.key_id.hex(), key.text()) == ("PeterNeumann", "c74f20a3", PETER)


def test_a_checkpoint_is_signed_with_the_key_that_was_made_for_the_project(tmp_path: Path) -> None:
    vkey = make_key(tmp_path, ORIGIN)
    text = Checkpoint(ORIGIN, 3, b"r" * 32).text()
    signed = note(text, [sign(text, vkey, load_key(tmp_path, vkey))])
    assert signed.startswith(text.encode() + f"\n— {ORIGIN} ".encode()) and signed.endswith(b"\n")
    found = opened(signed, [vkey])
    assert found.verified == (vkey,)
    assert Checkpoint.parse(found.text) == (ORIGIN, 3, b"r" * 32, ())


def test_after_a_rotation_either_key_opens_the_note() -> None:
    signed = note(TEXT, [OLD.line(TEXT), NEW.line(TEXT)])
    assert OLD.vkey.split("+")[0] == NEW.vkey.split("+")[0]
    assert opened(signed, [OLD.vkey]) == OpenedNote(TEXT, (OLD.vkey,), 1)
    assert opened(signed, [NEW.vkey]) == OpenedNote(TEXT, (NEW.vkey,), 1)
    assert opened(signed, [NEW.vkey, OLD.vkey]) == OpenedNote(TEXT, (OLD.vkey, NEW.vkey), 0)


def test_signatures_of_others_are_counted_and_otherwise_ignored() -> None:
    cosignature = line("witness.example", b"\x11\x22\x33\x44" + bytes(8) + bytes(64))
    same_name = line(ORIGIN, b"\0\0\0\0" + bytes(64))
    same_id = line("other.example", VerifierKey.parse(OLD.vkey).key_id + bytes(64))
    large = line("post-quantum.example", bytes(5000))
    signed = note(TEXT, [cosignature, same_name, OLD.line(TEXT), same_id, large, STRANGER.line(TEXT)])
    assert opened(signed, [OLD.vkey]) == OpenedNote(TEXT, (OLD.vkey,), 5)


def test_a_text_may_have_empty_lines_and_look_like_a_note_itself() -> None:
    for text in ("\n", "\n\n", "a\n\nb\n", "a\n\n", NOTE.decode(), "é愛\N{NO-BREAK SPACE}\u2028\n", "\x7f\x85\n"):
        assert opened(note(text, [OLD.line(text)]), [OLD.vkey]) == OpenedNote(text, (OLD.vkey,), 0)


def test_a_key_that_signed_twice_is_named_once() -> None:
    signed = note(TEXT, [OLD.line(TEXT), OLD.line(TEXT)])
    assert opened(signed, [OLD.vkey, OLD.vkey]) == OpenedNote(TEXT, (OLD.vkey,), 0)


def test_one_false_signature_condemns_the_note_however_many_are_good() -> None:
    key_id = VerifierKey.parse(OLD.vkey).key_id
    good = b64decode(OLD.line(TEXT).split(" ")[2])
    for signature in (good[:-1], good + b"\0", good[:-1] + bytes([good[-1] ^ 1]), key_id + bytes(64), key_id + b"\0"):
        false = line(ORIGIN, signature)
        for lines in ([false], [false, NEW.line(TEXT)], [NEW.line(TEXT), false], [OLD.line(TEXT), false]):
            with pytest.raises(SignatureRefused, match=f"key {key_id.hex()}\\) is false"):
                opened(note(TEXT, lines), [OLD.vkey, NEW.vkey])


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    signed = note(TEXT, [OLD.line(TEXT)])
    with pytest.raises(SignatureRefused, match=r"not signed by any key .* witness\.example \(key "):
        opened(signed, [STRANGER.vkey])
    with pytest.raises(SignatureRefused, match="no key at all"):
        opened(signed, [])


def test_no_bit_of_a_note_can_be_flipped() -> None:
    signed = note("a\n1\n", [OLD.line("a\n1\n")])
    for at in range(len(signed)):
        for bit in range(8):
            flipped = bytearray(signed)
            flipped[at] ^= 1 << bit
            with pytest.raises((SignatureRefused, InvalidInput)):
                opened(bytes(flipped), [OLD.vkey])
    for at in range(len(signed)):
        with pytest.raises((SignatureRefused, InvalidInput)):
            opened(signed[:at], [OLD.vkey])


GOOD = PETERS_LINE.split(" ")[2].strip()


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        (b"", "not a signed note"),
        (TEXT.encode(), "not a signed note"),
        (f"{TEXT}\n".encode(), "not a signed note"),
        (NOTE[:-1], "not a signed note"),
        (NOTE.replace(b"\n\n", b"\n"), "not a signed note"),
        (NOTE + b"\n", "not a signed note"),
        (NOTE + b"\n\n", "not a signed note"),
        (NOTE + b"after\n", "not the line of a signature: 'after'"),
        (NOTE.replace(b"\n", b"\r\n"), "control character"),
        (NOTE.replace(b"think", b"thi\tnk"), "control character"),
        (NOTE.replace(b"think", b"thi\0nk"), "control character"),
        (NOTE.replace(b"think", b"thi\xffnk"), "not UTF-8"),
        (NOTE.replace(b"think", b"thi\xed\xa0\x80nk"), "not UTF-8"),
        (b"x" * 1_000_001, "at most 1000000 bytes"),
        (NOTE + PETERS_LINE.encode() * 100, "at most 100 signatures; this one has 101"),
        *(
            (f"{TEXT}\n{each}\n".encode(), "not the line of a signature")
            for each in (
                f"- PeterNeumann {GOOD}",
                f"– PeterNeumann {GOOD}",
                f"—  PeterNeumann {GOOD}",
                f"—PeterNeumann {GOOD}",
                f" — PeterNeumann {GOOD}",
                f"— PeterNeumann {GOOD} ",
                f"— PeterNeumann  {GOOD}",
                f"— Peter Neumann {GOOD}",
                f"— Peter\N{NO-BREAK SPACE}Neumann {GOOD}",
                f"— Peter+Neumann {GOOD}",
                f"— {GOOD}",
                "— PeterNeumann",
                "— PeterNeumann ",
                "— PeterNeumann x08gow==",  # a key id alone
                f"— PeterNeumann {GOOD[:-1]}",
                f"— PeterNeumann {GOOD}=",
                f"— PeterNeumann {GOOD[:-2]}N=",  # the same bytes, written another way
                f"— PeterNeumann {GOOD.replace('/', '_')}",
                f"— PeterNeumann é{GOOD[1:]}",
            )
        ),
    ],
)
def test_what_is_no_signed_note_is_refused_with_a_reason(damaged: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        opened(damaged, [PETER])


def test_a_hundred_signatures_are_read() -> None:
    assert opened(NOTE + ENOCHS_LINE.encode() * 99, [PETER]).unknown == 99


@pytest.mark.parametrize(
    ("vkey", "why"),
    [
        *(
            (each, "not a verifier key")
            for each in (
                "",
                "+",
                "++",
                "PeterNeumann",
                "PeterNeumann+c74f20a3",
                "PeterNeumann+c74f20a3+",
                PETER[12:],
                PETER.replace("c74f20a3", "C74F20A3"),
                PETER.replace("c74f20a3", "c74f20a"),
                PETER.replace("c74f20a3", "../../x/"),
                PETER.replace("Peter", "Peter "),
                PETER.replace("Peter", "Peter\N{NO-BREAK SPACE}"),
                PETER.replace("Peter", "Peter\n"),
                PETER.replace("Peter", "Peter\x1b"),
                PETER.replace("Peter", "Peter\udcff"),
                f"{PETER}\n",
                f"{PETER}=",
                PETER[:-1],
            )
        ),
        (PETER.replace("Peter", "Petra"), "was changed: its hash is"),
        (PETER.replace("c74f20a3", "c74f20a4"), "was changed: its hash is c74f20a3, not c74f20a4"),
        ("PeterNeumann+c74f20a3+AQ==", "not an Ed25519 key"),
        (f"PeterNeumann+c74f20a3+{b64encode(bytes([4]) + bytes(32)).decode()}", "not an Ed25519 key"),
    ],
)
def test_what_is_no_verifier_key_is_refused_with_a_reason(vkey: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        opened(NOTE, [PETER, vkey])


def test_we_sign_only_what_we_can_open_again() -> None:
    for text in ("", "no newline", "a\r\n", "a\0\n"):
        with pytest.raises(ValueError, match="ends with a newline"):
            OLD.line(text)
        with pytest.raises(ValueError, match="ends with a newline"):
            note(text, [PETERS_LINE])
    with pytest.raises(ValueError, match="not that of"):
        sign(TEXT, OLD.vkey, NEW.private)
    for lines in ([], [PETERS_LINE[:-1]], [PETERS_LINE, ""], [f"{PETERS_LINE}\n"], [f"\n{PETERS_LINE}"], ["no\n"]):
        with pytest.raises((ValueError, InvalidInput)):
            note(TEXT, lines)
