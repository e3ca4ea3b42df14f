#!/usr/bin/env python3
"""Check an evidence package of an Orchestrator log. One file; Python 3.8 or newer, its standard library, nothing else.

    python3 verify.py                      the folder that this file lies in
    python3 verify.py evidence.zip         a package somewhere else, packed or not
    python3 verify.py --vkey "$(cat vkey.txt)" --against held.txt

Exit status 0: verified. 2: the words were wrong. 6: something differs. 7: what was checked holds, but not everything
could be checked.

Nothing in the package is believed: hashes, roots, digests and lists are made anew from `events.jsonl` and held against
the signed checkpoint. Signatures (Ed25519) are checked with the Python package `cryptography` or the program `openssl`,
whichever is there.

In the project this is the module `adapters.evidence_verify`. It imports nothing of the project, repeats the few rules
that it needs, and is longer than any other module, because it has to be one file that runs where the project is not.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from io import BufferedReader
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

VERIFIED, DIFFERS, INCOMPLETE = 0, 6, 7
FORMAT, FORMAT_VERSION = "orchestrator evidence package", 1

LONGEST_LINE = 48 << 20
"""A text has at most 16 MiB, and JSON inside JSON takes up to twice that."""
LARGEST_SMALL = 16 << 20
"""Of the manifest, a note, a key, a proof."""
LARGEST_ENTRY = 65_535
LARGEST_SIZE = 2**63 - 1
MOST_FILES = 5_000_000
DEEPEST = 8
PLENTY, MOST_RATIO = 1 << 30, 300
"""A zip file that unpacks to more than a GiB and more than 300 times its size was made to hurt."""
MOST_SHOWN = 20

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
ENTRY = re.compile(r"([1-9][0-9]{0,18}) (0|-?[1-9][0-9]{0,18}) (0|-?[1-9][0-9]{0,18})\n(\{.*\})", re.ASCII | re.DOTALL)
PHASE = re.compile(r"phase:([a-z0-9]+(?:-[a-z0-9]+)*)", re.ASCII)
STEP = re.compile(r"[a-z0-9]+", re.ASCII)
SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
KEPT = re.compile(r"checkpoints/(0|[1-9][0-9]{0,18})\.note", re.ASCII)
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
FORMULA = re.compile("[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")
TICKED = re.compile(r"^([^\S\n]*[-*+] )\[[ xX]\]", re.MULTILINE)
ENVELOPE = {
    "actor", "causation", "command_id", "correlation", "facts", "occurred_at", "origin", "payload", "stream", "topic",
    "v", "version",
}  # fmt: skip
LINE = {"position", "entry", "text", "salt", "payload"}
FRAME = ("project", "policy", "ledger")
"""The streams that every package holds whole: the keys, the policy and what was erased."""
OUTCOMES = {
    "phase.document_approved": "approved",
    "phase.document_reconfirmed": "reconfirmed",
    "phase.document_rejected": "rejected",
}
SPKI = bytes.fromhex("302a300506032b6570032100")
"""What RFC 8410 puts before the 32 bytes of an Ed25519 public key."""
KNOWN_GOOD = (
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
    "00d291612bb0c00",
)
"""RFC 8032 §7.1, test 2: a key and its signature of the one byte 0x72."""


class Stop(Exception):
    """The package cannot be read any further; the sentence says why."""


# ── What was found ────────────────────────────────────────────────────────────────────────────────────────────────────


class Findings:
    """Collects what differs and what is not proved."""

    def __init__(self) -> None:
        self.count = 0
        self.problems: list[tuple[tuple[int, int], str]] = []
        self.gaps: list[str] = []
        """What keeps a package that holds from being verified as a whole."""

    def differs(self, place: int | str, what: str, *, follows: bool = False) -> None:
        """Note one thing that differs; `follows` marks what is only the consequence of another difference."""
        self.count += 1
        if isinstance(place, int):
            rank, words = (0, place), f"position {place}: {what}"
        else:
            rank, words = (2 if follows else 1, self.count), f"{place}: {what}"
        self.problems.append((rank, words))
        if len(self.problems) > 10 * MOST_SHOWN:
            self.problems = sorted(self.problems)[:MOST_SHOWN]

    def first(self) -> list[str]:
        """Return the first differences: those with the lowest positions, then files, then consequences."""
        return [words for _, words in sorted(self.problems)[:MOST_SHOWN]]


def clean(text: str) -> str:
    """Return text that cannot steer a terminal."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def short(value: object) -> str:
    """Return a value for a sentence."""
    text = clean(str(value))
    return text if len(text) <= 160 else text[:160] + "…"


# ── Where the package lies ────────────────────────────────────────────────────────────────────────────────────────────


class Package:
    """The files of a package by their names, in a folder or in a zip file."""

    def __init__(self, path: str) -> None:
        self.sizes: dict[str, int] = {}
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self._closed_later: list[IO[bytes]] = []
        try:
            if os.path.isdir(path):
                self._walk(path, "")
            else:
                self._index(path)
        except Stop:
            self.close()
            raise

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading; it is never followed out of the package."""
        if name not in self.sizes:
            raise Stop(f"{name} is missing")
        try:
            if self._zip is not None:
                return BufferedReader(self._zip.open(name), 1 << 16)  # type: ignore[type-var]  # it is a raw stream
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            return os.fdopen(os.open(os.path.join(self._path, *name.split("/")), flags), "rb")
        except READING as error:
            raise Stop(f"{name} cannot be opened: {error}") from None

    def pages(self, name: str) -> IO[bytes]:
        """Open a file that `close` closes, however far it was read."""
        stream = self.open(name)
        self._closed_later.append(stream)
        return stream

    def close(self) -> None:
        """Let go of everything."""
        for stream in self._closed_later:
            stream.close()
        if self._zip is not None:
            self._zip.close()

    def read(self, name: str) -> bytes:
        """Return a small file whole."""
        return read_small(self.open(name), name)

    def _walk(self, folder: str, prefix: str) -> None:
        if prefix.count("/") > DEEPEST:
            raise Stop(f"{short(prefix)} is deeper than a package goes")
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise Stop(f"{folder} cannot be listed: {error.strerror}") from None
        for entry in entries:
            name = prefix + entry.name
            if entry.is_symlink():
                raise Stop(f"{short(name)} is a link; a package has none")
            if entry.is_dir():
                self._walk(entry.path, f"{name}/")
            elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                self._add(name, entry.stat(follow_symlinks=False).st_size)
            else:
                raise Stop(f"{short(name)} is neither a file nor a folder")

    def _index(self, path: str) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except READING as error:
            raise Stop(f"{path} is no package: {error}") from None
        for info in self._zip.infolist():
            if info.filename.endswith("/") and not info.file_size:
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                raise Stop(f"{short(info.filename)} is a link; a package has none")
            if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Stop(f"{short(info.filename)} is encrypted, or packed in a way that packages are not")
            if info.filename in self.sizes:
                raise Stop(f"{short(info.filename)} is in the zip file twice")
            self._add(info.filename, info.file_size)
        total, packed = sum(self.sizes.values()), os.path.getsize(path)
        if total > PLENTY and total > MOST_RATIO * packed:
            raise Stop(f"{path} has {packed} bytes and claims to unpack to {total}; that is made to hurt")

    def _add(self, name: str, size: int) -> None:
        if len(name) > 300 or not NAME.fullmatch(name):
            raise Stop(f"{short(name)!r} is no name that a file of a package has")
        if len(self.sizes) >= MOST_FILES:
            raise Stop(f"there are more than {MOST_FILES} files")
        self.sizes[name] = size


READING = (OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zipfile.BadZipFile, zlib.error)
"""What reading a file of strangers may raise."""


class Pages:
    """A file that is read once, from its beginning to its end: its lines, and what its bytes hash to."""

    def __init__(self, package: Package, name: str) -> None:
        self.name = name
        self.size = 0
        self._stream = package.pages(name)
        self._hash = sha256()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines with their ends."""
        while True:
            line = self._next(lambda: self._stream.readline(LONGEST_LINE + 1))
            if not line:
                return
            if len(line) > LONGEST_LINE:
                raise Stop(f"{self.name} has a line of more than {LONGEST_LINE} bytes")
            yield line

    def finish(self) -> tuple[int, str]:
        """Read the rest. Return how many bytes there were, and their SHA-256 in hex."""
        while self._next(lambda: self._stream.read(1 << 20)):
            pass
        self._stream.close()
        return self.size, self._hash.hexdigest()

    def _next(self, read: Any) -> bytes:
        try:
            part: bytes = read()
        except READING as error:
            raise Stop(f"{self.name} cannot be read: {error}") from None
        self.size += len(part)
        self._hash.update(part)
        return part


def read_small(stream: IO[bytes], name: str) -> bytes:
    """Return what a stream holds, which must not be much."""
    try:
        with stream:
            data = stream.read(LARGEST_SMALL + 1)
    except READING as error:
        raise Stop(f"{name} cannot be read: {error}") from None
    if len(data) > LARGEST_SMALL:
        raise Stop(f"{name} has more than {LARGEST_SMALL} bytes")
    return data


def parsed(text: str | bytes, name: str) -> Any:
    """Return what JSON says; names may not come twice, and numbers are whole and short, or floats."""
    try:
        return STRICT.decode(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError) as error:
        raise Stop(f"{name} is not the JSON it should be: {short(error)}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("a number is too long")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_no_constant)
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# ── Signatures ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Key(NamedTuple):
    """A verifier key, C2SP signed-note."""

    text: str
    name: str
    key_id: bytes
    public: bytes

    def pem(self) -> bytes:
        """Return the key as OpenSSL reads it."""
        body = base64.b64encode(SPKI + self.public)
        return b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"


def key_of(text: str) -> Key | None:
    """Read `name+hash+base64(0x01 ‖ public key)`, or return None for what is no such key."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    try:
        own = sha256(name.encode() + b"\n" + raw).digest()[:4]
    except UnicodeEncodeError:
        return None
    if not name or len(raw) != 33 or raw[:1] != b"\x01" or key_id != own.hex():
        return None
    return Key(text, name, own, raw[1:])


def decoded(encoded: str) -> bytes:
    """Return what base 64 says when it is written the one standard way, or nothing."""
    try:
        found = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found).decode() == encoded else b""


class Note(NamedTuple):
    """A signed note: its text and, for each signature, name, key hash and signature."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]


def note_of(data: bytes) -> Note | None:
    """Read a signed note (C2SP signed-note), or return None for what is none."""
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        return None
    text, separator, lines = whole.rpartition("\n\n")
    if CONTROL.search(whole) or not separator or not lines.endswith("\n"):
        return None
    signatures = []
    for line in lines[:-1].split("\n"):
        name, _, encoded = line[2:].partition(" ")
        raw = decoded(encoded)
        if not line.startswith("— ") or not name or len(raw) < 5:
            return None
        signatures.append((name, raw[:4], raw[4:]))
    return Note(text + "\n", signatures) if len(signatures) <= 100 else None


class Checkpoint(NamedTuple):
    """A tree head, C2SP tlog-checkpoint."""

    origin: str
    size: int
    root: bytes


def checkpoint_of(text: str) -> Checkpoint | None:
    """Read the text of a checkpoint, or return None for what is none."""
    lines = text[:-1].split("\n")
    if len(lines) < 3 or "" in lines or not SIZE.fullmatch(lines[1]) or int(lines[1]) > LARGEST_SIZE:
        return None
    root = decoded(lines[2])
    return Checkpoint(lines[0], int(lines[1]), root) if len(root) == 32 else None


def notes_in(data: bytes) -> list[bytes]:
    """Return the notes of a file: one, or several with an empty line between them."""
    parts = data.strip(b"\n").split(b"\n\n")
    return [b"\n\n".join(parts[at : at + 2]) + b"\n" for at in range(0, len(parts), 2)]


class Ed25519:
    """Checks signatures with what this machine has: `cryptography`, `openssl`, or nothing."""

    def __init__(self) -> None:
        self.method = next((name for name in ("cryptography", "openssl") if self._works(name)), None)

    def holds(self, key: Key, signature: bytes, text: str) -> bool | None:
        """Tell whether the key signed that text; None where nothing here can tell."""
        if self.method is None:
            return None
        return self._checked(self.method, key.public, signature, text.encode())

    def _works(self, method: str) -> bool:
        """Tell whether a way of checking accepts a good signature and refuses a bad one."""
        public, signature = (bytes.fromhex(words) for words in KNOWN_GOOD)
        try:
            good = self._checked(method, public, signature, b"\x72")
            return good and not self._checked(method, public, signature, b"\x73")
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001  # broken installations raise what is no Exception, too
            return False

    def _checked(self, method: str, public: bytes, signature: bytes, text: bytes) -> bool:
        if method == "openssl":
            return self._by_openssl(public, signature, text)
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _by_openssl(self, public: bytes, signature: bytes, text: bytes) -> bool:
        program = shutil.which("openssl")
        if program is None:
            raise FileNotFoundError("openssl")
        with tempfile.TemporaryDirectory() as folder:
            files = {"key": Key("", "", b"", public).pem(), "signature": signature, "text": text}
            for name, data in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            words = [program, "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "text"]
            ran = subprocess.run(
                [*words, "-sigfile", "signature"],
                cwd=folder,
                capture_output=True,
                timeout=60,
                check=False,
            )
        return ran.returncode == 0 and b"Verified Successfully" in ran.stdout + ran.stderr


# ── The tree, RFC 6962 ────────────────────────────────────────────────────────────────────────────────────────────────


def node(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree: the roots of its perfect subtrees, from left to right."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add one more leaf; each trailing set bit of the size is a subtree that it completes."""
        size = self.size
        while size & 1:
            leaf = sha256(b"\x01" + self._edge.pop() + leaf).digest()
            size >>= 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self._edge:
            return sha256(b"").digest()
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node(left, root)
        return root


def included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows that leaf in that tree (RFC 9162 §2.1.3.2)."""
    at, last, found = index, size - 1, leaf
    for other in proof:
        if not last:
            return False
        if at & 1 or at == last:
            found = node(other, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, other)
        at, last = at >> 1, last >> 1
    return 0 <= index < size and not last and found == root


def grew(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows the old tree as the beginning of the new one (RFC 9162 §2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == sha256(b"").digest()
    if not proof or old > new:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for other in path[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            before, after = node(other, before), node(other, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node(after, other)
        at, last = at >> 1, last >> 1
    return not last and before == old_root and after == new_root


def hashes_of(lines: object) -> list[bytes] | None:
    """Return a proof's hashes, or None where they are none."""
    if not isinstance(lines, list) or len(lines) > 128:
        return None
    found = [decoded(line) if isinstance(line, str) else b"" for line in lines]
    return found if all(len(each) == 32 for each in found) else None


# ── Texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def digest_of(text: str, step: str) -> str:
    """Return the digest of a document: UTF-8 without BOM, LF, one final newline; in tasks no box counts as ticked."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = text.rstrip("\n") + "\n"
    if step == "tasks":
        text = TICKED.sub(r"\1[ ]", text)
    return "sha256:1:" + sha256(text.encode()).hexdigest()


def rfc3339(us: int) -> str:
    """Return µs since the epoch as the program writes times."""
    try:
        return (datetime(1970, 1, 1) + timedelta(microseconds=us)).isoformat(timespec="microseconds") + "Z"  # noqa: DTZ001  # written with Z
    except OverflowError:
        return f"{us} µs"


def cell(value: object) -> str:
    """Return a value as a cell of the CSV: nothing for None, JSON for lists, and text that no spreadsheet runs."""
    if isinstance(value, str) and value[:1].isalnum() and value.isascii() and value.isprintable():
        return value  # nearly all of them
    if value is None:
        return ""
    if isinstance(value, (bool, list)):
        said = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return re.sub("[\x7f-\x9f]|" + UNSAFE.pattern, lambda found: f"\\u{ord(found[0]):04x}", said)
    text = str(value)
    return ("'" if FORMULA.match(text) and isinstance(value, str) else "") + clean(text)


# ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Event(NamedTuple):
    """One line of events.jsonl, opened."""

    position: int
    recorded_at: int
    clock: int
    envelope: dict[str, Any]
    leaf: bytes
    text: str
    payload: dict[str, Any] | None
    """The free text, where it is looked at and is what the envelope commits to."""

    @property
    def facts(self) -> dict[str, Any]:
        """What the event says without its free text."""
        facts: dict[str, Any] = self.envelope["facts"]
        return facts

    @property
    def by(self) -> dict[str, Any]:
        """Who acted, as the lists of the package write it."""
        actor = self.envelope["actor"]
        return {"name": actor.get("id"), "kind": actor.get("kind")}


class Fork(NamedTuple):
    """Where the log went on as another one, after `size` events."""

    parent: str
    size: int
    before: str
    """The origin of the events before it; not the parent where that one was left for an even earlier moment."""
    origin: str


FORK = {"origin": str, "parent": str, "size": int, "root": str, "public_key": str, "replaces": str}
"""What is read of a fork."""


class Names:
    """The origins that the log has had, and the keys that its events name."""

    def __init__(self) -> None:
        self.origin = ""
        """The one that the next event has to name."""
        self.forks: list[Fork] = []
        self.keys: list[tuple[int, str, str | None]] = []
        """Position, key, and the key that it replaced."""

    def all(self) -> set[str]:
        """Return every origin, and those of the logs that were left."""
        return {self.origin, *(name for fork in self.forks for name in (fork.parent, fork.before, fork.origin))}

    def left(self, origin: str) -> Fork | None:
        """Return where the log left another one, or None where it never was that one, or still is."""
        left = [fork for fork in self.forks if origin in (fork.parent, fork.before)]
        return left[-1] if left and origin != self.origin else None

    def chain(self) -> list[str | None]:
        """Return the keys that have to be in the package, the oldest first."""
        if not self.keys:
            return []
        first, current = self.keys[0][1], self.keys[-1][1]
        known = [*(replaced for _, _, replaced in self.keys[1:]), current]
        return known if first in known else [first, *known]  # a fork may replace a key that no event here made

    def by(self, size: int) -> set[str]:
        """Return the keys that the first events name."""
        return {key for position, *keys in self.keys if position <= size for key in keys if key is not None}


class Events:
    """Reads events.jsonl line by line and holds each event against its envelope, its text, and the events before it."""

    def __init__(self, findings: Findings, checkpoint: Checkpoint, *, whole: bool) -> None:
        self._findings = findings
        self._head = checkpoint
        self._whole = whole
        self._last: tuple[int, int, int, str] = (0, 0, 0, "")
        self._versions: dict[str, int] = {}
        self.tree = Tree()
        self.roots: dict[int, bytes] = {}
        """Roots of the rebuilt tree at the sizes that were asked for."""
        self.wanted: list[int] = []
        self.texts: Counter[str] = Counter()
        self.count = 0
        self.first = self.last = 0
        self.names = Names()
        self.redacted_by_record: set[int] = set()
        self.redacted_by_line: set[int] = set()

    def read(self, lines: Iterable[bytes]) -> Iterator[Event]:
        """Yield every event that can be read."""
        wanted = sorted(self.wanted, reverse=True)
        for number, line in enumerate(lines, 1):
            event = self._event(line, number)
            if self._whole:
                while wanted and wanted[-1] <= self.tree.size:
                    at = wanted.pop()
                    if at == self.tree.size:
                        self.roots[at] = self.tree.root()
            if event is not None:
                yield event
        if self._whole and (self.tree.size != self._head.size or self.tree.root() != self._head.root):
            self._findings.differs(
                "checkpoint",
                f"the {self.tree.size} events give the root {self.tree.root().hex()};"
                f" the checkpoint says {self._head.size} events and {self._head.root.hex()}",
                follows=True,
            )
        for position in sorted(self.redacted_by_line - self.redacted_by_record):
            self._findings.differs(position, "its text is said to be redacted, but no event here records that")

    def _event(self, line: bytes, number: int) -> Event | None:
        name = f"events.jsonl line {number}"
        said = parsed(line, name)
        if not isinstance(said, dict) or said.keys() - {"proof"} != LINE or not isinstance(said["entry"], str):
            raise Stop(f"{name} is not what a line of it is: position, entry, text, salt, payload")
        try:
            entry = said["entry"].encode()
        except UnicodeEncodeError:
            raise Stop(f"{name} holds an entry that is no text") from None
        found = ENTRY.fullmatch(said["entry"])
        if found is None or len(entry) > LARGEST_ENTRY:
            raise Stop(f"{name} holds no entry: position, recorded time and clock, a line break, an envelope")
        position, recorded_at, clock = int(found[1]), int(found[2]), int(found[3])
        if said["position"] != position or isinstance(said["position"], bool):
            self._findings.differs(position, f"the line names position {short(said['position'])}")
        self.count += 1
        self.first = self.first or position
        self.last = max(self.last, position)
        leaf = sha256(b"\x00" + entry).digest()
        envelope = self._envelope(position, found[4])
        self._in_tree(position, leaf, said.get("proof"))
        if envelope is None:
            return None
        self._in_order(position, recorded_at, clock, envelope)
        payload = self._text(position, said, envelope)
        event = Event(position, recorded_at, clock, envelope, leaf, str(said["text"]), payload)
        self._about_the_log(event)
        return event

    def _in_tree(self, position: int, leaf: bytes, proof: object) -> None:
        before = self._last[0]
        if position <= before:
            self._findings.differs(position, f"it comes after position {before}")
        if self._whole:
            if position > before + 1:
                self._findings.differs(
                    before + 1, "it is missing" if position == before + 2 else "it and more are missing"
                )
            self.tree.add(leaf)
            return
        hashes = hashes_of(proof)
        if hashes is None or not included(position - 1, self._head.size, leaf, hashes, self._head.root):
            self._findings.differs(position, "its inclusion proof does not lead to the root of the checkpoint")

    def _envelope(self, position: int, text: str) -> dict[str, Any] | None:
        try:
            envelope = json.loads(text)
            form = CANONICAL.encode(envelope)
        except (ValueError, RecursionError):
            self._findings.differs(position, "the envelope is no JSON")
            return None
        if form != text:
            self._findings.differs(position, "the envelope is not in its canonical form")
        kinds = {"actor": dict, "facts": dict, "stream": str, "topic": str, "command_id": str, "version": int}
        if envelope.keys() != ENVELOPE or not all(isinstance(envelope[name], kind) for name, kind in kinds.items()):
            self._findings.differs(position, "the envelope does not have the names and values of an envelope")
            return None
        if envelope["v"] != 1:
            self._findings.differs(position, f"the envelope has version {short(envelope['v'])}; this program knows 1")
            return None
        self.names.origin = self.names.origin or str(envelope["origin"])
        if (envelope["stream"], envelope["topic"]) == ("ledger", "ledger.forked"):
            self._forked(position, envelope["facts"])
        if envelope["origin"] != self.names.origin:
            belongs, expected = short(envelope["origin"]), short(self.names.origin)
            self._findings.differs(position, f"it belongs to the log {belongs}, not to {expected}")
        found: dict[str, Any] = envelope
        return found

    def _forked(self, position: int, facts: dict[str, Any]) -> None:
        """Let the log go on as another one, from this event on."""
        if not all(type(facts.get(name)) is kind for name, kind in FORK.items()):
            self._findings.differs(position, "it does not say what a fork says")
            return
        size = position - 1
        if facts["size"] != size:
            self._findings.differs(position, f"the fork is said to come after {facts['size']} events, not {size}")
        if self._whole and self.tree.size == size and self.tree.root().hex() != facts["root"]:
            root = self.tree.root().hex()
            self._findings.differs(
                position, f"the fork names the root {short(facts['root'])}; the {size} events before it give {root}"
            )
        names = self.names
        names.forks.append(Fork(facts["parent"], size, names.origin, facts["origin"]))
        names.origin = facts["origin"]

    def _in_order(self, position: int, recorded_at: int, clock: int, envelope: dict[str, Any]) -> None:
        before, time, old_clock, command = self._last
        self._last = (max(position, before), recorded_at, clock, envelope["command_id"])
        if envelope["command_id"] == command:
            if (recorded_at, clock) != (time, old_clock):
                self._findings.differs(position, "its times are not those of its command")
        elif position == before + 1 and before:
            if recorded_at != max(clock, time + 1):
                self._findings.differs(position, f"it was recorded at {recorded_at}, not at {max(clock, time + 1)}")
        elif recorded_at <= time and before:
            self._findings.differs(position, "its recorded time is not later than that of the event before it")
        stream, version = envelope["stream"], envelope["version"]
        known = self._versions.get(stream)
        if known is None and not self._whole and stream not in FRAME:
            known = version - 1  # a package of a range may begin in the middle of a phase
        if version != (known or 0) + 1:
            self._findings.differs(position, f"it is version {version} of {short(stream)} after {known or 0}")
        self._versions[stream] = version

    def _text(self, position: int, said: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any] | None:
        commits, state, salt, payload = envelope["payload"], said["text"], said["salt"], said["payload"]
        if state not in ("none", "here", "withheld", "redacted", "missing"):
            raise Stop(f"position {position} says {short(state)} about its text, which means nothing")
        self.texts[state] += 1
        if (commits is None) != (state == "none"):
            self._findings.differs(position, f"the envelope and the line ({state}) disagree on whether there is a text")
            return None
        if state != "here":
            if salt is not None or payload is not None:
                self._findings.differs(position, f"a text lies here that is said to be {state}")
            if state == "redacted":
                self.redacted_by_line.add(position)
            return None
        try:
            raw = payload.encode()
            known = bytes.fromhex(salt)
            fits = commits["sha256"] == sha256(known + raw).hexdigest() and commits["size"] == len(raw)
        except (AttributeError, TypeError, ValueError, KeyError):
            fits, raw = False, b""
        if not fits:
            self._findings.differs(position, "its text is not the one that the envelope commits to")
            return None
        if envelope["topic"] not in OUTCOMES and envelope["topic"] != "phase.document_drafted":
            return None
        found = parsed(raw, f"the text at position {position}")
        return found if isinstance(found, dict) else None

    def _about_the_log(self, event: Event) -> None:
        topic, facts = event.envelope["topic"], event.facts
        if topic == "project.initialised":
            self._key(event, None)
        elif topic in ("ledger.key_rotated", "ledger.forked"):
            self._key(event, str(facts.get("replaces")))
        elif topic == "ledger.payload_redacted" and isinstance(facts.get("position"), int):
            self.redacted_by_record.add(facts["position"])

    def _key(self, event: Event, replaced: str | None) -> None:
        """Take a key into account; only a fork may replace another one than the key before it."""
        names, key = self.names, str(event.facts.get("public_key"))
        if key.partition("+")[0] != names.origin:
            speaks = short(key.partition("+")[0])
            self._findings.differs(event.position, f"its key speaks for {speaks}, not for {short(names.origin)}")
        before = names.keys[-1][1] if names.keys else None
        if event.envelope["topic"] != "ledger.forked" and replaced != before:
            self._findings.differs(event.position, "its key does not replace the one before it")
        names.keys.append((event.position, key, replaced))


# ── Documents and lists ───────────────────────────────────────────────────────────────────────────────────────────────


class Documents:
    """Every iteration of every document: its text, its digest, and the verdicts on it."""

    def __init__(self, findings: Findings, package: Package) -> None:
        self._findings = findings
        self._package = package
        self._open: dict[tuple[str, str], dict[str, Any]] = {}
        self.iterations = self.digests = self.verdicts = self.elsewhere = 0
        """`digests`: those made anew. `elsewhere`: verdicts on texts that were drafted outside of this package."""
        self.unused = {name for name in package.sizes if name.startswith("documents/")}

    def take(self, event: Event) -> Iterator[dict[str, Any]]:
        """Look at one event; yield the list's line of the iteration that it supersedes."""
        topic = event.envelope["topic"]
        phase = PHASE.fullmatch(event.envelope["stream"])
        step = event.facts.get("step")
        if phase is None or not isinstance(step, str) or not STEP.fullmatch(step):
            return
        place = (phase[1], step)
        if topic == "phase.document_drafted":
            before = self._open.get(place)
            self._open[place] = self._drafted(event, *place, before)
            if before is not None:
                yield before
        elif topic in OUTCOMES:
            self._verdict(event, place)

    def rest(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the iterations that nothing superseded."""
        yield from sorted(self._open.values(), key=lambda line: int(line["position"]))

    def _drafted(self, event: Event, phase: str, step: str, before: dict[str, Any] | None) -> dict[str, Any]:
        self.iterations += 1
        iteration, digest = event.facts.get("iteration"), event.facts.get("digest")
        if not isinstance(iteration, int) or (before is not None and iteration != before["iteration"] + 1):
            self._findings.differs(
                event.position, f"iteration {short(iteration)} of {step} does not follow the last one"
            )
            iteration = 0
        size = hashed = file = None
        text = event.payload.get("text") if event.payload is not None else None
        if event.text == "here":
            file = f"documents/{phase}/{step}-{iteration}.md"
            self.unused.discard(file)
            if isinstance(text, str):
                size, hashed = self._compare(event.position, file, text, step, digest)
            elif event.payload is not None:
                self._findings.differs(event.position, "it holds no text of a document")
        return {
            "phase": phase,
            "step": step,
            "iteration": iteration,
            "digest": digest,
            "position": event.position,
            "recorded_at": rfc3339(event.recorded_at),
            "author": event.by,
            "text": event.text,
            "file": file,
            "bytes": size,
            "sha256": hashed,
            "verdicts": [],
        }

    def _compare(self, position: int, file: str, text: str, step: str, digest: object) -> tuple[int, str]:
        raw = text.encode()
        self.digests += 1
        if digest_of(text, step) != digest:
            self._findings.differs(position, f"its text has the digest {digest_of(text, step)}, not {short(digest)}")
        if file not in self._package.sizes:
            self._findings.differs(file, f"it is missing; position {position} holds its text")
        else:
            with self._package.open(file) as opened:
                try:
                    same = opened.read(len(raw) + 1) == raw
                except READING:
                    same = False
            if not same:
                self._findings.differs(file, f"it is not the text that position {position} holds")
        return len(raw), sha256(raw).hexdigest()

    def _verdict(self, event: Event, place: tuple[str, str]) -> None:
        self.verdicts += 1
        judged = self._open.get(place)
        facts = event.facts
        if judged is None:
            self.elsewhere += 1
            return
        if facts.get("iteration") != judged["iteration"] or facts.get("digest") != judged["digest"]:
            self._findings.differs(
                event.position,
                f"the verdict names iteration {short(facts.get('iteration'))} and {short(facts.get('digest'))};"
                f" the latest is {judged['iteration']} with {short(judged['digest'])}",
            )
        judged["verdicts"].append(
            {
                "position": event.position,
                "recorded_at": rfc3339(event.recorded_at),
                "outcome": OUTCOMES[event.envelope["topic"]],
                "by": event.by,
                "meaning": facts.get("meaning"),
                "final": facts.get("final"),
                "digest": facts.get("digest"),
            }
        )


class Listed:
    """A list of the package, held line by line against what the events say."""

    def __init__(self, findings: Findings, pages: Pages) -> None:
        self._findings = findings
        self._pages = pages
        self._lines = pages.lines()
        self._number = 0
        self._given_up = False

    def expect(self, made: dict[str, Any]) -> None:
        """Compare the next line of documents.jsonl."""
        line = next(self._lines, None)
        self._number += 1
        if self._given_up:
            return
        said = parsed(line, f"{self._pages.name} line {self._number}") if line is not None else None
        if said != made:
            self._given_up = True
            self._findings.differs(
                f"{self._pages.name} line {self._number}", "it is not what the events say", follows=True
            )

    def end(self) -> None:
        """Note lines that are left over."""
        if next(self._lines, None) is not None and not self._given_up:
            self._findings.differs(self._pages.name, "it has more lines than the events give", follows=True)


class Population:
    """population.csv, held against the events: every column that an envelope tells."""

    def __init__(self, findings: Findings, pages: Pages) -> None:
        self._findings = findings
        self._pages = pages
        csv.field_size_limit(LONGEST_LINE)
        self._rows = csv.reader(self._text(), strict=True)
        self._columns = {column: place for place, column in enumerate(self._next() or [])}
        self._given_up = False

    def expect(self, event: Event) -> None:
        """Compare the next row with the next event."""
        if self._given_up:
            return
        cells = self._next()
        if cells is None or len(cells) != len(self._columns):
            cells = [""] * len(self._columns)
        for column, value in columns_of(event).items():
            place = self._columns.get(column)
            if place is None or cells[place] != cell(value):
                self._given_up = True
                found = short(cells[place] if place is not None else "nothing") or "empty"
                self._findings.differs(
                    f"population.csv, row of position {event.position}", f"{column} is {found}", follows=True
                )
                return

    def end(self) -> None:
        """Note rows that are left over."""
        if not self._given_up and self._next() is not None:
            self._findings.differs("population.csv", "it has more rows than the events give", follows=True)

    def _text(self) -> Iterator[str]:
        for line in self._pages.lines():
            try:
                yield line.decode()
            except UnicodeDecodeError:
                raise Stop("population.csv is not UTF-8") from None

    def _next(self) -> list[str] | None:
        try:
            return next(self._rows, None)
        except csv.Error as error:
            raise Stop(f"population.csv cannot be read: {error}") from None


def columns_of(event: Event) -> dict[str, object]:
    """Return the columns of the CSV that follow from an envelope; of verdicts, all that they decided."""
    envelope, facts = event.envelope, event.facts
    phase = PHASE.fullmatch(envelope["stream"])
    columns: dict[str, object] = {
        "position": event.position,
        "recorded_at": rfc3339(event.recorded_at),
        "clock": rfc3339(event.clock),
        "occurred_at": envelope["occurred_at"],
        "topic": envelope["topic"],
        "stream": envelope["stream"],
        "version": envelope["version"],
        "phase": phase[1] if phase else None,
        "actor.name": event.by["name"],
        "actor.kind": event.by["kind"],
        "command_id": envelope["command_id"],
        "leaf": event.leaf.hex(),
    }
    if envelope["topic"] in (*OUTCOMES, "phase.document_drafted"):
        names = ("step", "iteration", "digest")
        columns.update({name: facts.get(name) for name in names})
    if envelope["topic"] in OUTCOMES:
        names = ("meaning", "final", "policy_version")
        columns.update({name: facts.get(name) for name in names})
        columns.update({name: bool(facts.get(name)) for name in ("forced", "self_approval", "automatic")})
        until = facts.get("ratify_by")
        columns["ratify_by"] = None if until is None else rfc3339(until)
        texts = event.payload or {}
        columns.update({name: texts.get(name) or None for name in ("reason", "comments")})
        columns.update({"feedback": texts.get("feedback") or [], "broke": facts.get("broke") or []})
    return columns


# ── The package as a whole ────────────────────────────────────────────────────────────────────────────────────────────


class Selection(NamedTuple):
    """Which events the manifest says the package is about."""

    phase: str | None
    first: int
    last: int

    def has(self, event: Event) -> bool:
        """Tell whether an event is among them."""
        of_phase = self.phase is None or event.envelope["stream"] == f"phase:{self.phase}"
        return of_phase and self.first <= event.position <= self.last


class Verification:
    """One check of one package."""

    def __init__(self, package: Package, given: Sequence[Key], against: Sequence[tuple[str, bytes]]) -> None:
        self.findings = Findings()
        self.ed25519 = Ed25519()
        self._package = package
        self._given = given
        self._against = against
        self.head = Checkpoint("", 0, b"")
        self._grown = 0
        """Earlier checkpoints that this log grew out of."""
        self.told: list[str] = []
        """What was checked, a line each."""

    def run(self) -> int:
        """Check everything and return the exit status."""
        try:
            self._check()
        except Stop as stop:
            self.findings.differs("the package", f"{stop}; nothing after that was looked at")
        if self.findings.count:
            return DIFFERS
        return INCOMPLETE if self.findings.gaps else VERIFIED

    def _check(self) -> None:
        self._note = self._read_note("checkpoint")
        head = checkpoint_of(self._note.text)
        if head is None:
            raise Stop("checkpoint is no checkpoint: origin, size, root")
        self.head = head
        manifest_bytes = self._package.read("manifest.json")
        manifest = self._manifest(manifest_bytes)
        keys = self._keys()
        self.keys = keys
        self._known = list({key.text: key for key in (*keys, *self._given)}.values())
        self._older = self._older_notes()
        self._files(manifest)
        self._pass(manifest)
        self._chain()
        self._signatures(manifest_bytes)
        self._sum_up(manifest)

    def _read_note(self, name: str) -> Note:
        note = note_of(self._package.read(name))
        if note is None:
            raise Stop(f"{name} is no signed note: a text, an empty line, lines of signatures")
        return note

    def _manifest(self, data: bytes) -> dict[str, Any]:
        manifest = parsed(data, "manifest.json")
        try:
            if (manifest["format"], manifest["version"]) != (FORMAT, FORMAT_VERSION):
                raise Stop("manifest.json is of another format than this program knows")
            chosen = manifest["selection"]
            self.selection = Selection(chosen["phase"], int(chosen["first"]), int(chosen["last"]))
            claims = (manifest["origin"], manifest["checkpoint"]["size"], manifest["checkpoint"]["root"])
            self._listed = {str(file["name"]): (file["bytes"], file["sha256"]) for file in manifest["files"]}
            self._counts = dict(manifest["counts"])
        except (KeyError, TypeError, ValueError):
            raise Stop("manifest.json does not say what a manifest says") from None
        if claims != (self.head.origin, self.head.size, self.head.root.hex()):
            self.findings.differs(
                "manifest.json", "it names another log, size or root than the checkpoint", follows=True
            )
        found: dict[str, Any] = manifest
        return found

    def _keys(self) -> list[Key]:
        """Return the keys that the package brings, the oldest first."""
        names = [name for name in self._package.sizes if name.startswith("keys/")]
        replaced = sum(name.startswith("keys/replaced-") and name.endswith(".vkey") for name in names)
        keys = []
        for name in [*(f"keys/replaced-{number}" for number in range(1, replaced + 1)), "keys/current"]:
            text = self._package.read(f"{name}.vkey")
            key = key_of(text.decode("utf-8", "replace").rstrip("\n"))
            if key is None:
                raise Stop(f"{name}.vkey is no verifier key")
            if text != f"{key.text}\n".encode() or self._package.read(f"{name}.pem") != key.pem():
                self.findings.differs(f"{name}.pem", "it is not the same key as the one beside it")
            keys.append(key)
        return keys

    def _older_notes(self) -> dict[int, tuple[str, Note, Checkpoint]]:
        """Return the earlier checkpoints by their size."""
        found = {}
        for name in self._package.sizes:
            kept = KEPT.fullmatch(name)
            if kept is None:
                continue
            note = self._read_note(name)
            checkpoint = checkpoint_of(note.text)
            if checkpoint is None or checkpoint.size != int(kept[1]) or checkpoint.size >= self.head.size:
                raise Stop(f"{name} is not the checkpoint of that size")
            found[checkpoint.size] = (name, note, checkpoint)
        return found

    def _files(self, manifest: dict[str, Any]) -> None:
        """Compare the files with the manifest, without those that are read in `_pass`."""
        apart = {"manifest.json", "manifest.note"}
        present = {name for name in self._package.sizes if not name.startswith("documents/")} - apart
        for name in sorted(present - self._listed.keys()):
            self.findings.differs(name, "the manifest does not list it; unpack a package into a folder of its own")
        for name in sorted(self._listed.keys() - present):
            self.findings.differs(name, "the manifest lists it, but it is not here")
        for name in sorted(present & self._listed.keys() - {"events.jsonl", "documents.jsonl", "population.csv"}):
            self._compare_with_manifest(Pages(self._package, name))

    def _compare_with_manifest(self, pages: Pages) -> None:
        listed = self._listed.get(pages.name)
        found = pages.finish()
        if listed is not None and found != listed:
            what = "size" if found[0] != listed[0] else "SHA-256"
            self.findings.differs(pages.name, f"its {what} is not what the manifest says")

    def _pass(self, manifest: dict[str, Any]) -> None:
        """Go through the events once, and through the lists beside them."""
        whole = self.selection == Selection(None, 1, self.head.size)
        pages = [Pages(self._package, name) for name in ("events.jsonl", "documents.jsonl", "population.csv")]
        events = Events(self.findings, self.head, whole=whole)
        events.wanted = [*self._older, *(c.size for _, _, c in self._held() if c is not None)]
        documents = Documents(self.findings, self._package)
        listed, population = Listed(self.findings, pages[1]), Population(self.findings, pages[2])
        selected, expected = 0, self.selection.first
        for event in events.read(pages[0].lines()):
            for line in documents.take(event):
                listed.expect(line)
            if self.selection.has(event):
                selected += 1
                population.expect(event)
                if self.selection.phase is None and not whole and event.position != expected:
                    self.findings.differs(expected, "it is missing, although it is in the range")
                expected = event.position + 1
            elif event.envelope["stream"] not in FRAME:
                self.findings.differs(event.position, "it is not among the events that the manifest names")
        if self.selection.phase is None and not whole and expected != self.selection.last + 1:
            self.findings.differs(expected, "it is missing, although it is in the range")
        for line in documents.rest():
            listed.expect(line)
        listed.end()
        population.end()
        for each in pages:
            self._compare_with_manifest(each)
        for name in sorted(documents.unused):
            self.findings.differs(name, "no event of the package holds that text")
        self.events, self.documents, self.selected, self.whole = events, documents, selected, whole

    def _held(self) -> list[tuple[str, Note | None, Checkpoint | None]]:
        """Return the notes that the auditor brought."""
        found = []
        for name, data in self._against:
            note = note_of(data)
            found.append((name, note, checkpoint_of(note.text) if note is not None else None))
        return found

    # ── keys and signatures ──

    def _chain(self) -> None:
        """Compare the keys and the name of the package with those that its events name."""
        names, origin = self.events.names, self.head.origin
        if names.origin != origin:
            self.findings.differs("checkpoint", f"it is of {short(origin)}, but the log ends as {short(names.origin)}")
        if names.chain() != [key.text for key in self.keys]:
            self.findings.differs("keys", "they are not the keys that the events of the log name")
        known = names.all()
        for key in self.keys:
            if key.name not in known:
                self.findings.differs("keys", f"one speaks for {short(key.name)}, which this log never was")
        if self.keys[-1].name != origin:
            self.findings.differs("keys", f"the one in force speaks for {short(self.keys[-1].name)}")
        named = (key_of(text) for _, *texts in names.keys for text in texts if text is not None)
        self._known = list({key.text: key for key in (*self._known, *named) if key is not None}.values())

    def _signed(self, name: str, note: Note, origin: str) -> tuple[set[str], set[str]]:
        """Return the known keys of a log that signed a note, and those that nothing here can check."""
        good, unchecked = set(), set()
        for signer, key_id, signature in note.signatures:
            for key in self._known:
                if (key.name, key.key_id) != (signer, key_id) or signer != origin:
                    continue
                holds = self.ed25519.holds(key, signature, note.text)
                if holds is None:
                    unchecked.add(key.text)
                elif holds:
                    good.add(key.text)
                else:
                    self.findings.differs(name, f"the signature of the key {key_id.hex()} is false")
        return good, unchecked

    def _signatures(self, manifest: bytes) -> None:
        """Check every signature, and that the keys that were trusted at first lead to the key of the checkpoint."""
        trusted = {key.text for key in (self._given or self.keys)}
        notes = {size: each for size, each in self._older.items() if self._older_holds(size)}
        notes[self.head.size] = ("checkpoint", self._note, self.head)
        signed = {size: self._signed(name, note, of.origin) for size, (name, note, of) in notes.items()}
        for _ in self.keys:  # a trusted key speaks for the keys that were named before its checkpoint
            for size, (good, unchecked) in signed.items():
                if (good | unchecked) & trusted:
                    trusted |= self.events.names.by(size)
        for size, (good, unchecked) in signed.items():
            if not (good | unchecked) & trusted:
                whom = f"the key that you gave{self._of_a_log_left()}" if self._given else "any key of the log"
                self.findings.differs(notes[size][0], f"it is not signed by {whom}")
        current = self.keys[-1].text
        if not self._given and current not in signed[self.head.size][0] | signed[self.head.size][1]:
            self.findings.differs("checkpoint", "it is not signed by the key in force")
        self._seal(manifest)
        self._hold(trusted)
        if self.ed25519.method is None:
            self.findings.gaps.append(
                "No signature was checked: neither the Python package `cryptography` nor a program `openssl` that knows"
                " Ed25519 is here. Everything else was."
            )

    def _of_a_log_left(self) -> str:
        """Return what to add where the auditor's key spoke for a log that this one left: it vouches for no fork."""
        left = next(filter(None, (self.events.names.left(key.name) for key in self._given)), None)
        if left is None:
            return ""
        return f", which spoke for the log that was left after {left.size} events; ask for the key of this one"

    def _is_ours(self, checkpoint: Checkpoint) -> bool:
        """Tell whether a checkpoint is of this log, or of what it shares with one that it left."""
        left = self.events.names.left(checkpoint.origin)
        return checkpoint.origin == self.head.origin or (left is not None and checkpoint.size <= left.size)

    def _older_holds(self, size: int) -> bool:
        """Check that an earlier checkpoint is the beginning of this log."""
        name, _, checkpoint = self._older[size]
        if not self._is_ours(checkpoint):
            self.findings.differs(name, f"it is a checkpoint of {short(checkpoint.origin)}")
        proof_name = f"consistency/{size}-{self.head.size}"
        if proof_name not in self._package.sizes:
            self.findings.differs(proof_name, "it is missing")
            return False
        lines = self._package.read(proof_name).decode("ascii", "replace").split("\n")
        proof = hashes_of(lines[:-1]) if lines[-1] == "" else None
        holds = proof is not None and grew(size, self.head.size, checkpoint.root, self.head.root, proof)
        if holds and self.whole and self.events.tree.root() == self.head.root:
            holds = self.events.roots.get(size, checkpoint.root) == checkpoint.root
        self._grown += holds
        if not holds:
            self.findings.differs(name, "its log is not the beginning of the log of the checkpoint")
        return holds

    def _seal(self, manifest: bytes) -> None:
        """Check that the key in force signed the manifest together with this checkpoint.

        Where that key is not trusted, the checkpoint is not signed by a trusted one either, which was said there.
        """
        note = self._read_note("manifest.note")
        root = base64.b64encode(self.head.root).decode()
        text = (
            f"{FORMAT} {FORMAT_VERSION}\n{self.head.origin}\n{self.head.size} {root}\n{sha256(manifest).hexdigest()}\n"
        )
        if note.text != text:
            self.findings.differs("manifest.json", "it is not the one that manifest.note was signed for")
        good, unchecked = self._signed("manifest.note", note, self.head.origin)
        if len(note.signatures) != 1 or self.keys[-1].text not in good | unchecked:
            self.findings.differs("manifest.note", "it is not signed by the key in force")

    def _hold(self, trusted: set[str]) -> None:
        """Hold the checkpoints that the auditor brought against the package."""
        for name, note, checkpoint in self._held():
            if note is None or checkpoint is None:
                self.findings.differs(name, "it holds no checkpoint")
                continue
            good, unchecked = self._signed(name, note, checkpoint.origin)
            is_signed = bool((good | unchecked) & trusted)
            left = self.events.names.left(checkpoint.origin)
            if checkpoint.origin != self.head.origin and left is None:
                signed = "" if is_signed else "; no known key signed it"
                self.findings.differs(name, f"it is a checkpoint of {short(checkpoint.origin)}, another log{signed}")
            elif not is_signed:
                of = f": give a key of {short(checkpoint.origin)}, too (--vkey)" if left else ""
                self.findings.differs(name, f"no known key signed it{of}")
            elif left is not None and not self._is_ours(checkpoint):
                self._abandoned(name, checkpoint, left)
            else:
                self._hold_one(name, checkpoint)

    def _abandoned(self, name: str, held: Checkpoint, left: Fork) -> None:
        first = left.size + 1
        places = f"position {first}" if held.size == first else f"positions {first} to {held.size}"
        self.findings.gaps.append(
            f"{short(name)} covers {number(held.size, 'event')} of {short(held.origin)}, which this log left after"
            f" {left.size}: {places} of that log were abandoned, and this package cannot tell whether the events before"
            " are the same."
        )

    def _hold_one(self, name: str, held: Checkpoint) -> None:
        size = held.size
        if size > self.head.size:
            self.findings.gaps.append(
                f"{short(name)} covers {size} events; the checkpoint of this package only {self.head.size}."
                " Ask for a newer package."
            )
            return
        older = self._older.get(size)
        known = self.head.root if size == self.head.size else older[2].root if older else self.events.roots.get(size)
        if known is None:
            self.findings.gaps.append(
                f"{short(name)} covers {size} events; this package cannot tell whether its log grew out of those."
                f" Ask for: orch audit prove --between {size} {self.head.size}"
            )
        elif known != held.root:
            self.findings.differs(name, f"the log of this package has another root at {size} events")
        else:
            self.told.append(f"held       {short(name)}: the log grew out of its {size} events")

    # ── the end ──

    def _sum_up(self, manifest: dict[str, Any]) -> None:
        events, texts, documents = self.events, self.events.texts, self.documents
        counts = {
            "events": events.count,
            "selected": self.selected,
            "texts": texts["here"],
            "withheld": texts["withheld"],
            "redacted": texts["redacted"],
            "missing": texts["missing"],
            "documents": documents.iterations,
            "verdicts": documents.verdicts,
        }
        if counts != self._counts:
            self.findings.differs("manifest.json", "its counts are not those of the events", follows=True)
        gaps = self.findings.gaps
        if not self.whole:
            gaps.append(self._part())
        for state, words in (
            ("withheld", "left out of this package; only the commitment is here"),
            ("redacted", "erased from the log, which records the erasure; only the commitment is left"),
            ("missing", "gone, although no event here records an erasure; only the commitment is left"),
        ):
            if texts[state]:
                gaps.append(f"The free text of {number(texts[state], 'event')} was {words}.")
        if documents.elsewhere:
            gaps.append(f"{number(documents.elsewhere, 'verdict')} judged texts drafted outside of the range.")
        self.told = [
            f"log        {clean(self.head.origin)}",
            f"events     {events.count}, positions {events.first} to {events.last}"
            + (": all of them" if self.whole else f" of {self.head.size}; {self.selected} selected"),
            f"root       {self.head.root.hex()} at {number(self.head.size, 'event')}",
            f"texts      {texts['here']} compared, {texts['withheld']} withheld, {texts['redacted']} redacted,"
            f" {texts['missing']} missing",
            f"documents  {number(documents.iterations, 'iteration')}, {number(documents.verdicts, 'verdict')};"
            f" {documents.digests} of {number(documents.iterations, 'digest')} made anew",
            f"before it  {number(self._grown, 'earlier checkpoint')} of this history",
            *(f"left       {clean(fork.parent)} after its {number(fork.size, 'event')}" for fork in events.names.forks),
            *self.told,
            *(f"key        {clean(key.text)}{'' if key is self.keys[-1] else ' (replaced)'}" for key in self.keys),
            f"signatures {'checked with ' + self.ed25519.method if self.ed25519.method else 'NOT CHECKED'}",
        ]

    def _part(self) -> str:
        chosen = self.selection
        if chosen.phase is not None:
            return (
                f"This package is about {short(chosen.phase)} only, positions {chosen.first} to {chosen.last}:"
                " every event in it is proved, but not that the log holds no later event of that phase."
            )
        return (
            f"This package is about positions {chosen.first} to {chosen.last} of {self.head.size} only."
            " Every event in it is proved, and none of the range is missing."
        )

    def limits(self) -> list[str]:
        """Return what no check of a package proves."""
        told = []
        if not self._given:
            told.append(
                "The key came with the package. Compare it with the one that the project gave you another way"
                " (orch audit key show), or give that one: --vkey."
            )
        if not self._against:
            told.append(
                "Whoever holds the key could have signed another history before you first held a checkpoint: give"
                " those that you hold with --against."
            )
        return [
            *told,
            "Who acted is what a local name claimed. The recorded times are those of the machine that held the log.",
            "report.html, and of population.csv the summaries and states, are the words of the program that made the"
            " package: its key signed them, the events are the proof.",
            "This program came with the package, too: trust it as far as you trust who gave you that, or run check.go,"
            " or a copy of verify.py from elsewhere: python3 other/verify.py FOLDER.",
        ]


def number(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def show(verification: Verification, status: int) -> None:
    """Print the verdict."""
    says = {
        VERIFIED: "✓ VERIFIED: everything in this package holds.",
        INCOMPLETE: "✓ What was checked holds. NOT EVERYTHING COULD BE CHECKED: see below.",
        DIFFERS: "✗ SOMETHING DIFFERS: do not rely on this package.",
    }
    print(says[status])
    for line in verification.told:
        print(f"  {line}")
    findings = verification.findings
    if findings.count:
        first = findings.first()
        rest = "" if len(first) == findings.count else f"; the first {len(first)}"
        print(f"\n  {number(findings.count, 'difference')}{rest}:")
        for words in first:
            print(f"    {words}")
        return
    print()
    for sentence in findings.gaps:
        print(f"  not checked: {sentence}")
    for sentence in verification.limits():
        print(f"  not proved: {sentence}")


def main(words: Sequence[str] | None = None) -> int:
    """Check a package and print the verdict; return the exit status."""
    for stream in filter(None, (sys.stdout, sys.stderr)):  # whoever started us may have closed one
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(
        prog="verify.py",
        description="Check an evidence package: every event, text, document, list, proof and signature in it.",
        epilog="Exit status 0: verified. 6: something differs. 7: what was checked holds, but not everything could be.",
    )
    parser.add_argument("package", nargs="?", help="a folder or a zip file; otherwise the folder of this file")
    parser.add_argument("--vkey", action="append", default=[], help="the verifier key that you were given")
    parser.add_argument("--against", action="append", default=[], metavar="FILE", help="a checkpoint that you hold")
    asked = parser.parse_args(words)
    given = []
    for text in asked.vkey:
        key = key_of(text.strip())
        if key is None:
            parser.error(f"this is no verifier key (name+hash+key): {short(text)}")
        given.append(key)
    against = []
    for name in asked.against:
        try:
            data = read_small(open(name, "rb"), name)  # noqa: SIM115  # closed there
        except (OSError, ValueError, Stop) as error:
            parser.error(f"{short(name)} cannot be read: {short(error)}")
        against += [(name, note) for note in notes_in(data)]
    path = asked.package or os.path.dirname(os.path.abspath(__file__))
    if not os.path.exists(path):
        parser.error(f"there is no folder and no file {short(path)}")
    try:
        package = Package(path)
    except Stop as stop:
        print(f"✗ SOMETHING DIFFERS: do not rely on this package.\n\n    {clean(str(stop))}")
        return DIFFERS
    verification = Verification(package, given, against)
    status = verification.run()
    package.close()
    try:
        show(verification, status)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # nobody reads on; the exit status still says it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return status


if __name__ == "__main__":
    sys.exit(main())
