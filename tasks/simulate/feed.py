"""The simulated platform as a source: one NDJSON page a capture day, as if collected live at 00:40 UTC."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.domain.batches import QueryEffort
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Page
from tasks.simulate.faults import Fault
from tasks.simulate.observations import ACCOUNT_SCHEMA
from tasks.simulate.scenario import Simulation, Week, simulate
from tasks.simulate.scenarios import MAX_SCALE, MIN_SCALE, START, WEEKS
from tasks.simulate.week import CAPTURE_AFTER_MIDNIGHT_US, POST_SCHEMA

FORMAT = "simulated"
_DAY = timedelta(days=1)
_FIRST_CAPTURE = START + timedelta(microseconds=CAPTURE_AFTER_MIDNIGHT_US)


class FeedOptions(BaseModel):
    """Options of a campaign file's `kind: simulated` source. `damaged_rows: false` leaves out the rows that are broken on purpose."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scenario: str = "spamouflage"
    seed: int = Field(default=1, ge=0)
    scale: int = Field(default=100_000, ge=MIN_SCALE, le=MAX_SCALE)
    damaged_rows: bool = True


class SimulatedSource:
    """Serves a simulation as pages. Each page has the posts and account observations captured on its day, one JSON object a line:
    the columns of POSTS or ACCOUNTS without ours, and `record`, which is "post" or "account"."""

    kind = "simulated"
    capture_rule = "simulated daily"

    def __init__(self, options: dict[str, Any]) -> None:
        """Raises UsageProblem for an option that is unknown or out of range."""
        try:
            self._options = FeedOptions.model_validate(options)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise UsageProblem(
                f"Option {name} of the simulated source: {first['msg'].lower()}.",
                remedy=f"Known options are {', '.join(FeedOptions.model_fields)}.",
            ) from error
        self._simulation = simulate(self._options.scenario, seed=self._options.seed, scale=self._options.scale)

    @property
    def simulation(self) -> Simulation:
        return self._simulation

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """A page for every capture instant in (since, until], oldest first, also where nothing was captured: a page has the day that ends
        with it, so the next fetch may begin where this one ended. Late captures stand on the page of the day that found them. Before the
        simulated year and after it there are no pages."""
        for captured, posts, accounts, damaged in self._captures(until):
            if since < captured <= until:
                yield self._page(captured, posts, accounts, damaged)

    def _captures(self, until: datetime) -> Iterator[tuple[datetime, pa.Table, pa.Table, list[Fault]]]:
        """Every capture up to `until`: what the weeks hold, sorted out by the instant of observation."""
        held = _Held()
        for week in self._simulation.weeks():
            held.add(week)
            for day in range(7):
                captured = _FIRST_CAPTURE + (week.number * 7 + day) * _DAY
                if captured > until:
                    return
                yield captured, *held.take(captured)
        for day in range(WEEKS * 7, WEEKS * 7 + 5):
            captured = _FIRST_CAPTURE + day * _DAY
            yield captured, *held.take(captured)

    def _page(self, captured: datetime, posts: pa.Table, accounts: pa.Table, damaged: list[Fault]) -> Page:
        lines = lines_of(posts, "post") + lines_of(accounts, "account")
        if self._options.damaged_rows and damaged:
            lines += lines_of(pa.Table.from_pylist([fault.row for fault in damaged], schema=POST_SCHEMA), "post")
        effort = QueryEffort(
            query_id="simulated",
            query=" ".join(self._queries(captured)),
            since=captured - _DAY,
            until=captured,
            pages=1,
            rows=len(lines),
        )
        return Page(raw=b"".join(lines), format=FORMAT, fetched_at=captured, effort=effort)

    def _queries(self, captured: datetime) -> list[str]:
        """The queries in force: q4 is asked from the day on which it was added."""
        return ["q1", "q2", "q3", *(["q4"] if captured > self._simulation.scenario.query_added_on else [])]


class _Held:
    """Rows that were made but not captured yet."""

    def __init__(self) -> None:
        self._posts, self._accounts = POST_SCHEMA.empty_table(), ACCOUNT_SCHEMA.empty_table()
        self._damaged: list[Fault] = []

    def add(self, week: Week) -> None:
        self._posts = pa.concat_tables([self._posts, week.posts])
        self._accounts = pa.concat_tables([self._accounts, week.accounts])
        self._damaged += week.faults

    def take(self, captured: datetime) -> tuple[pa.Table, pa.Table, list[Fault]]:
        posts, self._posts = _split(self._posts, captured)
        accounts, self._accounts = _split(self._accounts, captured)
        damaged = [fault for fault in self._damaged if fault.observed_at <= captured]
        self._damaged = [fault for fault in self._damaged if fault.observed_at > captured]
        return posts, accounts, damaged


def _split(table: pa.Table, captured: datetime) -> tuple[pa.Table, pa.Table]:
    now = pc.less_equal(table["observed_at"], pa.scalar(captured, pa.timestamp("us", tz="UTC")))
    return table.filter(now), table.filter(pc.invert(now))


def lines_of(table: pa.Table, record: str) -> list[bytes]:
    """One JSON line a row; instants as ISO 8601 with Z."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            text = pc.strftime(table[field.name].cast(pa.timestamp("s", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(index, field.name, text)
    return [orjson.dumps({"record": record, **row}, option=orjson.OPT_APPEND_NEWLINE) for row in table.to_pylist()]
