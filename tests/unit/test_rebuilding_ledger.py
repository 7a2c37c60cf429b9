"""The merged ledger: precedence, what is known when, overlaps named, and nothing ever added over precisions."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from rebuilding_frames import posts_frame, run, steady

from tasks.domain.campaign import Campaign
from tasks.domain.ledgers import TAKEDOWN_ROWS, LedgerEntry
from tasks.domain.periods import Cutoff
from tasks.domain.ports import LandedFile
from tasks.fetch.fetching import parse_landed
from tasks.rebuilding.ledger import Ledger, merge, read_actions

LATE = datetime(2030, 1, 1, tzinfo=UTC)


def instant(day: str | None) -> pd.Timestamp | None:
    return None if day is None else pd.Timestamp(day, tz="UTC")


def rows(*given: dict[str, Any]) -> pd.DataFrame:
    out = []
    for number, row in enumerate(given):
        values = {
            "campaign": "c", "row_id": f"R{number}", "network": "C", "platform": "x", "known": "yes", "asset_type": "accounts",
            "count": 10, "approximate": False, "removal": True, "precision": "day", "effective_from": "2023-08-29",
            "effective_to": None, "announced_on": None, "source": "press", "link": None, "address": None, "note": None,
            "batch_id": "b", "row_number": number,
        } | row  # fmt: skip
        values["effective_to"] = values["effective_to"] or values["effective_from"]
        values["observed_at"] = instant(values.get("observed_at") or values["effective_to"] or values["announced_on"])
        for name in ("effective_from", "effective_to", "announced_on"):
            values[name] = instant(values[name])
        out.append(values)
    return TAKEDOWN_ROWS.conform(pd.DataFrame(out)) if out else TAKEDOWN_ROWS.empty()


def campaign(*takedowns: dict[str, Any], **fields: Any) -> Campaign:
    return Campaign.model_validate({"slug": "c", "title": "C", "takedowns": list(takedowns)} | fields)


def merged(frame: pd.DataFrame, *takedowns: dict[str, Any], as_of: datetime = LATE, **fields: Any) -> Ledger:
    """As the flow does: rows that were known at `as_of`."""
    return merge(campaign(*takedowns, **fields), frame[frame["observed_at"] <= as_of], Cutoff(as_of, as_of))


STATED = {
    "takedown_id": "x-2023-08-29",
    "platform": "x",
    "effective_from": "2023-08-29",
    "counts": {"accounts": 7},
    "source": "platform",
}


def test_rows_of_one_action_are_one_takedown_with_counts_by_asset_type() -> None:
    ledger = merged(rows({"count": 5}, {"asset_type": "pages", "count": 2}, {"platform": "youtube", "asset_type": "channels"}))
    assert [(t.takedown_id, t.platform, t.counts) for t in ledger.takedowns] == [
        ("r0", "x", {"accounts": 5, "pages": 2}),
        ("r2", "youtube", {"channels": 10}),
    ]


def test_a_second_count_of_the_same_asset_type_is_another_action() -> None:
    ledger = merged(rows({"count": 5}, {"count": 6}))
    assert [t.counts for t in ledger.takedowns] == [{"accounts": 5}, {"accounts": 6}]


def test_the_campaign_file_wins_by_id_and_by_day_and_what_differs_is_reported() -> None:
    ledger = merged(rows({"row_id": "x-2023-08-29", "effective_from": "2023-09-05"}, {"row_id": "R", "count": 7}), STATED)
    assert [t.takedown_id for t in ledger.takedowns] == ["x-2023-08-29"]
    assert sorted(ledger.facts.set_aside) == [
        "r states what x-2023-08-29 of the campaign file states, with the same counts",
        "x-2023-08-29 states what x-2023-08-29 of the campaign file states, but counts 10 accounts (the file: 7)",
    ]


def test_rows_about_other_networks_are_counted_and_left_out() -> None:
    frame = rows({"network": "Other"}, {"network": "A, B/the-alias"}, {"network": None}, {"network": "C (second wave)"})
    actions, others = read_actions(frame, campaign(aliases=["The Alias"]))
    assert sorted(action.takedown.takedown_id for action in actions) == ["r1", "r2", "r3"]
    assert others == 1


def test_what_was_announced_later_is_not_seen() -> None:
    frame = rows({"announced_on": "2023-09-10", "observed_at": "2023-09-10"})
    assert not merged(frame, as_of=datetime(2023, 9, 9, tzinfo=UTC)).takedowns
    assert merged(frame, as_of=datetime(2023, 9, 10, tzinfo=UTC)).takedowns


def test_the_latest_reading_of_a_row_counts() -> None:
    frame = rows({"row_id": "A", "count": 5}, {"row_id": "A", "count": 6, "observed_at": "2023-10-01"})
    assert [t.counts for t in merged(frame).takedowns] == [{"accounts": 6}]
    assert [t.counts for t in merged(frame, as_of=datetime(2023, 9, 1, tzinfo=UTC)).takedowns] == [{"accounts": 5}]


def test_what_is_no_removal_and_what_spans_platforms_is_listed_and_never_measured() -> None:
    ledger = merged(rows({"removal": False}, {"platform": "facebook+instagram"}))
    assert not ledger.takedowns
    assert {(entry.platforms, entry.removal) for entry in ledger.facts.entries} == {
        (("x",), False),
        (("facebook", "instagram"), True),
    }


SPANS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "half-year": 182, "year": 365, "lifetime": 1200}
GIVEN = st.lists(
    st.tuples(st.sampled_from(sorted(SPANS)), st.integers(0, 400), st.integers(1, 10**6), st.sampled_from(["x", "youtube"])),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(GIVEN)
def test_nothing_is_added_over_actions_and_overlaps_are_mutual(given: list[tuple[str, int, int, str]]) -> None:
    """Every printed count is the count of one row: no number in the ledger is a sum over rows, whatever their precision."""
    start = datetime(2023, 1, 1, tzinfo=UTC)
    frame = rows(
        *(
            {
                "precision": precision,
                "platform": platform,
                "count": count,
                "effective_from": f"{start + timedelta(days=first):%Y-%m-%d}",
                "effective_to": f"{start + timedelta(days=first + SPANS[precision] - 1):%Y-%m-%d}",
            }
            for precision, first, count, platform in given
        )
    )
    ledger = merged(frame)
    printed = sorted(number for entry in ledger.facts.entries for number in entry.counts.values())
    assert printed == sorted(count for _, _, count, _ in given)
    by_id = {entry.takedown_id: entry for entry in ledger.facts.entries}
    for entry in by_id.values():
        assert all(entry.takedown_id in by_id[other].overlaps for other in entry.overlaps)
        assert set(entry.overlaps) == {other.takedown_id for other in by_id.values() if _touch(entry, other)}


def _touch(one: LedgerEntry, other: LedgerEntry) -> bool:
    spans = [(entry.first or date.min, entry.last or date.max) for entry in (one, other)]
    return one is not other and one.platforms == other.platforms and spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]


def test_only_rows_with_a_day_start_episodes_and_many_others_are_one_sentence() -> None:
    frame = rows(
        *({"precision": "month", "effective_from": f"2023-0{m}-01", "effective_to": f"2023-0{m}-28"} for m in range(1, 6)), {}
    )
    ledger = merged(frame)
    (facts,) = run(posts_frame(steady(-70, 20)), ledger.takedowns, 20)
    assert facts.actions[0].counts == {"accounts": 10}
    assert len(facts.actions) == 1
    assert [text for text in facts.caveats if "5 further actions on X are dated without a day (5 only by month)" in text]


def test_the_compiled_ledger_of_the_reference_case(shared_data: Path) -> None:
    """269 rows: those of the campaign are chosen by its names; every precision is kept; the action in the file stands."""
    path = shared_data / "spamouflage/takedown_ledger.csv"
    parsed = parse_landed([LandedFile(path, path.name, "0" * 64)], "takedown-ledger", "posted", {}).others["takedowns"]
    frame = TAKEDOWN_ROWS.conform(parsed.assign(campaign="c", batch_id="b"))
    stated = {
        "takedown_id": "facebook-2023-08-29",
        "platform": "facebook",
        "announced_on": "2023-08-29",
        "effective_from": "2023-08-29",
        "counts": {"accounts": 7704, "pages": 954, "groups": 15},
        "source": "platform",
    }
    fields: dict[str, Any] = {"title": "Spamouflage", "aliases": ["Dragonbridge"]}
    ledger = merged(frame, stated, **fields)
    assert ledger.facts.rows_of_other_networks == 269 - 38  # 16 + 15 + 5 + 1 + 1 rows by the name of the network
    assert "td136 states what facebook-2023-08-29 of the campaign file states, with the same counts" in ledger.facts.set_aside
    facebook = [t for t in ledger.takedowns if t.platform == "facebook"]
    assert [t.counts for t in facebook] == [stated["counts"]]
    published = parsed.set_index("row_id")["count"]
    sums = {number for entry in ledger.facts.entries for number in entry.counts.values()} - set(published) - {7704, 954, 15}
    assert not sums
    months = [entry for entry in ledger.facts.entries if entry.platforms == ("youtube",) and entry.precision == "month"]
    assert len(months) >= 10
    assert not any(t.interval for t in ledger.takedowns if t.precision != "day")
    early = merged(frame, stated, as_of=datetime(2020, 8, 15, tzinfo=UTC), **fields)
    assert max(e.last for e in early.facts.entries if e.last) <= datetime(2020, 8, 15, tzinfo=UTC).date()
