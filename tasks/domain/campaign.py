"""The campaign file: everything a team tells Resurge about one campaign.

Unknown keys are errors. No address of a person and no secret stands here: an audience is a name that the settings resolve.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, field_validator, model_validator

from tasks.domain.patterns import checked_pattern
from tasks.domain.records import Record
from tasks.domain.takedowns import Event, Takedown

Tlp = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
TLP_ORDER: tuple[Tlp, ...] = get_args(Tlp)  # Traffic Light Protocol 2.0 (FIRST, 2022), least restricted first
Pattern = Annotated[str, AfterValidator(checked_pattern)]
PdqHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def checked_cron(value: str) -> str:
    """Raises ValueError for a cron expression that is none: five fields, minute to weekday."""
    try:
        CronSim(value, datetime(2023, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"{value!r} is no cron expression ({str(error).lower()}); write it like 0 6 * * TUE") from error
    return value


class SourceSpec(Record):
    """Where posts come from. `kind` names the adapter; `options` are its own parameters and are checked by it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    kind: str
    schedule: str = ""  # cron; empty = only when asked
    lateness_h: float = Field(default=0, ge=0)  # how far past a period's end it must have been asked before the schedule makes it
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        return checked_cron(value) if value else value


class Member(Record):
    """An account an analyst or a platform put on the list, with the day it became known."""

    platform: str
    account_id: str
    known_at: date
    basis: Literal["seed", "platform list", "analyst"] = "seed"
    until: date | None = None
    reason: str = ""
    public: bool | None = None  # may be named to everybody; null = if basis is `platform list`. See tasks/domain/renditions.py


class Decision(Record):
    """An analyst's word on one account: on the list, or not of the campaign, from the start of the day `on`. The latest counts."""

    platform: str = Field(min_length=1)
    account_id: str = Field(min_length=1)
    decision: Literal["accepted", "rejected"]
    on: date
    by: str = Field(min_length=1)  # a name or a role; it is printed
    reason: str = Field(min_length=1)


class AcceptanceRule(Record):
    """When a detected account joins the list without an analyst: it co-acted with `min_members` distinct members, on
    `min_objects` distinct objects in all, at q <= `max_q`. Absent rule: every detected account stays a proposal."""

    min_members: int = Field(default=2, ge=1)
    min_objects: int = Field(default=3, ge=1)
    max_q: float = Field(default=0.01, gt=0, lt=1)
    accepted_by: str = "rule"


class WholeCollection(Record):
    """Every collected account is on a platform's own list (an archive the platform released)."""

    source: str
    known_at: date
    outcome_selected: bool = True


class Membership(Record):
    """Which accounts belong to the campaign. `hindsight: true` uses memberships even before their `known_at`; the briefing says so."""

    whole_collection: WholeCollection | None = None
    seeds: list[Member] = Field(default_factory=list)
    decisions: list[Decision] = Field(default_factory=list)
    accept: AcceptanceRule | None = None
    hindsight: bool = False

    @field_validator("decisions")
    @classmethod
    def _decides_once_a_day(cls, value: list[Decision]) -> list[Decision]:
        told = [(one.platform, one.account_id, one.on) for one in value]
        if twice := sorted(
            {f"{platform}/{name} on {day}" for platform, name, day in told if told.count((platform, name, day)) > 1}
        ):
            raise ValueError(f"decided twice: {', '.join(twice)}; keep one, or give the later one its own day")
        return value

    @model_validator(mode="after")
    def _seeds_are_not_rejected(self) -> "Membership":
        listed = {(seed.platform, seed.account_id) for seed in self.seeds}
        both = [one for one in self.decisions if one.decision == "rejected" and (one.platform, one.account_id) in listed]
        if both:
            names = ", ".join(sorted({f"{one.platform}/{one.account_id}" for one in both}))
            raise ValueError(
                f"named in seeds and rejected in decisions: {names}; end the seed with `until`, or remove one of the two"
            )
        return self


class Attribution(Record):
    """Who is said to be behind the campaign: quoted, never computed."""

    quote: str
    by: str
    on: date
    address: str


class BreakoutEvidence(Record):
    """An analyst's evidence for Breakout categories 4 to 6 (Nimmo 2020)."""

    category: int = Field(ge=4, le=6)
    on: date
    what: str
    address: str


class Holiday(Record):
    name: str
    first: date
    last: date


class Schedule(Record):
    """Cron expression in a named zone, e.g. `0 6 * * TUE` in `Europe/Paris`."""

    cron: str
    zone: str = "UTC"

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        return checked_cron(value)

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; zones are named like Europe/Paris") from error
        return value


class Thresholds(Record):
    """The knobs of detection, with the values METHODS gives. `window_s` names the behaviours that are looked at. By default all but
    co-domain, which takes in co-url and joins everybody who likes a popular site: of use where a campaign runs sites of its own."""

    window_s: dict[str, int] = Field(
        default_factory=lambda: {"co-url": 60, "co-text": 60, "co-repost": 60, "co-reply": 60, "co-hashtag": 60, "co-media": 60}
    )
    min_participation: int = Field(default=2, ge=1)
    max_q: float = Field(default=0.01, gt=0, lt=1)
    detection_days: int = Field(default=182, ge=7)  # how far back of `end` coordination is looked for


class AccountRef(Record):
    platform: str
    account_id: str


class Comparator(Record):
    """Accounts collected the same way whose course says what happened to everybody: a list of accounts, or everything that one source
    of this campaign brought. Members of the campaign are never among them."""

    name: str = Field(min_length=1, max_length=64)
    accounts: list[AccountRef] = Field(default_factory=list)
    source: str = ""  # name of a source; files brought in with `ingest` are of the source `file` unless it was named otherwise
    note: str = ""

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Comparator":
        if bool(self.accounts) == bool(self.source):
            raise ValueError("a comparator is either a list of accounts or a source")
        return self


class CheckPolicy(Record):
    """How often accounts are looked at again: those lost or at risk, and the others. An account found gone is confirmed for a while.
    And which posts a collection asks for again, where a service can be asked: the newest of the watched accounts."""

    at_risk_days: float = Field(default=7, gt=0)
    others_days: float = Field(default=28, gt=0)
    confirm_days: float = Field(default=28, ge=0)  # how long after it was first found gone an account is still checked
    posts_days: float = Field(default=14, ge=0, le=366)  # posts up to this old are asked for again; 0: none
    posts_most: int = Field(default=1_000, ge=0, le=100_000)  # of one collection and platform, newest first; 0: none


class Campaign(Record):
    """One campaign; the file's name is its slug."""

    slug: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    title: str
    aliases: list[str] = Field(default_factory=list)
    ledger_names: list[str] = Field(default_factory=list)  # other names under which takedown ledgers carry it; not printed
    summary: str = ""
    simulated: bool = False  # its posts come from the simulator: every page says so
    languages: list[str] = Field(default_factory=list)
    sources: list[SourceSpec] = Field(default_factory=list)
    membership: Membership = Membership()
    takedowns: list[Takedown] = Field(default_factory=list)
    comparators: list[Comparator] = Field(default_factory=list)
    status_sources: list[SourceSpec] = Field(default_factory=list)  # who looks whether accounts still stand
    check_policy: CheckPolicy = CheckPolicy()
    events: list[Event] = Field(default_factory=list)
    codebook: dict[str, dict[str, list[Pattern]]] = Field(default_factory=dict)  # category -> language -> patterns
    suspected_zone: str = "UTC"
    holidays: list[Holiday] = Field(default_factory=list)
    breakout_evidence: list[BreakoutEvidence] = Field(default_factory=list)
    attribution: list[Attribution] = Field(default_factory=list)
    default_avatars: list[PdqHash] = Field(default_factory=list)  # pictures that platforms give to whoever has none: never reuse
    schedule: Schedule | None = None
    period: Literal["week", "month"] = "week"
    lateness_h: float = Field(default=24, ge=0)
    tlp: Tlp = "AMBER"  # of the full briefing
    renditions: list[Tlp] = Field(default_factory=list)  # lower labels, under which what they may hold is published as well
    audience: str = ""
    thresholds: Thresholds = Thresholds()
    not_before: datetime | None = None  # no post before this instant is used; null = all

    @property
    def lateness(self) -> timedelta:
        return timedelta(hours=self.lateness_h)

    @model_validator(mode="after")
    def _renditions_are_lower(self) -> "Campaign":
        below = TLP_ORDER[: TLP_ORDER.index(self.tlp)]
        if wrong := [label for label in self.renditions if label not in below]:
            lower = f"below {self.tlp} there are {', '.join(below)}" if below else f"there is no label below {self.tlp}"
            raise ValueError(f"renditions names {', '.join(wrong)}, and each must be lower than tlp: {self.tlp}; {lower}")
        if len(set(self.renditions)) < len(self.renditions):
            raise ValueError("renditions names a label twice; keep one")
        return self

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Campaign":
        for name, ids in (
            ("takedown_id", [t.takedown_id for t in self.takedowns]),
            ("event_id", [e.event_id for e in self.events]),
            ("source name", [s.name for s in (*self.sources, *self.status_sources)]),
            ("comparator", [c.name for c in self.comparators]),
        ):
            if twice := sorted({i for i in ids if ids.count(i) > 1}):
                raise ValueError(f"{name} given twice: {', '.join(twice)}")
        return self
