"""Narratives, text families and the language of the campaign."""

from datetime import date, datetime
from typing import Literal

from tasks.domain.measures import Interval, NotMeasurable, Shared
from tasks.domain.records import Record

NarrativeStatus = Literal["new", "growing", "steady", "fading", "gone", "returned"]


class Quote(Record):
    """A post's own words, cleaned for print, in its own language; `shortened` says that more follows."""

    text: str
    lang: str
    platform: str
    post_id: str
    posted_at: datetime
    shortened: bool = False


class WeekShare(Record):
    """One point of a narrative's share of the campaign's posts in a period-long step ending before `end`."""

    start: date
    posts: int
    all_posts: int


class Narrative(Record):
    """A theme: text families sorted together; the id is that of the oldest family that founded it, so it lasts."""

    narrative_id: str
    label: tuple[str, ...]  # at most three words or phrases
    category: str  # the campaign's own codebook, or "uncoded"
    quote: Quote
    posts: int  # in the period
    accounts: int
    families: int
    share: Shared  # of the campaign's posts in the period
    previous_share: Shared | NotMeasurable
    languages: dict[str, int]  # posts in the period
    platforms: dict[str, int]
    first_seen: datetime
    status: NarrativeStatus
    trend: tuple[WeekShare, ...]
    counterpart: str | None = None  # narrative_id of the same story in another language, where there is evidence
    counterpart_evidence: str = ""


class Exhibit(Record):
    """Copypasta: one text family of >= 3 accounts in the period."""

    family_id: str
    quote: Quote
    posts: int
    accounts: int
    platforms: tuple[str, ...]
    first_seen: datetime
    variants: int  # distinct texts


class Pivot(Record):
    """A change-point of the daily share of posts that match an event's keywords."""

    event_id: str
    event: str
    event_on: date
    day: date
    interval: tuple[date, date]
    lag_days: int
    share_before: float
    share_after: float
    p_value: float
    holiday_control: str


class NarrativeFacts(Record):
    items: tuple[Narrative, ...]  # most posts first
    coded: Shared  # posts of the period in a narrative that the codebook covers
    unclustered: Shared  # posts of the period in no narrative (too short, or alone)
    categories: dict[str, int]  # posts by codebook category, `uncoded` among them
    exhibits: tuple[Exhibit, ...]
    copypasta: Shared  # posts of the period that belong to a copypasta family
    pivots: tuple[Pivot, ...] | NotMeasurable
    filler: Shared | NotMeasurable


class HourFacts(Record):
    """When the campaign posts. `counts[d][h]`: posts on weekday d (0 = Monday) in hour h of the suspected zone."""

    zone: str
    counts: tuple[tuple[int, ...], ...] | NotMeasurable
    posts: int
    window_days: int
    utc_offset_h: float | NotMeasurable  # estimated, with its interval
    utc_offset_interval: Interval | NotMeasurable
    meal_dips: tuple[str, ...] | NotMeasurable
    weekend_ratio: float | NotMeasurable  # weekend posts a day over weekday posts a day; 1 = no difference
    holiday_ratio: float | NotMeasurable
    uniform_p: float | NotMeasurable  # chi-square against a flat day
    weekend_p: float | NotMeasurable = NotMeasurable(reason="not tested")  # chi-square against an equal rate
    holiday_p: float | NotMeasurable = NotMeasurable(reason="not tested")


class EngagementBucket(Record):
    label: str  # "0", "1-9", "10-99", ...
    posts: int


class ImpactFacts(Record):
    """Engagement of the period's posts as a distribution. Missing counts are left out and counted."""

    posts: int
    measured: int
    age_control: str  # "at 24 h" or "age not controlled"
    zero: Shared | NotMeasurable
    median: float | NotMeasurable
    p95: float | NotMeasurable
    top: int | NotMeasurable
    top_post: str | NotMeasurable
    buckets: tuple[EngagementBucket, ...]
    views_median: float | NotMeasurable
    internal_share: Shared | NotMeasurable
    breakout_category: int | NotMeasurable
    breakout_reason: str
