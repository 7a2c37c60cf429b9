from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from rebuilding_frames import observed, posts_frame, run, takedown

from tasks.domain.measures import NotMeasurable
from tasks.rebuilding.batches import Creations, calm_rate, find_batches, non_overlapping
from tasks.rebuilding.timeline import DAY_US, EPOCH

HOUR = DAY_US // 24


def ordinary(rng: np.random.Generator, days: int = 300, rate: float = 0.7, dispersion: float = 2.0) -> np.ndarray:
    per_day = rng.poisson(rng.gamma(1 / dispersion, dispersion * rate, days))
    return np.sort(np.repeat(np.arange(days), per_day) * DAY_US + rng.integers(0, DAY_US, per_day.sum()))


def batches(moments: np.ndarray, seed: int = 1) -> list[tuple[datetime, int]]:
    found = find_batches(Creations(np.sort(moments), 0, 0), np.random.default_rng(seed))
    assert isinstance(found, tuple)
    return [(batch.start, batch.accounts) for batch in found]


def test_windows_by_hand() -> None:
    # 6 within 5 h from hour 10; 5 from hour 33 on, of which a window from hour 10 holds the first (33 < 34)
    hours = np.array([10, 11, 12, 13, 14, 15, 33, 40, 41, 42, 43])
    assert list(non_overlapping(hours * HOUR)) == [(10 * HOUR, 7)]
    # without that one the second window has only 4 and is none; with it, from hour 34 on, it counts
    assert list(non_overlapping(np.append(hours, 44) * HOUR)) == [(10 * HOUR, 7), (40 * HOUR, 5)]


def test_a_batch_is_found_once_at_its_first_account() -> None:
    rng = np.random.default_rng(2)
    moments = np.append(ordinary(rng), 150 * DAY_US + np.arange(30) * HOUR // 6)
    ((start, accounts),) = batches(moments)
    assert abs((start - datetime(1970, 5, 31, tzinfo=UTC)).total_seconds()) < 86_400
    assert accounts >= 30


def test_ordinary_clumps_are_rarely_batches() -> None:
    """20 histories without a batch at p <= 5 %: four alarms would have a chance of 2 %. More in tests/bench."""
    rng = np.random.default_rng(4)
    assert sum(bool(batches(ordinary(rng, days=120), seed)) for seed in range(20)) <= 3


def test_the_calm_rate_ignores_the_batches() -> None:
    rng = np.random.default_rng(5)
    per_day = rng.poisson(rng.gamma(0.5, 2.0, 2000))  # mean 1, alpha 2
    per_day[:40] = 50
    found = calm_rate(per_day)
    assert 0.8 < found.mean < 1.3
    assert 1.4 < found.alpha < 3


def test_inexact_creations_are_left_out_and_counted() -> None:
    rng = np.random.default_rng(6)
    days = ordinary(rng, days=200) / DAY_US - 200
    seen = [{"account_id": f"a{i}", "day": 0, "created": float(day)} for i, day in enumerate(days)]
    vague = [{"account_id": f"v{i}", "day": 0, "created": -50.0, "created_precision_s": 86_400} for i in range(40)]
    posts = posts_frame([(row["account_id"], -1.0) for row in [*seen, *vague]] + [("stranger", -1.0), ("stranger", -100.0)])
    (facts,) = run(posts, [takedown(0)], 10, observations=observed([*seen, *vague]))
    assert facts.creation_batches == ()
    assert any(f"rest on {len(seen)} accounts; 40 are left out" in text and "and 1 because" in text for text in facts.caveats)


def test_too_few_known_creations_are_said() -> None:
    found = find_batches(Creations(np.arange(10) * DAY_US, 0, 0), np.random.default_rng(1))
    assert isinstance(found, NotMeasurable)
    none = find_batches(Creations(np.zeros(0, np.int64), 0, 0), np.random.default_rng(1))
    assert isinstance(none, NotMeasurable)
    assert none.reason.startswith("no account's creation is known to the hour; batches need")
    one = find_batches(Creations(np.zeros(1, np.int64), 0, 0), np.random.default_rng(1))
    assert isinstance(one, NotMeasurable)
    assert one.reason.startswith("the creation of 1 account is known to the hour, over 1 day; batches need")


def test_the_creation_days_of_2017(shared_data: Path) -> None:
    accounts = pd.read_parquet(shared_data / "ira" / "ira_accounts.parquet")
    posting = pd.read_parquet(shared_data / "ira" / "ira_posts_2017_01_to_10.parquet", columns=["account_id"])[
        "account_id"
    ].unique()
    known = accounts[accounts["account_created_est"].notna() & accounts["user_id_exact"] & accounts["account_id"].isin(posting)]
    moments = known["account_created_est"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    found = batches(moments)
    for day, fewest in ((date(2017, 7, 22), 49), (date(2017, 8, 8), 30), (date(2017, 8, 18), 17)):
        midnight = (day - EPOCH).days * DAY_US
        on_the_day = moments[(moments >= midnight) & (moments < midnight + DAY_US)]
        assert len(on_the_day) == fewest
        holding = [n for start, n in found if start.timestamp() * 1e6 <= np.median(on_the_day) < start.timestamp() * 1e6 + DAY_US]
        assert holding, day
        assert holding[0] >= fewest
