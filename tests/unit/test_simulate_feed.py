"""The feed and its importer: what is served is what was simulated, row by row, and what is broken is refused with a reason."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import orjson
import pandas as pd
import pytest

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.ports import LandedFile, Page
from tasks.domain.posts import POSTS
from tasks.fetch.sources.simulated import SimulatedImporter
from tasks.simulate.feed import SimulatedSource

OPTIONS = {"scenario": "spamouflage", "seed": 2, "scale": 12_000}
START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)


def landed(folder: Path, pages: list[Page]) -> list[LandedFile]:
    files = []
    for number, page in enumerate(pages):
        path = folder / f"{number:04d}.ndjson"
        path.write_bytes(page.raw)
        files.append(LandedFile(path, path.name, "0" * 64, page.fetched_at, page.effort))
    return files


def parse(folder: Path, *lines: bytes, observed_at: datetime | None = None) -> Parsed:
    path = folder / "page.ndjson"
    path.write_bytes(b"".join(lines))
    return SimulatedImporter().parse([LandedFile(path, "page.ndjson", "0" * 64)], observed_at=observed_at, options={})


@pytest.fixture(scope="module")
def source() -> SimulatedSource:
    return SimulatedSource(OPTIONS)


@pytest.fixture(scope="module")
def pages(source: SimulatedSource) -> list[Page]:
    return list(source.pages(START, END))


@pytest.fixture(scope="module")
def parsed(pages: list[Page], tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    files = landed(tmp_path_factory.mktemp("landed"), pages)
    return SimulatedImporter().parse(files, observed_at=None, options={})


def same(frame: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> None:
    ordered = [f.sort_values(keys, ignore_index=True) for f in (frame[list(expected.columns)], expected)]
    pd.testing.assert_frame_equal(*ordered)


def test_the_import_equals_the_simulation_row_for_row(source: SimulatedSource, parsed: Parsed) -> None:
    damaged = [fault for week in source.simulation.weeks() for fault in week.faults]
    copies = {fault.row["post_id"] for fault in damaged}
    good = parsed.posts[~parsed.posts["post_id"].isin(copies)]
    same(good, POSTS.from_arrow(source.simulation.posts), ["platform", "post_id"])
    same(parsed.accounts, ACCOUNTS.from_arrow(source.simulation.accounts), ["platform", "account_id", "observed_at"])


def test_the_books_balance(parsed: Parsed, pages: list[Page]) -> None:
    lines = sum(page.raw.count(b"\n") for page in pages)
    assert sum(parsed.rows_landed.values()) == lines == sum(effort.rows for effort in parsed.effort)
    assert len(parsed.posts) + len(parsed.accounts) + len(parsed.rejected) == lines
    numbers = pd.concat([parsed.posts["row_number"], parsed.accounts["row_number"], parsed.rejected["row_number"]])
    assert sorted(numbers) == list(range(lines))
    assert parsed.drift == ()
    assert parsed.capture_rule == SimulatedSource.capture_rule


def test_effort_stands_by_query_without_gaps(parsed: Parsed) -> None:
    spans = {effort.query_id: effort for effort in parsed.effort}
    assert sorted(spans) == ["profiles", "q1", "q2", "q3", "q4"]
    assert len(parsed.effort) == len(spans), "daily pages of one query join to one stretch"
    assert spans["q1"].since < datetime(2023, 1, 3, tzinfo=UTC) < datetime(2023, 10, 14, tzinfo=UTC) < spans["q4"].since
    assert spans["q4"].rows == (parsed.posts["query_id"] == "q4").sum() > 0


def test_damaged_rows_are_those_the_truth_lists(tmp_path: Path) -> None:
    source = SimulatedSource({**OPTIONS, "scale": 40_000})
    listed = pd.DataFrame(source.simulation.truth["faults"])
    parsed = SimulatedImporter().parse(landed(tmp_path, list(source.pages(START, END))), observed_at=None, options={})
    assert set(listed["kind"]) == {"future timestamp", "missing post_id", "negative count"}
    assert (parsed.rejected["reason"] == "post_id is missing").all()
    assert len(parsed.rejected) == (listed["kind"] == "missing post_id").sum()
    future = parsed.posts[parsed.posts["posted_at"] > parsed.posts["observed_at"]]
    assert set(future["post_id"]) == set(listed.loc[listed["kind"] == "future timestamp", "post_id"])
    negative = parsed.posts[parsed.posts["like_count"] < 0]
    assert set(negative["post_id"]) == set(listed.loc[listed["kind"] == "negative count", "post_id"])
    clean = SimulatedSource({**OPTIONS, "scale": 40_000, "damaged_rows": False})
    assert sum(page.effort.rows for page in clean.pages(START, END)) == sum(parsed.rows_landed.values()) - len(listed)


def test_a_page_a_day_and_any_span_is_a_part_of_the_whole(source: SimulatedSource, pages: list[Page]) -> None:
    instants = [page.fetched_at for page in pages]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(instants))
    since, until = datetime(2023, 9, 1, 12, tzinfo=UTC), datetime(2023, 9, 9, 0, 40, tzinfo=UTC)
    part = list(source.pages(since, until))
    assert [page.fetched_at.day for page in part] == list(range(2, 10))
    assert [page.raw for page in part] == [page.raw for page in pages if since < page.fetched_at <= until]


def test_a_page_holds_what_was_captured_at_its_instant(pages: list[Page]) -> None:
    for page in pages[100:110]:
        stamps = {orjson.loads(line)["observed_at"] for line in page.raw.splitlines()}
        assert stamps == {page.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        assert page.effort.rows == page.raw.count(b"\n")


def test_the_added_query_shows_in_the_effort(pages: list[Page]) -> None:
    with_q4 = [page.fetched_at for page in pages if "q4" in page.effort.query]
    assert min(with_q4).date().isoformat() == "2023-10-16"


@pytest.mark.parametrize(
    ("options", "says"),
    [({"colour": 1}, "colour"), ({"scale": 5}, "scale"), ({"seed": "x"}, "seed"), ({"scenario": "nope"}, "nope")],
)
def test_options_of_the_source_are_checked(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        SimulatedSource(options)


GOOD = {
    "record": "post",
    "platform": "x",
    "post_id": "1",
    "observed_at": "2023-02-02T00:40:00Z",
    "account_id": "a",
    "posted_at": "2023-02-01T10:00:00Z",
    "time_precision_s": 1,
    "kind": "original",
    **dict.fromkeys(
        ["text", "lang", "repost_of_id", "reply_to_id", "like_count", "share_count", "reply_count", "view_count", "query_id"]
    ),
    **{name: [] for name in ("urls", "domains", "hashtags", "mentions", "media_hashes")},
}


def line(**changes: object) -> bytes:
    return orjson.dumps({**GOOD, **changes}, option=orjson.OPT_APPEND_NEWLINE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"post_id": 5}, "post_id is not text"),
        ({"posted_at": "yesterday"}, "posted_at is not an instant in ISO 8601 with a zone"),
        ({"posted_at": 12}, "posted_at is not an instant in ISO 8601 with a zone"),
        ({"posted_at": "2023-02-01T10:00:00"}, "posted_at is not an instant in ISO 8601 with a zone"),
        ({"like_count": "3"}, "like_count is not a whole number"),
        ({"like_count": True}, "like_count is not a whole number"),
        ({"like_count": 1.5}, "like_count is not a whole number"),
        ({"like_count": 2**63}, "like_count is not a number that fits 64 bits"),
        ({"urls": "a"}, "urls is not a list of texts"),
        ({"urls": ["a", 1]}, "urls is not a list of texts"),
        ({"account_id": None}, "account_id is missing"),
        ({"record": "page"}, "record is 'page', neither post nor account"),
        ({"record": None}, "record is None, neither post nor account"),
        ({"record": [1]}, "record is [1], neither post nor account"),
    ],
)
def test_a_row_that_does_not_fit_the_schema_is_rejected_with_its_reason(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    parsed = parse(tmp_path, line(post_id="0"), line(**changes), line(post_id="2"))
    assert parsed.posts["post_id"].tolist() == ["0", "2"]
    assert parsed.posts["row_number"].tolist() == [0, 2]
    assert parsed.rejected[["table", "row_number", "reason"]].to_numpy().tolist() == [["posts", 1, reason]]
    assert orjson.loads(parsed.rejected["raw"][0]).items() >= {k: v for k, v in changes.items() if not isinstance(v, list)}.items()
    assert list(parsed.rejected.columns) == QUARANTINE.names
    assert parsed.rows_landed == {"posts": 3, "accounts": 0}


def test_values_are_left_to_the_suites(tmp_path: Path) -> None:
    parsed = parse(tmp_path, line(like_count=-4, kind="sermon", posted_at="2099-01-01T00:00:00Z"))
    assert len(parsed.posts) == 1
    assert parsed.rejected.empty


def test_fields_too_many_and_too_few_are_reported(tmp_path: Path) -> None:
    fewer = {name: value for name, value in GOOD.items() if name != "lang"}
    parsed = parse(tmp_path, line(mood="calm"), orjson.dumps(fewer) + b"\n", line(mood="wild"))
    assert [(d.table, d.field, d.kind, d.rows, d.sample) for d in parsed.drift] == [
        ("posts", "mood", "unknown", 2, '"calm"'),
        ("posts", "lang", "missing", 1, ""),
    ]
    assert len(parsed.posts) == 3


@pytest.mark.parametrize("bad", [b'{"record": "post"', b"[1]\n", b"\xff\n", b"\n"])
def test_a_line_that_is_no_object_refuses_the_file(tmp_path: Path, bad: bytes) -> None:
    with pytest.raises(UnreadableInput, match=r"page\.ndjson, line 2"):
        parse(tmp_path, line(), bad)


def test_an_empty_page_gives_empty_frames(tmp_path: Path) -> None:
    parsed = parse(tmp_path)
    assert parsed.posts.empty
    assert parsed.posts.dtypes.to_dict() == {n: POSTS.pandas_dtype(n) for n in parsed.posts.columns}


def test_a_fixed_capture_replaces_that_of_the_rows(tmp_path: Path) -> None:
    fixed = datetime(2024, 5, 1, tzinfo=UTC)
    parsed = parse(tmp_path, line(), observed_at=fixed)
    assert parsed.posts["observed_at"].tolist() == [pd.Timestamp(fixed)]
    assert parsed.capture_rule == "2024-05-01T00:00:00+00:00"
    (tmp_path / "p").write_bytes(line())
    posted = SimulatedImporter().parse([LandedFile(tmp_path / "p", "p", "0")], observed_at="posted", options={})
    assert posted.posts["observed_at"].equals(posted.posts["posted_at"].rename("observed_at"))
    assert posted.capture_rule == "posted"
    with pytest.raises(UsageProblem, match="colour"):
        SimulatedImporter().parse([], observed_at=None, options={"colour": 1})
