"""Importers `ndjson`, `csv` and `parquet`: any table of posts or accounts, by a column map.

Options (in the campaign file under `sources[].options`, or given with an ingest):

    table: posts                 # or accounts
    map: {post_id: id, account_id: author.id, posted_at: created, text: body}    # our column: their field; dots reach into objects
    constants: {platform: facebook, time_precision_s: 60}
    ignore: [author.name, raw]   # fields that are deliberately not used; a name covers what is inside it
    words: {kind: {retweet: repost}, lang: {English: en}}   # their words for ours; null = the source does not say
    time_format: iso             # epoch_s, epoch_ms, epoch_us, a strptime pattern, or one by our column with "*" for the rest
    time_zone: UTC               # of times without an offset
    list_separator: ","          # of lists in one cell; json = a JSON array
    delimiter: ","               # csv only

Without `map` fields carry our own names. A field that is neither used nor ignored is reported as drift; a mapped field that stands in no
row too, and is refused where the key needs it. Urls, domains, hashtags and mentions that are not mapped are read from the text.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from tasks.domain.batches import FieldDrift
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import LandedFile
from tasks.domain.records import Record
from tasks.fetch.chunks import Chunk, count_and_sample, opened
from tasks.fetch.columns import Reading, convert
from tasks.fetch.drift import Drift
from tasks.fetch.instants import TimeRule
from tasks.fetch.readers import read_csv, read_ndjson, read_parquet
from tasks.fetch.rows import PARSED, ObservedAt, Recipe, take
from tasks.fetch.streaming import Run, StreamingImporter

VERSION = "1"
_NOT_MAPPABLE = frozenset({"row_number"})
_MADE_HERE = frozenset({"row_number", "observed_at", "kind", "time_precision_s"})


class TabularOptions(Record):
    """The options above, checked."""

    table: Literal["posts", "accounts"] = "posts"
    map: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str | int | list[str]] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    words: dict[str, dict[str, str | None]] = Field(default_factory=dict)
    time_format: str | dict[str, str] = "iso"
    time_zone: str = "UTC"
    list_separator: str = Field(default=",", min_length=1)
    delimiter: str = Field(default=",", min_length=1, max_length=1)

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"{name!r} is not a time zone, such as Europe/Paris") from error
        return name

    @model_validator(mode="after")
    def _columns_exist(self) -> "TabularOptions":
        ours = set(PARSED[self.table].names) - _NOT_MAPPABLE
        for option in ("map", "constants", "words"):
            if strange := sorted(set(getattr(self, option)) - ours):
                raise ValueError(f"{option} names {', '.join(strange)}: {self.table} have no such column")
        if both := sorted(set(self.map) & set(self.constants)):
            raise ValueError(f"{', '.join(both)} stands in map and in constants")
        return self

    @property
    def reading(self) -> Reading:
        formats = {"*": self.time_format} if isinstance(self.time_format, str) else self.time_format
        return Reading(TimeRule(formats, self.time_zone), self.list_separator, self.words)


class TabularImporter(StreamingImporter[TabularOptions]):
    """One of the three; `parse` as in the port tasks.domain.ports.Importer."""

    version = VERSION
    options_of = TabularOptions
    counted = ("posts", "accounts")
    stated = True

    def __init__(self, form: Literal["ndjson", "csv", "parquet"]) -> None:
        self.format: str = form

    def read(self, run: Run, chosen: TabularOptions) -> Iterator[None]:
        """Chunk after chunk, by the names seen so far."""
        run.drift = Sightings(chosen)
        run.stated = "observed_at" in {*chosen.map, *chosen.constants}
        for chunk in self._chunks(run.files, chosen):
            names = run.drift.see_all(chunk)
            recipe = _recipe(chosen, names)
            _refuse_posted_accounts(recipe, run.observed_at)
            take(chunk, recipe, run.observed_at, run.harvest)
            run.stated = "observed_at" in {*recipe.fields, *recipe.constants}
            yield

    def _chunks(self, files: Sequence[LandedFile], chosen: TabularOptions) -> Iterable[Chunk]:
        outer = opened(chosen.map.values())
        if self.format == "csv":
            return read_csv(files, chosen.delimiter)
        return read_ndjson(files, outer) if self.format == "ndjson" else read_parquet(files, outer)


class Sightings(Drift):
    """Which fields stood in the rows of one part, against which were expected. `before`: those of the parts before it."""

    def __init__(self, chosen: TabularOptions, before: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._chosen, self._before = chosen, before
        self._here: set[str] = set()
        self._rows = 0

    def see_all(self, chunk: Chunk) -> set[str]:
        """Returns the names seen so far, in all parts."""
        names, table = chunk.names(), self._chosen.table
        self._rows += chunk.rows
        self._here |= names
        for name in names - self._used():
            if not any(name == ignored or name.startswith(f"{ignored}.") for ignored in self._chosen.ignore):
                self.strange(table, name, *count_and_sample(chunk.column(name)))
        return self._here | self._before

    def afresh(self) -> "Sightings":
        return Sightings(self._chosen, self._before | self._here)

    def found(self) -> tuple[FieldDrift, ...]:
        """Unknown fields, then those that no row of the part has. Raises UsageProblem where no row so far has one that every row needs."""
        table, seen = self._chosen.table, self._here | self._before
        mapped = self._chosen.map.items() if seen else ()
        if needed := {theirs: ours for ours, theirs in mapped if theirs not in seen and _is_needed(table, ours)}:
            raise UsageProblem(
                f"No row has the field {', '.join(map(repr, needed))}, which the map needs for {next(iter(needed.values()))}.",
                remedy=f"The files have: {', '.join(sorted(seen)[:40])}. Correct `map`.",
            )
        lacking = (FieldDrift(table=table, field=name, kind="missing", rows=self._rows) for name in self._lacking())
        return (*super().found(), *lacking)

    def _lacking(self) -> list[str]:
        return sorted(set(self._chosen.map.values()) - self._here) if self._here else []

    def _used(self) -> set[str]:
        if self._chosen.map:
            return set(self._chosen.map.values())
        return set(PARSED[self._chosen.table].names) - _NOT_MAPPABLE - set(self._chosen.constants)


def _recipe(chosen: TabularOptions, names: set[str]) -> Recipe:
    """Raises UsageProblem for a column that every row needs and nothing provides, and for a constant of the wrong kind."""
    schema = PARSED[chosen.table]
    fields = chosen.map or {
        name: name for name in schema.names if name in names and name not in _NOT_MAPPABLE | set(chosen.constants)
    }
    provided = {*fields, *chosen.constants}
    if names and (lacking := [name for name in schema.names if name not in provided and _is_needed(chosen.table, name)]):
        raise UsageProblem(
            f"Nothing says where {', '.join(lacking)} of the {chosen.table} stand.",
            remedy=f"The files have: {', '.join(sorted(names)[:40])}. Name them in `map`, or give them in `constants`.",
        )
    constants: dict[str, pa.Scalar] = {}
    for name, value in chosen.constants.items():
        converted = convert([value], schema.column(name), chosen.reading)
        if converted.faulty[0]:
            raise UsageProblem(f"The constant {name}: {value!r} does not fit: {converted.reason}.", remedy="Correct `constants`.")
        constants[name] = converted.values[0]
    return Recipe(chosen.table, fields, constants, chosen.reading)


def _is_needed(table: str, name: str) -> bool:
    return name not in _MADE_HERE and not PARSED[table].column(name).optional


def _refuse_posted_accounts(recipe: Recipe, observed_at: ObservedAt) -> None:
    if recipe.table == "accounts" and observed_at == "posted" and "observed_at" not in {*recipe.fields, *recipe.constants}:
        raise UsageProblem(
            "Accounts have no posting time to count as observed at.",
            remedy="Give --observed-at an instant, or map a field to observed_at.",
        )
