"""Who posts after the takedown, and where they come from: six exclusive cohorts that sum to the total."""

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import CohortCounts, CohortName, CohortPosts, Cohorts, SensitivityRow
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.timeline import DAY_US, Timeline, day_date

NAMES: tuple[CohortName, ...] = get_args(CohortName)
LOOKBACK_DAYS = 90
SENSITIVITY_DAYS = (30, 180)
HISTORY_DAYS = 90  # needed before the look-back window, or "reactivated" cannot be told from "new to us"
UNKNOWN_US = np.iinfo(np.int64).min


@dataclass(frozen=True)
class AccountKnowledge:
    """What the observations say of each account of a timeline, as microseconds since 1970; UNKNOWN_US where they say nothing."""

    created_from: np.ndarray  # creation lies in [created_from, created_to)
    created_to: np.ndarray
    first_observed: np.ndarray


@dataclass(frozen=True)
class Assignment:
    """`cohort` holds per account the position in NAMES, -1 for accounts without a post in [t0_end, end)."""

    cohort: np.ndarray
    reactivated_measurable: bool
    lookback: int

    def members(self, *names: CohortName) -> np.ndarray:
        """Boolean per account: in one of these cohorts."""
        return np.isin(self.cohort, [NAMES.index(name) for name in names])


def read_knowledge(timeline: Timeline, observations: pd.DataFrame) -> AccountKnowledge:
    """Columns used: platform, account_id, observed_at, created_at, created_precision_s, batch_id, row_number.

    Of several observations with a creation time the latest counts (ties by batch_id, then row number). A missing precision means
    the instant is exact.
    """
    here = observations.loc[(observations["platform"] == timeline.platform).to_numpy(dtype=bool)]
    position = pd.Index(timeline.accounts).get_indexer(pd.Index(here["account_id"].to_numpy(dtype=object)))
    here, position = here.loc[position >= 0], position[position >= 0]
    first = np.full(len(timeline.accounts), np.iinfo(np.int64).max)
    np.minimum.at(first, position, _micros(here["observed_at"]))
    first[first == np.iinfo(np.int64).max] = UNKNOWN_US

    dated = here["created_at"].notna().to_numpy(dtype=bool)
    rows = here.loc[dated].assign(position=position[dated]).sort_values(["observed_at", "batch_id", "row_number"])
    created_from = np.full(len(timeline.accounts), UNKNOWN_US)
    created_to = created_from.copy()
    start = _micros(rows["created_at"])
    length = rows["created_precision_s"].to_numpy(dtype=np.int64, na_value=0) * 1_000_000
    created_from[rows["position"]] = start  # later rows overwrite earlier ones
    created_to[rows["position"]] = start + np.maximum(length, 1)
    return AccountKnowledge(created_from, created_to, first)


def assign(timeline: Timeline, knowledge: AccountKnowledge, episode: Episode, lookback: int = LOOKBACK_DAYS) -> Assignment:
    """Give every account with a post in [t0_end, end) its cohort, by precedence:

    survivor (posted in the `lookback` days before t0), reactivated (posted before that), created_after (creation interval wholly at
    or after t0), pre_positioned (created wholly before t0, or observed before it; first post at or after t0), undetermined (creation
    interval straddles t0), first_observed (nothing else known). Where `reactivated` is not measurable, accounts that would be in it are
    undetermined, so that the cohorts still sum.
    """
    t0, window = episode.start, episode.start - lookback
    t0_us = t0 * DAY_US
    dated = knowledge.created_from != UNKNOWN_US
    seen_before = (knowledge.first_observed != UNKNOWN_US) & (knowledge.first_observed < t0_us)
    measurable = timeline.data_start <= window - HISTORY_DAYS
    tests: list[tuple[CohortName, np.ndarray]] = [
        ("survivor", timeline.posted(window, t0)),
        ("reactivated" if measurable else "undetermined", timeline.first_day < window),
        ("created_after", dated & (knowledge.created_from >= t0_us)),
        ("pre_positioned", (dated & (knowledge.created_to <= t0_us)) | seen_before),
        ("undetermined", dated),
        ("first_observed", np.ones(len(timeline.accounts), dtype=bool)),
    ]
    cohort = np.select([test for _, test in tests], [NAMES.index(name) for name, _ in tests])
    cohort[~timeline.posted(episode.end, timeline.end)] = -1
    return Assignment(cohort, measurable, lookback)


def count_cohorts(timeline: Timeline, episode: Episode, assignment: Assignment) -> Cohorts:
    """Accounts and posts of every cohort in [t0_end, end)."""
    days = timeline.days
    after = (days.day >= episode.end) & (days.day < timeline.end)
    posts = np.bincount(assignment.cohort[days.account[after]], weights=days.posts[after], minlength=len(NAMES)).astype(int)
    unclear = _no_history(timeline, episode, assignment)
    counts = _counts(np.bincount(assignment.cohort[assignment.cohort >= 0], minlength=len(NAMES)), unclear)
    return Cohorts(**counts.model_dump(), posts=CohortPosts(**_counts(posts, unclear).model_dump()))


def sensitivity(timeline: Timeline, knowledge: AccountKnowledge, episode: Episode) -> tuple[SensitivityRow, ...]:
    """The cohorts with a look-back of 30 and of 180 days."""
    rows = []
    for lookback in SENSITIVITY_DAYS:
        assignment = assign(timeline, knowledge, episode, lookback)
        counts = np.bincount(assignment.cohort[assignment.cohort >= 0], minlength=len(NAMES))
        rows.append(SensitivityRow(lookback_days=lookback, cohorts=_counts(counts, _no_history(timeline, episode, assignment))))
    return tuple(rows)


def _counts(by_name: np.ndarray, unclear: NotMeasurable | None) -> CohortCounts:
    values: dict[str, int] = {name: int(by_name[i]) for i, name in enumerate(NAMES)}
    total = sum(values.values())
    if unclear is not None:
        return CohortCounts(**{**values, "reactivated": unclear}, total=total)
    return CohortCounts(**values, total=total)


def _no_history(timeline: Timeline, episode: Episode, assignment: Assignment) -> NotMeasurable | None:
    if assignment.reactivated_measurable:
        return None
    needed = episode.start - assignment.lookback - HISTORY_DAYS
    return NotMeasurable(
        reason=f"data begin {day_date(timeline.data_start)}; to tell returning accounts from new ones they must reach back to "
        f"{day_date(needed)}"
    )


def _micros(instants: pd.Series) -> np.ndarray:
    return instants.to_numpy(dtype="datetime64[us]").astype(np.int64)
