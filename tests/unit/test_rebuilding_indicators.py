"""Indicator lists against what was collected."""

from typing import Any

import pandas as pd
from rebuilding_frames import observed, posts_frame

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.ledgers import INDICATORS, IndicatorFacts
from tasks.domain.measures import NotMeasurable
from tasks.rebuilding.indicators import match_indicators


def listed(*given: dict[str, Any]) -> pd.DataFrame:
    known = {"campaign": "c", "observed_at": pd.Timestamp("2023-08-29", tz="UTC"), "batch_id": "b"}
    return INDICATORS.conform(pd.DataFrame([known | {"row_number": i} | row for i, row in enumerate(given)]))


def account(handle: str, platform: str = "x") -> dict[str, Any]:
    return {"kind": "account", "platform": platform, "value": handle, "link": f"https://{platform}.com/{handle}"}


def found(indicators: pd.DataFrame, posts: pd.DataFrame, observations: pd.DataFrame | None = None) -> IndicatorFacts:
    facts = match_indicators(indicators, posts, ACCOUNTS.empty() if observations is None else observations)
    assert isinstance(facts, IndicatorFacts)
    return facts


def test_accounts_are_met_by_handle_or_id_on_their_platform_without_case() -> None:
    posts = posts_frame([("17", 0, 3), ("named", 0, 2), ("other", 0)])
    observations = observed([{"account_id": "17", "day": 0, "handle": "LoudOne"}, {"account_id": "9", "day": 0, "handle": "Quiet"}])
    facts = found(
        listed(*(account(h) for h in ("loudone", "Named", "quiet", "nobody")), account("other", "tiktok")), posts, observations
    )
    assert [(a.handle, a.observed, a.posts) for a in facts.accounts_listed] == [
        ("loudone", True, 3),
        ("Named", True, 2),
        ("quiet", True, 0),
        ("other", False, 0),
        ("nobody", False, 0),
    ]
    assert [(m.platform, m.listed, m.matched, m.posts) for m in facts.matched] == [("tiktok", 1, 0, 0), ("x", 4, 3, 5)]
    assert facts.accounts_listed[0].link == "hxxps://x[.]com/loudone"


def test_twitter_and_x_are_one_platform() -> None:
    facts = found(listed(account("a")), posts_frame([("A", 0)], platform="twitter"))
    assert facts.accounts_listed[0].observed


def test_links_and_domains_are_met_in_the_posts_that_carry_them() -> None:
    posts = posts_frame([("a", 0), ("b", 0), ("c", 0)]).assign(
        urls=[["https://www.site.org/x"], ["http://site.org/x", "https://site.org/y"], []],
        domains=[["site.org"], ["site.org"], ["news.other.net"]],
    )
    posts = posts.astype({"urls": posts_frame([("a", 0)])["urls"].dtype, "domains": posts_frame([("a", 0)])["domains"].dtype})
    facts = found(
        listed(
            {"kind": "link", "value": "https://site.org/x", "link": "https://site.org/x"},
            {"kind": "link", "value": "https://site.org/none", "link": "https://site.org/none"},
            {"kind": "domain", "value": "other.net"},
            {"kind": "domain", "value": "ther.net"},
        ),
        posts,
    )
    assert [(m.kind, m.listed, m.matched, m.posts) for m in facts.matched] == [("link", 2, 1, 2), ("domain", 2, 1, 1)]
    assert facts.links_met == ("hxxps://site[.]org/x",)


def test_what_cannot_be_matched_is_counted_and_counts_are_not_added() -> None:
    facts = found(
        listed(
            {"kind": "asset count", "platform": "facebook", "asset_type": "accounts", "count": 7704},
            {"kind": "asset count", "platform": "facebook", "asset_type": "pages", "count": 954},
            {"kind": "text", "value": "words"},
            {"kind": "none"},
        ),
        posts_frame([("a", 0)]),
    )
    assert [(a.platform, a.asset_type, a.count) for a in facts.assets] == [
        ("facebook", "accounts", 7704),
        ("facebook", "pages", 954),
    ]
    assert facts.others == {"none": 1, "text": 1}


def test_without_a_list_there_is_a_reason() -> None:
    assert isinstance(match_indicators(INDICATORS.empty(), posts_frame([("a", 0)]), ACCOUNTS.empty()), NotMeasurable)
