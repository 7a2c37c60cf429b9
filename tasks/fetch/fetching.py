"""What `collect` and `ingest` do: ask a source, land every page before it is parsed, parse, and name the batch.

Plain functions over the ports; the store is passed in as `land`.
"""

import inspect
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tasks.domain.batches import BatchIdentity, QueryEffort, RawObject
from tasks.domain.campaign import SourceSpec
from tasks.domain.errors import SourceProblem, UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile, Page, Source, StatusSource
from tasks.fetch.drops import DropSource
from tasks.fetch.importers import importer
from tasks.fetch.rows import ObservedAt
from tasks.fetch.streaming import StreamingImporter

Made = TypeVar("Made", Source, StatusSource, DropSource)
Land = Callable[[bytes, str], RawObject]  # (bytes, file ending such as "ndjson") -> where they lie now


@dataclass(frozen=True)
class Caps:
    """Where a fetch stops, and how large a batch gets. A platform's busiest day of a campaign is some 20,000 posts of 2 kB."""

    pages: int = 10_000
    bytes: int = 4 * 2**30
    page_bytes: int = 256 * 2**20
    batch_rows: int = 250_000
    batch_bytes: int = 512 * 2**20


@dataclass(frozen=True)
class LandedPage:
    """One page after landing."""

    raw: RawObject
    fetched_at: datetime
    effort: QueryEffort


@dataclass
class FetchedGroup:
    """Landed pages of one format that become one batch."""

    format: str
    pages: list[LandedPage] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(page.effort.rows for page in self.pages)

    @property
    def size(self) -> int:
        return sum(page.raw.size for page in self.pages)


def fetch(source: Source, since: datetime, until: datetime, land: Land, *, caps: Caps) -> Iterator[FetchedGroup]:
    """Ask `source` for [since, until), land each page, and hand out groups of pages of one format, each at most as large as `caps` allow
    (one page may be larger).

    What was landed is always handed out: where the source fails or passes a cap, the open groups come first and the error after them.
    Raises SourceProblem when a cap is passed, and whatever the source or `land` raises.
    """
    open_groups: dict[str, FetchedGroup] = {}
    try:
        for page in _capped(source, since, until, caps):
            raw = land(page.raw, page.format)
            group = open_groups.get(page.format)
            if group and (group.rows + page.effort.rows > caps.batch_rows or group.size + raw.size > caps.batch_bytes):
                yield open_groups.pop(page.format)
                group = None
            group = group or open_groups.setdefault(page.format, FetchedGroup(page.format))
            group.pages.append(LandedPage(raw, page.fetched_at, page.effort))
    except Exception:
        yield from open_groups.values()
        raise
    yield from open_groups.values()


def fetch_groups(
    source: Source, since: datetime, until: datetime, land: Land, caps: Caps = Caps()
) -> tuple[list[FetchedGroup], Exception | None]:
    """`fetch` to its end: every group that was landed, and the failure that ended the fetch early, for the caller to raise once the groups
    are stored."""
    groups: list[FetchedGroup] = []
    try:
        groups.extend(fetch(source, since, until, land, caps=caps))
    except Exception as problem:
        return groups, problem
    return groups, None


def parse_landed(files: Sequence[LandedFile], fmt: str, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
    """Parse landed files with the importer of `fmt` and check its books: no landed row may be missing or counted twice.

    Files of an ingest are taken in the order of their hashes, each once (`in_order`). Raises UnreadableInput, UsageProblem as the importer.
    """
    parsed = importer(fmt).parse(in_order(files), observed_at=observed_at, options=options)
    return _balanced(_with_drops(parsed, files), fmt)


def _with_drops(parsed: Parsed, files: Sequence[LandedFile]) -> Parsed:
    """A file of a drop is known again by its effort, also where its importer names none: lists and ledgers answer no query."""
    named = {effort.query_id for effort in parsed.effort}
    drops = [file.effort for file in files if file.effort is not None and file.fetched_at is None]
    missing = [effort for effort in drops if effort.query_id not in named]
    alone = len(missing) == 1 and not parsed.effort
    rows = sum(parsed.rows_landed.values()) if alone else 0  # of several, nothing says which file a row is of
    return replace(parsed, effort=(*parsed.effort, *(effort.model_copy(update={"rows": rows}) for effort in missing)))


def parse_parts(
    files: Sequence[LandedFile], fmt: str, observed_at: ObservedAt, options: dict[str, Any], folder: Path
) -> list[Callable[[], Parsed]]:
    """The same of files that may be larger than memory: how to get part after part, of one of the importers that read in parts.

    Parts wait in `folder` until the last row was read, so that a file with a fault at its end is refused whole; a single part stays in
    memory. Raises as `parse_landed`.
    """
    reader = importer(fmt)
    if not isinstance(reader, StreamingImporter):
        return [partial(parse_landed, files, fmt, observed_at, options)]
    kept: list[Path] = []
    last: Parsed | None = None
    for parsed in reader.parts(in_order(files), observed_at=observed_at, options=options):
        if last is not None:
            kept.append(_laid_aside(last, folder / f"part-{len(kept)}"))
        last = _balanced(parsed, fmt)
    return [*(partial(_taken_up, path) for path in kept), *([lambda: last] if last is not None else [])]


def _laid_aside(parsed: Parsed, path: Path) -> Path:
    with path.open("wb") as stream:
        pickle.dump(parsed, stream, protocol=pickle.HIGHEST_PROTOCOL)
    return path


def _taken_up(path: Path) -> Parsed:
    with path.open("rb") as stream:
        parsed: Parsed = pickle.load(stream)  # noqa: S301 (written by this process, in a folder of its own)
    path.unlink()
    return parsed


def _balanced(parsed: Parsed, fmt: str) -> Parsed:
    """Raises UnreadableInput where rows are missing or counted twice."""
    for table, rows in (("posts", parsed.posts), ("accounts", parsed.accounts), *parsed.others.items()):
        refused = parsed.rejected.loc[parsed.rejected["table"] == table, "row_number"]
        found = len(rows) + len(refused)
        if (
            found != parsed.rows_landed.get(table, 0)
            or rows["row_number"].duplicated().any()
            or rows["row_number"].isin(refused).any()
        ):
            raise UnreadableInput(
                f"The importer {fmt} landed {parsed.rows_landed.get(table, 0):,} rows of {table} and returned {found:,}: "
                "nothing was stored.",
                remedy="This is a fault of the importer, not of the file; please report it.",
            )
    return parsed


def in_order(files: Sequence[LandedFile]) -> tuple[LandedFile, ...]:
    """Files of an ingest by hash and each once: neither their order nor a repeat makes another batch. Pages of a fetch as they came."""
    if any(file.fetched_at is not None for file in files):
        return tuple(files)
    return tuple({file.sha256: file for file in sorted(files, key=lambda file: file.sha256)}.values())


def identity_for_files(
    campaign: str, source_name: str, files: Sequence[LandedFile], fmt: str, observed_at: ObservedAt, options: dict[str, Any]
) -> BatchIdentity:
    """The identity of a file ingest: no wall time, so the same files give the same batch; the rule for `observed_at` stands in
    `capture_rule`."""
    return BatchIdentity(
        campaign=campaign,
        source=source_name,
        capture_rule=_rule(observed_at),
        format=fmt,
        parameters=options,
        parser_version=importer(fmt).version,
        raw_sha256=tuple(file.sha256 for file in in_order(files)),
    )


def identity_for_pages(
    campaign: str, source_name: str, group: FetchedGroup, capture_rule: str, options: dict[str, Any]
) -> BatchIdentity:
    """The identity of one group of fetched pages. A live fetch is told apart by its time (the last page's); under a declared rule, as of a
    simulator, the pages alone decide."""
    last = max(page.fetched_at for page in group.pages)
    return BatchIdentity(
        campaign=campaign,
        source=source_name,
        query="; ".join(dict.fromkeys(page.effort.query or page.effort.query_id for page in group.pages)),
        fetched_at=last if capture_rule == "live" else None,
        capture_rule=capture_rule,
        format=group.format,
        parameters=options,
        parser_version=importer(group.format).version,
        raw_sha256=tuple(page.raw.sha256 for page in group.pages),
    )


def source(spec: SourceSpec, factories: Mapping[str, Callable[..., Made]]) -> Made:
    """Make the source (of posts, or of checks of accounts) that a campaign file describes; `factories` are the adapters by kind, each
    called with the options by name.

    Raises UsageProblem for a kind or an option that is not known, an option that is missing, or a value the adapter refuses.
    """
    if spec.kind not in factories:
        raise UsageProblem(
            f"The source {spec.name} is of the unknown kind {spec.kind!r}.", remedy=f"Known kinds: {', '.join(sorted(factories))}."
        )
    factory = factories[spec.kind]
    signature = inspect.signature(factory)
    try:
        signature.bind(**spec.options)
    except TypeError as error:
        raise UsageProblem(
            f"The options of the source {spec.name} do not fit {spec.kind}: {error}.",
            remedy=f"Its options are: {', '.join(signature.parameters) or 'none'}.",
        ) from error
    try:
        return factory(**spec.options)
    except (ValueError, TypeError) as error:
        raise UsageProblem(
            f"An option of the source {spec.name} was refused: {error}.", remedy="Correct it in the campaign file."
        ) from error


def _capped(source: Source, since: datetime, until: datetime, caps: Caps) -> Iterator[Page]:
    size = 0
    for count, page in enumerate(source.pages(since, until), start=1):
        size += len(page.raw)
        if count > caps.pages:
            raise _endless(source, f"more than {caps.pages:,} pages")
        if len(page.raw) > caps.page_bytes:
            raise _endless(source, f"a page of {len(page.raw):,} bytes")
        if size > caps.bytes:
            raise _endless(source, f"more than {caps.bytes:,} bytes")
        yield page


def _endless(source: Source, what: str) -> SourceProblem:
    return SourceProblem(
        f"The source {source.kind} gave {what} and was stopped; what came before is kept.",
        remedy="Ask for a shorter span (--since, --until), or see whether the source repeats itself.",
    )


def _rule(observed_at: ObservedAt) -> str:
    if isinstance(observed_at, datetime):
        if observed_at.tzinfo is None:
            raise UsageProblem(f"The capture time {observed_at} has no offset.", remedy="Write it like 2023-10-07T12:00:00Z.")
        return observed_at.astimezone(UTC).isoformat()
    return observed_at or "stated"
