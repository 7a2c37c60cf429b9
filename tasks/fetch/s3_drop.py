"""A folder of a bucket in which a partner lays down files (source `s3-drop`): each version of each object is taken once.

Options:

    bucket: partner-drops
    prefix: reeds/                 # only what lies under it
    format: csv                    # of every object ... (any importer)
    options: {map: {...}}          # ... with these options of the importer
    observed_at: posted            # ... as `resurge ingest --observed-at`
    suffix: .csv.gz                # only objects that end so
    manifest: manifest.json        # instead of the four above: a folder is one drop, described by this file (tasks.fetch.drops)
    skip: [reeds/broken.csv]       # never taken
    endpoint_url: https://s3.example   # for services other than Amazon's
    region: eu-central-1
    access_key: partner-id         # names of two credentials; without them the machine's own are used
    secret_key: partner-secret
    max_mb: 5000                   # of one object

An object's version is its key and ETag; it is read with If-Match, so that what was listed is what is landed. Equal bytes under two keys
become one batch, because landed bytes are known by their hash.
"""

import hashlib
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError
from pydantic import Field

from tasks.domain.errors import SourceProblem, UsageProblem, WorkspaceProblem
from tasks.domain.printable import printable
from tasks.domain.sources import Secrets
from tasks.fetch.drops import MANIFEST_BYTES, MOST_FILES, Drop, DroppedFile, Manifest, ManifestFile, read_manifest
from tasks.fetch.importers import importer
from tasks.fetch.web.client import checked_base
from tasks.fetch.web.options import SourceOptions, checked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK = 1 << 20
_TRIES = 3  # of a body that broke off; requests are repeated by the client itself

ClientOf = Callable[..., "S3Client"]  # (address, endpoint_url=, region=, access_key=, secret_key=)
Explained = Callable[[str, str], AbstractContextManager[None]]  # (address, action): the client's errors in words


class DropOptions(SourceOptions):
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    prefix: str = ""
    format: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    observed_at: str | None = None
    suffix: str = ""
    manifest: str = Field(default="", pattern=r"^[^/]*$")
    skip: list[str] = Field(default_factory=list)
    endpoint_url: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    max_mb: int = Field(default=5_000, ge=1)


class S3Drop:
    """The place. Raises UsageProblem for an option that is wrong, and where neither a format nor a manifest is named."""

    kind = "s3-drop"

    def __init__(self, options: dict[str, Any], secret: Secrets, client_of: ClientOf, explained: Explained) -> None:
        self._options = chosen = checked(DropOptions, options, self.kind)
        if bool(chosen.format) == bool(chosen.manifest):
            raise UsageProblem("A source of the kind s3-drop needs either `format` or `manifest`.", remedy="Name one of the two.")
        if chosen.format:
            importer(chosen.format)
        if bool(chosen.access_key) != bool(chosen.secret_key):
            raise UsageProblem(
                "A source of the kind s3-drop has one half of its credentials.", remedy="Name access_key and secret_key."
            )
        keys = {name: secret(getattr(chosen, name)) for name in ("access_key", "secret_key") if getattr(chosen, name)}
        endpoint = checked_base(chosen.endpoint_url, "endpoint_url") if chosen.endpoint_url else None
        self._address = f"s3://{chosen.bucket}/{chosen.prefix}"
        self._client = client_of(self._address, endpoint_url=endpoint, region=chosen.region or None, **keys)
        self._explained = explained

    def drops(self, known: Collection[str]) -> Iterator[Sequence[Drop]]:
        """As tasks.fetch.drops.DropSource."""
        listed = self._listed()
        if not self._options.manifest:
            for name, file in listed.items():
                if name.endswith(self._options.suffix) and file.mark not in known:
                    yield [Drop(name, [file], self._options.format, self._options.observed_at, self._options.options)]
            return
        problems: list[SourceProblem] = []
        for name, file in listed.items():
            folder, slash, last = name.rpartition("/")
            if last != self._options.manifest:
                continue
            try:
                files = self._promised(folder + slash, file, listed)
            except SourceProblem as problem:
                problems.append(problem)
                continue
            if any(promised.mark not in known for _, promised in files):
                yield _together(name, files)
        if problems:
            more = f" So are {len(problems) - 1} more drops." if len(problems) > 1 else ""
            raise SourceProblem(f"A drop is not whole. {problems[0].problem}{more}", remedy=problems[0].remedy)

    def _listed(self) -> dict[str, DroppedFile]:
        """Every object under the prefix, oldest first. Raises SourceProblem where there are more than a fetch may take."""
        found: list[tuple[Any, str, DroppedFile]] = []
        with self._told(f"list {self._address}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._options.bucket, Prefix=self._options.prefix)
            for entry in (entry for page in pages for entry in page.get("Contents", [])):
                key, etag = entry["Key"], entry["ETag"]
                if key.endswith("/") or key in self._options.skip:
                    continue
                mark = _mark(f"s3://{self._options.bucket}/{key} {etag}")
                file = DroppedFile(printable(key)[0], mark, entry["Size"], partial(self._bring, key, etag, entry["Size"]))
                found.append((entry["LastModified"], key, file))
                if len(found) > MOST_FILES:
                    raise SourceProblem(
                        f"{self._address} holds more than {MOST_FILES:,} objects.",
                        remedy="Name a longer prefix, or have old drops moved away.",
                    )
        return {key: file for _, key, file in sorted(found, key=lambda one: one[:2])}

    def _promised(self, folder: str, file: DroppedFile, listed: dict[str, DroppedFile]) -> list[tuple[ManifestFile, DroppedFile]]:
        """The files of a manifest. Raises SourceProblem where one is missing, or the manifest is none."""
        if file.size > MANIFEST_BYTES:
            raise SourceProblem(
                f"The manifest {file.name} has {file.size:,} bytes.", remedy=f"At most {MANIFEST_BYTES:,} are read."
            )
        manifest: Manifest = read_manifest(self._bytes(file), file.name)
        found = []
        for promised in manifest.files:
            try:
                importer(promised.format)
            except UsageProblem as error:
                raise SourceProblem(
                    f"The manifest {file.name} has a format that is none: {error.problem}", remedy=error.remedy
                ) from error
            there = listed.get(folder + promised.name)
            if there is None:
                raise SourceProblem(
                    f"The manifest {file.name} names {promised.name!r}, which is not there.",
                    remedy="Wait for the partner to finish, or ask for the file; nothing of this drop was taken.",
                )
            found.append(
                (
                    promised,
                    DroppedFile(there.name, _mark(f"{there.mark} {promised.sha256}"), there.size, there.bring, promised.sha256),
                )
            )
        return found

    def _bytes(self, file: DroppedFile) -> bytes:
        with tempfile.TemporaryDirectory(prefix="resurge-drop-") as place:
            file.bring(Path(place) / "manifest")
            return (Path(place) / "manifest").read_bytes()

    def _bring(self, key: str, etag: str, size: int, target: Path) -> None:
        """Write the object's bytes to `target`; a body that breaks off is asked for again."""
        name = f"{self._options.bucket}/{printable(key)[0]}"
        if size > self._options.max_mb * 1_000_000:
            raise SourceProblem(
                f"{name} has {size / 1e6:,.0f} MB, more than the {self._options.max_mb:,} allowed.",
                remedy="Raise `max_mb`, or put the object under `skip`.",
            )
        with self._told(f"read {name}"):
            for attempt in range(_TRIES):
                try:
                    answer = self._client.get_object(Bucket=self._options.bucket, Key=key, IfMatch=etag)
                    written = 0
                    with target.open("wb") as out:
                        for chunk in answer["Body"].iter_chunks(_CHUNK):
                            written += len(chunk)
                            if written > size:
                                break
                            out.write(chunk)
                except BotoCoreError:
                    if attempt == _TRIES - 1:
                        raise
                    continue
                if written == size:
                    return
        raise SourceProblem(
            f"{name} gave {written:,} bytes where {size:,} were listed.", remedy="See whether the service keeps what it was given."
        )

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        """What the client says, as a SourceProblem: the place is a source, not the workspace."""
        try:
            with self._explained(self._address, action):
                yield
        except WorkspaceProblem as problem:
            raise SourceProblem(problem.problem, remedy=problem.remedy) from problem


def _mark(text: str) -> str:
    """Short, and without the name of a bucket: it stands in batches and, as the query that found a post, in briefings."""
    return f"drop {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _together(name: str, files: Sequence[tuple[ManifestFile, DroppedFile]]) -> list[Drop]:
    """A manifest's files as drops: those of one format, time and set of options are ingested together, as by one command."""
    groups: dict[str, list[tuple[ManifestFile, DroppedFile]]] = {}
    for promised, file in files:
        groups.setdefault(repr((promised.format, promised.observed_at, sorted(promised.options.items()))), []).append(
            (promised, file)
        )
    return [
        Drop(name, [file for _, file in group], group[0][0].format, group[0][0].observed_at, group[0][0].options)
        for group in groups.values()
    ]
