"""The owner is told, once, of what a person has to see to: runs that failed, were blocked, cut off or left a mail held, late periods.

Nothing here raises: the trouble itself is the news, and is raised elsewhere. What could not be handed over is kept and tried again by the
campaign's next run.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from os import environ
from uuid import uuid4

from flows import logs
from flows.liveness import is_gone
from flows.plan import PeriodState, period_states
from flows.wiring import owner_channels, settings
from tasks.deliver.notices import Channel, Notice, Told, Trouble, shortened, tell, tell_again
from tasks.domain.campaign import Campaign
from tasks.domain.errors import ResurgeError, ValidationBlocked
from tasks.domain.ports import ObjectStore
from tasks.domain.run_summary import RunSummary
from tasks.store.bundles import published_periods
from tasks.store.keys import notice_key, notices_prefix
from tasks.store.lake import batch_records
from tasks.store.ledger import paused_since, runs

_OVERDUE: dict[str, str] = {
    "late": "The period {period} of {campaign} is late: it was due by the schedule and nobody has made it.",
    "waiting": "The period {period} of {campaign} cannot be made yet: {why}.",
    "interrupted": "Making {period} of {campaign} was cut off: {why}.",
}
_UNSAID = "Run it again with --debug to see more."


def told_of_run(store: ObjectStore, summary: RunSummary, error: BaseException) -> None:
    """Tell of a run that did not end well; a person who stopped it with Ctrl-C knows."""
    if isinstance(error, KeyboardInterrupt):
        return
    state: Trouble = "blocked" if isinstance(error, ValidationBlocked) else "failed"
    if any(": held" in line for line in summary.deliveries):
        state = "held"
    problem = error.problem if isinstance(error, ResurgeError) else f"{type(error).__name__}: {error}"
    _tell(store, _notice(summary, state, problem, error.remedy if isinstance(error, ResurgeError) else _UNSAID))


def told_of_schedule(store: ObjectStore, campaign: str, error: ResurgeError) -> None:
    """Tell of a scheduled run that failed before there was a run to enter."""
    now = datetime.now(UTC)
    summary = RunSummary(run_id="", flow="briefing", campaign=campaign, state="failed", started_at=now)
    _tell(store, _notice(summary, "failed", error.problem, error.remedy))


def is_watched() -> bool:
    """Whether an owner is set who could be told."""
    return bool(settings().owner or settings().owner_webhook)


def tell_overdue(store: ObjectStore, plan: Campaign, *, waiting: bool = True) -> list[PeriodState]:
    """Tell of periods that are late, cut off or, where `waiting` counts as trouble, still without their data; first hand over what
    earlier runs could not. Returns these periods; none while the schedule is paused or nobody is to be told."""
    try:
        return _tell_overdue(store, plan, waiting=waiting)
    except Exception as error:  # looking for trouble must not hide the one that is being raised
        logs.event("not watched", level="warning", campaign=plan.slug, problem=f"{type(error).__name__}: {error}")
        return []


def _tell_overdue(store: ObjectStore, plan: Campaign, *, waiting: bool) -> list[PeriodState]:
    if not is_watched() or paused_since(store, plan.slug) is not None:
        return []
    catch_up(store, plan.slug)
    published = published_periods(store, plan.slug, plan.tlp)
    tried = runs(store, plan.slug)
    states = period_states(plan, published, tried, batch_records(store, plan.slug), datetime.now(UTC))
    found = [one for one in states if one.state in _OVERDUE and (waiting or one.state != "waiting")]
    for one in found:
        _tell(store, _overdue(plan, one, tried))
    return found


def catch_up(store: ObjectStore, campaign: str) -> None:
    """Hand over what earlier runs could not."""
    try:
        channels = owner_channels(store)
        if channels:
            named = {channel.name: channel for channel in channels}
            told = tell_again(
                store, campaign, notices_prefix(campaign), named, key_of=notice_key, clock=_now, nonce_factory=lambda: uuid4().hex
            )
            _log(campaign, told)
    except Exception as error:  # a notice that cannot be sent fails no run
        logs.event("notices not sent", level="warning", campaign=campaign, problem=f"{type(error).__name__}: {error}")


def _tell(store: ObjectStore, notice: Notice) -> None:
    try:
        channels = owner_channels(store)
        if channels:
            _log(notice.campaign, _handed(store, notice, channels))
    except Exception as error:  # never over the trouble itself
        logs.event("notice not sent", level="warning", campaign=notice.campaign, problem=f"{type(error).__name__}: {error}")


def _handed(store: ObjectStore, notice: Notice, channels: Sequence[Channel]) -> tuple[Told, ...]:
    try:
        return tell(store, notice, channels, key_of=notice_key, clock=_now, nonce_factory=lambda: uuid4().hex)
    except ResurgeError:  # a workspace out of reach is itself the trouble: tell without a record, maybe twice
        return tuple(Told(one.name, "sent", one.send(notice).reply) for one in channels)


def _log(campaign: str, told: Sequence[Told]) -> None:
    for one in told:
        level = "info" if one.state == "sent" else "warning"
        logs.event("owner told", level=level, campaign=campaign, channel=one.channel, state=one.state, reply=one.reply)


def _notice(summary: RunSummary, state: Trouble, problem: str, remedy: str) -> Notice:
    clean = logs.redaction(settings(), environ).text
    again = f"resurge brief {summary.campaign} --period {summary.period.replace('--', '..')}" if summary.period else ""
    if summary.flow == "collect":
        again = f"resurge collect {summary.campaign}"
    return Notice(
        campaign=summary.campaign,
        flow=summary.flow,
        period=summary.period,
        state=state,
        problem=shortened(clean(problem)),
        remedy=shortened(clean(remedy)),
        command=again or f"resurge runs {summary.campaign}",
        run_id=summary.run_id,
        seen_at=_now(),
    )


def _overdue(plan: Campaign, one: PeriodState, tried: Sequence[RunSummary]) -> Notice:
    own = [run for run in tried if run.period == one.period and run.standing(_now(), is_gone) == "interrupted"]
    summary = RunSummary(
        run_id=own[-1].run_id if own and one.state == "interrupted" else "",
        flow="briefing",
        campaign=plan.slug,
        period=one.period,
        state="running",
        started_at=_now(),
    )
    problem = _OVERDUE[one.state].format(period=one.period, campaign=plan.slug, why=one.why)
    remedy = {
        "late": "See that `resurge serve` or the worker runs, then run the command below.",
        "waiting": f"Run `resurge collect {plan.slug}` and see what it says, then the command below.",
        "interrupted": "Nothing was published; run the command below, or leave it to the next scheduled run.",
    }[one.state]
    state: Trouble = "late" if one.state == "late" else "waiting" if one.state == "waiting" else "interrupted"
    return _notice(summary, state, problem, remedy)


def _now() -> datetime:
    return datetime.now(UTC)
