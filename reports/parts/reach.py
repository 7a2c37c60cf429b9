"""Page 10: when the campaign works, and whether anyone listens."""

from dataclasses import dataclass

from reports.charts import engagement, heat_map
from reports.formats import WEEKDAYS, count, number, p_statement, platform, plural, sentence, sentence_list, shared
from reports.parts.blocks import Column, Figure, Notes, Table, head
from tasks.domain.facts import Facts
from tasks.domain.measures import Interval, NotMeasurable


@dataclass(frozen=True)
class Reach:
    hours: Figure
    hours_text: tuple[str, ...]
    distribution: Figure
    impact: Table | None
    impact_absent: str
    breakout: str
    breakout_reason: str
    nothing: str = ""  # instead of all of it, where one reason stands for everything


def reach(facts: Facts) -> Reach:
    category = facts.impact.breakout_category
    measured = any(not isinstance(value, NotMeasurable) for value in _measures(facts))
    return Reach(
        hours=_hours(facts),
        hours_text=_hours_text(facts),
        distribution=_distribution(facts),
        impact=_impact(facts) if measured else None,
        impact_absent="" if measured else _impact_absent(facts),
        breakout="not measurable" if isinstance(category, NotMeasurable) else f"category {category} of 6",
        breakout_reason=f"{sentence(category.reason)} {sentence(facts.impact.breakout_reason)}"
        if isinstance(category, NotMeasurable)
        else sentence(facts.impact.breakout_reason),
        nothing=_nothing(facts),
    )


def _nothing(facts: Facts) -> str:
    """One sentence where hours, impact and breakout are all missing, and all for the same reason; else empty."""
    hours = facts.behaviour
    parts = (hours.counts, hours.utc_offset_h, hours.meal_dips, hours.weekend_ratio, hours.holiday_ratio, hours.uniform_p)
    values = (*parts, *_measures(facts), facts.impact.breakout_category)
    reasons = {value.reason if isinstance(value, NotMeasurable) else "" for value in values}
    if len(reasons) > 1 or "" in reasons:
        return ""
    return sentence(f"Hours, engagement, impact and the Breakout category cannot be told: {reasons.pop()}")


def _hours(facts: Facts) -> Figure:
    record, title = facts.behaviour, f"When the campaign posts, in the suspected zone ({facts.behaviour.zone})"
    if isinstance(record.counts, NotMeasurable):
        return Figure("hours", title, absent=f"The hours cannot be drawn: {record.counts.reason}.")
    if not any(map(sum, record.counts)):
        return Figure("hours", title, absent="The hours cannot be drawn: there are no posts in the window.")
    peak, weekday, hour = max((value, -d, -h) for d, row in enumerate(record.counts) for h, value in enumerate(row))
    span = f"{-hour:02d}:00 to {-hour + 1:02d}:00"
    alt = f"The busiest hour is {WEEKDAYS[-weekday]} {span} with {plural(peak, 'post')}. Heat map of weekdays and hours."
    source = f"{plural(record.posts, 'post')} of the {plural(record.window_days, 'day')} before the cut-off."
    return Figure("hours", title, heat_map(record.counts, record.zone), alt, source)


def _hours_text(facts: Facts) -> tuple[str, ...]:
    record = facts.behaviour
    sentences, missing = [], {}
    if isinstance(record.utc_offset_h, NotMeasurable):
        missing["offset from UTC"] = record.utc_offset_h.reason
    else:
        span = _offset_span(record.utc_offset_interval) if isinstance(record.utc_offset_interval, Interval) else ""
        sentences.append(f"The hours fit an offset of UTC{record.utc_offset_h:+g} h{span}.")
    if isinstance(record.meal_dips, NotMeasurable):
        missing["meal dips"] = record.meal_dips.reason
    else:
        sentences.append(f"Dips at meal times: {sentence_list(record.meal_dips)}." if record.meal_dips else "No dip at meal times.")
    ratios = (("Weekend", record.weekend_ratio, record.weekend_p), ("Holiday", record.holiday_ratio, record.holiday_p))
    for label, ratio, chance in ratios:
        test = chance.reason if isinstance(chance, NotMeasurable) else p_statement(chance)
        if isinstance(ratio, NotMeasurable):
            missing[f"{label.lower()} ratio"] = ratio.reason
        else:
            sentences.append(f"{label} days have {number(ratio)} times the posts of working days ({test}).")
    if isinstance(record.uniform_p, NotMeasurable):
        missing["test against a flat day"] = record.uniform_p.reason
    else:
        sentences.append(f"Against a flat day: {p_statement(record.uniform_p)}.")
    return (*sentences, *_together(missing))


def _offset_span(value: Interval) -> str:
    return f" (interval {value.low:+g} to {value.high:+g})" if value.low < value.high else " (the interval is that value alone)"


def _together(missing: dict[str, str]) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for name, reason in missing.items():
        reasons.setdefault(reason, []).append(name)
    return tuple(f"Not measurable ({sentence_list(names)}): {reason}." for reason, names in reasons.items())


def _distribution(facts: Facts) -> Figure:
    record, title = facts.impact, "Engagement of the period's posts"
    total = sum(bucket.posts for bucket in record.buckets)
    if not total:
        why = record.zero.reason if isinstance(record.zero, NotMeasurable) else "no post of the period has a count"
        return Figure("engagement", title, absent=f"The engagement cannot be drawn: {why}.")
    shown = "; ".join(f"{b.label}: {plural(b.posts, 'post')}" for b in record.buckets)
    alt = f"Posts by likes, shares and replies together: {shown}. Bars, least engagement first."
    known = f"{count(record.measured)} of {plural(record.posts, 'post')} have counts; the others are left out"
    source = f"Likes, shares and replies together, {record.age_control}. {known}."
    return Figure("engagement", title, engagement(record.buckets), alt, source)


def _measures(facts: Facts) -> tuple[object, ...]:
    record = facts.impact
    return (record.zero, record.median, record.p95, record.top, record.top_post, record.views_median, record.internal_share)


def _impact_absent(facts: Facts) -> str:
    reasons = dict.fromkeys(value.reason for value in _measures(facts) if isinstance(value, NotMeasurable))
    return sentence(f"No measure of impact can be given: {'; '.join(reasons)}")


def _counted(value: float) -> str:
    """A quantile of counts: whole where it is whole."""
    return count(int(value)) if value == int(value) else number(value)


def _post(key: str) -> str:
    """`x/44000001306` -> `X, 44000001306`."""
    name, _, post = key.partition("/")
    return f"{platform(name)}, {post}" if post else key


def _impact(facts: Facts) -> Table:
    record, notes = facts.impact, Notes()
    rows = (
        (head("Posts without any engagement"), notes.cell(record.zero, shared)),
        (head("Median engagement"), notes.cell(record.median, _counted)),
        (head("95th percentile"), notes.cell(record.p95, _counted)),
        (head("Most engagement on one post"), notes.cell(record.top, count)),
        (head("That post"), notes.cell(record.top_post, _post)),
        (head("Median views"), notes.cell(record.views_median, _counted)),
        (head("Engagement from the campaign's own accounts"), notes.cell(record.internal_share, shared)),
    )
    return Table("Impact as a distribution", (Column("Measure"), Column("Value", True)), rows, notes.pairs, fit=True)
