"""The archive importer on the real files (skipped where they are absent), and its rules on made-up ones."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.sources.ira import POST_IGNORED, IraImporter

NAMES = ("ira_accounts.parquet", "ira_posts_2017_01_to_10.parquet")


def read(*paths: Path, observed_at: object = "posted") -> Parsed:
    files = [LandedFile(path, path.name, hashlib.sha256(path.name.encode()).hexdigest()) for path in paths]
    return IraImporter().parse(files, observed_at=observed_at, options={})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def published(shared_data: Path) -> tuple[pa.Table, Parsed]:
    folder = shared_data / "ira"
    return pq.read_table(folder / NAMES[1]), read(*(folder / name for name in NAMES))


def test_every_published_post_lands_unchanged(published: tuple[pa.Table, Parsed]) -> None:
    table, parsed = published
    posts = parsed.posts
    assert parsed.rows_landed["posts"] == len(posts) == 872_128
    assert parsed.rejected.empty
    assert parsed.drift == ()
    assert (posts["row_number"].to_numpy() - 2_856 == np.arange(872_128)).all()
    assert pc.all(
        pc.equal(table["text"], pa.chunked_array([posts["text"].array.__arrow_array__()]).cast(pa.large_string()))
    ).as_py()
    assert posts["post_id"].is_unique
    assert posts["account_id"].nunique() == 1_083


def test_kinds_clocks_languages_and_links_are_those_published(published: tuple[pa.Table, Parsed]) -> None:
    table, parsed = published
    posts = parsed.posts
    assert posts["kind"].value_counts().to_dict() == {"original": 542_235, "repost": 318_072, "quote": 11_821}
    assert (posts["time_precision_s"] == 60).all()
    assert (posts["posted_at"].dt.second == 0).all()
    assert posts["lang"].isna().sum() == 36
    assert posts["lang"].value_counts().head(3).to_dict() == {"en": 664_409, "ru": 115_539, "de": 57_480}
    links = pc.unique(pc.list_flatten(pa.chunked_array([posts["urls"].array.__arrow_array__()])))
    published_links = pc.unique(pc.list_flatten(table["urls"]))
    short = published_links.filter(pc.match_substring_regex(published_links, r"^https://t\.co/[A-Za-z0-9]+$"))
    assert len(short) > 700_000
    assert pc.all(pc.is_in(short, links)).as_py()
    assert posts["repost_of_id"].isna().all()


def test_the_ignored_repost_handles_are_in_the_mentions(published: tuple[pa.Table, Parsed]) -> None:
    table, parsed = published
    assert "repost_of_handle" in POST_IGNORED
    named = table["repost_of_handle"].to_pandas()
    rows = named[named.notna()]
    assert len(rows) == 273
    for position, handle in rows.items():
        assert handle in list(parsed.posts["mentions"].iloc[position])


def test_accounts_are_observed_once_a_day_and_once_from_the_list(published: tuple[pa.Table, Parsed]) -> None:
    _, parsed = published
    accounts = parsed.accounts
    assert len(accounts) == parsed.rows_landed["accounts"] == 54_348 + 2_856 - 368  # 368 were first seen on a day with one post
    assert not accounts.duplicated(["account_id", "observed_at"]).any()
    assert accounts["account_id"].nunique() == 2_856
    made = accounts.dropna(subset="created_at").drop_duplicates("account_id")
    assert made["created_precision_s"].value_counts().to_dict() == {1: 456, 241_920: 77}
    assert (accounts.loc[accounts["created_at"].notna(), "observed_at"] >= accounts["created_at"].dropna()).all()
    assert accounts["status"].isna().all()


def miniature(folder: Path) -> tuple[Path, Path]:
    posts = pd.DataFrame(
        {
            "post_id": ["1", "2", "3"],
            "account_id": ["Oak", "Oak", "Elm"],
            "account_handle": ["Oak", "Oak", "Elm"],
            "posted_at": pd.to_datetime(["2017-03-01T10:00Z", "2017-03-01T09:00Z", "2017-03-02T00:00Z"]),
            "text": ["a", "b", "c"],
            "lang": ["English", "Quenya", "English"],
            "urls": [[], [], []],
            "is_repost": False,
            "is_quote": False,
            "followers": [10, 9, -1],
            "following": 5,
        }
    )
    accounts = pd.DataFrame(
        {
            "account_id": ["Oak", "Fir", "Yew"],
            "account_handle": ["Oak", "Fir", "Yew"],
            "user_id_exact": [False, True, True],
            "account_created_est": pd.to_datetime(["2017-02-10T00:00:00Z", "2017-02-01T00:00:00.7Z", None], format="ISO8601"),
        }
    )
    posts.to_parquet(folder / "posts.parquet")
    accounts.to_parquet(folder / "accounts.parquet")
    return folder / "accounts.parquet", folder / "posts.parquet"


def seen(parsed: Parsed) -> list[list[object]]:
    return parsed.accounts.fillna({"followers_count": -9})[["account_id", "observed_at", "followers_count"]].to_numpy().tolist()


def test_when_accounts_count_as_seen(tmp_path: Path) -> None:
    parsed = read(*miniature(tmp_path))
    day = [pd.Timestamp(text, tz="UTC") for text in ("2017-03-01T10:00", "2017-03-02", "2017-03-01T09:00", "2017-02-01")]
    assert seen(parsed) == [["Oak", day[0], 10], ["Elm", day[1], -9], ["Oak", day[2], 9], ["Fir", day[3], -9], ["Yew", day[1], -9]]
    oak = parsed.accounts[parsed.accounts["account_id"] == "Oak"]
    assert oak["created_at"].unique().tolist() == [pd.Timestamp("2017-02-08T14:24", tz="UTC")]
    assert oak["created_precision_s"].unique().tolist() == [241_920]


def test_any_subset_of_the_files(tmp_path: Path) -> None:
    accounts, posts = miniature(tmp_path)
    alone = read(posts)
    assert alone.accounts["created_at"].isna().all()
    assert len(alone.accounts) == 2
    listed = read(accounts)
    assert listed.accounts["account_id"].tolist() == ["Oak", "Fir"]
    assert listed.rejected["reason"].str.startswith("nothing in the files says when").tolist() == [True]
    assert listed.rows_landed == {"posts": 0, "accounts": 3}


def test_with_a_fixed_time_an_account_is_observed_once(tmp_path: Path) -> None:
    noon = datetime(2018, 1, 1, 12, tzinfo=UTC)
    for files in (miniature(tmp_path), miniature(tmp_path)[::-1]):
        accounts = read(*files, observed_at=noon).accounts
        assert (accounts["observed_at"] == noon).all()
        assert accounts.loc[accounts["account_id"] == "Oak", "followers_count"].tolist() == [10]


def test_a_language_without_code_is_reported(tmp_path: Path) -> None:
    (drift,) = read(*miniature(tmp_path)).drift
    assert (drift.field, drift.kind, drift.rows, drift.sample) == ("lang", "unknown", 1, "Quenya")
