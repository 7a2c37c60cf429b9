"""On which kind of file system a directory lies: link(), flock() and fsync() keep their promises on local ones only."""

from pathlib import Path

# fmt: off
_NETWORK = frozenset({
    "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "smbnetfs", "9p", "afs", "ceph", "coda", "davfs",
    "davfs2", "glusterfs", "lustre", "beegfs", "gpfs", "ncpfs", "orangefs", "pvfs2", "vboxsf", "vmhgfs", "webdav",
    "osxfuse", "macfuse",
})
_LOCAL_FUSE = frozenset({
    "fuseblk", "fuse.ext2", "fuse.ext4", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse-overlayfs",
    "fuse.fuse-overlayfs",
})
# fmt: on
_MOUNTS = Path("/proc/self/mounts")


def file_system_of(path: Path, mounts: str) -> str:
    """The type of the file system that holds `path` (absolute, links resolved), from a table in the form of /proc/self/mounts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        # later lines are mounted over earlier ones, so at equal depth the later one counts
        if (path == point or point in path.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def is_network(kind: str) -> bool:
    """True for network file systems; of FUSE ones only those known to sit on a local disk are trusted."""
    return kind in _NETWORK or (kind.startswith("fuse") and kind not in _LOCAL_FUSE)


def network_file_system(path: Path) -> str | None:
    """The name of the network file system `path` lies on, or None. Where there is no mount table (macOS) nothing can be told: None."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = file_system_of(path.resolve(), mounts)
    return kind if is_network(kind) else None
