"""Which way a narrative goes, by stated thresholds."""

from math import erfc, sqrt

from tasks.domain.narratives import NarrativeStatus

GROWING, FADING = 1.25, 0.8  # this period's share over the last one's
MAX_P = 0.05  # and the two shares differ by more than chance


def status_of(
    part: int, whole: int, previous_part: int, previous_whole: int, *, seen_before: bool, comparable: bool = True
) -> NarrativeStatus:
    """Status of a narrative with `part` of `whole` posts in the period and `previous_part` of `previous_whole` in the one before.

    gone: none now; new: never seen before the period; returned: seen before, but not in the last period; growing (fading): the share
    is at least 1.25 times (at most 0.8 times) the last and a two-proportion z-test gives p < 0.05; otherwise, or where the data do not
    cover the last period (`comparable` false), steady.
    """
    if part == 0:
        return "gone"
    if not seen_before:
        return "new"
    if previous_part == 0:
        return "returned"
    if not comparable:
        return "steady"
    ratio = (part / whole) / (previous_part / previous_whole)
    if GROWING > ratio > FADING or differs_by_chance(part, whole, previous_part, previous_whole) >= MAX_P:
        return "steady"
    return "growing" if ratio >= GROWING else "fading"


def differs_by_chance(part: int, whole: int, previous_part: int, previous_whole: int) -> float:
    """Two-sided p-value of the pooled two-proportion z-test; 1.0 where the pooled share is 0 or 1."""
    pooled = (part + previous_part) / (whole + previous_whole)
    spread = sqrt(pooled * (1 - pooled) * (1 / whole + 1 / previous_whole))
    return erfc(abs(part / whole - previous_part / previous_whole) / spread / sqrt(2)) if spread > 0 else 1.0
