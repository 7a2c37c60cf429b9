"""What became of the accounts at risk at the takedown, as far as anybody looked."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from tasks.domain.accounts import REMOVED_STATUSES
from tasks.domain.measures import NotMeasurable
from tasks.domain.platforms import platform_name
from tasks.domain.rebuilding import Fate, RemovalRate
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.timeline import DAY_US, Timeline

AT_RISK_DAYS = 28


@dataclass(frozen=True)
class StatusChecks:
    """Status observations of a timeline's accounts, oldest first. `removed`: suspended or deleted."""

    account: np.ndarray
    at_us: np.ndarray
    removed: np.ndarray

    def latest(self, accounts: int, since_us: int | None = None, until_us: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Per account (removed, when) by the latest check in [since_us, until_us); never checked is (False, -1)."""
        keep = np.ones(len(self.at_us), dtype=bool)
        if since_us is not None:
            keep &= self.at_us >= since_us
        if until_us is not None:
            keep &= self.at_us < until_us
        removed, when = np.zeros(accounts, dtype=bool), np.full(accounts, -1, dtype=np.int64)
        removed[self.account[keep]] = self.removed[keep]  # later rows overwrite earlier ones
        when[self.account[keep]] = self.at_us[keep]
        return removed, when


@dataclass(frozen=True)
class OutcomeSelection:
    """Which accounts of a timeline are known because they were later removed, and since when that is known."""

    accounts: np.ndarray  # boolean
    named: date | None


def read_selection(timeline: Timeline, members: pd.DataFrame) -> OutcomeSelection:
    """Columns used: platform, account_id, known_at, outcome_selected."""
    listed = (members["platform"] == timeline.platform) & members["outcome_selected"].fillna(False).astype(bool)
    rows = members.loc[listed.to_numpy(dtype=bool)]
    position = pd.Index(timeline.accounts).get_indexer(pd.Index(rows["account_id"].to_numpy(dtype=object)))
    flags = np.zeros(len(timeline.accounts), dtype=bool)
    flags[position[position >= 0]] = True
    return OutcomeSelection(flags, rows.loc[position >= 0, "known_at"].min().date() if flags.any() else None)


def read_checks(timeline: Timeline, observations: pd.DataFrame) -> StatusChecks:
    """Columns used: platform, account_id, observed_at, status, batch_id, row_number. Null and "unknown" are no check."""
    checked = (
        observations["status"].notna() & (observations["status"] != "unknown") & (observations["platform"] == timeline.platform)
    )
    rows = observations.loc[checked.to_numpy(dtype=bool)].sort_values(["observed_at", "batch_id", "row_number"])
    position = pd.Index(timeline.accounts).get_indexer(pd.Index(rows["account_id"].to_numpy(dtype=object)))
    rows, position = rows.loc[position >= 0], position[position >= 0]
    return StatusChecks(
        account=position,
        at_us=rows["observed_at"].to_numpy(dtype="datetime64[us]").astype(np.int64),
        removed=rows["status"].isin(REMOVED_STATUSES).to_numpy(dtype=bool),
    )


def at_risk(timeline: Timeline, checks: StatusChecks, episode: Episode) -> np.ndarray:
    """Boolean per account: posted in [t0 - 28 d, t0_end) and not already lost.

    Already lost means that the last check before t0 found it removed and nothing was posted from the day of that check on.
    """
    removed, when = checks.latest(len(timeline.accounts), until_us=episode.start * DAY_US)
    last_before = _last_day_before(timeline, episode.end)
    lost = removed & (last_before < when // DAY_US)
    return timeline.posted(episode.start - AT_RISK_DAYS, episode.end) & ~lost


def measure_fate(timeline: Timeline, checks: StatusChecks, episode: Episode, selection: OutcomeSelection) -> Fate | NotMeasurable:
    """Exclusive and summing: still posting (a post in [t0_end, end)), removed (the latest check since t0 says so), silent (checked, not
    removed), unknown (silent and never checked since t0).

    An account that posted after the episode and was removed later counts as still posting here: that loss belongs to a later row.
    Where any account at risk is known because it was removed, there is no removal rate.
    """
    if timeline.end <= episode.end:
        return NotMeasurable(reason="the takedown had not ended when the period did")
    risk = at_risk(timeline, checks, episode)
    if not risk.any():
        return NotMeasurable(reason=f"no member posted in the {AT_RISK_DAYS} days before the takedown or during it")
    removed, when = checks.latest(len(timeline.accounts), since_us=episode.start * DAY_US)
    posting = risk & timeline.posted(episode.end, timeline.end)
    quiet = risk & ~posting
    gone, unknown = quiet & removed, quiet & (when < 0)
    total, checked = int(risk.sum()), int((risk & (when >= 0)).sum())
    rate: RemovalRate | NotMeasurable
    if (risk & selection.accounts).any():
        rate = NotMeasurable(reason="these accounts are known because they were removed: a removal rate would only restate that")
    elif not checked:
        rate = NotMeasurable(reason=f"accounts on {platform_name(timeline.platform)} were never checked: not observed")
    else:
        rate = RemovalRate(low=round(gone.sum() / total, 6), high=round((gone.sum() + unknown.sum()) / total, 6))
    return Fate(
        at_risk=total,
        removed=int(gone.sum()),
        silent=int((quiet & ~gone & ~unknown).sum()),
        still_posting=int(posting.sum()),
        unknown=int(unknown.sum()),
        checked=checked,
        removal_rate=rate,
    )


def _last_day_before(timeline: Timeline, end: int) -> np.ndarray:
    """Day of each account's last post before `end`; -1 if there is none."""
    last = np.full(len(timeline.accounts), -1, dtype=np.int64)
    before = timeline.days.day < end
    last[timeline.days.account[before]] = timeline.days.day[before]  # sorted by day within an account
    return last
