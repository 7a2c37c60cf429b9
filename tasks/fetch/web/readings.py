"""From landed pages of a service to rows: the frame that its importers share. A page is one line of JSON (what was asked, when, and with
which status it was answered) and the body as it came (`tasks.fetch.web.queries.packed`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
import pandas as pd
import pyarrow as pa

from tasks.domain.batches import FieldDrift
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.chunks import CHUNK_ROWS, SAMPLE_LIMIT, RecordChunk, as_json, batched
from tasks.fetch.rows import Harvest, Recipe, capture_rule, take
from tasks.fetch.web.bodies import Broken, json_of

_INSTANT = pa.timestamp("us", tz="UTC")
Table = Literal["posts", "accounts", "post_states"]


@dataclass(frozen=True)
class Row:
    """One row before its values are checked: our columns, the object it was read from, and why it is none at all (`odd`)."""

    values: dict[str, Any]
    original: Any
    odd: str = ""


def states_of(platform: str) -> Recipe:
    """How what became of posts is read: rows of the values post_id, state and, where it is told, changed_at."""
    return Recipe("post_states", {name: name for name in ("post_id", "state", "changed_at")}, {"platform": platform})


@dataclass(frozen=True)
class PageRows:
    posts: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)  # what became of posts, of services that tell it (states_of)


class FieldBook:
    """Fields that stand in a service's objects, against those its importer knows: strangers, and expected ones that never came."""

    def __init__(self) -> None:
        self._objects: dict[tuple[Table, str], int] = {}
        self._expected: dict[tuple[Table, str], set[str]] = {}
        self._unknown: dict[tuple[Table, str], tuple[int, str]] = {}

    def see(self, table: Table, place: str, thing: Mapping[str, Any], required: frozenset[str], known: frozenset[str]) -> None:
        """`place` is where the object stands (`record`, empty for the row itself); `required` by the service's reference, the others
        `known`, read or not."""
        self._objects[table, place] = self._objects.get((table, place), 0) + 1
        self._expected.setdefault((table, place), set(required)).difference_update(thing)
        for name in thing.keys() - required - known:
            full = (table, f"{place}.{name}" if place else name)
            rows, sample = self._unknown.get(full, (0, as_json(thing[name], SAMPLE_LIMIT)))
            self._unknown[full] = (rows + 1, sample)

    def drift(self) -> tuple[FieldDrift, ...]:
        strangers = [
            FieldDrift(table=table, field=name, kind="unknown", rows=rows, sample=sample)
            for (table, name), (rows, sample) in sorted(self._unknown.items())
        ]
        missing = [
            FieldDrift(table=table, field=f"{place}.{name}" if place else name, kind="missing", rows=self._objects[table, place])
            for (table, place), names in sorted(self._expected.items())
            for name in sorted(names)
        ]
        return (*strangers, *missing)


Reader = Callable[[Mapping[str, Any], Any, FieldBook], PageRows]  # (head, JSON of the body, fields) -> rows


def parse_pages(
    files: Sequence[LandedFile],
    read: Reader,
    recipes: Mapping[Table, Recipe],
    *,
    observed_at: Literal["posted"] | datetime | None,
    options: Mapping[str, Any],
    form: str,
) -> Parsed:
    """Every row of every page through `take`; rows are counted per table over all files, in their order.

    A row was observed when its page came (with `posted`, a post when it was posted). Raises UnreadableInput naming the file that is no
    landed page of `form`, UsageProblem for any option.
    """
    if options:
        raise UsageProblem(f"The format {form} has no option {min(options)!r}.", remedy="Leave the options out.")
    harvest, book = Harvest(), FieldBook()
    rows_by_file = dict.fromkeys((file.sha256 for file in files), 0)
    pages = _pages(files, read, book, rows_by_file, form)
    held: dict[Table, list[tuple[Row, LandedFile, Any]]] = {"posts": [], "accounts": [], "post_states": []}
    for file, at, page in pages:
        for table, rows in (("posts", page.posts), ("accounts", page.accounts), ("post_states", page.states)):
            held[table] += [(row, file, at) for row in rows]  # type: ignore[index]
    for table, found in held.items():
        first = 0
        for block in batched(found, CHUNK_ROWS):
            _take(block, first, recipes[table], observed_at, harvest)
            first += len(block)
    harvest.rows_by_file = rows_by_file
    stated = all(file.fetched_at is None for file in files)
    return harvest.parsed(files, book.drift(), capture_rule(files, observed_at, stated=stated))


@dataclass(frozen=True)
class PagesImporter:
    """The importer (tasks.domain.ports.Importer) of a service's landed pages: `parse_pages` by its own `read` and `recipes`. A row of
    another shape than the service's reference says goes to quarantine with its reason."""

    format: str
    version: str  # raised when the same bytes are read another way
    read: Reader
    recipes: Mapping[Table, Recipe]

    def parse(
        self, files: Sequence[LandedFile], *, observed_at: Literal["posted"] | datetime | None, options: dict[str, Any]
    ) -> Parsed:
        return parse_pages(files, self.read, self.recipes, observed_at=observed_at, options=options, form=self.format)


def _take(block: list[tuple[Row, LandedFile, Any]], first: int, recipe: Recipe, observed_at: Any, harvest: Harvest) -> None:
    rows = [row for row, _, _ in block]
    chunk = RecordChunk(
        block[0][1],
        first,
        [row.values for row in rows],
        {place: row.odd for place, row in enumerate(rows) if row.odd},
        {place: row.original for place, row in enumerate(rows)},
    )
    given = {"observed_at": pa.array([at for _, _, at in block], _INSTANT)}
    if recipe.table == "posts":
        given["query_id"] = pa.array([file.effort.query_id if file.effort else None for _, file, _ in block], pa.string())
    take(chunk, recipe, observed_at, harvest, given)


def _pages(
    files: Sequence[LandedFile], read: Reader, book: FieldBook, rows_by_file: dict[str, int], form: str
) -> Iterator[tuple[LandedFile, datetime, PageRows]]:
    for file in files:
        head_line, _, body = file.path.read_bytes().partition(b"\n")
        try:
            head = orjson.loads(head_line)
            at = file.fetched_at or pd.Timestamp(head["at"]).to_pydatetime()
            rows = read(head, json_of(body), book)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, Broken) as error:
            raise UnreadableInput(
                f"{file.name} was refused whole: it is no landed page of {form} ({str(error)[:100]}).",
                remedy="Nothing of it was stored. Fetch the page again.",
            ) from error
        rows_by_file[file.sha256] += len(rows.posts) + len(rows.accounts) + len(rows.states)
        yield file, at, rows


def part(thing: Any, *names: str) -> Any:
    """What stands at a path through nested objects; None where there is none."""
    for name in names:
        thing = thing.get(name) if isinstance(thing, dict) else None
    return thing


def objects(thing: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing where it is no list."""
    return [item for item in thing if isinstance(item, dict)] if isinstance(thing, list) else []


def instant_of(text: Any) -> datetime | None:
    """An ISO 8601 instant with an offset; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None
