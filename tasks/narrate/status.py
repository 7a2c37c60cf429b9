"""Which way a narrative goes, by stated thresholds."""

from math import erfc, sqrt

from tasks.domain.narratives import NarrativeStatus

GROWING, FADING = 1.25, 0.8  # this period's share over the last one's
MAX_P = 0.05  # and the two shares differ by more than chance


def status_of(
    part: int,
    whole: int,
    previous_part: int,
    previous_whole: int,
    *,
    quiet_before: bool = False,
    seen_before: bool,
    comparable: bool = True,
) -> NarrativeStatus:
    """Status of a narrative with `part` of `whole` posts in the period and `previous_part` of `previous_whole` in the one before.

    gone: no post in this period nor the last; new: never seen before the period; returned: seen before, but not in the last two periods
    (`quiet_before`: no post in the one before the last); growing (fading): the share is at least 1.25 times (at most 0.8 times) the last
    and a two-proportion z-test gives p < 0.05, or fading: no post now for the first time. Otherwise, or where the data do not cover the
    last period (`comparable` false), steady: a theme that skips one period has neither gone nor returned.
    """
    if part == 0:
        return "fading" if previous_part else "gone"
    if not seen_before:
        return "new"
    if previous_part == 0 and quiet_before:
        return "returned"
    if not comparable or previous_whole == 0:
        return "steady"
    share, previous = part / whole, previous_part / previous_whole
    if GROWING * previous > share > FADING * previous or differs_by_chance(part, whole, previous_part, previous_whole) >= MAX_P:
        return "steady"
    return "growing" if share > previous else "fading"


def differs_by_chance(part: int, whole: int, previous_part: int, previous_whole: int) -> float:
    """Two-sided p-value of the pooled two-proportion z-test; 1.0 where the pooled share is 0 or 1."""
    pooled = (part + previous_part) / (whole + previous_whole)
    spread = sqrt(pooled * (1 - pooled) * (1 / whole + 1 / previous_whole))
    return erfc(abs(part / whole - previous_part / previous_whole) / spread / sqrt(2)) if spread > 0 else 1.0
