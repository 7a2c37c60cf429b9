"""Charts as SVG strings: vector, text as text in the embedded sans, direct labels, intervals as bands, legible in grey.

Every function takes records of tasks.domain and gives one `<svg>` element. What a chart shows is said in words by the part that
places it (its alternative text), because there the finding is known.
"""

from reports.charts.activity import Mark, weekly_series
from reports.charts.behaviour import engagement, heat_map
from reports.charts.coverage import coverage_days
from reports.charts.narratives import narrative_shares
from reports.charts.network import network
from reports.charts.rebuilding import cohorts, rebuild_index, survival

__all__ = [
    "Mark",
    "cohorts",
    "coverage_days",
    "engagement",
    "heat_map",
    "narrative_shares",
    "network",
    "rebuild_index",
    "survival",
    "weekly_series",
]
