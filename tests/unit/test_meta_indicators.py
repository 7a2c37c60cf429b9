"""Indicator lists: what each indicator is, read from its own words; Meta's published files to the last row."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.fetching import parse_landed

PUBLISHED = datetime(2023, 8, 29, tzinfo=UTC)


def parse(path: Path, observed_at: datetime | None = PUBLISHED) -> Parsed:
    return parse_landed([LandedFile(path, path.name, "0" * 64)], "meta-indicators", observed_at, {})


def indicators(folder: Path, *texts: str, procedure: str = "") -> pd.DataFrame:
    path = folder / "indicators.csv"
    pd.DataFrame({"Tactic": "t", "Procedure": procedure, "Indicator": list(texts)}).to_csv(path, index=False)
    parsed = parse(path)
    assert parsed.rejected.empty
    return parsed.others["indicators"]


@pytest.mark.parametrize(
    ("written", "platform", "handle", "link"),
    [
        ("https://twitter[.]com/GarciaJasmyn1/", "x", "GarciaJasmyn1", "https://twitter.com/GarciaJasmyn1"),
        ("hxxp://x[.]com/gagauzianews24", "x", "gagauzianews24", "http://x.com/gagauzianews24"),
        ("https://www[.]tiktok[.]com/@deandrela3", "tiktok", "deandrela3", "https://www.tiktok.com/@deandrela3"),
        ("https[:]//t[.]me/newsmayyu", "telegram", "newsmayyu", "https://t.me/newsmayyu"),
        ("https{:}//t[.]me/kothet", "telegram", "kothet", "https://t.me/kothet"),
        ("t[.]me/ze_us_is_talking4", "telegram", "ze_us_is_talking4", "http://t.me/ze_us_is_talking4"),
        ("https://milktea9854[.]livejournal[.]com/", "livejournal", "milktea9854", "https://milktea9854.livejournal.com"),
        ("https://www[.]youtube[.]com/channel/UCHa42Hr", "youtube", "UCHa42Hr", "https://www.youtube.com/channel/UCHa42Hr"),
        ("https://es[.]quora[.]com/profile/Ishnyakov", "quora", "Ishnyakov", "https://es.quora.com/profile/Ishnyakov"),
    ],
)
def test_a_link_that_names_an_account_is_that_account(tmp_path: Path, written: str, platform: str, handle: str, link: str) -> None:
    (only,) = indicators(tmp_path, written).to_dict("records")
    assert (only["kind"], only["platform"], only["value"], only["link"]) == ("account", platform, handle, link)


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("wrhheit[.]online", "domain", "wrhheit.online"),
        ("https://www[.]quora[.]com/What-is-it", "link", "https://www.quora.com/What-is-it"),
        ("https://twitter[.]com/a/status/1562640", "link", "https://twitter.com/a/status/1562640"),
        ("https://twitter[.]com/hashtag/one", "link", "https://twitter.com/hashtag/one"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash", "d41d8cd98f00b204e9800998ecf8427e"),
        ("#americathethief", "hashtag", "#americathethief"),
        ("About 7,800 accounts followed one or more of these Pages", "text", None),
        ("Sharing on X / Twitter", "text", None),
        ("javascript:alert(1)", "text", None),
    ],
)
def test_other_indicators(tmp_path: Path, written: str, kind: str, value: str | None) -> None:
    (only,) = indicators(tmp_path, written).to_dict("records")
    assert (only["kind"], only["value"]) == (kind, value or written)
    assert pd.isna(only["platform"])


def test_counts_of_assets_take_their_platform_from_their_words_or_their_procedure(tmp_path: Path) -> None:
    found = indicators(tmp_path, "7,704 Facebook accounts", "22 accounts", "1 Page", procedure="0.9.2 Acquiring Instagram accounts")
    assert list(zip(found["platform"], found["asset_type"], found["count"], strict=True)) == [
        ("facebook", "accounts", 7704),
        ("instagram", "accounts", 22),
        ("instagram", "pages", 1),
    ]


def test_without_a_day_or_a_column_a_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("tactic,indicator\na,b\n")
    with pytest.raises(UsageProblem, match="carry no day"):
        parse(path, None)
    path.write_text("tactic,value\na,b\n")
    with pytest.raises(UnreadableInput, match="no column is called indicator or"):
        parse(path)


def test_a_row_with_a_cell_too_many_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("tactic,indicator\na,b.com\na,b,c\n,\na,c.com\n")
    parsed = parse(path)
    assert list(parsed.rejected["reason"]) == ["line 3: the row has 3 cells, the header 2"]
    assert list(parsed.others["indicators"]["kind"]) == ["domain", "none", "domain"]


def test_the_list_of_the_reference_case(shared_data: Path) -> None:
    parsed = parse(shared_data / "spamouflage/spamouflage_indicators_meta_q2_2023.csv")
    found = parsed.others["indicators"]
    assert parsed.rejected.empty
    assert len(found) == 529
    assets = found[found["kind"] == "asset count"]
    assert list(zip(assets["platform"], assets["asset_type"], assets["count"], strict=True)) == [
        ("facebook", "accounts", 7704),
        ("facebook", "pages", 954),
        ("facebook", "groups", 15),
        ("instagram", "accounts", 15),
    ]
    accounts = found.loc[found["kind"] == "account", "platform"].value_counts()
    assert (accounts["x"], accounts["tiktok"]) == (35, 5)
    assert found["procedure"].str.startswith("0.9.8").sum() == 210
    assert found["procedure"].str.startswith("6.1.3").sum() == 273
    assert not found["link"].str.contains(r"\[|hxxp", na=False).any()


def test_every_file_meta_published_is_read(shared_data: Path, tmp_path: Path) -> None:
    published = pd.read_parquet(shared_data / "spamouflage/meta_threat_indicators.parquet")
    read = 0
    for n, (_, rows) in enumerate(published.groupby("source_file")):
        path = tmp_path / f"{n}.csv"
        rows.drop(columns=["platform", "indicator_kind"]).to_csv(path, index=False)
        parsed = parse(path)
        assert parsed.rejected.empty
        read += len(parsed.others["indicators"])
    assert (n + 1, read) == (68, len(published))
    whole = parse(shared_data / "spamouflage/meta_threat_indicators.parquet").others["indicators"]
    kinds = pd.crosstab(published["indicator_kind"], whole["kind"].to_numpy())
    assert kinds.loc["hash", "hash"] == 137
    assert kinds.loc["hashtag", "hashtag"] == 7
    assert kinds.loc["domain", "domain"] >= 7890  # of 7,908; the others are addresses of machines and names of apps
    assert kinds.loc["url", ["account", "link"]].sum() >= 2110  # of 2,132; the others are broken in the source, or prose
