"""Which takedown a loss wave belongs to.

A wave's day is the day of the last posts. Who posts every few days posted last some days before the removal, so a wave is also looked
for in the days before a takedown, as far back as the lost accounts' own pauses reach.
"""

from collections.abc import Iterable

import numpy as np

from tasks.domain.rebuilding import LossWave, WaveGroup
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.timeline import AccountDays, day_number

USUAL_SHARE, LONGEST_DAYS = 0.9, 14
UNANNOUNCED = "unannounced"


def usual_gap(days: AccountDays, last: np.ndarray) -> int:
    """The 90th percentile (inverse of the empirical distribution) of the days from one day with a post to the next, of all accounts
    whose last entry `last` marks; at least 1, at most 14. Gaps after a marked entry do not count."""
    same = (days.account[1:] == days.account[:-1]) & ~last[:-1]
    gaps = np.diff(days.day)[same & np.isin(days.account[:-1], days.account[last])]
    usual = np.quantile(gaps, USUAL_SHARE, method="inverted_cdf") if len(gaps) else 1
    return int(np.clip(usual, 1, LONGEST_DAYS))


def match_day(day: int, ledger: Iterable[Takedown], reach: int) -> str:
    """The takedown (of source platform or press) whose effective span holds the day, else the next to begin, at most `reach` days later."""
    ahead = []
    for row in ledger:
        if row.source != "inferred" and row.interval is not None:
            start, end = (day_number(instant) for instant in row.interval)
            if day < end and start - day <= reach:
                ahead.append((max(start - day, 0), row.takedown_id))
    return min(ahead)[1] if ahead else UNANNOUNCED


def wave_groups(waves: Iterable[LossWave]) -> tuple[WaveGroup, ...]:
    """The waves of each takedown taken together, oldest first: accounts lost (each is lost once) and the days of their last posts."""
    found: dict[str, list[LossWave]] = {}
    for wave in waves:
        if wave.matched != UNANNOUNCED:
            found.setdefault(wave.matched, []).append(wave)
    groups = [
        WaveGroup(
            matched=matched,
            lost=sum(wave.lost for wave in mine),
            first_day=min(wave.day for wave in mine),
            last_day=max(wave.day for wave in mine),
            provisional=any(wave.provisional for wave in mine),
        )
        for matched, mine in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.first_day, group.matched)))
