"""What made a briefing: version and hashes of code, installed packages and fonts. Part of what "same input, same bytes" means."""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tasks.domain.facts import GeneratedBy

_PACKAGES = ("flows", "tasks", "reports", "expectations")
_CODE = {".py", ".j2", ".css", ".yml", ".html", ".txt"}


def generated_by(fonts_sha256: str) -> GeneratedBy:
    """Hashes of the four packages' files, and of the names and versions of the distributions they require, beside that of the fonts.

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
    """Names and versions of what `resurge` requires, and what that requires: test tools beside it change nothing."""
    found: dict[str, str] = {}
    asked: list[tuple[str, frozenset[str]]] = [("resurge", frozenset())]
    seen = set(asked)
    while asked:
        name, extras = asked.pop()
        found[name] = version(name)
        for requirement in map(Requirement, requires(name) or ()):
            wanted = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            applies = not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in {"", *extras})
            if applies and wanted not in seen:
                seen.add(wanted)
                asked.append(wanted)
    del found["resurge"]
    return hashlib.sha256("\n".join(f"{name}=={found[name]}" for name in sorted(found)).encode()).hexdigest()


def _files(paths: Iterable[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
