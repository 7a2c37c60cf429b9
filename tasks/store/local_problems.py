"""What the operating system says about a directory, in words for the person who has to act on it."""

import contextlib
import errno
from collections.abc import Iterator

from tasks.domain.errors import WorkspaceProblem

_REMEDIES = {
    errno.ENOSPC: ("the disk is full", "Free some space and run again; nothing half written was kept."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or raise the quota and run again; nothing half written was kept."),
    errno.EFBIG: ("the file would pass the size limit of this user or file system", "Raise the limit (ulimit -f) and run again."),
    errno.EACCES: (
        "permission denied",
        "Give this user the right to read and write there, or name another directory with --workspace.",
    ),
    errno.EROFS: ("the file system is read-only", "Mount it writable, or name another directory with --workspace."),
    errno.ENOTDIR: ("a part of the path is a file, not a directory", "Name a directory with --workspace."),
    errno.EISDIR: ("a directory stands where a file belongs", "Move that directory away and run again."),
    errno.EXDEV: ("the workspace spans several file systems", "Keep the whole workspace on one file system."),
    errno.ENAMETOOLONG: ("the path is too long", "Choose a shorter path for the workspace."),
    errno.EIO: ("the disk reports an error", "Check the disk, then run again; nothing half written was kept."),
    errno.EMFILE: ("too many files are open", "Raise the limit (ulimit -n) and run again."),
    errno.EPERM: ("the operation is not permitted", "Check the owner of the directory and that its file system knows hard links."),
    errno.EOPNOTSUPP: (
        "the file system knows no hard links or locks",
        "Put the workspace on another file system, such as ext4 or APFS.",
    ),
}


@contextlib.contextmanager
def explained(address: str, action: str) -> Iterator[None]:
    """Turn an OSError inside the block into a WorkspaceProblem that names the address, the action, the reason and the remedy."""
    try:
        yield
    except OSError as error:
        reason, remedy = _REMEDIES.get(error.errno or 0, (str(error.strerror or error), "Check the directory, then run again."))
        raise WorkspaceProblem(f"Cannot {action} in {address}: {reason}.", remedy=remedy) from error
