"""Facts by hand for the tests of judgements and changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tasks.domain.facts import (
    ActivityFacts,
    BehaviourFacts,
    CampaignFacts,
    CoordinationFacts,
    CoverageFacts,
    DayCount,
    EventFacts,
    Facts,
    GeneratedBy,
    InputFacts,
    JudgementFacts,
    PeriodFacts,
    PlatformActivity,
    PlatformCoverage,
    ValidationFacts,
    WeekCount,
)
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.narratives import HourFacts, ImpactFacts, Narrative, NarrativeFacts, Pivot, Quote, WeekShare
from tasks.domain.rebuilding import Baseline, CohortPosts, Cohorts, Fate, IndexPoint, IndexSeries, LedgerRow, TakedownFacts

MISSING = NotMeasurable(reason="nothing was observed")
START = datetime(2023, 10, 9, tzinfo=UTC)
END = START + timedelta(days=7)
T0 = datetime(2023, 8, 29, tzinfo=UTC)


def activity(posts: int = 1234, previous: int | NotMeasurable = 1100, weeks: int = 12) -> ActivityFacts:
    return ActivityFacts(
        posts=posts,
        accounts=min(posts, 87),
        members=120,
        members_by_basis={"seed": 120},
        previous_posts=previous,
        previous_accounts=previous if isinstance(previous, NotMeasurable) else 80,
        posts_outsiders=400,
        languages={"en": posts},
        kinds={"original": posts},
        platforms=(
            PlatformActivity(platform="facebook", posts=posts, accounts=87, previous_posts=1, previous_accounts=1, weeks=()),
        ),
        weeks=tuple(
            WeekCount(start=(END - timedelta(weeks=k)).date(), posts=posts + 10 * (k % 3), accounts=80) for k in range(weeks, 0, -1)
        ),
        top10_share=Shared(part=posts // 3, whole=posts),
    )


def narrative(label: tuple[str, ...] = ("harbour", "opening"), posts: int = 500, whole: int = 1234, **changes: Any) -> Narrative:
    trend = tuple(WeekShare(start=(END - timedelta(weeks=k)).date(), posts=posts, all_posts=whole) for k in range(9, 0, -1))
    given: dict[str, Any] = {
        "narrative_id": f"n-{label[0]}",
        "label": label,
        "category": "uncoded",
        "quote": Quote(text="q", lang="en", platform="facebook", post_id="p", posted_at=START),
        "posts": posts,
        "accounts": 60,
        "families": 12,
        "share": Shared(part=posts, whole=whole),
        "previous_share": MISSING,
        "languages": {"en": posts},
        "platforms": {"facebook": posts},
        "first_seen": T0,
        "status": "steady",
        "trend": trend,
        **changes,
    }
    return Narrative.model_validate(given)


def narratives(*items: Narrative, whole: int = 1234, pivots: tuple[Pivot, ...] | NotMeasurable = MISSING) -> NarrativeFacts:
    placed = sum(item.posts for item in items)
    return NarrativeFacts(
        items=items,
        coded=Shared(part=0, whole=whole),
        unclustered=Shared(part=whole - placed, whole=whole),
        categories={"uncoded": whole},
        exhibits=(),
        copypasta=Shared(part=whole // 4, whole=whole),
        pivots=pivots,
        filler=MISSING,
    )


def pivot(lag: int = 1) -> Pivot:
    day = date(2023, 10, 7) + timedelta(days=lag)
    return Pivot(
        event_id="e",
        event="the harbour opening",
        event_on=date(2023, 10, 7),
        day=day,
        interval=(day, day),
        lag_days=lag,
        share_before=0.021,
        share_after=0.34,
        p_value=0.001,
        holiday_control="the same day without the days of Golden Week",
    )


def takedown(
    nadir: float = 0.11,
    latest: float = 0.42,
    low: float = 0.31,
    high: float = 0.55,
    level: str = "partial",
    direction: str = "rising",
    **changes: Any,
) -> TakedownFacts:
    days = [END.date() - timedelta(days=k) for k in range(20, 0, -1)]
    series = IndexSeries.model_validate(
        {
            "series": "posts",
            "basis": "plain",
            "points": tuple(IndexPoint(day=day, value=latest) for day in days),
            "latest": Estimate(value=latest, interval=Interval(low=low, high=high)),
            "nadir": nadir,
            "nadir_day": days[0],
            "loss": 1 - nadir,
            "level": level,
            "direction": direction,
            "t50_days": MISSING,
            "t90_days": MISSING,
        }
    )
    posts = CohortPosts(
        survivor=900, reactivated=50, created_after=40, pre_positioned=0, first_observed=20, undetermined=5, total=1015
    )
    given: dict[str, Any] = {
        "takedown_id": "meta-2023-08",
        "platform": "facebook",
        "known": "yes",
        "source": "platform",
        "actions": (_action(),),
        "t0": T0,
        "t0_end": T0 + timedelta(days=1),
        "baseline": Baseline(accounts=70.5, posts=410.25, engagement=MISSING, weeks=8, weeks_left_out=0, age_days=0),
        "prior_level": MISSING,
        "cohorts": Cohorts(
            survivor=31, reactivated=4, created_after=6, pre_positioned=0, first_observed=3, undetermined=2, total=46, posts=posts
        ),
        "fate": Fate(at_risk=210, removed=0, silent=0, still_posting=31, unknown=179, checked=0, removal_rate=MISSING),
        "rebuild_index": (series,),
        "nadir": nadir,
        "loss": 1 - nadir,
        "level": level,
        "direction": direction,
        **dict.fromkeys(("t50_days", "t90_days", "replacement", "survival", "loss_waves", "bursts", "creation_batches"), MISSING),
        **dict.fromkeys(("successors", "by_group", "sensitivity"), MISSING),
        "confounders": ("Golden Week from 29 September to 6 October lies in the window",),
        **changes,
    }
    return TakedownFacts.model_validate(given)


def _action() -> LedgerRow:
    return LedgerRow(
        takedown_id="meta-2023-08",
        announced_on=T0.date(),
        effective_from=T0.date(),
        effective_to=None,
        counts={"accounts": 7704},
        source="platform",
        address="",
        note="",
    )


def unmeasured_takedown(reason: str = "fewer than 4 weeks of history", **changes: Any) -> TakedownFacts:
    why = NotMeasurable(reason=reason)
    names = ("baseline", "prior_level", "cohorts", "fate", "loss", "direction")
    missing: dict[str, Any] = {**dict.fromkeys(names, MISSING), "level": why, "nadir": why, "rebuild_index": (), "confounders": ()}
    return takedown(**changes).model_copy(update=missing)


def unknown_platform(platform: str = "youtube") -> TakedownFacts:
    facts = unmeasured_takedown("nobody knows whether a takedown happened")
    return facts.model_copy(
        update={
            "takedown_id": f"{platform}-unknown",
            "platform": platform,
            "known": "unknown",
            "t0": None,
            "t0_end": None,
            "actions": (),
        }
    )


def impact(measured: int = 1200, posts: int = 1234) -> ImpactFacts:
    known = measured > 0
    return ImpactFacts(
        posts=posts,
        measured=measured,
        age_control="age not controlled",
        zero=Shared(part=measured * 9 // 10, whole=measured) if known else MISSING,
        median=0.0 if known else MISSING,
        p95=2.0 if known else MISSING,
        top=41 if known else MISSING,
        top_post="facebook/p1" if known else MISSING,
        buckets=(),
        views_median=MISSING,
        internal_share=MISSING,
        breakout_category=1 if known else MISSING,
        breakout_reason="posts on one platform, hardly taken up: fewer than 1 % reached 10 engagements" if known else "nothing",
    )


def coordination(significant: int | NotMeasurable = 57, *, coordinated: int | None = None) -> CoordinationFacts:
    behaviour = BehaviourFacts(
        behaviour="co-text",
        window_s=60,
        window_certain=True,
        shares=900,
        objects=120,
        edges=210,
        edges_significant=significant,
        edges_coordinated=coordinated,
        edges_among_members=50,
        accounts=80,
        hubs_set_aside=0,
    )
    return CoordinationFacts(
        window_days=182, tests=4005, max_q=0.01, behaviours=(behaviour,), clusters=(), network=MISSING, exhibits=()
    )


def coverage(posts: int = 1234) -> CoverageFacts:
    platform = PlatformCoverage(
        platform="facebook",
        posts_all=9000,
        posts_period=posts,
        accounts_period=87,
        first_post=T0 - timedelta(days=200),
        last_post=END,
        days=tuple(DayCount(day=(START + timedelta(days=k)).date(), posts=1) for k in range(7)),
        days_without_posts=0,
        time_precision_s=1,
        status_checked=0,
        status_last=None,
        engagement_measured=Shared(part=posts, whole=posts),
        views_measured=Shared(part=0, whole=posts),
    )
    return CoverageFacts(platforms=(platform,), queries=(), queries_changed=(), caveats=())


def hours() -> HourFacts:
    names = ("counts", "utc_offset_h", "utc_offset_interval", "meal_dips", "weekend_ratio", "holiday_ratio", "uniform_p")
    return HourFacts.model_validate({"zone": "Asia/Shanghai", "posts": 0, "window_days": 28, **dict.fromkeys(names, MISSING)})


def campaign(*events: EventFacts) -> CampaignFacts:
    return CampaignFacts(
        slug="c",
        title="Spamouflage",
        aliases=(),
        summary="",
        simulated=False,
        tlp="CLEAR",
        suspected_zone="Asia/Shanghai",
        attribution=(),
        events=events,
    )


def period(start: datetime = START, key: str = "2023-W41") -> PeriodFacts:
    return PeriodFacts(key=key, kind="week", start=start, end=start + timedelta(days=7), provisional=False, lateness_h=24)


def facts(judgements: JudgementFacts | None = None, **changes: Any) -> Facts:
    """A whole facts.json; parts can be replaced by name."""
    given: dict[str, Any] = {
        "campaign": campaign(),
        "period": period(START - timedelta(days=7), "2023-W40"),
        "as_of": START,
        "generated_by": GeneratedBy(
            name="resurge", version="0.1.0", code_sha256="a" * 64, lock_sha256="b" * 64, fonts_sha256="c" * 64
        ),
        "inputs": InputFacts(
            batches=(),
            predecessor=None,
            capture_time_assumed=False,
            membership_hindsight=False,
            pseudonym_key_id="k",
            parameters={"max_q": "0.01"},
        ),
        "coverage": coverage(),
        "validation": ValidationFacts(
            verdict="passed", landed=9000, accepted=9000, quarantined=0, collapsed=0, quarantine=(), checks=(), drift=()
        ),
        "activity": activity(1100),
        "coordination": coordination(),
        "takedowns": (takedown(),),
        "narratives": narratives(narrative()),
        "behaviour": hours(),
        "impact": impact(),
        "accounts_proposed": (),
        "judgements": judgements or JudgementFacts(bottom_line=(), items=(), key_figures=()),
        "changes": {"since": None, "items": (), "scored": ()},
        "limits": (),
        **changes,
    }
    return Facts.model_validate(given)
