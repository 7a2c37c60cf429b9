"""What a takedown did and what came back: one record per episode, platform and campaign (method: docs/methods.md, rebuilding)."""

from datetime import date, datetime
from typing import Literal

from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.records import Record

Series = Literal["accounts", "posts", "engagement"]
Basis = Literal["plain", "fixed_queries", "fixed_accounts"]
Level = Literal["suppressed", "partial", "baseline", "above"]
Direction = Literal["rising", "flat", "falling"]
NOT_THEN = NotMeasurable(reason="not measured in that version")
CohortName = Literal["survivor", "reactivated", "created_after", "pre_positioned", "first_observed", "undetermined"]


class LedgerRow(Record):
    """One action of the episode, as the campaign file states it."""

    takedown_id: str
    announced_on: date | None
    effective_from: date | None
    effective_to: date | None
    counts: dict[str, int]
    source: str
    address: str
    note: str
    accounts_listed: bool = False  # the source named the accounts


class Baseline(Record):
    """Median of the weekly daily means over the 8 weeks before t0 (weeks near an earlier episode left out)."""

    accounts: float  # active accounts a day
    posts: float  # a day
    engagement: float | NotMeasurable  # likes + shares + replies a day
    weeks: int
    weeks_left_out: int
    age_days: int  # from the newest baseline week's end to t0


class PriorLevel(Record):
    """Daily means of the last 7 days before t0, and the index of `end` against them."""

    accounts: float
    posts: float
    index_accounts: float | NotMeasurable
    index_posts: float | NotMeasurable


class CohortCounts(Record):
    """Accounts with a post in [t0_end, end): exclusive, in this precedence, summing to total."""

    survivor: int
    reactivated: int | NotMeasurable
    created_after: int
    pre_positioned: int
    first_observed: int
    undetermined: int
    total: int


class CohortPosts(Record):
    """Posts in [t0_end, end) by cohort, summing to total: the same accounts, their weight."""

    survivor: int
    reactivated: int | NotMeasurable
    created_after: int
    pre_positioned: int
    first_observed: int
    undetermined: int
    total: int


class Cohorts(CohortCounts):
    posts: CohortPosts


class RemovalRate(Record):
    """Bounds: every unknown account kept, every unknown account removed."""

    low: float
    high: float


class Fate(Record):
    """Accounts at risk at t0: exclusive, summing to at_risk."""

    at_risk: int
    removed: int
    silent: int
    still_posting: int
    unknown: int  # never checked and silent: cannot be told apart
    checked: int  # had a status observation at or after t0
    removal_rate: RemovalRate | NotMeasurable


class IndexPoint(Record):
    """The index on one day: mean of the 7 days ending with it over the baseline."""

    day: date
    value: float
    low: float | None = None
    high: float | None = None


class IndexSeries(Record):
    """One rebuild index: `latest` is the last whole day before `end`."""

    series: Series
    basis: Basis
    points: tuple[IndexPoint, ...]
    latest: Estimate | NotMeasurable
    nadir: float | NotMeasurable
    nadir_day: date | None
    loss: float | NotMeasurable  # 1 - nadir
    level: Level | NotMeasurable
    direction: Direction | NotMeasurable
    t50_days: int | NotMeasurable  # right-censored and never_fell are reasons
    t90_days: int | NotMeasurable
    regained: bool | NotMeasurable | None = None  # last 28 days clearly above an earlier stretch; None: facts of an earlier version
    # earliest and latest day that the interval leaves open
    t50_between: tuple[int | NotMeasurable, int | NotMeasurable] | None = None
    t90_between: tuple[int | NotMeasurable, int | NotMeasurable] | None = None


class Followers(Record):
    """Followers of the accounts at risk that were lost, and of those gained since, as last counted while they were up."""

    lost: int
    gained: int
    lost_counted: Shared  # accounts whose followers are known, of all lost
    gained_counted: Shared
    ratio: float | NotMeasurable


class Replacement(Record):
    """New, pre-positioned and reactivated accounts a week over accounts lost a week, since t0."""

    gained_per_week: float
    lost_per_week: float
    ratio: float | NotMeasurable
    dwell_days_median: float | NotMeasurable
    followers: Followers | NotMeasurable = NOT_THEN


class SurvivalPoint(Record):
    day: int
    value: float
    low: float
    high: float
    at_risk: int


class SurvivalCurve(Record):
    """Kaplan-Meier of activity to the last post, censored at end - 30 d."""

    group: str  # "at risk at t0" or a cohort
    accounts: int
    points: tuple[SurvivalPoint, ...]
    median_days: float | NotMeasurable


class LossWave(Record):
    """A day on which more at-risk accounts fell silent than chance explains."""

    day: date
    lost: int
    expected: float
    p_value: float
    q_value: float
    provisional: bool
    returned_share: float | NotMeasurable
    matched: str  # takedown_id, or "unannounced"


class WaveGroup(Record):
    """The loss waves matched to one takedown: accounts whose last posts lie before and in it."""

    matched: str  # takedown_id
    lost: int
    first_day: date  # of the last posts
    last_day: date
    provisional: bool  # one of the waves is


class Burst(Record):
    """A day on which short-lived accounts (under 7 days) stopped together."""

    day: date
    accounts: int
    expected: float
    q_value: float


class CreationBatch(Record):
    start: datetime
    end: datetime
    accounts: int
    expected: float
    p_value: float


class Evidence(Record):
    """One checkable item: what it is, what was compared, and the posts that show it."""

    kind: str
    detail: str
    posts: tuple[str, ...] = ()
    bits: float | None = None  # what the item adds to the score


class Successor(Record):
    lost: str  # handle, or the account id
    later: str
    score: float  # bits of evidence beyond what choosing among the lost accounts takes
    evidence: tuple[Evidence, ...]
    last_post: date | None = None  # of the lost account
    first_post: date | None = None  # of the later one


class SuccessorAccuracy(Record):
    """What claims at this threshold were worth on labelled simulation; `_unannounced`: with announcements left unread."""

    threshold: float  # bits
    pairs: int  # true successions
    claimed: int
    right: int
    claimed_unannounced: int
    right_unannounced: int
    data: str  # seeds, scenarios, size


class SuccessorSearch(Record):
    """What was looked through for successors of one takedown."""

    lost: int
    later: int
    compared: int  # pairs of the two in the span in which a successor begins
    accuracy: SuccessorAccuracy


class GroupRow(Record):
    """The index of one group (a language, a narrative category, a cluster)."""

    kind: str
    group: str
    baseline_posts: float  # a day, the median baseline week
    latest_posts: float  # a day, the last 7 days
    index: float | NotMeasurable
    interval: Interval | NotMeasurable = NOT_THEN
    posts_before: int = 0  # in all baseline weeks; the groups of a kind sum to the platform's
    posts_latest: int = 0  # in the last 7 days; likewise
    baseline_accounts: float = 0  # active a day; an account may be active in several groups
    latest_accounts: float = 0
    index_accounts: float | NotMeasurable = NOT_THEN


class Loudest(Record):
    """Posts by the ten accounts that posted most: in the baseline weeks, and since the takedown."""

    before: Shared
    after: Shared


class Continuity(Record):
    """What was said before: text families and posts since the takedown that members had posted before t0."""

    families: Shared
    posts: Shared
    posts_same_platform: Shared  # posts of families posted before t0 on this platform
    posts_before: Shared  # for comparison: posts of the 28 days before t0, of families older than that
    posts_without_text: int  # since the takedown, in none of the above


class ComparatorRow(Record):
    """A comparator's course over the same weeks, and the campaign's index and loss adjusted by it."""

    name: str
    accounts: int  # with a post on the platform since the baseline began
    baseline_posts: float  # a day
    index: float | NotMeasurable  # its own, at the end
    adjusted_index: Estimate | NotMeasurable  # the campaign's over its own, at the end
    adjusted_loss: Estimate | NotMeasurable  # 1 - the same on the day of the campaign's nadir


class SensitivityRow(Record):
    """Survivor and reactivated counts with another look-back than 90 days."""

    lookback_days: int
    cohorts: CohortCounts


class TakedownFacts(Record):
    """Everything measured around one episode on one platform. For `known: unknown` rows every measure says why it is missing."""

    takedown_id: str  # the first action's id
    platform: str
    known: Literal["yes", "unknown"]
    source: str
    actions: tuple[LedgerRow, ...]
    t0: datetime | None
    t0_end: datetime | None
    baseline: Baseline | NotMeasurable
    prior_level: PriorLevel | NotMeasurable
    cohorts: Cohorts | NotMeasurable
    fate: Fate | NotMeasurable
    rebuild_index: tuple[IndexSeries, ...]
    nadir: float | NotMeasurable  # of plain posts, repeated for readers of the table; likewise down to t90_days
    loss: float | NotMeasurable
    level: Level | NotMeasurable
    direction: Direction | NotMeasurable
    t50_days: int | NotMeasurable
    t90_days: int | NotMeasurable
    replacement: Replacement | NotMeasurable
    survival: tuple[SurvivalCurve, ...] | NotMeasurable
    loss_waves: tuple[LossWave, ...] | NotMeasurable
    bursts: tuple[Burst, ...] | NotMeasurable
    creation_batches: tuple[CreationBatch, ...] | NotMeasurable
    successors: tuple[Successor, ...] | NotMeasurable
    by_group: tuple[GroupRow, ...] | NotMeasurable
    sensitivity: tuple[SensitivityRow, ...] | NotMeasurable
    wave_groups: tuple[WaveGroup, ...] = ()  # loss_waves by the takedown they are matched to
    regained: bool | NotMeasurable | None = None  # of plain posts
    loudest: Loudest | NotMeasurable = NOT_THEN
    continuity: Continuity | NotMeasurable = NOT_THEN
    comparators: tuple[ComparatorRow, ...] | NotMeasurable = NOT_THEN
    successor_search: SuccessorSearch | None = None  # what `successors` was found among
    confounders: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
