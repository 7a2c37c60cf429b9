"""The tabular importers: maps, times, hostile content."""

import csv
import hashlib
import io
import json
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.sources.tabular import TabularImporter

KEY = {"platform": "x", "post_id": "1", "account_id": "a", "posted_at": "2023-10-07T00:00:00Z"}
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
SURROGATES = st.text(st.characters(categories=("Cs", "L", "Cc")), max_size=10)


def parse(form: str, data: bytes, options: dict[str, Any] | None = None, observed_at: Any = "posted") -> Parsed:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{form}"
        path.write_bytes(data)
        file = LandedFile(path, path.name, hashlib.sha256(data).hexdigest())
        return TabularImporter(form).parse([file], observed_at=observed_at, options=options or {})  # type: ignore[arg-type]


def ndjson(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows: list[list[str]], **how: Any) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, **how).writerows(rows)
    return stream.getvalue().encode()


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_ndjson_keeps_every_text(texts: list[str]) -> None:
    parsed = parse("ndjson", ndjson(*({**KEY, "post_id": str(n), "text": text} for n, text in enumerate(texts))))
    assert parsed.posts["text"].tolist() == texts


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(st.lists(SURROGATES, min_size=1, max_size=4))
def test_lone_surrogates_become_replacement_characters(texts: list[str]) -> None:
    parsed = parse("ndjson", ndjson(*({**KEY, "post_id": str(n), "text": text} for n, text in enumerate(texts))))
    expected = [json.loads(json.dumps(text)).encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    assert parsed.posts["text"].tolist() == expected
    "".join(expected).encode()


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6), st.sampled_from(["\r\n", "\n"]), st.booleans(), st.sampled_from([",", ";", "\t"]))
def test_csv_keeps_every_text(texts: list[str], line_end: str, bom: bool, delimiter: str) -> None:
    rows = [["platform", "post_id", "account_id", "posted_at", "text"]]
    rows += [["x", str(n), "a", KEY["posted_at"], text] for n, text in enumerate(texts)]
    data = as_csv(rows, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    parsed = parse("csv", b"\xef\xbb\xbf" * bom + data, {"delimiter": delimiter})
    assert parsed.posts["text"].fillna("").tolist() == texts


def test_nul_and_line_breaks_survive_and_a_bom_is_no_text() -> None:
    rows = b"\xef\xbb\xbf" + ndjson({**KEY, "text": "a\x00b\nc"}).replace(b"\n", b"\r\n\r\n")
    assert parse("ndjson", rows).posts["text"].tolist() == ["a\x00b\nc"]


def test_an_id_with_a_control_character_or_a_surrogate_is_refused() -> None:
    parsed = parse(
        "ndjson", ndjson({**KEY, "post_id": "a\x00"}, {**KEY, "post_id": "\ud800"}, {**KEY, "post_id": " "}, {**KEY, "post_id": 17})
    )
    assert parsed.posts["post_id"].tolist() == ["17"]
    assert parsed.rejected["reason"].unique().tolist() == ["post_id is empty or holds control characters"]


def test_a_huge_text_refuses_its_row_and_not_the_file() -> None:
    huge = "x" * 1_000_001
    for form, data in (
        ("ndjson", ndjson({**KEY, "text": huge}, {**KEY, "post_id": "2", "text": "short"})),
        ("csv", as_csv([[*KEY, "text"], [*KEY.values(), huge], [*KEY.values(), "short"]])),
    ):
        parsed = parse(form, data)
        assert parsed.posts["text"].tolist() == ["short"]
        assert parsed.rejected["reason"].tolist() == ["text is not text of at most 1,000,000 characters"]
        assert parsed.rejected["raw"].str.len().tolist() == [10_000]


def test_rows_of_the_wrong_shape_keep_their_number() -> None:
    parsed = parse("ndjson", ndjson(KEY, [1, 2], 3, {**KEY, "post_id": "2"}))
    assert parsed.posts["row_number"].tolist() == [0, 3]
    assert parsed.rejected[["row_number", "raw"]].to_numpy().tolist() == [[1, "[1, 2]"], [2, "3"]]
    parsed = parse("csv", as_csv([list(KEY), list(KEY.values()), ["x", "2"], [*KEY.values(), "more"]]))
    assert parsed.posts["row_number"].tolist() == [0]
    assert parsed.rejected["reason"].unique().tolist() == ["the row has more or fewer cells than the header"]


@pytest.mark.parametrize(("form", "data"), [("ndjson", b""), ("csv", b"platform,post_id,account_id,posted_at\n")])
def test_a_file_without_rows_is_read_as_such(form: str, data: bytes) -> None:
    parsed = parse(form, data)
    assert parsed.rows_landed == {"posts": 0, "accounts": 0}
    assert parsed.posts.empty


def test_a_parquet_file_cut_in_its_data_is_refused(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({name: [value] * 5_000 for name, value in KEY.items()}),
        tmp_path / "a.parquet",
        compression="zstd",
        use_dictionary=False,
    )
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[30:60] = b"\xff" * 30
    with pytest.raises(UnreadableInput, match="row 0 and after: damaged Parquet data"):
        parse("parquet", bytes(data))


@pytest.mark.parametrize(
    ("value", "options", "instant", "precision"),
    [
        ("2023-10-07T08:00:01+08:00", {}, "2023-10-07T00:00:01Z", 1),
        ("2023-10-07 08:00", {"time_zone": "Asia/Shanghai"}, "2023-10-07T00:00:00Z", 60),
        ("2023-10-07", {}, "2023-10-07T00:00:00Z", 86_400),
        (1_696_636_800, {"time_format": "epoch_s"}, "2023-10-07T00:00:00Z", 1),
        ("1696636800123", {"time_format": "epoch_ms"}, "2023-10-07T00:00:00.123Z", 1),
        ("Sat Oct 07 08:00:00 +0800 2023", {"time_format": "%a %b %d %H:%M:%S %z %Y"}, "2023-10-07T00:00:00Z", 1),
        (
            "07.10.2023",
            {"time_format": {"posted_at": "%d.%m.%Y"}, "constants": {"time_precision_s": 86400}},
            "2023-10-07T00:00:00Z",
            86_400,
        ),
    ],
)
def test_times(value: Any, options: dict[str, Any], instant: str, precision: int) -> None:
    parsed = parse("ndjson", ndjson({**KEY, "posted_at": value}), options)
    assert parsed.posts["posted_at"].tolist() == [pd.Timestamp(instant)]
    assert parsed.posts["time_precision_s"].tolist() == [precision]


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ("2023-10-29T02:30:00", {"time_zone": "Europe/Paris"}),  # that hour came twice
        ("2023-03-26T02:30:00", {"time_zone": "Europe/Paris"}),  # that hour never came
        (1_696_636_800_123, {"time_format": "epoch_s"}),
        (1_696_636_800, {"time_format": "epoch_ms"}),
        ("2023", {}),
        ("2023-02-30T00:00:00Z", {}),
        (True, {"time_format": "epoch_s"}),
        (["2023-10-07"], {}),
        ("0001-01-01T00:00:00Z", {}),
    ],
)
def test_a_time_that_would_have_to_be_guessed_refuses_the_row(value: Any, options: dict[str, Any]) -> None:
    parsed = parse("ndjson", ndjson({**KEY, "posted_at": value}), options)
    assert parsed.posts.empty
    assert parsed.rejected["reason"].tolist() == ["posted_at is not a time in the declared format"]


def test_parquet_times_and_structs(tmp_path: Path) -> None:
    table = pa.table({
        "id": [7], "author": [{"id": "a", "name": "n"}], "at": pa.array([date(2023, 10, 7)]),
        "seen": pa.array([1_696_700_000_000_000_000], pa.timestamp("ns", "UTC")),
        "tags": [["One"]], "links": [["https://t.co/a", "HTTP://Example.ORG/"]],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    names = {
        "post_id": "id",
        "account_id": "author.id",
        "posted_at": "at",
        "observed_at": "seen",
        "hashtags": "tags",
        "urls": "links",
    }
    options = {"map": names, "constants": {"platform": "x"}, "ignore": ["author"]}
    parsed = parse("parquet", (tmp_path / "a.parquet").read_bytes(), options, None)
    row = parsed.posts.iloc[0]
    assert (row["post_id"], row["account_id"], row["time_precision_s"]) == ("7", "a", 86_400)
    assert (list(row["hashtags"]), list(row["urls"]), list(row["domains"])) == (
        ["One"],
        ["https://t.co/a", "http://example.org"],
        ["example.org"],
    )
    assert row["observed_at"] == pd.Timestamp(1_696_700_000, unit="s", tz="UTC")
    assert (parsed.capture_rule, parsed.drift) == ("stated", ())


def test_what_the_text_carries_is_filled_in() -> None:
    parsed = parse(
        "ndjson",
        ndjson(
            {**KEY, "text": "#One @oak https://news.example/?utm_source=a"},
            {**KEY, "repost_of_id": "9"},
            {**KEY, "reply_to_id": "9"},
        ),
    )
    first = parsed.posts.iloc[0]
    assert [list(first[name]) for name in ("hashtags", "mentions", "urls", "domains")] == [
        ["one"],
        ["oak"],
        ["https://news.example"],
        ["news.example"],
    ]
    assert parsed.posts["kind"].tolist() == ["original", "repost", "reply"]


def test_words_lists_and_vocabularies() -> None:
    options = {"words": {"kind": {"retweet": "repost"}, "lang": {"English": "en", "?": None}}, "list_separator": "|"}
    rows = [
        {**KEY, "kind": "retweet", "lang": "English", "urls": "http://a.example | http://b.example"},
        {**KEY, "kind": "boost", "lang": "?"},
        {**KEY, "lang": "?"},
    ]
    parsed = parse("ndjson", ndjson(*rows), options)
    assert parsed.posts["kind"].tolist() == ["repost", "original"]
    assert parsed.posts["lang"].fillna("-").tolist() == ["en", "-"]
    assert list(parsed.posts["urls"].iloc[0]) == ["http://a.example", "http://b.example"]
    assert parsed.rejected["reason"].tolist() == ["kind is none of original, repost, reply, quote"]


def test_accounts_by_instant_and_by_field() -> None:
    row = {"platform": "x", "account_id": "a", "created_at": "2020-01-01T00:00:00Z", "status": "active", "followers_count": 3}
    noon = datetime(2023, 10, 7, 12, tzinfo=UTC)
    parsed = parse("ndjson", ndjson(row), {"table": "accounts"}, noon)
    assert parsed.accounts[["status", "followers_count"]].to_numpy().tolist() == [["active", 3]]
    assert parsed.rows_landed == {"posts": 0, "accounts": 1}
    assert parse("ndjson", ndjson({**row, "observed_at": noon.isoformat()}), {"table": "accounts"}, None).capture_rule == "stated"
    with pytest.raises(UsageProblem, match="no posting time"):
        parse("ndjson", ndjson(row), {"table": "accounts"})


def test_a_mapped_field_that_is_nowhere() -> None:
    names = {name: name for name in KEY}
    parsed = parse("ndjson", ndjson(KEY, KEY), {"map": {**names, "like_count": "hearts"}})
    assert [(drift.field, drift.kind, drift.rows) for drift in parsed.drift] == [("hearts", "missing", 2)]
    assert parsed.posts["like_count"].isna().all()
    with pytest.raises(UsageProblem, match=r"No row has the field 'number', which the map needs for post_id"):
        parse("ndjson", ndjson(KEY), {"map": {**names, "post_id": "number"}})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": {"post_id": "id"}}, "where platform, account_id, posted_at of the posts stand"),
        ({"map": {"mood": "m"}}, "map names mood: posts have no such column"),
        ({"time_zone": "Mars/Base"}, "'Mars/Base' is not a time zone"),
        ({"constants": {"like_count": "many"}}, "constant like_count: 'many' does not fit"),
        ({"map": {"platform": "p"}, "constants": {"platform": "x"}}, "platform stands in map and in constants"),
        ({"table": "pages"}, "wrong at table"),
        ({"delimiter": ",,"}, "wrong at delimiter"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        parse("ndjson", ndjson(KEY), options)
