"""Small frames for the tests of rebuilding: posts are given as (account, day[, count]) with days counted from t0 = 2023-08-29."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from tasks.domain.accounts import ACCOUNTS, MEMBERSHIP
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff, Period
from tasks.domain.posts import POSTS
from tasks.domain.rebuilding import TakedownFacts
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.measure import measure

T0 = datetime(2023, 8, 29, tzinfo=UTC)


def at(day: float) -> datetime:
    return T0 + timedelta(days=day)


def on(day: int) -> date:
    return at(day).date()


def takedown(first: int = 0, last: int | None = None, **fields: object) -> Takedown:
    values = {"takedown_id": f"t{first + 1000}", "platform": "x", "source": "platform", "effective_from": on(first)} | fields
    return Takedown.model_validate(values | ({"effective_to": on(last)} if last is not None else {}))


def posts_frame(rows: Sequence[tuple[str, float] | tuple[str, float, int]], platform: str = "x", **columns: object) -> pd.DataFrame:
    """A third entry of a row repeats the post that often."""
    spread = [(row[0], row[1]) for row in rows for _ in range(row[2] if len(row) == 3 else 1)]
    moments = pd.to_datetime([at(day + 0.25) for _, day in spread], utc=True)
    frame = pd.DataFrame(
        {
            "campaign": "c",
            "platform": platform,
            "post_id": [f"p{i}" for i in range(len(spread))],
            "observed_at": moments,
            "account_id": [account for account, _ in spread],
            "posted_at": moments,
            "time_precision_s": 1,
            "kind": "original",
            "batch_id": "b",
            "row_number": range(len(spread)),
        }
        | columns
    )
    return POSTS.conform(frame)


def observed(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Each row needs account_id and `day` (observed); created_at may be given as a day too."""
    out = []
    for i, row in enumerate(rows):
        values = {"campaign": "c", "platform": "x", "batch_id": "b", "row_number": i} | row
        values["observed_at"] = at(values.pop("day"))  # type: ignore[arg-type]
        if "created" in values:
            values["created_at"] = at(values.pop("created"))  # type: ignore[arg-type]
        out.append(values)
    return ACCOUNTS.conform(pd.DataFrame(out)) if out else ACCOUNTS.empty()


def listed(accounts: Sequence[str], *, known: int = 0, outcome_selected: bool = False) -> pd.DataFrame:
    if not accounts:
        return MEMBERSHIP.empty()
    return MEMBERSHIP.conform(
        pd.DataFrame(
            {
                "campaign": "c",
                "platform": "x",
                "account_id": list(accounts),
                "known_at": at(known),
                "basis": "seed",
                "outcome_selected": outcome_selected,
                "reason": "",
            }
        )
    )


def run(
    posts: pd.DataFrame,
    takedowns: Sequence[Takedown],
    end: int,
    *,
    observations: pd.DataFrame | None = None,
    members: pd.DataFrame | None = None,
    queries: Sequence[object] = (),
    finds: pd.DataFrame | None = None,
    lateness: float = 1,
    seed: int = 7,
    **campaign: object,
) -> tuple[TakedownFacts, ...]:
    return measure(
        Campaign.model_validate({"slug": "c", "title": "C", "takedowns": list(takedowns)} | campaign),
        posts=posts,
        observations=ACCOUNTS.empty() if observations is None else observations,
        members=MEMBERSHIP.empty() if members is None else members,
        period=Period("r", "range", at(end - 7), at(end)),
        cutoff=Cutoff(at(end), at(end + lateness)),
        queries=queries,  # type: ignore[arg-type]
        seed=seed,
        finds=finds,
    )


def steady(first: int, end: int, accounts: int = 3, posts: int = 2, name: str = "a") -> list[tuple[str, float, int]]:
    """`accounts` accounts that each post `posts` times on every day of [first, end)."""
    return [(f"{name}{i}", day, posts) for i in range(accounts) for day in range(first, end)]
