"""Which file system a path lies on; a log on a network file system would lose its locks."""

import os
from pathlib import Path

from domain.errors import Unavailable

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "ncpfs")
)
NETWORK_FUSE = ("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "fuse.ceph", "fuse.gcsfuse", "fuse.davfs")


def kind_of(path: Path, *, mounts: Path = MOUNTS) -> str:
    """Return the type of the file system that holds a path, or an empty string where Linux cannot tell us.

    Format: proc(5), /proc/pid/mountinfo: field 5 is the mount point, the type follows the lone hyphen.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real = path.resolve()
    best, found = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if real.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), after.split()[0]
    return found


def is_network(kind: str) -> bool:
    """Tell whether a type of file system is one whose locks reach over a network."""
    return kind in NETWORK or kind.startswith(NETWORK_FUSE)


def free_bytes(path: Path) -> int:
    """Return how much of the disk that holds a path may still be written by us."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def refuse_network(path: Path, *, mounts: Path = MOUNTS) -> None:
    """Refuse a path on a network file system."""
    kind = kind_of(path, mounts=mounts)
    if is_network(kind):
        raise Unavailable(
            f"{path} lies on a network file system ({kind}); its locks cannot be trusted with a log."
            " Put the store on a local disk: ORCHESTRATOR_STATE_DIR names its folder."
        )
