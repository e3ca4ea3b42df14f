"""Where backups go, as people write it: the path of a folder, or s3://bucket/prefix."""

import re
from pathlib import Path
from shlex import quote

from adapters.backup_storage import Storage
from domain.errors import InvalidInput

ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
S3 = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{1,254})((?:/[^\x00-\x1f\x7f]*)?)")
MOST = 512
"""Bytes of a prefix: keys of S3 have 1024 at most, and our names come behind it."""
SHAPE = ("orch backup create --to s3://BUCKET/PREFIX",)


def is_address(words: str) -> bool:
    """Tell whether that is an address and no path; `./s3:/x` is how a folder of such a name is written."""
    return ADDRESS.match(words) is not None


def place_of_its_own(words: str, origin: str) -> str:
    """Return words for a place beside those where the backups of a log can begin: its name is in it."""
    bare = words.rstrip("/")
    found = S3.fullmatch(bare)
    return f"{bare}{'/' if found and not found[2] else '-'}{origin.rpartition('/')[2][:8]}"


def holds_another(where: str, other: str, origin: str) -> tuple[str, tuple[str, ...]]:
    """Return the words for a place with the backups of another log, and the lines that begin those of this one."""
    place = quote(place_of_its_own(where, origin))
    said = f"{where} holds the backups of another log, {other}; those of this log go elsewhere."
    return said, (f"orch backup create --to {place}", f"orch config set backup.dir {place}")


def storage_at(words: str, root: Path) -> Storage:
    """Return the storage that words name; a relative path is relative to that folder. Nothing is asked there yet.

    Raises `InvalidInput` for what names none; the words are not repeated, because a secret may be in them.
    """
    if not words or "\x00" in words:
        raise InvalidInput("A path has to have a name, without a NUL character in it.")
    if not is_address(words):
        from adapters.backup_folder import Folder

        return Folder(root / words)
    found = S3.fullmatch(words)
    if found is None or len(found[2].encode()) > MOST:
        raise InvalidInput(
            "Backups go to a folder or to s3://BUCKET/PREFIX; credentials come from the environment or a profile, as"
            " for every program that speaks S3, and are never part of the address.",
            fix=SHAPE,
        )
    prefix = found[2].removeprefix("/").removesuffix("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise InvalidInput("The prefix in s3://BUCKET/PREFIX has an empty part, or one of dots only.", fix=SHAPE)
    from adapters.backup_s3 import S3Bucket

    return S3Bucket(found[1], prefix)
