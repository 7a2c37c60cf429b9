"""What an episode is called: its platform, with the day where a platform has more than one."""

from collections.abc import Sequence

from reports.formats import platform, short_date
from tasks.domain.rebuilding import TakedownFacts


def episode_names(records: Sequence[TakedownFacts]) -> dict[str, str]:
    """takedown_id -> `Facebook`, or `Facebook, 29 Aug 2023` where Facebook has several."""
    platforms = [record.platform for record in records]
    return {
        record.takedown_id: platform(record.platform)
        + (f", {short_date(record.t0)}" if record.t0 and platforms.count(record.platform) > 1 else "")
        for record in records
    }
