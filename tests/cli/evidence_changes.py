"""What somebody does to an unpacked package, from one letter to a history of their own."""

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.evidence_verify import FORMAT, FORMAT_VERSION, key_of
from adapters.keys import load_key
from adapters.signed_notes import VerifierKey, note, sign
from domain.checkpoints import Checkpoint
from domain.merkle import leaf_hash, tree_root
from tests.cli.conftest import by_the_log
from tests.cli.evidence_world import lines, relisted, write_lines

HERE = Path("evidence")
Change = Callable[[Path], object]


def edited(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text, (name, old)
        (folder / name).write_text(text.replace(old, new))

    return change


def line_changed(number: int, change: Callable[[dict[str, Any]], object], name: str = "events.jsonl") -> Change:
    def changed(folder: Path) -> None:
        found = lines(folder, name)
        change(found[number])
        write_lines(folder, found, name)

    return changed


def envelope_changed(number: int, change: Callable[[dict[str, Any]], object]) -> Change:
    def entry(line: dict[str, Any]) -> None:
        first, _, envelope = line["entry"].partition("\n")
        said = json.loads(envelope)
        change(said)
        line["entry"] = first + "\n" + json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    return line_changed(number, entry)


def lines_changed(change: Callable[[list[dict[str, Any]]], object]) -> Change:
    def changed(folder: Path) -> None:
        found = lines(folder)
        change(found)
        write_lines(folder, found)

    return changed


def another_text(line: dict[str, Any]) -> None:
    line["payload"] = line["payload"].replace("loopback", "prayer!!")


def said_to_be_withheld(line: dict[str, Any]) -> None:
    line.update(text="withheld", salt=None, payload=None)


def said_to_be_redacted(line: dict[str, Any]) -> None:
    line.update(text="redacted", salt=None, payload=None)


def as_somebody_else(envelope: dict[str, Any]) -> None:
    envelope["actor"]["id"] = "mallory"


def another_digest(envelope: dict[str, Any]) -> None:
    envelope["facts"]["digest"] = "sha256:1:" + "0" * 64


def swapped(found: list[dict[str, Any]]) -> None:
    found[4], found[5] = found[5], found[4]


def drafts_of(found: list[dict[str, Any]]) -> list[int]:
    return [at for at, line in enumerate(found) if '"topic":"phase.document_drafted"' in line["entry"]]


def text_of_another_draft(found: list[dict[str, Any]]) -> None:
    one, other, *_ = drafts_of(found)
    for name in ("salt", "payload"):
        found[one][name], found[other][name] = found[other][name], found[one][name]


def keys_of_mallory(folder: Path) -> None:
    key = key_of(mallory(folder)[0])
    assert key is not None
    (folder / "keys/current.vkey").write_text(f"{key.text}\n")
    (folder / "keys/current.pem").write_bytes(key.pem())


def mallory(folder: Path) -> tuple[str, Ed25519PrivateKey]:
    """Return a key that speaks in the name of the same log."""
    origin = json.loads((folder / "manifest.json").read_text())["origin"]
    private = Ed25519PrivateKey.from_private_bytes(b"m" * 32)
    return VerifierKey(origin, private.public_key().public_bytes_raw()).text(), private


def signed_by_mallory(folder: Path) -> None:
    """Make a checkpoint and a seal that fit the changed events, signed by a key of one's own."""
    sign_all(folder, *mallory(folder))


def sign_all(folder: Path, vkey: str, private: Ed25519PrivateKey) -> None:
    """Make a checkpoint, a manifest and its seal that fit the events."""
    leaves = [leaf_hash(line["entry"].encode()) for line in lines(folder)]
    root = tree_root(leaves)
    manifest = json.loads((folder / "manifest.json").read_text())
    text = Checkpoint(manifest["origin"], len(leaves), root).text()
    (folder / "checkpoint").write_bytes(note(text, [sign(text, vkey, private)]))
    manifest["checkpoint"] = {"size": len(leaves), "root": root.hex()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    relisted(folder)
    data = (folder / "manifest.json").read_bytes()
    head = f"{len(leaves)} {b64encode(root).decode()}"
    text = f"{FORMAT} {FORMAT_VERSION}\n{manifest['origin']}\n{head}\n{sha256(data).hexdigest()}\n"
    (folder / "manifest.note").write_bytes(note(text, [sign(text, vkey, private)]))


def also(*changes: Change) -> Change:
    def change(folder: Path) -> None:
        for each in changes:
            each(folder)

    return change


def rewritten(folder: Path) -> None:
    """Rewrite who approved, and sign the new history with one's own key."""
    envelope_changed(7, as_somebody_else)(folder)
    keys_of_mallory(folder)
    signed_by_mallory(folder)


def old_checkpoint_of_mallory(folder: Path) -> None:
    path = sorted((folder / "checkpoints").iterdir())[0]
    vkey, private = mallory(folder)
    text = Checkpoint(json.loads((folder / "manifest.json").read_text())["origin"], int(path.stem), b"r" * 32).text()
    path.write_bytes(note(text, [sign(text, vkey, private)]))


def one_proof_for_another(folder: Path) -> None:
    one, other = sorted((folder / "consistency").iterdir())
    one.write_bytes(other.read_bytes())


def drop(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def resigned(folder: Path) -> None:
    """Sign what the events give with the project's own key, as the program would have."""
    vkey = (folder / "keys/current.vkey").read_text().strip()
    sign_all(folder, vkey, load_key(by_the_log(".orch/keys"), vkey))


def recounted(folder: Path, **counts: int) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["counts"].update(counts)
    (folder / "manifest.json").write_text(json.dumps(manifest))
