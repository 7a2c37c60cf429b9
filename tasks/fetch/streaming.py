"""Importers that read files of any size in bounded memory: what was read so far is handed out as a part of so many rows, and forgotten."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from tasks.domain.errors import UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.domain.records import Record
from tasks.fetch.drift import Drift
from tasks.fetch.profiles import Profiles
from tasks.fetch.rows import Harvest, ObservedAt, capture_rule

Options = TypeVar("Options", bound=Record)
PART_ROWS = 250_000  # posts a part: some 0.5 GB while it is parsed, validated and stored


class NoOptions(Record):
    """The format says everything itself."""


class StreamingImporter(ABC, Generic[Options]):
    """`parse` as in the port tasks.domain.ports.Importer; `parts` gives the same rows under the same row numbers, part by part."""

    format: str
    version: str
    options_of: type[Options]
    counted: tuple[str, ...] = ("posts",)  # the tables whose landed rows fill a part
    stated = False  # rows may say when they were captured, so that it shows only once some were read

    def parse(self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
        (whole,) = self.parts(files, observed_at=observed_at, options=options, rows=None)
        return whole

    def parts(
        self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any], rows: int | None = PART_ROWS
    ) -> Iterator[Parsed]:
        """Parts of at least `rows` landed rows of the tables in `counted` (the last may have fewer, and holds what is known of accounts
        only at the end); None = one part. Raises as `parse`; a fault late in a file comes after the parts before it."""
        chosen = checked(self.options_of, options, self.format)
        if not self.stated:
            capture_rule(files, observed_at)  # refused before anything is read
        run = Run(files, observed_at)
        for _ in self.read(run, chosen):
            if rows is not None and sum(run.harvest.landed[table] for table in self.counted) >= rows:
                yield run.part()
        run.profiles.finish(run.harvest)
        if not run.given or any(run.harvest.landed.values()):
            yield run.part()

    @abstractmethod
    def read(self, run: "Run", chosen: Options) -> Iterator[None]:
        """Take chunk after chunk into `run.harvest`, stopping after each."""


class Run:
    """One reading of some files: what it has so far. `stated`: the rows say when they were captured."""

    def __init__(self, files: Sequence[LandedFile], observed_at: ObservedAt) -> None:
        self.files = files
        self.observed_at = observed_at
        self.harvest, self.profiles = Harvest(), Profiles(observed_at)
        self.drift = Drift()
        self.stated = False
        self.given = 0

    def part(self) -> Parsed:
        """What was read since the last part."""
        self.profiles.end_part(self.harvest)
        drift = self.drift.found()
        parsed = self.harvest.parsed(self._in_part(), drift, capture_rule(self.files, self.observed_at, stated=self.stated))
        self.harvest, self.drift = Harvest(), self.drift.afresh()
        self.given += 1
        return parsed

    def _in_part(self) -> list[LandedFile]:
        """The files with rows in this part; all of them where there is but one part."""
        return [file for file in self.files if not self.given or file.sha256 in self.harvest.rows_by_file]


def checked(model: type[Options], options: dict[str, Any], form: str) -> Options:
    """Raises UsageProblem that names the option at fault."""
    try:
        return model.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "options"
        known = ", ".join(model.model_fields)
        raise UsageProblem(
            f"The options of the importer {form} are wrong at {where}: {first['msg']}.",
            remedy=f"Options are: {known}." if known else "It has none: leave --columns out.",
        ) from error
