"""Which file system a path lies on, from mountinfo as proc(5) describes it."""

from pathlib import Path

import pytest

from adapters.file_systems import NETWORK, kind_of, refuse_network
from domain.errors import Unavailable

LINE = "36 35 98:0 {root} {point} rw,noatime master:1 propagate_from:2 - {kind} {source} rw,errors=continue"


def mountinfo(folder: Path, *mounts: tuple[str, str]) -> Path:
    """Write a mountinfo with these mount points and their types."""
    file = folder / "mountinfo"
    lines = [LINE.format(root="/", point=point, kind=kind, source="none") for point, kind in mounts]
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.mark.parametrize("kind", [*sorted(NETWORK), "fuse.sshfs", "fuse.rclone"])
def test_a_network_file_system_is_refused_with_its_name(tmp_path: Path, kind: str) -> None:
    mounts = mountinfo(tmp_path, ("/", "ext4"), (str(tmp_path), kind))
    with pytest.raises(Unavailable) as refusal:
        refuse_network(tmp_path / "project" / ".orch", mounts=mounts)
    assert f"network file system ({kind})" in refusal.value.message
    assert "ORCHESTRATOR_STATE_DIR" in refusal.value.message


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.ntfs-3g", "fuseblk"])
def test_a_local_file_system_is_not(tmp_path: Path, kind: str) -> None:
    mounts = mountinfo(tmp_path, ("/", "nfs4"), (str(tmp_path), kind))
    assert kind_of(tmp_path, mounts=mounts) == kind
    refuse_network(tmp_path, mounts=mounts)


def test_the_nearest_mount_point_counts_wherever_it_stands_in_the_list(tmp_path: Path) -> None:
    inner = ("/srv/work/project", "ext4"), ("/srv/work", "nfs"), ("/", "xfs"), ("/srv/workshop", "cifs")
    for mounts in (inner, tuple(reversed(inner))):
        file = mountinfo(tmp_path, *mounts)
        asked = ("/srv/work/project/a", "/srv/work/a", "/srv/workshop/a", "/srv/works/a", "/srv")
        assert [kind_of(Path(path), mounts=file) for path in asked] == ["ext4", "nfs", "cifs", "xfs", "xfs"]


def test_of_two_mounts_on_one_point_the_later_hides_the_earlier(tmp_path: Path) -> None:
    mounts = mountinfo(tmp_path, ("/srv", "ext4"), ("/srv", "nfs4"))
    assert kind_of(Path("/srv/project"), mounts=mounts) == "nfs4"


def test_a_link_to_a_network_file_system_is_followed(tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (tmp_path / "near").symlink_to(far)
    mounts = mountinfo(tmp_path, ("/", "ext4"), (str(far), "nfs4"))
    assert kind_of(tmp_path / "near", mounts=mounts) == "nfs4"


def test_mount_points_with_spaces_and_signs_are_read(tmp_path: Path) -> None:
    mounts = mountinfo(tmp_path, ("/", "ext4"), ("/srv/my\\040own\\134040", "cifs"))
    assert kind_of(Path("/srv/my own\\040/a"), mounts=mounts) == "cifs"
    assert kind_of(Path("/srv/my own /a"), mounts=mounts) == "ext4"


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"36 35\n", b"no hyphen / / / / /\n", b"\xff\xfe - \xff\n", b" - \n"]
)
def test_a_list_that_cannot_be_read_stops_nobody(tmp_path: Path, content: bytes) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_bytes(content)
    assert kind_of(tmp_path, mounts=mounts) == ""
    refuse_network(tmp_path, mounts=mounts)
    refuse_network(tmp_path, mounts=tmp_path / "missing")
