# ruff: noqa: E501 - rows of invented numbers read better whole
"""Complete Facts objects to draw: a fixture with invented numbers, plainly so, in several shapes.

full()          eight weeks after a takedown, every part present, simulated
first()         the first briefing: no predecessor, nothing to compare with
nearly_empty()  a quiet week with almost no data
no_takedown()   a campaign without any takedown yet
scripts()       quotes in Chinese, Arabic, Hebrew, Russian and with emoji; not simulated
hostile()       texts that try to break out: markup, addresses, controls, bidi overrides, endless words
"""

from datetime import UTC, date, datetime, timedelta
from math import cos, exp, pi, sin

from tasks.domain.avatars import AvatarFacts, DefaultPicture, DetectorRates, FaceFacts, RefusedPictures, ReusedPicture, ReuseFacts
from tasks.domain.batches import CheckResult
from tasks.domain.campaign import Attribution
from tasks.domain.facts import (
    ActivityFacts,
    BatchFacts,
    BehaviourFacts,
    CampaignFacts,
    Change,
    ChangeFacts,
    ClusterFacts,
    CoordinationFacts,
    CoverageFacts,
    DayCount,
    EventFacts,
    Facts,
    GeneratedBy,
    InputFacts,
    Judgement,
    JudgementFacts,
    KeyFigure,
    NetworkEdge,
    NetworkFacts,
    NetworkNode,
    PeriodFacts,
    PlatformActivity,
    PlatformCoverage,
    Predecessor,
    ProposedAccount,
    QuarantineRow,
    QueryCoverage,
    ScoredFalsifier,
    ValidationFacts,
    WeekCount,
)
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.narratives import (
    EngagementBucket,
    Exhibit,
    HourFacts,
    ImpactFacts,
    Narrative,
    NarrativeFacts,
    NarrativeStatus,
    Pivot,
    Quote,
    WeekShare,
)
from tasks.domain.rebuilding import (
    Baseline,
    Burst,
    CohortCounts,
    CohortPosts,
    Cohorts,
    CreationBatch,
    Evidence,
    Fate,
    Followers,
    GroupRow,
    IndexPoint,
    IndexSeries,
    LedgerRow,
    LossWave,
    PriorLevel,
    RemovalRate,
    Replacement,
    SensitivityRow,
    Successor,
    SuccessorAccuracy,
    SuccessorSearch,
    SurvivalCurve,
    SurvivalPoint,
    TakedownFacts,
)
from tasks.narrate.alternatives import alternative_facts
from tasks.narrate.tactics import tactic_facts

START, END = datetime(2023, 10, 30, tzinfo=UTC), datetime(2023, 11, 6, tzinfo=UTC)
T0 = date(2023, 8, 29)
HASH = "3b5d5c3712955042212316173ccf37be800c0c1f8d6a1d8a3d1ecb0a6c1e4f52"
UNCHECKED = NotMeasurable(reason="accounts on {platform} were never checked (not observed)")
EARLY = NotMeasurable(reason="the data begin less than 8 weeks before the takedown")


def full() -> Facts:
    return _with_tactics(
        Facts(
            campaign=_campaign(),
            period=PeriodFacts(key="2023-W44", kind="week", start=START, end=END, provisional=False, lateness_h=24),
            as_of=END + timedelta(hours=24),
            generated_by=GeneratedBy(name="resurge", version="0.1.0", code_sha256=HASH, lock_sha256=HASH[::-1], fonts_sha256=HASH),
            inputs=_inputs(),
            coverage=_coverage(),
            validation=_validation(),
            activity=_activity(),
            coordination=_coordination(),
            takedowns=(
                _takedown("facebook", 0.31),
                _takedown("instagram", 0.12),
                _takedown("x", 0.93, known=False),
                _unknown("youtube"),
            ),
            narratives=_narratives(),
            behaviour=_hours(),
            impact=_impact(),
            accounts_proposed=_proposed(),
            avatars=avatars(),
            judgements=_judgements(),
            changes=ChangeFacts(
                since=Predecessor(period="2023-W43", edition=HASH),
                items=(
                    Change(kind="data", text="Instagram was collected on all seven days; in 2023-W43 two days were missing."),
                    Change(
                        kind="world",
                        text="Posts about the conflict in the Middle East rose from 18 % to 31 % of the campaign's posts.",
                    ),
                    Change(
                        kind="method", text="The text window on Facebook is 120 s instead of 60 s, because its clock is in minutes."
                    ),
                ),
                scored=(
                    ScoredFalsifier(
                        judgement_id="rebuild-facebook",
                        statement="The network on Facebook stays below a quarter of its baseline.",
                        outcome="did not hold",
                        why="The index of posts reached 0.31.",
                    ),
                    ScoredFalsifier(
                        judgement_id="pivot",
                        statement="The turn to the Middle East lasts at least four weeks.",
                        outcome="held",
                        why="The share was at or above 18 % in each of the last four weeks.",
                    ),
                ),
            ),
            limits=(
                "The posts of this fixture are invented: no number in it says anything about a real network.",
                "Coverage follows the queries; a network that changes its words leaves the queries before it leaves the platform.",
                "Account status was checked on Facebook and Instagram only.",
                "Co-action shows that accounts acted alike at the same time; it does not show who directed them.",
            ),
        )
    )


def _with_tactics(facts: Facts) -> Facts:
    return facts.model_copy(update={"tactics": tactic_facts(facts), "alternatives": alternative_facts(facts)})


def first() -> Facts:
    none = NotMeasurable(reason="this is the first briefing of the campaign")
    base = full()
    figures = tuple(figure.model_copy(update={"previous": none}) for figure in base.judgements.key_figures)
    return base.model_copy(
        update={
            "inputs": base.inputs.model_copy(update={"predecessor": None}),
            "judgements": base.judgements.model_copy(update={"key_figures": figures}),
            "changes": ChangeFacts(since=None, items=(), scored=()),
        }
    )


def no_takedown() -> Facts:
    return without_takedowns(full())


def without_takedowns(base: Facts) -> Facts:
    """With key figures that refer to none."""
    none = NotMeasurable(reason="no takedown with a baseline lies before the end of the period")
    figures = tuple(
        figure.model_copy(update={"value": none, "previous": none, "baseline": none, "ref": "/takedowns"})
        if figure.ref.startswith("/takedowns")
        else figure
        for figure in base.judgements.key_figures
    )
    return base.model_copy(update={"takedowns": (), "judgements": base.judgements.model_copy(update={"key_figures": figures})})


def scripts() -> Facts:
    base = full()
    quotes = (
        _quote("这个平台只报道一面之词，真正的问题没有人回答。大家看看这些数字再下结论吧！", "zh"),
        _quote("لا أحد يجيب عن السؤال الحقيقي، انظروا إلى الأرقام قبل أن تحكموا.", "ar"),
        _quote("אף אחד לא עונה על השאלה האמיתית. הסתכלו על המספרים (2023) לפני שאתם שופטים.", "he"),
        _quote("Никто не отвечает на главный вопрос. Посмотрите на цифры.", "ru"),
        _quote("Look at this 😀 👩‍👩‍👧 ✅ 🇨🇳 before you judge", "en"),
        _quote("這個平臺只報導一面之詞，真正的問題沒有人回答。", "zh-TW"),
        _quote("この数字を見てから判断してください。", "ja"),
    )
    exhibits = tuple(_exhibit(i, quote) for i, quote in enumerate(quotes))
    return base.model_copy(
        update={
            "campaign": base.campaign.model_copy(
                update={"simulated": False, "tlp": "GREEN", "title": "Fixture: a network in many scripts"}
            ),
            "narratives": base.narratives.model_copy(update={"exhibits": exhibits}),
            "coordination": base.coordination.model_copy(update={"exhibits": exhibits}),
        }
    )


HOSTILE = (
    '<script>alert("x")</script><img src="http://attacker.example/pixel.png"><link rel=stylesheet href="http://attacker.example/a.css">',
    '</p></body></html><iframe src="file:///etc/passwd"></iframe>{{ 7 * 7 }}{% raw %}',
    "\u202egnp.exe \u2066hidden\u2069 \u200bzero\u200dwidth \ufeff",
    "a\x00b\x01c\x1b[31m \ufffe \ud7ff",
    "W" * 4000,
    "Z̷̢̨̛̛̛̗̘̙̜̝̞̟̠a̷̢̛̗̘̙̜̝̞̟̠l̷̢̛̗̘̙̜̝̞̟̠g̷̢̛̗̘̙̜̝̞̟̠ơ̷̢̗̘̙̜̝̞̟̠ $x^{2}$ \\frac{1}{0} url(http://attacker.example/) @import 'x'",
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://attacker.example/s.svg"/></svg> javascript:alert(1) data:text/html,x',
    "\U0010fffd private \U000e0041 tag \U0001f9ff \U00013000 \ua9c5",
)


def hostile() -> Facts:
    base = full()
    exhibits = tuple(_exhibit(i, _quote(text, 'en" onload="x' if i == 0 else "en")) for i, text in enumerate(HOSTILE))
    items = tuple(
        item.model_copy(update={"label": (HOSTILE[0], HOSTILE[2], "W" * 300), "quote": _quote(HOSTILE[1], "zz-<b>")})
        for item in base.narratives.items[:2]
    )
    clusters = tuple(c.model_copy(update={"label": HOSTILE[0] + "$\\alpha$"}) for c in base.coordination.clusters)
    return base.model_copy(
        update={
            "campaign": base.campaign.model_copy(update={"title": "Fixture <b>bold</b> & \u202eevil", "tlp": "RED"}),
            "narratives": base.narratives.model_copy(update={"exhibits": exhibits, "items": items}),
            "coordination": base.coordination.model_copy(update={"exhibits": exhibits, "clusters": clusters}),
        }
    )


def nearly_empty() -> Facts:
    base, why = full(), NotMeasurable(reason="the period holds 3 posts of the campaign, too few")
    none = Shared(part=0, whole=3)
    platform = base.coverage.platforms[0].model_copy(
        update={"posts_all": 3, "posts_period": 3, "accounts_period": 2, "days": _days((0, 2, 0, 0, 1, 0, 0)), "days_without_posts": 5,
                "engagement_measured": none, "views_measured": none, "status_checked": 0, "status_last": None}
    )  # fmt: skip
    passed = {
        "landed": 3,
        "accepted": 3,
        "quarantined": 0,
        "collapsed": 0,
        "quarantine": (),
        "checks": (),
        "drift": (),
        "verdict": "passed",
    }
    return _with_tactics(base.model_copy(
        update={
            "coverage": CoverageFacts(platforms=(platform,), queries=(), queries_changed=(), caveats=()),
            "validation": base.validation.model_copy(update=passed),
            "activity": base.activity.model_copy(
                update={"posts": 3, "accounts": 2, "previous_posts": why, "previous_accounts": why, "platforms": (), "weeks": (),
                        "languages": {"en": 3}, "kinds": {"original": 3}, "top10_share": Shared(part=3, whole=3)}
            ),
            "coordination": CoordinationFacts(window_days=182, tests=0, max_q=0.01, behaviours=(), clusters=(), network=why, exhibits=()),
            "takedowns": (_unknown("facebook"),),
            "narratives": NarrativeFacts(
                items=(), coded=none, unclustered=Shared(part=3, whole=3), categories={}, exhibits=(), copypasta=none, pivots=why, filler=why
            ),
            "behaviour": base.behaviour.model_copy(
                update={"counts": why, "posts": 3, "utc_offset_h": why, "utc_offset_interval": why, "meal_dips": why, "weekend_ratio": why,
                        "holiday_ratio": why, "uniform_p": why, "weekend_p": why, "holiday_p": why}
            ),
            "impact": base.impact.model_copy(
                update={"posts": 3, "measured": 0, "zero": why, "median": why, "p95": why, "top": why, "top_post": why, "buckets": (),
                        "views_median": why, "internal_share": why, "breakout_category": why, "breakout_reason": "nothing was measured"}
            ),
            "accounts_proposed": (),
            "avatars": NotMeasurable(reason="no profile picture was collected"),
            "judgements": JudgementFacts(
                bottom_line=("Three posts were seen.", "That is too few to judge.", "Nothing else is known."), items=(), key_figures=()
            ),
            "changes": ChangeFacts(since=None, items=(), scored=()),
            "inputs": base.inputs.model_copy(update={"predecessor": None, "batches": base.inputs.batches[:1]}),
        }
    ))  # fmt: skip


def _campaign() -> CampaignFacts:
    return CampaignFacts(
        slug="fixture",
        title="Spamouflage (fixture)",
        aliases=("Dragonbridge", "Storm-1376"),
        summary="A cross-platform network that reposts the same texts from many short-lived accounts. All numbers here are invented.",
        simulated=True,
        tlp="AMBER+STRICT",
        suspected_zone="Asia/Shanghai",
        attribution=(
            Attribution(
                quote="We were able to link this activity to individuals associated with law enforcement in one country.",
                by="Platform report (fixture)",
                on=date(2023, 8, 29),
                address="hxxps://reports[.]example/2023-q2",
            ),
        ),
        events=(EventFacts(event_id="mideast", on=date(2023, 10, 7), title="Attack on Israel"),),
    )


def _inputs() -> InputFacts:
    batches = tuple(
        BatchFacts(
            batch_id=f"{i:02d}" + HASH[2:], source=source, format="simulated", raw_sha256=(HASH,), rows_landed=landed,
            rows_accepted=landed - bad, rows_quarantined=bad, rows_collapsed=0,
        )
        for i, (source, landed, bad) in enumerate((("facebook-feed", 61240, 18), ("instagram-feed", 20411, 0), ("x-search", 96112, 214)))
    )  # fmt: skip
    return InputFacts(
        batches=batches,
        predecessor=Predecessor(period="2023-W43", edition=HASH),
        capture_time_assumed=False,
        membership_hindsight=False,
        pseudonym_key_id="k-2023-01",
        parameters={
            "window_s co-url": "60",
            "window_s co-text": "60",
            "max_q": "0.01",
            "min_participation": "2",
            "detection_days": "182",
        },
    )


def _days(counts: tuple[int, ...]) -> tuple[DayCount, ...]:
    return tuple(DayCount(day=(START + timedelta(days=i)).date(), posts=posts) for i, posts in enumerate(counts))


def _coverage() -> CoverageFacts:
    def row(platform: str, total: int, days: tuple[int, ...], checked: int, precision: int = 1) -> PlatformCoverage:
        posts = sum(days)
        return PlatformCoverage(
            platform=platform,
            posts_all=total,
            posts_period=posts,
            accounts_period=posts // 6,
            first_post=datetime(2023, 1, 2, 1, 4, tzinfo=UTC),
            last_post=END - timedelta(minutes=9),
            days=_days(days),
            days_without_posts=sum(1 for count in days if count == 0),
            time_precision_s=precision,
            status_checked=checked,
            status_last=END - timedelta(hours=5) if checked else None,
            engagement_measured=Shared(part=posts * 9 // 10, whole=posts),
            views_measured=Shared(part=posts if platform == "youtube" else 0, whole=posts),
        )

    return CoverageFacts(
        platforms=(
            row("facebook", 61222, (310, 284, 301, 295, 330, 120, 98), 1480, 60),
            row("instagram", 20411, (60, 55, 71, 0, 66, 30, 22), 212),
            row("x", 95898, (690, 712, 655, 701, 734, 402, 377), 0),
            row("youtube", 3120, (20, 14, 0, 22, 17, 0, 0), 0),
        ),
        queries=(
            QueryCoverage(query_id="q-seeds", since=datetime(2023, 1, 1, tzinfo=UTC), until=END, rows=150211),
            QueryCoverage(query_id="q-words", since=datetime(2023, 9, 1, tzinfo=UTC), until=END, rows=27552),
        ),
        queries_changed=("q-words",),
        caveats=("q-words began after the takedown: what it alone found is left out of the index at fixed queries.",),
    )


def _validation() -> ValidationFacts:
    return ValidationFacts(
        verdict="warned",
        landed=177763,
        accepted=177121,
        quarantined=232,
        collapsed=410,
        quarantine=(
            QuarantineRow(reason="posted_at lies in the future", rows=141),
            QuarantineRow(reason="account_id is missing", rows=73),
            QuarantineRow(reason="text is not valid UTF-8", rows=18),
        ),
        checks=(
            CheckResult(suite="posts", name="unique", description="Every post is there once", blocking=True, success=True, rows=177121),
            CheckResult(suite="posts", name="future", description="No post lies in the future", blocking=True, success=True, rows=177121),
            CheckResult(
                suite="posts", name="volume", description="The week holds 0.5 to 2 times the median week", blocking=False, success=False,
                rows=4620, failed_rows=0, note="Instagram has 304 posts, the median week has 702",
            ),
            CheckResult(suite="accounts", name="created", description="Accounts exist before they post", blocking=False, success=True, rows=8120),
        ),
        drift=("field view_count_public appeared in x-search (96,112 rows) and is not read",),
    )  # fmt: skip


def _weeks(scale: float = 1.0) -> tuple[WeekCount, ...]:
    weeks = []
    for i in range(44):
        start = date(2023, 1, 2) + timedelta(weeks=i)
        level = 9200 if start < T0 - timedelta(days=1) else 1500 + 3100 * (1 - exp(-(i - 34) / 5))
        posts = round(scale * level * (1 + 0.09 * sin(i * 1.7) + 0.04 * cos(i * 0.6)))
        weeks.append(WeekCount(start=start, posts=posts, accounts=round(posts / 5.6)))
    return tuple(weeks)


def _activity() -> ActivityFacts:
    shares = {"facebook": 0.31, "instagram": 0.08, "x": 0.59, "youtube": 0.02}
    platforms = []
    for name, share in shares.items():
        weeks = _weeks(share)
        platforms.append(
            PlatformActivity(
                platform=name, posts=weeks[-1].posts, accounts=weeks[-1].accounts, previous_posts=weeks[-2].posts,
                previous_accounts=weeks[-2].accounts, weeks=weeks,
            )
        )  # fmt: skip
    weeks = _weeks()
    return ActivityFacts(
        posts=weeks[-1].posts,
        accounts=weeks[-1].accounts,
        members=5214,
        members_by_basis={"seed": 312, "platform list": 0, "detection + rule": 4902},
        previous_posts=weeks[-2].posts,
        previous_accounts=weeks[-2].accounts,
        posts_outsiders=1811,
        languages={"en": 2710, "zh": 1406, "ar": 211, "ja": 90},
        kinds={"original": 2901, "repost": 1101, "reply": 311, "quote": 104},
        platforms=tuple(platforms),
        weeks=weeks,
        top10_share=Shared(part=612, whole=weeks[-1].posts),
    )


LATE = "right-censored: the index has not stayed at {} for 7 days by the end of the data"


def _index(series: str, basis: str, floor: float, end: float) -> IndexSeries:
    points = []
    for k in range(6, 68):
        value = floor + (end - floor) * (1 - exp(-(k - 6) / 22)) + 0.015 * sin(k / 2)
        points.append(IndexPoint(day=T0 + timedelta(days=k), value=value, low=value * 0.78, high=value * 1.3))
    last = points[-1]
    return IndexSeries(
        series=series,
        basis=basis,
        points=tuple(points),
        latest=Estimate(value=last.value, interval=Interval(low=last.low or 0, high=last.high or 0, method="t")),
        nadir=floor,
        nadir_day=T0 + timedelta(days=8),
        loss=1 - floor,
        level="partial" if last.value >= 0.25 else "suppressed",
        direction="rising",
        t50_days=21 if last.value >= 0.5 else NotMeasurable(reason=LATE.format(0.5)),
        t50_between=(14, 30) if last.value >= 0.5 else (52, NotMeasurable(reason=LATE.format(0.5))),
        t90_days=NotMeasurable(reason=LATE.format(0.9)),
        t90_between=(NotMeasurable(reason=LATE.format(0.9)),) * 2,
    )  # fmt: skip


def _takedown(platform: str, end: float, known: bool = True) -> TakedownFacts:
    series = tuple(
        _index(name, basis, 0.04 if known else 0.8, end * factor)
        for name, basis, factor in (
            ("posts", "plain", 1.0), ("accounts", "plain", 1.25), ("posts", "fixed_queries", 0.92), ("posts", "fixed_accounts", 0.3),
        )
    )  # fmt: skip
    counts = CohortCounts(
        survivor=52, reactivated=118, created_after=341, pre_positioned=96, first_observed=210, undetermined=14, total=831
    )
    unchecked = NotMeasurable(reason=UNCHECKED.reason.format(platform=platform))
    return TakedownFacts(
        takedown_id=f"{platform}-2023-08",
        platform=platform,
        known="yes",
        source="platform" if known else "inferred",
        actions=(
            LedgerRow(
                takedown_id=f"{platform}-2023-08", announced_on=T0, effective_from=T0, effective_to=T0,
                counts={"accounts": 7704, "pages": 954, "groups": 15} if platform == "facebook" else {"accounts": 15},
                source="platform" if known else "inferred", address="hxxps://reports[.]example/2023-q2", note="",
            ),
        ),
        t0=datetime(2023, 8, 29, tzinfo=UTC),
        t0_end=datetime(2023, 8, 30, tzinfo=UTC),
        baseline=Baseline(accounts=402.5, posts=1310.2, engagement=88.1, weeks=8, weeks_left_out=0, age_days=0),
        prior_level=PriorLevel(accounts=388.0, posts=1290.0, index_accounts=0.34, index_posts=0.32),
        cohorts=Cohorts(
            **counts.model_dump(),
            posts=CohortPosts(
                survivor=410, reactivated=902, created_after=3981, pre_positioned=577, first_observed=1401, undetermined=66, total=7337
            ),
        ),
        fate=Fate(
            at_risk=1620, removed=1390 if known else 0, silent=88, still_posting=52, unknown=90 if known else 1480, checked=1480 if known else 0,
            removal_rate=RemovalRate(low=0.858, high=0.914) if known else unchecked,
        ),
        rebuild_index=series,
        nadir=series[0].nadir, loss=series[0].loss, level=series[0].level, direction=series[0].direction,
        t50_days=series[0].t50_days, t90_days=series[0].t90_days,
        regained=True,
        replacement=Replacement(
            gained_per_week=58.2, lost_per_week=41.0, ratio=1.42, dwell_days_median=11.5,
            followers=Followers(
                lost=1_204_512, gained=88_104, ratio=0.073,
                lost_counted=Shared(part=1391, whole=1390 + 88), gained_counted=Shared(part=560, whole=565),
            ),
        ),
        survival=(
            _curve("at risk at t0", 1620, 2.0, 0.03), _curve("created after", 341, 16.0, 0.1),
        ),
        loss_waves=(
            LossWave(day=T0, lost=1321, expected=4.2, p_value=0, q_value=0, provisional=False, returned_share=0.03, matched=f"{platform}-2023-08"),
            LossWave(day=date(2023, 10, 12), lost=44, expected=5.1, p_value=1e-9, q_value=1e-7, provisional=True,
                     returned_share=NotMeasurable(reason="the silence is younger than 30 days"), matched="unannounced"),
        ),
        bursts=(Burst(day=date(2023, 9, 20), accounts=31, expected=2.2, q_value=1e-8),),
        creation_batches=(
            CreationBatch(start=datetime(2023, 9, 12, 2, tzinfo=UTC), end=datetime(2023, 9, 12, 9, tzinfo=UTC), accounts=64, expected=3.1, p_value=0.001),
        ),
        successors=(
            Successor(
                lost="bluelake_0412", later="blue.lake.0412", score=17.4, last_post=T0, first_post=date(2023, 9, 12), evidence=(
                    Evidence(kind="announcement", detail="the later account says that it replaces the lost one", posts=("p-90400",), bits=14.0),
                    Evidence(kind="handle", detail="100 % alike, spelling variants and word order set aside; of other pairs of handles 1 in 88,000 "
                             "are as alike", bits=11.2),
                    Evidence(kind="texts", detail="2 texts that at most 6 accounts ever posted, taken up again after the loss",
                             posts=("p-1182", "p-90412", "p-1190", "p-90420"), bits=6.0),
                    Evidence(kind="picture", detail="the same profile picture", bits=4.4),
                    Evidence(kind="mix of languages", detail="closer than 91 % of the other accounts lost or begun in that time", bits=0.6),
                    Evidence(kind="timing", detail="first post 14 days after the lost account's last; a check found that account removed",
                             posts=("p-1240", "p-90388"), bits=-0.2),
                ),
            ),
        ) if platform == "facebook" else (),
        successor_search=SuccessorSearch(
            lost=1321, later=380, compared=401_882,
            accuracy=SuccessorAccuracy(threshold=5.0, pairs=570, claimed=393, right=386, claimed_unannounced=257, right_unannounced=250, data="sample"),
        ),
        by_group=(
            GroupRow(kind="language", group="en", baseline_posts=611.0, latest_posts=250.4, index=0.41),
            GroupRow(kind="language", group="zh", baseline_posts=540.2, latest_posts=118.8, index=0.22),
            GroupRow(kind="category", group="anti-US", baseline_posts=300.0, latest_posts=121.1, index=0.40),
        ),
        sensitivity=(
            SensitivityRow(lookback_days=30, cohorts=counts.model_copy(update={"survivor": 40, "reactivated": 130})),
            SensitivityRow(lookback_days=180, cohorts=counts.model_copy(update={"survivor": 61, "reactivated": 109})),
        ),
        confounders=("Golden Week (29 September to 6 October 2023) lies inside the window.",),
        caveats=("A second action of the same platform in the third quarter has no day and starts no episode.",),
    )  # fmt: skip


def _curve(group: str, accounts: int, half: float, floor: float) -> SurvivalCurve:
    points = []
    for k in range(0, 41, 2):
        value = floor + (1 - floor) * exp(-k * 0.693 / half)
        points.append(
            SurvivalPoint(
                day=k, value=value, low=max(0, value - 0.03), high=min(1, value + 0.03), at_risk=max(1, round(accounts * value))
            )
        )
    return SurvivalCurve(group=group, accounts=accounts, points=tuple(points), median_days=half)


def _unknown(platform: str) -> TakedownFacts:
    why = NotMeasurable(reason=f"it is unknown whether a takedown happened on {platform}")
    names = ("baseline", "prior_level", "cohorts", "fate", "nadir", "loss", "level", "direction", "t50_days", "t90_days", "replacement", "survival",
             "loss_waves", "bursts", "creation_batches", "successors", "by_group", "sensitivity")  # fmt: skip
    return TakedownFacts(
        takedown_id=f"{platform}-unknown", platform=platform, known="unknown", source="press", actions=(), t0=None, t0_end=None, rebuild_index=(),
        **dict.fromkeys(names, why),
    )  # fmt: skip


def _quote(text: str, lang: str, shortened: bool = False) -> Quote:
    return Quote(
        text=text, lang=lang, platform="facebook", post_id="p-100482", posted_at=START + timedelta(hours=31), shortened=shortened
    )


def _exhibit(i: int, quote: Quote) -> Exhibit:
    return Exhibit(
        family_id=f"f{i:02d}", quote=quote, posts=212 - 21 * i, accounts=88 - 9 * i, platforms=("facebook", "x"),
        first_seen=START - timedelta(days=3 * i + 1), variants=14 - i,
    )  # fmt: skip


def _narratives() -> NarrativeFacts:
    rows: tuple[tuple[tuple[str, ...], str, str, str, int, NarrativeStatus], ...] = (
        (
            ("ceasefire", "two sides", "hospital"),
            "mideast",
            "Nobody asks who profits when the shooting goes on.",
            "en",
            1362,
            "growing",
        ),
        (("制裁", "芯片", "霸权"), "anti-US", "制裁只会伤害普通人，芯片不是武器。", "zh", 806, "steady"),
        (
            ("harvest", "village road", "new bridge"),
            "pro-PRC",
            "The new bridge opened and the whole village came to see it.",
            "en",
            611,
            "fading",
        ),
        (("radioactive water", "fish market"), "anti-Japan", "Would you serve this fish to your children?", "en", 402, "fading"),
        (("scenery", "good morning"), "uncoded", "Good morning from the lake, what a view today.", "en", 318, "steady"),
        (("الأرقام", "الحقيقة"), "mideast", "انظروا إلى الأرقام قبل أن تحكموا.", "ar", 190, "new"),
    )
    total = 4417
    items = []
    for i, (label, category, text, lang, posts, status) in enumerate(rows):
        trend = tuple(
            WeekShare(start=date(2023, 8, 28) + timedelta(weeks=w), posts=max(0, round(posts * (0.3 + (w / 9 if status in {"growing", "new"} else 1 - w / 14)))),
                      all_posts=4000)
            for w in range(10)
        )  # fmt: skip
        items.append(
            Narrative(
                narrative_id=f"n{i:02d}", label=label, category=category, quote=_quote(text, lang), posts=posts, accounts=posts // 4, families=posts // 30,
                share=Shared(part=posts, whole=total), previous_share=NotMeasurable(reason="first seen in this period") if status == "new" else Shared(part=posts - 40, whole=4100),
                languages={lang: posts}, platforms={"facebook": posts // 2, "x": posts - posts // 2}, first_seen=datetime(2023, 3, 4, tzinfo=UTC), status=status, trend=trend,
            )
        )  # fmt: skip
    return NarrativeFacts(
        items=tuple(items),
        coded=Shared(part=3371, whole=total),
        unclustered=Shared(part=728, whole=total),
        categories={"mideast": 1552, "anti-US": 806, "pro-PRC": 611, "anti-Japan": 402, "uncoded": 1046},
        exhibits=(
            _exhibit(0, _quote("Nobody asks who profits when the shooting goes on. Look at the numbers before you judge.", "en")),
            _exhibit(1, _quote("制裁只会伤害普通人，芯片不是武器。大家看看这些数字再下结论。", "zh", shortened=True)),
            _exhibit(2, _quote("انظروا إلى الأرقام قبل أن تحكموا على أحد.", "ar")),
        ),
        copypasta=Shared(part=2480, whole=total),
        pivots=(
            Pivot(
                event_id="mideast", event="Attack on Israel", event_on=date(2023, 10, 7), day=date(2023, 10, 13),
                interval=(date(2023, 10, 12), date(2023, 10, 15)), lag_days=6, share_before=0.011, share_after=0.243, p_value=0.0004,
                holiday_control="Golden Week ended on 6 October; posts of comparators did not change",
            ),
        ),
        filler=Shared(part=931, whole=total),
    )  # fmt: skip


def _hours() -> HourFacts:
    counts = tuple(
        tuple(
            round((40 if d < 5 else 14) * max(0.0, sin(pi * (h - 7) / 12)) * (0.45 if h in {12, 18} else 1)) if 7 < h < 19 else (2 if h in {20, 21} else 0)
            for h in range(24)
        )
        for d in range(7)
    )  # fmt: skip
    return HourFacts(
        zone="Asia/Shanghai",
        counts=counts,
        posts=sum(map(sum, counts)),
        window_days=56,
        utc_offset_h=8.0,
        utc_offset_interval=Interval(low=7.5, high=8.5, method="bootstrap over days"),
        meal_dips=("12:00-13:00", "18:00-19:00"),
        weekend_ratio=0.35,
        holiday_ratio=0.22,
        uniform_p=0.00001,
        weekend_p=0.0004,
        holiday_p=NotMeasurable(reason="not tested: one holiday is too few"),
    )


def _impact() -> ImpactFacts:
    return ImpactFacts(
        posts=4417,
        measured=3975,
        age_control="age not controlled",
        zero=Shared(part=3180, whole=3975),
        median=0.0,
        p95=3.0,
        top=1204,
        top_post="x/p-77120",
        buckets=(
            EngagementBucket(label="0", posts=3180), EngagementBucket(label="1-9", posts=702), EngagementBucket(label="10-99", posts=84),
            EngagementBucket(label="100-999", posts=8), EngagementBucket(label="1,000 or more", posts=1),
        ),
        views_median=NotMeasurable(reason="views are given on YouTube only"),
        internal_share=Shared(part=1490, whole=2904),
        breakout_category=2,
        breakout_reason="posts stay inside the campaign's own accounts on four platforms; no evidence of pick-up was entered",
    )  # fmt: skip


def _coordination() -> CoordinationFacts:
    nodes, edges = [], []
    for c, (size, cx, cy) in enumerate(((24, 0.0, 0.0), (14, 2.6, 0.4), (9, 1.4, -1.2), (5, 3.9, -0.9))):
        base = len(nodes)
        for i in range(size):
            angle = 2 * pi * i / size
            radius = 0.35 + 0.055 * size * (0.45 + 0.55 * ((i * 7) % 5) / 4) * 0.6
            nodes.append(NetworkNode(name=f"member{c}{i:02d}", cluster_id=f"c{c}", member=(i % 6 != 0), x=cx + radius * cos(angle),
                                     y=cy + 0.7 * radius * sin(angle), degree=4))  # fmt: skip
            edges += [
                NetworkEdge(
                    source=base + i, target=base + (i * 3 + 1 + k) % size, weight=1 + (i + k) % 5, coordinated=(i + k) % 3 > 0
                )
                for k in range(2)
                if (i * 3 + 1 + k) % size != i
            ]
    edges.append(NetworkEdge(source=3, target=26, weight=2, coordinated=False))
    return CoordinationFacts(
        window_days=182,
        tests=13_592_391,
        max_q=0.01,
        behaviours=(
            BehaviourFacts(behaviour="co-text", window_s=60, window_certain=True, shares=61020, objects=9120, edges=4811, edges_significant=620,
                           edges_among_members=598, accounts=1410, hubs_set_aside=2, edges_coordinated=571, edges_co_interest=49),
            BehaviourFacts(behaviour="co-url", window_s=120, window_certain=False, shares=20111, objects=3110, edges=1402,
                           edges_significant=NotMeasurable(reason="the clock of Facebook is in minutes: 120 s is possible, not certain"),
                           edges_among_members=380, accounts=702, hubs_set_aside=0, note="Minute clocks: differences of 60 s may be 0 to 120."),
        ),
        clusters=(
            ClusterFacts(cluster_id="c0", accounts=240, members=228, platforms=("facebook", "x"), behaviours=("co-text",), edges=402, edges_coordinated=377, label="“Nobody asks who profits when the shooting goes on”"),
            ClusterFacts(cluster_id="c1", accounts=141, members=120, platforms=("x",), behaviours=("co-text", "co-url"), edges=155, label="“制裁只会伤害普通人，芯片不是武器”"),
            ClusterFacts(cluster_id="c2", accounts=92, members=92, platforms=("facebook", "instagram"), behaviours=("co-text",), edges=51, label="“The new bridge opened and the whole village came”"),
            ClusterFacts(cluster_id="c3", accounts=50, members=31, platforms=("youtube",), behaviours=("co-url",), edges=12, label="news[.]example/opinion/4471"),
        ),
        network=NetworkFacts(nodes=tuple(nodes), edges=tuple(edges), nodes_left_out=471),
        exhibits=_narratives().exhibits,
    )  # fmt: skip


def _proposed() -> tuple[ProposedAccount, ...]:
    return tuple(
        ProposedAccount(name=f"out-{HASH[i:i + 12]}", platform=("x", "facebook")[i % 2], decision=("accepted by rule", "proposed")[i % 2], members_co_acted=9 - i,
                        objects=14 - i, min_q=10.0 ** -(6 - i), reason=f"co-acted with {9 - i} members on {14 - i} objects")
        for i in range(4)
    )  # fmt: skip


def avatars() -> AvatarFacts:
    rates = DetectorRates(hits=Shared(part=84, whole=85), false_alarms=Shared(part=3, whole=48))
    reused = (
        ReusedPicture(
            names=("harbour_watch_17", "harbour_watch_18", "mei_lin_90", "true_bridge", "city_voice_3", "outsider-0a1b2c3d4e5f"),
            members=5,
            outsiders=1,
            platforms=("facebook", "x"),
            pdq="ab" * 32,
            files=4,
            most_bits=18,
            mirrored=False,
        ),
        ReusedPicture(
            names=("li_na_travels", "wang_w_1989"),
            members=2,
            outsiders=0,
            platforms=("x",),
            pdq="0f" * 32,
            files=2,
            most_bits=6,
            mirrored=True,
        ),
    )
    return AvatarFacts(
        members=Shared(part=142, whole=180),
        outsiders=310,
        looked_at=139,
        refused=(
            RefusedPictures(reason="damaged or cut off", accounts=2),
            RefusedPictures(reason="not a PNG, JPEG or WebP picture", accounts=1),
        ),
        reuse=ReuseFacts(
            max_bits=31,
            min_quality=50,
            compared=431,
            too_plain=12,
            defaults=(DefaultPicture(why="as common among outsiders", members=9, outsiders=31),),
            groups=2,
            members=Shared(part=7, whole=131),
            largest=reused,
        ),
        faces=FaceFacts(
            consistent=Shared(part=46, whole=88),
            undetermined=61,
            no_face=32,
            max_distance=0.02,
            detector=rates,
            prevalence=Estimate(
                value=0.4973,
                interval=Interval(
                    low=0.3894, high=0.5944, level=0.9, method="Rogan and Gladen 1978; interval of Lang and Reiczigel 2014"
                ),
            ),
            above_zero=True,
        ),
    )


def _judgements() -> JudgementFacts:
    week = _weeks()

    def one(name: str, statement: str, term: str, span: tuple[int, int], confidence: str, basis: str) -> Judgement:
        return Judgement(
            judgement_id=name,
            statement=statement,
            likelihood=term,
            likelihood_range=span,
            confidence=confidence,
            confidence_statement=basis,
            reasons=(
                "The posts of the network rose in each of the last four weeks.",
                f"{week[-1].accounts:,} accounts of the list posted.",
            ),
            alternative="The queries may have met more of an unchanged network since one of them began.",
            would_change="An index at fixed queries below a quarter in two briefings in a row would change this.",
            falsifier="/takedowns/0/level",
            refs=("/activity/accounts",),
        )

    return JudgementFacts(
        bottom_line=(
            "The network is rebuilding on Facebook: posts stand at 0.31 of the level before the takedown and are rising.",
            "It turned to the Middle East six days after 7 October; almost nobody outside the network engages.",
            "Whether X and YouTube acted at the same time is unknown, so nothing can be said of their part.",
        ),
        items=(
            one("rebuild-facebook", "The network on Facebook is likely to reach half of its former volume by the end of the year.", "likely", (55, 80), "moderate",
                "Our confidence is moderate: two series agree, but the queries changed inside the window."),
            one("pivot", "The turn to the Middle East is very likely a deliberate change of task.", "very likely", (80, 95), "high",
                "Our confidence is high: the day, the lag and the holiday control agree on three platforms."),
            one("reach", "It is unlikely that posts of the network reached readers outside it.", "unlikely", (20, 45), "low",
                "Our confidence is low: views were measured on one platform only."),
        ),
        key_figures=(
            KeyFigure(name="Posts by the network", value=week[-1].posts, unit="posts", previous=week[-2].posts, baseline=9171.4, ref="/activity/posts"),
            KeyFigure(name="Active accounts", value=week[-1].accounts, unit="accounts", previous=week[-2].accounts, baseline=1637.8, ref="/activity/accounts"),
            KeyFigure(name="Rebuild index, Facebook", value=0.306194, unit="of baseline", previous=0.27, baseline=1.0, ref="/takedowns/0/rebuild_index/0/latest/value"),
            KeyFigure(name="Accounts created since", value=341, unit="accounts", previous=301,
                      baseline=NotMeasurable(reason="nothing was created after the takedown before it"), ref="/takedowns/0/cohorts/created_after"),
            KeyFigure(name="Posts of copypasta", value=0.561467, unit="share", previous=0.522, baseline=0.47, ref="/narratives/copypasta"),
            KeyFigure(name="Median views of a post", value=NotMeasurable(reason="views are given on YouTube only"), unit="views", previous=78,
                      baseline=NotMeasurable(reason="views were not collected before the takedown"), ref="/impact/views_median"),
        ),
    )  # fmt: skip
