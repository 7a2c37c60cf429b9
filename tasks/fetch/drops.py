"""Drops: files that a partner lays down for us. Each version of each file is taken once, on the road of `resurge ingest`.

A drop may have a manifest, which makes several files one whole: it is taken when every file it names is there with the hash it gives.

    {"version": 1, "files": [
      {"name": "posts.csv", "sha256": "...", "format": "csv", "observed_at": "2026-03-01T06:00:00Z", "options": {"map": {...}}}]}
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.domain.errors import SourceProblem

MOST_FILES = 10_000
MANIFEST_BYTES = 4 << 20


@dataclass(frozen=True)
class DroppedFile:
    """One version of one file. `mark` names the version and stands in the batch that it became: that is how it is known again."""

    name: str
    mark: str
    size: int
    bring: Callable[[Path], None]  # writes its bytes; raises SourceProblem
    sha256: str | None = None  # what a manifest promises


@dataclass(frozen=True)
class Drop:
    """Files that are ingested together, and how. `whole`: of a manifest; nothing of it is taken while one of its files does not fit."""

    name: str
    files: Sequence[DroppedFile]
    format: str
    observed_at: str | None = None  # "posted", an instant, or None as the format has it
    options: dict[str, Any] = field(default_factory=dict)


class DropSource(Protocol):
    """A place where drops lie."""

    kind: str

    def drops(self, known: Collection[str]) -> Iterator[Sequence[Drop]]:
        """What is there with a mark that is not among `known`, oldest first; drops that one manifest makes a whole come together. What is
        wrong with a drop is raised as SourceProblem after all others were given."""


class ManifestFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=1_000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    format: str
    observed_at: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class Manifest(BaseModel):
    """What a partner says a drop holds. Unknown keys are refused: they may change what the known ones mean."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    files: list[ManifestFile] = Field(min_length=1, max_length=MOST_FILES)


def read_manifest(data: bytes, name: str) -> Manifest:
    """Raises SourceProblem naming the field at fault, or the file that leads out of the folder or stands there twice."""
    remedy = "Ask the partner for a corrected manifest; nothing of this drop was taken."
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise SourceProblem(
            f"The manifest {name} does not hold together: {place}: {first['msg'].lower()}.", remedy=remedy
        ) from error
    names = [file.name for file in manifest.files]
    for odd in names:
        if odd.startswith("/") or ".." in odd.split("/"):
            raise SourceProblem(f"The manifest {name} names {odd!r}, which is outside of its folder.", remedy=remedy)
        if names.count(odd) > 1:
            raise SourceProblem(f"The manifest {name} names {odd!r} twice.", remedy=remedy)
    return manifest
