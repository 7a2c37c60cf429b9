"""Charts of what came back: the rebuild index with its interval, the cohorts that sum, the survival of activity."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from reports.charts.activity import Mark
from reports.charts.canvas import (
    FAINT,
    HAIR,
    INK,
    NAVY,
    RUST,
    SERIES,
    SOFT,
    WIDTH_IN,
    day_number,
    draw,
    month_ticks,
    place,
    spread,
    top_of,
)
from reports.formats import count, number, percent, plural
from tasks.domain.rebuilding import Cohorts, IndexPoint, IndexSeries, SurvivalCurve, SurvivalPoint, TakedownFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COHORT_NAMES = (
    ("survivor", "survivor"),
    ("reactivated", "reactivated"),
    ("created_after", "created after"),
    ("pre_positioned", "pre-positioned"),
    ("first_observed", "first observed"),
    ("undetermined", "undetermined"),
)
GROUP_NAMES = {"at risk at t0": "at risk at the takedown", **dict(COHORT_NAMES)}  # of survival curves
DASHES = {"posts": "-", "accounts": (0, (4, 1.5)), "engagement": (0, (1, 1.5))}
COLOURS = {"posts": NAVY, "accounts": RUST, "engagement": SOFT}


def is_drawn(series: IndexSeries) -> bool:
    """Engagement and the other bases stand in the table beside the chart."""
    return series.basis == "plain" and bool(series.points) and series.series != "engagement"


def rebuild_index(takedowns: Sequence[TakedownFacts], names: dict[str, str], end: date, marks: Sequence[Mark]) -> str:
    """One panel an episode, named by `names[takedown_id]`, on one scale: plain posts and accounts over their baseline, the line at 1."""
    shown = [(record, [s for s in record.rebuild_index if is_drawn(s)]) for record in takedowns]
    drawn = [(record, series) for record, series in shown if series]
    across = 1 if len(drawn) == 1 else 2
    down = -(-len(drawn) // across)
    panel = 1.6
    top = top_of([point.high or point.value for _, series in drawn for s in series for point in s.points] + [1.1])
    first = min(record.t0.date() for record, _ in drawn if record.t0) - timedelta(days=3)

    def paint(figure: "Figure") -> None:
        width = (WIDTH_IN - 0.35 * across - 0.78 * across) / across
        for i, (record, series) in enumerate(drawn):
            left = 0.35 + (i % across) * (width + 1.13)
            axes = place(figure, left, (down - 1 - i // across) * panel + 0.36, width, panel - 0.36 - 0.3)
            _index_panel(axes, record, names[record.takedown_id], series, top, (first, end), marks)

    return draw(panel * down, paint)


def _index_panel(
    axes: "Axes",
    record: TakedownFacts,
    name: str,
    series: Sequence[IndexSeries],
    top: float,
    span: tuple[date, date],
    marks: Sequence[Mark],
) -> None:
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.set_ylim(0, top)
    ticks = [v for v in (0, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 50) if v <= top and (top <= 2 or v not in {0.5, 1.5})]
    axes.set_yticks(ticks, [f"{v:g}" for v in ticks])
    axes.yaxis.grid(True)
    axes.set_title(name)
    if record.t0:
        axes.axvline(day_number(record.t0.date()), color=INK, linewidth=0.9)
    for mark in marks:
        if not mark.takedown and span[0] <= mark.day <= span[1]:
            axes.axvline(day_number(mark.day), color=SOFT, linewidth=0.8, linestyle=(0, (1.5, 2)))
    for one in series:
        _index_line(axes, one)
    ends = spread([one.points[-1].value for one in series], top * 0.17, 0, top)
    for one, at in zip(series, ends, strict=True):
        value = number(one.points[-1].value)
        axes.text(
            day_number(span[1]) + (span[1] - span[0]).days * 0.02,
            at,
            f"{one.series} {value}",
            color=COLOURS[one.series],
            va="center",
            weight=600,
            size=7.5,
        )
    axes.set_xlim(day_number(span[0]), day_number(span[1]))
    month_ticks(axes, *span, most=5)


def _index_line(axes: "Axes", series: IndexSeries) -> None:
    def banded(point: IndexPoint) -> bool:
        return point.low is not None and point.high is not None

    colour = COLOURS[series.series]
    days = [day_number(point.day) for point in series.points]
    axes.plot(days, [point.value for point in series.points], color=colour, linestyle=DASHES[series.series])
    inside = [point for point in series.points if banded(point)]
    if inside:
        axes.fill_between(
            [day_number(point.day) for point in inside],
            [point.low or 0.0 for point in inside],
            [point.high or 0.0 for point in inside],
            color=colour,
            alpha=0.13,
            linewidth=0,
        )


def cohorts(rows: Sequence[tuple[str, Cohorts]]) -> str:
    """Accounts (left) and their posts (right) by cohort, one block a platform; the bars of a block sum to the number in its heading."""
    block, bar = 1.2, 0.15
    height = block * len(rows) + 0.04

    def paint(figure: "Figure") -> None:
        for i, (name, cohort) in enumerate(rows):
            bottom = height - block * (i + 1) + 0.06
            halves = (
                ("accounts", [getattr(cohort, key) for key, _ in COHORT_NAMES], cohort.total, 1.05),
                ("posts", [getattr(cohort.posts, key) for key, _ in COHORT_NAMES], cohort.posts.total, 3.98),
            )
            for unit, values, total, left in halves:
                axes = place(figure, left, bottom, 1.75, bar * 6)
                _cohort_bars(axes, values, total, unit)
                axes.text(0, 1.06, f"{name}: {plural(total, unit[:-1])}", transform=axes.transAxes, weight=600, size=8, va="bottom")
                if unit == "accounts":
                    axes.set_yticks(range(6), [label for _, label in COHORT_NAMES])
                    axes.tick_params(axis="y", labelcolor=INK)

    return draw(height, paint)


def _cohort_bars(axes: "Axes", values: list[object], total: int, unit: str) -> None:
    known = [value if isinstance(value, int) else 0 for value in values]
    axes.barh(range(6), known, height=0.62, color=NAVY if unit == "accounts" else RUST)
    for i, value in enumerate(values):
        if isinstance(value, int):
            share = f"  ({percent(value / total)})" if total else ""
            text, colour = f"{count(value)}{share}", INK
        else:
            text, colour = "not measurable", SOFT
        axes.text(known[i] + max(*known, 1) * 0.03, i, text, va="center", size=7.3, color=colour)
    axes.set_ylim(5.5, -0.5)
    axes.set_xlim(0, max(*known, 1))
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def from_the_start(curve: SurvivalCurve) -> tuple[SurvivalPoint, ...]:
    """Everybody is active when counting begins: the first point, on day 0, already counts those who fell silent on that day."""
    return (SurvivalPoint(day=0, value=1, low=1, high=1, at_risk=curve.accounts), *curve.points)


def survival(curves: Sequence[SurvivalCurve]) -> str:
    """Kaplan-Meier curves with their bands: the share of each group still active after so many days."""

    from matplotlib.ticker import MaxNLocator

    def paint(figure: "Figure") -> None:
        axes = place(figure, 0.42, 0.42, 4.7, 0.85)
        ends = spread([curve.points[-1].value for curve in curves], 0.17, 0.03, 1)
        last = max(curve.points[-1].day for curve in curves)
        for i, (curve, at) in enumerate(zip(curves, ends, strict=True)):
            points = from_the_start(curve)
            days = [point.day for point in points]
            colour = SERIES[i % len(SERIES)]
            axes.fill_between(
                days,
                [p.low for p in points],
                [p.high for p in points],
                step="post",
                color=colour,
                alpha=0.13,
                linewidth=0,
            )
            axes.step(
                days,
                [p.value for p in points],
                where="post",
                color=colour,
                linestyle=("-", (0, (4, 1.5)), "-", (0, (1, 1.5)))[i % 4],
            )
            axes.text(
                last * 1.02,
                at,
                f"{GROUP_NAMES.get(curve.group, curve.group)} ({count(curve.accounts)})",
                color=colour,
                va="center",
                weight=600,
                size=7.5,
            )
        axes.set_xlim(-0.012 * last, last or 1)
        axes.set_ylim(0, 1.02)
        axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.yaxis.grid(True)
        axes.set_xlabel("days since the takedown, or since the first post of later accounts", size=7.5)
        axes.spines["left"].set_color(HAIR)
        axes.spines["bottom"].set_color(FAINT)

    return draw(1.4, paint)
