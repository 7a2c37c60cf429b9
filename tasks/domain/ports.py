"""The ports: what the stages ask of the outside world. Adapters live in their stage; one contract suite runs over every adapter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from tasks.domain.batches import QueryEffort
from tasks.domain.parsed import Parsed


@dataclass(frozen=True)
class ObjectInfo:
    """`version` is opaque: it changes with every write of the key and is what `swap` compares."""

    key: str
    size: int
    version: str


@dataclass(frozen=True)
class Stored:
    """The bytes of one object with the version they were read at."""

    data: bytes
    version: str


class ObjectStore(Protocol):
    """A workspace's bytes. Keys are `/`-separated segments of `[A-Za-z0-9][A-Za-z0-9._+-]{0,159}` without `..`.

    Every method raises WorkspaceProblem when the store cannot be reached or refuses (disk full, credentials, no bucket), with the
    remedy in words. Reads after a write see it.
    """

    address: str

    def create(self, key: str, data: bytes | Path) -> Literal["created", "present"]:
        """Write once. `present` if the key already holds the same bytes (also after a lost answer of our own write);
        WriteConflict if it holds others. Never a torn object: whole or absent."""

    def read(self, key: str) -> Stored | None:
        """The bytes and version, or None if there is no such key."""

    def local_path(self, key: str) -> Path:
        """A local file with the object's bytes, for readers that map files (Parquet). Raises WorkspaceProblem if it is absent."""

    def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
        """Write if the current version is `expected` (None = absent); returns the new version. StaleWrite if it is not.
        After a lost answer the caller reads again and recognises its own nonce in the data."""

    def entries(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object under `prefix/`, in key order; of the whole store where it is empty."""


@dataclass(frozen=True)
class Page:
    """One page as it came over the wire. Pages without a row are kept too: they are effort."""

    raw: bytes
    format: str  # names the importer that reads it
    fetched_at: datetime
    effort: QueryEffort


class Source(Protocol):
    """Something that can be asked for what was posted and observed in [since, until)."""

    kind: str
    capture_rule: str  # "live", or the declared rule of an archive or simulator

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]: ...


class StatusSource(Protocol):
    """Somebody who looks whether accounts still stand. Pages hold account observations with a status; an account of which it cannot say
    anything is in none of them, and stays unchecked."""

    kind: str
    capture_rule: str
    options: dict[str, Any]  # for the importer of its pages

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """Look at the accounts (platform, account id) that are due at `now`. May give observations of others too."""


@runtime_checkable
class Remembering(Protocol):
    """A status source that tells a changed handle by the one at the check before; told before it looks."""

    def remember(self, handles: Mapping[tuple[str, str], str]) -> None:
        """(platform, account id) -> handle at the check before, or, where there was none, when the account was first seen."""


class PostRef(NamedTuple):
    """A post that was collected, with its author: whether the author still stands decides what an absent post means."""

    platform: str
    post_id: str
    account_id: str


@runtime_checkable
class PostChecking(Protocol):
    """A status source that can also be asked whether single posts still stand."""

    def post_checks(self, posts: Sequence[PostRef], now: datetime) -> Iterator[Page]:
        """Pages that hold states of posts (POST_STATES): `seen` of those that are given again, `deleted` of those that are not although
        their author stands. A post in no page, or of an author who is gone, or whose question failed, stays unasked."""


@dataclass(frozen=True)
class LandedFile:
    """A landed raw file, readable at `path`, uncompressed; `name` is for people (the file's own name or the page's query)."""

    path: Path
    name: str
    sha256: str
    fetched_at: datetime | None = None
    effort: QueryEffort | None = None


class Importer(Protocol):
    """Turns landed files of one format into rows of our schema, strictly."""

    @property
    def format(self) -> str: ...

    @property
    def version(self) -> str:
        """Raised when the same bytes are read another way."""

    def parse(
        self, files: Sequence[LandedFile], *, observed_at: Literal["posted"] | datetime | None, options: dict[str, Any]
    ) -> Parsed:
        """`observed_at`: `posted` counts each row as observed when it was posted, an instant fixes it, None takes it from the rows or
        the fetch. Raises UnreadableInput naming file and line for a file that cannot be parsed at all, UsageProblem for options."""


class Mailer(Protocol):
    """Hands one message to one recipient."""

    @property
    def kind(self) -> str: ...

    def send(self, message: EmailMessage, recipient: str) -> "Handover": ...


@dataclass(frozen=True)
class Handover:
    """`accepted`: the server took it. `refused`: it said no for good. `deferred`: it said try later. `unknown`: the line dropped
    after DATA, so it may or may not have been taken."""

    outcome: Literal["accepted", "refused", "deferred", "unknown"]
    reply: str
