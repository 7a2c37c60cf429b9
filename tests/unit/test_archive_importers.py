"""What the importers of archives make of their samples, part by part and out of a zip, and what they refuse."""

import csv
import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.domain.sources import Observable
from tasks.fetch import streaming
from tasks.fetch.cells import bracketed, ungrouped
from tasks.fetch.columns import Reading, convert
from tasks.fetch.fetching import parse_landed, parse_parts
from tasks.fetch.instants import TimeRule, instants
from tasks.fetch.json_stream import elements
from tasks.fetch.rows import PARSED
from tasks.fetch.sources import crowdtangle, fourcat, meta_content_library, telegram_export, twitter_io

SAMPLES = Path(__file__).resolve().parents[1] / "data"
HASH = "5f0c9d1e" * 8


def landed(*paths: Path) -> list[LandedFile]:
    return [LandedFile(path, path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]


def parse(form: str, *paths: Path, observed_at: Any = "posted", **options: Any) -> Parsed:
    return parse_landed(landed(*paths), form, observed_at, options)


def sample(*names: str) -> list[Path]:
    return [SAMPLES / name for name in names]


def column(parsed: Parsed, name: str) -> list[Any]:
    return parsed.posts[name].astype(object).where(parsed.posts[name].notna(), None).tolist()


def test_tweets_of_an_information_operation() -> None:
    parsed = parse("twitter-io", *sample("twitter_io_tweets.csv"))
    assert column(parsed, "kind") == ["original", "repost", "reply", "quote", "original"]
    assert column(parsed, "repost_of_id") == [None, "701", None, None, None]
    assert column(parsed, "reply_to_id") == [None, None, "702", None, None]
    assert column(parsed, "lang") == ["en", "en", None, "de", "en"]
    assert list(parsed.posts["urls"][0]) == ["https://harbour.example/a,b", "https://quay.example/news"]
    assert list(parsed.posts["hashtags"][0]) == ["harbour", "quay"]
    assert set(parsed.posts["time_precision_s"]) == {60}
    hashed = parsed.accounts[parsed.accounts["account_id"] == HASH]
    assert hashed["handle"].isna().all()
    assert hashed["followers_count"].tolist() == [pd.NA, 132] or list(hashed["followers_count"].dropna()) == [132]
    assert set(hashed["created_precision_s"]) == {86_400}


def test_a_users_file_alone_says_nothing_of_when() -> None:
    users = sample("twitter_io_users.csv")
    with pytest.raises(UsageProblem, match="when the accounts of the users file were seen"):
        parse("twitter-io", *users)
    fixed = parse("twitter-io", *users, observed_at=datetime(2019, 6, 1, tzinfo=UTC))
    assert len(fixed.accounts) == 3
    assert fixed.accounts["handle"].dropna().tolist() == ["harbourletter", "elm_street"]


def test_a_zip_is_read_as_the_files_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "io.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(SAMPLES / "twitter_io_tweets.csv", "../../etc/tweets.csv")
        archive.writestr("__MACOSX/._tweets.csv", b"\x00")
    plain, packed = parse("twitter-io", *sample("twitter_io_tweets.csv")), parse("twitter-io", tmp_path / "io.zip")
    assert_frame_equal(plain.posts, packed.posts)
    assert_frame_equal(plain.accounts, packed.accounts)
    assert [path.name for path in tmp_path.iterdir()] == ["io.zip"]


def test_damage_inside_a_zip_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "io.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.write(SAMPLES / "twitter_io_tweets.csv", "tweets.csv")
    data = (tmp_path / "io.zip").read_bytes().replace(b"New quay", b"Old quay")
    (tmp_path / "io.zip").write_bytes(data)
    with pytest.raises(UnreadableInput, match=r"io\.zip, tweets\.csv was refused whole: line \d+: the zip is damaged here"):
        parse("twitter-io", tmp_path / "io.zip")


def test_posts_of_crowdtangle_have_the_ids_of_the_graph_and_utc_times() -> None:
    parsed = parse("crowdtangle", *sample("crowdtangle_pages.csv"))
    assert column(parsed, "post_id") == ["1000123_5550001", "1000123_5550002", "1000123_5550003", "1000456_777"]
    assert [str(at) for at in parsed.posts["posted_at"]][:3] == [
        "2021-07-06 20:45:20+00:00",
        "2021-07-07 03:10:00+00:00",
        "2021-12-06 14:00:00+00:00",
    ]
    assert column(parsed, "like_count") == [1200] * 4
    assert [list(urls) for urls in parsed.posts["urls"]][:2] == [["https://harbour.example/news", "https://quay.example/a"], []]
    assert list(parsed.accounts["followers_count"])[:2] == [1562, 1570]
    created = parsed.accounts["created_at"][0]
    assert created <= pd.Timestamp("2010-01-10T18:20:58Z") <= created + pd.Timedelta(seconds=93_600)


@pytest.mark.parametrize(
    ("time", "zones", "at"),
    [
        ("2021-07-06 16:45:20 IST", {}, None),
        ("2021-07-06 16:45:20 IST", {"IST": "+05:30"}, "2021-07-06 11:15:20+00:00"),
        ("2021-07-06 16:45:20", {}, None),
    ],
)
def test_a_zone_is_never_guessed(time: str, zones: dict[str, str], at: str | None, tmp_path: Path) -> None:
    with (SAMPLES / "crowdtangle_pages.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with (tmp_path / "ct.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerow(rows[0] | {"Post Created": time})
    parsed = parse("crowdtangle", tmp_path / "ct.csv", zones=zones)
    assert [str(value) for value in parsed.posts["posted_at"]] == ([at] if at else [])
    assert len(parsed.rejected) == (0 if at else 1)


def test_the_content_library_needs_a_platform_and_reports_fields_left_out(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="platform"):
        parse("meta-content-library", *sample("meta_content_library_posts.csv"))
    (tmp_path / "few.csv").write_text("id,creation_time,post_owner.id\n1,2024-05-01T08:00:00,31\n")
    drift = parse("meta-content-library", tmp_path / "few.csv", platform="facebook").drift
    assert {"text", "lang", "statistics.views"} <= {entry.field for entry in drift if entry.kind == "missing"}
    shared = parse("meta-content-library", *sample("meta_content_library_posts.csv"), platform="facebook")
    assert column(shared, "kind") == ["original", "repost", "quote", "original"]
    assert column(shared, "view_count") == [900, 900, 900, None]


def export(folder: Path, chats: list[dict[str, Any]]) -> Path:
    path = folder / "result.json"
    path.write_text(json.dumps({"about": "x", "contacts": {"list": [{"a": 1}]}, "chats": {"about": "y", "list": chats}}, indent=1))
    return path


def chat(number: int, kind: str, *messages: dict[str, Any]) -> dict[str, Any]:
    whole = [{"type": "message", "date_unixtime": "1696680000", "from_id": f"user{number}", "text": "x"} | m for m in messages]
    return {"name": f"chat {number}", "type": kind, "id": number, "messages": whole}


def test_one_message_out_of_two_services_is_one_post() -> None:
    ours = parse("telegram-export", *sample("telegram_export_channel.json"), usernames={1400000001: "quaynews"})
    theirs = parse("4cat", *sample("4cat_telegram.csv"), source="telegram")
    same = ours.posts.merge(theirs.posts, on=["platform", "post_id", "account_id", "posted_at", "kind"])
    assert len(same) == len(theirs.posts) == 3
    assert list(ours.posts["urls"][0]) == ["https://harbour.example/news"]


def test_private_chats_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        [
            chat(1, "personal_chat", {"id": 1}, {"id": 2}),
            chat(2, "public_supergroup", {"id": 1, "edited_unixtime": "1696690000"}),
            chat(3, "private_group", {"id": 1}),
        ],
    )
    parsed = parse("telegram-export", path, chats=[1])
    assert column(parsed, "post_id") == ["2/1"]
    assert [(entry.rows, entry.field) for entry in parsed.drift] == [(3, "chats passed over")]
    assert parse("telegram-export", path, chats=[3]).posts["post_id"].tolist() == ["2/1", "3/1"]


def test_an_edited_message_is_seen_at_its_edit(tmp_path: Path) -> None:
    path = export(tmp_path, [chat(2, "public_channel", {"id": 1, "edited_unixtime": "1696690000"}, {"id": 2})])
    parsed = parse("telegram-export", path)
    assert (parsed.posts["observed_at"] - parsed.posts["posted_at"]).dt.total_seconds().tolist() == [10_000, 0]
    fixed = parse("telegram-export", path, observed_at=datetime(2024, 1, 1, tzinfo=UTC))
    assert set(fixed.posts["observed_at"]) == {pd.Timestamp("2024-01-01T00:00:00Z")}


def edited_telegram(tmp_path: Path) -> Parsed:
    path = export(tmp_path, [chat(2, "public_channel", {"id": 1, "edited_unixtime": "1696690000"}, {"id": 2}, {"id": 3})])
    return parse("telegram-export", path)


def edited_fourcat(tmp_path: Path) -> Parsed:
    with sample("4cat_telegram.csv")[0].open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    rows[0]["unix_timestamp_edited"] = "1696690000"
    with (tmp_path / "4cat.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return parse("4cat", tmp_path / "4cat.csv", source="telegram")


@pytest.mark.parametrize(("made", "post"), [(edited_telegram, "2/1"), (edited_fourcat, "quaynews/11")])
def test_an_edited_message_is_told_as_edited(made: Callable[[Path], Parsed], post: str, tmp_path: Path) -> None:
    parsed = made(tmp_path)
    states = parsed.others["post_states"]
    assert states[["platform", "post_id", "state"]].to_numpy().tolist() == [["telegram", post, "edited"]]
    assert states["changed_at"].tolist() == [pd.Timestamp(1_696_690_000, unit="s", tz="UTC")]
    assert parsed.rows_landed["post_states"] == 1
    assert len(parsed.posts) == 3


@pytest.mark.parametrize("size", [1, 3, 50])
def test_parts_hold_the_same_rows(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.fetch.readers.CHUNK_ROWS", 2)
    files = landed(*sample("crowdtangle_pages.csv"))
    whole = parse_landed(files, "crowdtangle", "posted", {})
    reader = crowdtangle.CrowdTangleImporter()
    parts = list(reader.parts(files, observed_at="posted", options={}, rows=size))
    assert len(parts) == (2 if size == 1 else 1)
    assert_frame_equal(pd.concat([part.posts for part in parts], ignore_index=True), whole.posts)
    assert sum(part.rows_landed["posts"] for part in parts) == whole.rows_landed["posts"]
    assert sum(effort.rows for part in parts for effort in part.effort) == 4
    monkeypatch.setattr(streaming.StreamingImporter.parts, "__kwdefaults__", {"rows": size})
    laid = [one() for one in parse_parts(files, "crowdtangle", "posted", {}, tmp_path)]
    assert_frame_equal(pd.concat([part.posts for part in laid], ignore_index=True), whole.posts)
    assert not list(tmp_path.iterdir())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=8), st.sampled_from([None, 0, 2]))
def test_a_streamed_document_gives_what_was_written(values: list[Any], indent: int | None) -> None:
    text = json.dumps({"before": {"x": [1]}, "messages": values, "after": 2.5}, indent=indent, ensure_ascii=False)
    data = text.encode("utf-8", "replace")
    found = list(elements(BytesIO(data), "x", lambda path: path == ("messages",), lambda path: not path))
    expected = json.loads(data)
    assert [value for path, value in found if path[0] == "messages"] == expected["messages"]
    assert [value for path, value in found if path[0] != "messages"] == [{"x": [1]}, 2.5]


def test_a_document_longer_than_one_read_keeps_its_lines() -> None:
    lines = "".join(f' {{"id": {n}, "text": "{"é" * 400}"}},\n' for n in range(3000))
    data = f'{{"messages": [\n{lines} oops]}}'.encode()
    with pytest.raises(UnreadableInput, match="line 3002: invalid JSON"):
        list(elements(BytesIO(data), "x", lambda path: path == ("messages",), lambda path: not path))


@given(st.lists(st.text(alphabet="ab/:.,#", min_size=1, max_size=6).filter(lambda text: ", " not in text), max_size=4))
def test_lists_in_brackets(items: list[str]) -> None:
    lists, faulty = bracketed(pa.array([f"[{', '.join(items)}]", None, "a"], pa.string()))
    assert lists.to_pylist() == [items, [], []]
    assert faulty.tolist() == [False, False, True]


@given(st.integers(-(10**15), 10**15))
def test_numbers_with_commas(number: int) -> None:
    values = ungrouped(pa.array([f"{number:,}", "1,2,3"], pa.string()))
    converted = convert(values, PARSED["posts"].column("like_count"), Reading())
    assert converted.faulty.tolist() == [number <= -1000, True]
    assert converted.values[0].as_py() == (number if number > -1000 else None)


TIMES = st.sampled_from(
    ["2023-10-07 12:30", "2023-10-07T24:00:00", "2023-02-30T00:00", "1969-10-07T12:30", "2023-10-07T12:30:01.5", "2023-10-07",
     "2023-10-07T23:59:59-00:00", "2023-10-07 23:59Z", "2023-10-07T23:59:59+25:00", "2023-10-07T12:60", "2023-10-07T23:59:59+14:00"]
)  # fmt: skip


@given(st.lists(st.none() | TIMES, min_size=1, max_size=4))
def test_times_read_by_arrow_are_those_read_one_by_one(texts: list[str | None]) -> None:
    together = instants(pa.array(texts, pa.string()), "posted_at", TimeRule())
    alone = [
        instants([*([text] if text else [None]), "2023-W01"], "posted_at", TimeRule()) for text in texts
    ]  # the last keeps Arrow away
    assert together[0].to_pylist() == [one[0][0].as_py() for one in alone]
    assert together[1].tolist() == [bool(one[1][0]) for one in alone]


@pytest.mark.parametrize("module", [crowdtangle, fourcat, meta_content_library, telegram_export, twitter_io])
def test_declarations_say_everything(module: Any) -> None:
    said = module.DECLARATION
    assert said.observes | set(said.cannot) == set(get_args(Observable))
    assert not said.observes & set(said.cannot)
    assert said.terms
    assert said.limits
