"""facts.json: every number a briefing prints, and nothing else is printed.

The JSON Schema in docs/facts.schema.json is generated from these models; a test holds the two together.
"""

import hashlib
from datetime import date, datetime
from typing import Literal

import orjson

from tasks.domain.annexes import AnnexFile
from tasks.domain.avatars import AvatarFacts
from tasks.domain.batches import CheckResult
from tasks.domain.campaign import Attribution
from tasks.domain.campaign_list import ListFacts
from tasks.domain.ledgers import IndicatorFacts, LedgerFacts
from tasks.domain.lineages import ClusterChanges, ClusterEvent
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.narratives import Exhibit, HourFacts, ImpactFacts, NarrativeFacts
from tasks.domain.notes import AnalystNote
from tasks.domain.rebuilding import TakedownFacts
from tasks.domain.records import Record
from tasks.domain.tactics import AlternativeFacts, TacticFacts

SCHEMA_VERSION: Literal["1.0"] = "1.0"


class EventFacts(Record):
    event_id: str
    on: date
    title: str


class CampaignFacts(Record):
    slug: str
    title: str
    aliases: tuple[str, ...]
    summary: str
    simulated: bool
    tlp: str
    suspected_zone: str
    attribution: tuple[Attribution, ...]
    events: tuple[EventFacts, ...]


class PeriodFacts(Record):
    key: str
    kind: Literal["week", "month", "quarter", "range"]
    start: datetime
    end: datetime
    provisional: bool  # made before end + lateness
    lateness_h: float


class GeneratedBy(Record):
    """What made the briefing; part of what "same input" means."""

    name: str
    version: str
    code_sha256: str  # code, templates, styles, suites
    lock_sha256: str
    fonts_sha256: str


class BatchFacts(Record):
    batch_id: str
    source: str
    format: str
    raw_sha256: tuple[str, ...]
    rows_landed: int
    rows_accepted: int
    rows_quarantined: int
    rows_collapsed: int


class Predecessor(Record):
    period: str
    edition: str


class InputFacts(Record):
    batches: tuple[BatchFacts, ...]
    predecessor: Predecessor | None
    capture_time_assumed: bool  # an archive without capture times: seen as if watched live
    membership_hindsight: bool  # accounts count as members before it was known that they are
    pseudonym_key_id: str
    parameters: dict[str, str]  # thresholds in force


class DayCount(Record):
    day: date
    posts: int


class PlatformCoverage(Record):
    """What was collected from one platform, members and outsiders together."""

    platform: str
    posts_all: int  # visible, since the first
    posts_period: int
    accounts_period: int
    first_post: datetime | None
    last_post: datetime | None
    days: tuple[DayCount, ...]  # of the period
    days_without_posts: int
    time_precision_s: int
    status_checked: int  # accounts with a status observation
    status_last: datetime | None
    engagement_measured: Shared  # posts of the period with at least one engagement count
    views_measured: Shared
    observed_again: int | None = None  # posts of the period with more than one observation; null = not counted by older versions
    posts_edited: int | None = None  # of the period, known by the cut-off; null = no source tells
    posts_deleted: int | None = None  # as posts_edited: asked for again and no longer given


class QueryCoverage(Record):
    query_id: str
    since: datetime | None
    until: datetime | None
    rows: int


class CoverageFacts(Record):
    platforms: tuple[PlatformCoverage, ...]
    queries: tuple[QueryCoverage, ...]
    queries_changed: tuple[str, ...]  # queries that began or ended inside the baseline or after t0
    caveats: tuple[str, ...]


class QuarantineRow(Record):
    reason: str
    rows: int


class ValidationFacts(Record):
    """The books of everything that was landed: landed = accepted + quarantined + collapsed."""

    verdict: Literal["passed", "warned", "blocked"]
    landed: int
    accepted: int
    quarantined: int
    collapsed: int
    quarantine: tuple[QuarantineRow, ...]
    checks: tuple[CheckResult, ...]
    drift: tuple[str, ...]


class WeekCount(Record):
    start: date
    posts: int
    accounts: int


class PlatformActivity(Record):
    platform: str
    posts: int
    accounts: int
    previous_posts: int
    previous_accounts: int
    weeks: tuple[WeekCount, ...]  # whole weeks back from `end`, oldest first


class ActivityFacts(Record):
    """Posts by accounts on the campaign list. `previous` is the period of the same kind before this one."""

    posts: int
    accounts: int
    members: int  # on the list at as_of
    members_by_basis: dict[str, int]
    previous_posts: int | NotMeasurable
    previous_accounts: int | NotMeasurable
    posts_outsiders: int  # collected, but not by members
    languages: dict[str, int]
    kinds: dict[str, int]
    platforms: tuple[PlatformActivity, ...]
    weeks: tuple[WeekCount, ...]
    top10_share: Shared  # posts of the ten loudest accounts of the period


class BehaviourFacts(Record):
    behaviour: str
    window_s: int
    window_certain: bool  # false: the clock is too coarse for the window to be certain
    shares: int  # rows that share an object
    objects: int
    edges: int
    edges_significant: int | NotMeasurable
    edges_among_members: int
    accounts: int
    hubs_set_aside: int
    note: str = ""
    posts_carrying: int | None = None  # posts with what is looked at, reposts too; this and the rest null = not recorded
    hub_rows: int | None = None
    reposts_set_aside: int | None = None  # rows that only repeat a post
    edges_certain: int | None = None  # significant on objects that the clocks put inside the window for certain
    edges_coordinated: int | NotMeasurable | None = None  # significant, and closer in time than the sharers of the same objects
    edges_co_interest: int | NotMeasurable | None = None  # the other significant ones


class ClusterFacts(Record):
    cluster_id: str
    accounts: int
    members: int
    platforms: tuple[str, ...]
    behaviours: tuple[str, ...]
    edges: int
    label: str  # names its most shared object, cleaned for print
    first_stood: date | None = None  # the Monday at which it was first found; null = within this week, or not recorded
    edges_coordinated: int | None = None  # closer in time than the sharers of the same objects; null = not recorded
    accounts_before: int | None = None  # at `cluster_changes.compared_with`, 0 = it did not stand then; null = not compared


class NetworkNode(Record):
    """A node of the network figure; `name` is a member's handle or an outsider's pseudonym."""

    name: str
    cluster_id: str
    member: bool
    x: float
    y: float
    degree: int


class NetworkEdge(Record):
    source: int  # positions in nodes
    target: int
    weight: int
    behaviours: tuple[str, ...] = ()  # in which the pair is significant; empty = not recorded
    certain: bool | None = None  # in one of them at least; null = not recorded
    coordinated: bool | None = None  # the same


class NetworkDisc(Record):
    """A whole cluster in the figure of a network that is too large to show its accounts."""

    cluster_id: str
    accounts: int
    members: int
    x: float
    y: float


class NetworkLink(Record):
    source: int  # positions in discs
    target: int
    edges: int  # pairs of accounts, one in either cluster


class NetworkFacts(Record):
    """Where accounts are left out, `discs` hold every account of the fused network once, and the figure is drawn of them."""

    nodes: tuple[NetworkNode, ...]
    edges: tuple[NetworkEdge, ...]
    nodes_left_out: int  # beyond what can be read in print: those with the fewest edges
    discs: tuple[NetworkDisc, ...] = ()  # largest first; empty = every account is a node, or made by an older version
    links: tuple[NetworkLink, ...] = ()


class FusedFacts(Record):
    """The one network of all behaviours: a pair of accounts is one edge, however many behaviours join it."""

    accounts: int
    edges: int
    edges_certain: int  # in one behaviour at least
    edges_several: int  # joined by two behaviours or more


class EdgesFile(Record):
    """The file of the bundle in which every significant edge can be opened."""

    name: str
    sha256: str
    rows: int  # one an edge and object
    objects_left_out: int  # of edges that are listed
    edges_left_out: int


class CoordinationFacts(Record):
    """Co-action within `window_days` before `end`; q-values by Benjamini-Hochberg over all pairs that could have co-acted."""

    window_days: int
    tests: int
    max_q: float
    behaviours: tuple[BehaviourFacts, ...]
    clusters: tuple[ClusterFacts, ...]
    network: NetworkFacts | NotMeasurable
    exhibits: tuple[Exhibit, ...]
    fused: FusedFacts | None = None  # null = not recorded
    edges_file: EdgesFile | None = None  # null = none was made
    cluster_changes: ClusterChanges | NotMeasurable | None = None  # since the period before; null = not recorded
    cluster_events: tuple[ClusterEvent, ...] = ()


class ProposedAccount(Record):
    """An account that detection proposes for the campaign list. Named by pseudonym until it is accepted."""

    name: str
    platform: str
    decision: Literal["accepted by rule", "proposed"]
    members_co_acted: int
    objects: int
    min_q: float
    reason: str


class Judgement(Record):
    """One key judgement: `statement` holds the likelihood, `confidence_statement` the confidence; never both in one sentence
    (ICD 203). `refs` are JSON pointers into this file that every number in the text came from."""

    judgement_id: str
    statement: str
    likelihood: str
    likelihood_range: tuple[int, int]  # percent
    confidence: Literal["low", "moderate", "high"]
    confidence_statement: str
    reasons: tuple[str, ...]
    alternative: str
    would_change: str
    falsifier: str = ""  # JSON pointer and condition the next briefing scores, e.g. "/takedowns/0/level"
    refs: tuple[str, ...]


class KeyFigure(Record):
    name: str
    value: float | int | NotMeasurable
    unit: str
    previous: float | int | NotMeasurable
    baseline: float | int | NotMeasurable
    ref: str  # JSON pointer of the value


class JudgementFacts(Record):
    bottom_line: tuple[str, ...]  # three sentences
    items: tuple[Judgement, ...]
    key_figures: tuple[KeyFigure, ...]


class Change(Record):
    kind: Literal["data", "world", "method"]
    text: str


class ScoredFalsifier(Record):
    judgement_id: str
    statement: str
    outcome: Literal["held", "did not hold", "cannot be told"]
    why: str


class ChangeFacts(Record):
    since: Predecessor | None
    items: tuple[Change, ...]
    scored: tuple[ScoredFalsifier, ...]


class Facts(Record):
    schema_version: Literal["1.0"] = SCHEMA_VERSION
    campaign: CampaignFacts
    period: PeriodFacts
    as_of: datetime
    generated_by: GeneratedBy
    inputs: InputFacts
    coverage: CoverageFacts
    validation: ValidationFacts
    activity: ActivityFacts
    coordination: CoordinationFacts
    takedowns: tuple[TakedownFacts, ...]
    narratives: NarrativeFacts
    behaviour: HourFacts
    impact: ImpactFacts
    accounts_proposed: tuple[ProposedAccount, ...]
    campaign_list: ListFacts | None = None  # null = not recorded
    avatars: AvatarFacts | NotMeasurable = NotMeasurable(reason="no profile picture was collected")
    judgements: JudgementFacts
    changes: ChangeFacts
    limits: tuple[str, ...]
    ledger: LedgerFacts = LedgerFacts()
    indicators: IndicatorFacts | NotMeasurable = NotMeasurable(reason="not measured in that version")
    tactics: tuple[TacticFacts, ...] = ()  # empty = not recorded
    alternatives: tuple[AlternativeFacts, ...] = ()  # explanations without a campaign that were considered
    left_out: tuple[str, ...] = ()  # what a rendition under a lower label lacks, in sentences; empty = this is the full briefing
    annexes: tuple[AnnexFile, ...] = ()  # the files beside the PDF; empty = none was made, or not recorded
    analyst_notes: AnalystNote | None = None  # words of a person about the period, not derived from data; null = none

    def to_bytes(self) -> bytes:
        """Canonical bytes: keys sorted, two spaces, a final newline. NaN and infinity are refused."""
        return orjson.dumps(
            self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )


def edition_of(facts_json: bytes) -> str:
    """The edition of a briefing is the SHA-256 of its facts.json."""
    return hashlib.sha256(facts_json).hexdigest()


def read_facts(data: bytes) -> Facts:
    """Parse facts.json strictly. Raises pydantic.ValidationError for anything the schema does not know."""
    return Facts.model_validate_json(data)
