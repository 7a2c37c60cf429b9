"""Fetching into groups, naming batches, making sources; with a source of the test's own."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.domain.batches import QueryEffort, RawObject
from tasks.domain.campaign import SourceSpec
from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import LandedFile, Page
from tasks.fetch.fetching import (
    Caps,
    fetch,
    fetch_groups,
    identity_for_files,
    identity_for_pages,
    in_order,
    parse_landed,
    source,
)

SINCE, UNTIL = datetime(2023, 10, 1, tzinfo=UTC), datetime(2023, 10, 8, tzinfo=UTC)


@dataclass
class Shelf:
    """Lands into memory, and remembers in which order."""

    kept: list[bytes] = field(default_factory=list)

    def land(self, data: bytes, ending: str) -> RawObject:
        self.kept.append(data)
        sha256 = hashlib.sha256(data).hexdigest()
        return RawObject(key=f"raw/{sha256}.{ending}", sha256=sha256, size=len(data))


@dataclass
class Pages:
    """Gives `count` pages of 10 rows, alternating formats if asked; fails after `fails_after`."""

    count: int
    formats: tuple[str, ...] = ("ndjson",)
    fails_after: int | None = None
    kind: str = "pages"
    capture_rule: str = "live"

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        for n in range(self.count):
            if n == self.fails_after:
                raise SourceProblem("The line dropped.", remedy="Try again.")
            effort = QueryEffort(query_id="q1", query="word", since=since, until=until, pages=1, rows=10)
            yield Page(f"page {n}".encode(), self.formats[n % len(self.formats)], since + timedelta(minutes=n), effort)


def test_pages_are_grouped_by_format_and_size() -> None:
    shelf = Shelf()
    groups = list(fetch(Pages(7, ("ndjson", "csv")), SINCE, UNTIL, shelf.land, caps=Caps(batch_rows=20)))
    assert sorted((group.format, len(group.pages)) for group in groups) == [("csv", 1), ("csv", 2), ("ndjson", 2), ("ndjson", 2)]
    assert len(shelf.kept) == 7


def test_a_page_is_landed_before_the_next_is_asked_for() -> None:
    shelf = Shelf()
    asked: list[int] = []

    class Watched(Pages):
        def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
            for page in super().pages(since, until):
                asked.append(len(shelf.kept))
                yield page

    list(fetch(Watched(3), SINCE, UNTIL, shelf.land, caps=Caps()))
    assert asked == [0, 1, 2]


def test_what_came_before_a_failure_is_handed_out() -> None:
    groups, problem = fetch_groups(Pages(9, fails_after=4), SINCE, UNTIL, Shelf().land)
    assert [len(group.pages) for group in groups] == [4]
    assert isinstance(problem, SourceProblem)


@pytest.mark.parametrize(
    ("caps", "kept", "message"),
    [
        (Caps(pages=3), 3, "more than 3 pages"),
        (Caps(bytes=20), 3, "more than 20 bytes"),
        (Caps(page_bytes=5), 0, "a page of 6 bytes"),
    ],
)
def test_an_endless_source_is_stopped_and_said(caps: Caps, kept: int, message: str) -> None:
    shelf = Shelf()
    groups, problem = fetch_groups(Pages(50), SINCE, UNTIL, shelf.land, caps)
    assert len(shelf.kept) == kept == sum(len(group.pages) for group in groups)
    assert message in str(problem)


def landed(folder: Path, name: str, text: str) -> LandedFile:
    (folder / name).write_text(text)
    return LandedFile(folder / name, name, hashlib.sha256(text.encode()).hexdigest())


def test_order_and_repeats_of_files_make_no_other_batch(tmp_path: Path) -> None:
    one, two = landed(tmp_path, "one", "1"), landed(tmp_path, "two", "2")
    first = identity_for_files("c", "file", [one, two], "ndjson", "posted", {"table": "posts"})
    again = identity_for_files("c", "file", [two, one, two], "ndjson", "posted", {"table": "posts"})
    assert first.batch_id == again.batch_id
    assert first.fetched_at is None
    assert in_order([two, one, two]) == in_order([one, two])


def test_whatever_changes_the_rows_changes_the_batch(tmp_path: Path) -> None:
    file = landed(tmp_path, "one", "1")
    ids = {
        identity_for_files("c", "file", [file], "ndjson", "posted", {}).batch_id,
        identity_for_files("d", "file", [file], "ndjson", "posted", {}).batch_id,
        identity_for_files("c", "file", [file], "csv", "posted", {}).batch_id,
        identity_for_files("c", "file", [file], "ndjson", UNTIL, {}).batch_id,
        identity_for_files("c", "file", [file], "ndjson", None, {}).batch_id,
        identity_for_files("c", "file", [file], "ndjson", "posted", {"table": "accounts"}).batch_id,
    }
    assert len(ids) == 6
    zoned = UNTIL.astimezone(tz=None)
    assert identity_for_files("c", "f", [file], "csv", zoned, {}) == identity_for_files("c", "f", [file], "csv", UNTIL, {})


def test_a_live_batch_carries_its_time_and_a_declared_one_does_not() -> None:
    (group,) = fetch(Pages(2), SINCE, UNTIL, Shelf().land, caps=Caps())
    live = identity_for_pages("c", "s", group, "live", {})
    assert live.fetched_at == SINCE + timedelta(minutes=1)
    assert live.query == "word"
    assert identity_for_pages("c", "s", group, "simulated daily", {}).fetched_at is None


def test_landed_files_are_parsed_with_their_effort(tmp_path: Path) -> None:
    row = '{"platform": "x", "post_id": "1", "account_id": "a", "posted_at": "2023-10-07T00:00:00Z", "text": "t"}\n'
    file = landed(tmp_path, "page", row)
    page = LandedFile(file.path, file.name, file.sha256, UNTIL, QueryEffort(query_id="q7", pages=1))
    parsed = parse_landed([page], "ndjson", None, {})
    assert parsed.capture_rule == "live"
    assert parsed.posts["query_id"].tolist() == ["q7"]
    assert (parsed.posts["observed_at"] == UNTIL).all()
    assert parsed.effort[0].rows == 1


def test_a_file_without_capture_time_needs_a_rule(tmp_path: Path) -> None:
    file = landed(tmp_path, "page", '{"platform": "x", "post_id": "1", "account_id": "a", "posted_at": "2023-10-07T00:00:00Z"}\n')
    with pytest.raises(UsageProblem, match="--observed-at"):
        parse_landed([file], "ndjson", None, {})


def test_sources_are_made_by_kind_with_checked_options() -> None:
    def factory(*, count: int, fails_after: int | None = None) -> Pages:
        if count < 0:
            raise ValueError("count is negative")
        return Pages(count, fails_after=fails_after)

    made = source(SourceSpec(name="s", kind="pages", options={"count": 2}), {"pages": factory})
    assert len(list(made.pages(SINCE, UNTIL))) == 2
    with pytest.raises(UsageProblem, match=r"unknown kind 'page'\. Known kinds: pages"):
        source(SourceSpec(name="s", kind="page"), {"pages": factory})
    with pytest.raises(UsageProblem, match=r"colour.*Its options are: count, fails_after"):
        source(SourceSpec(name="s", kind="pages", options={"count": 1, "colour": "red"}), {"pages": factory})
    with pytest.raises(UsageProblem, match="count"):
        source(SourceSpec(name="s", kind="pages"), {"pages": factory})
    with pytest.raises(UsageProblem, match="count is negative"):
        source(SourceSpec(name="s", kind="pages", options={"count": -1}), {"pages": factory})
