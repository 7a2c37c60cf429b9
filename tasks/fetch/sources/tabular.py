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

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import Field, ValidationError, field_validator, model_validator

from tasks.domain.batches import FieldDrift
from tasks.domain.errors import UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.domain.records import Record
from tasks.fetch.chunks import Chunk, count_and_sample, opened
from tasks.fetch.columns import Reading, convert
from tasks.fetch.instants import TimeRule
from tasks.fetch.readers import read_csv, read_ndjson, read_parquet
from tasks.fetch.rows import PARSED, Harvest, ObservedAt, Recipe, capture_rule, take

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


class TabularImporter:
    """One of the three; `parse` as in the port tasks.domain.ports.Importer."""

    version = VERSION

    def __init__(self, form: Literal["ndjson", "csv", "parquet"]) -> None:
        self.format: str = form

    def parse(self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
        chosen = checked_options(options)
        harvest, sightings = Harvest(), Sightings(chosen)
        for chunk in self._chunks(files, chosen):
            sightings.see(chunk)
            recipe = _recipe(chosen, sightings.seen)
            _refuse_posted_accounts(recipe, observed_at)
            take(chunk, recipe, observed_at, harvest)
        mapped = set(chosen.map or sightings.seen) | set(chosen.constants)
        return harvest.parsed(files, sightings.drift(), capture_rule(files, observed_at, stated="observed_at" in mapped))

    def _chunks(self, files: Sequence[LandedFile], chosen: TabularOptions) -> Iterable[Chunk]:
        outer = opened(chosen.map.values())
        if self.format == "csv":
            return read_csv(files, chosen.delimiter)
        return read_ndjson(files, outer) if self.format == "ndjson" else read_parquet(files, outer)


class Sightings:
    """Which fields stood in the files, against which were expected."""

    def __init__(self, chosen: TabularOptions) -> None:
        self.seen: set[str] = set()
        self._chosen = chosen
        self._rows = 0
        self._unknown: dict[str, tuple[int, str]] = {}

    def see(self, chunk: Chunk) -> None:
        names = chunk.names()
        self._rows += chunk.rows
        self.seen |= names
        for name in names - self._used():
            if not any(name == ignored or name.startswith(f"{ignored}.") for ignored in self._chosen.ignore):
                rows, sample = count_and_sample(chunk.column(name))
                before, first = self._unknown.get(name, (0, ""))
                self._unknown[name] = (before + rows, first or sample)

    def drift(self) -> tuple[FieldDrift, ...]:
        """Unknown and missing fields, by name. Raises UsageProblem where a missing field is needed for every row."""
        table = self._chosen.table
        missing = {theirs: ours for ours, theirs in self._chosen.map.items() if self.seen and theirs not in self.seen}
        needed = [theirs for theirs, ours in missing.items() if _is_needed(table, ours)]
        if needed:
            raise UsageProblem(
                f"No row has the field {', '.join(map(repr, needed))}, which the map needs for {missing[needed[0]]}.",
                remedy=f"The files have: {', '.join(sorted(self.seen)[:40])}. Correct `map`.",
            )
        found = [FieldDrift(table=table, field=n, kind="unknown", rows=r, sample=s) for n, (r, s) in sorted(self._unknown.items())]
        return (*found, *(FieldDrift(table=table, field=name, kind="missing", rows=self._rows) for name in sorted(missing)))

    def _used(self) -> set[str]:
        if self._chosen.map:
            return set(self._chosen.map.values())
        return set(PARSED[self._chosen.table].names) - _NOT_MAPPABLE - set(self._chosen.constants)


def checked_options(options: dict[str, Any]) -> TabularOptions:
    """Raises UsageProblem that names the option at fault."""
    try:
        return TabularOptions.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "options"
        known = ", ".join(TabularOptions.model_fields)
        raise UsageProblem(
            f"The importer's options are wrong at {where}: {first['msg']}.", remedy=f"Options are: {known}."
        ) from error


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
