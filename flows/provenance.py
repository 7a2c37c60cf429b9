"""What made a briefing: version and hashes of code, installed packages and fonts. Part of what "same input, same bytes" means."""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distributions, version
from pathlib import Path

from tasks.domain.facts import GeneratedBy

_PACKAGES = ("flows", "tasks", "reports", "expectations")
_CODE = {".py", ".j2", ".css", ".yml", ".html", ".txt"}


def generated_by(fonts_sha256: str) -> GeneratedBy:
    """Hashes of the four packages' files and of the names and versions of all installed distributions, beside that of the fonts.

    Campaign files are inputs, not code: they are left out.
    """
    return GeneratedBy(
        name="Resurge",
        version=version("resurge"),
        code_sha256=_code(),
        lock_sha256=_installed(),
        fonts_sha256=fonts_sha256,
    )


@cache
def _code() -> str:
    root = Path(__file__).resolve().parent.parent
    files = sorted(
        path
        for package in _PACKAGES
        for path in (root / package).rglob("*")
        if path.suffix in _CODE and path.is_file() and path.parent != root / "flows" / "campaigns"
    )
    return _files(files, root)


@cache
def _installed() -> str:
    lines = sorted({f"{found.name.lower().replace('_', '-')}=={found.version}" for found in distributions() if found.name})
    return hashlib.sha256("\n".join(line for line in lines if not line.startswith("resurge==")).encode()).hexdigest()


def _files(paths: Iterable[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
