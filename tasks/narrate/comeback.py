"""Judgements about what came back after a takedown."""

from dataclasses import dataclass
from math import log
from statistics import NormalDist
from typing import Literal

from tasks.domain.facts import Judgement
from tasks.domain.measures import Estimate, NotMeasurable
from tasks.domain.rebuilding import CohortName, Cohorts, TakedownFacts
from tasks.narrate.judged import Grounds, JudgementInputs, collection_weaknesses, judgement
from tasks.narrate.likelihood import term_for
from tasks.narrate.told import Told

FALLEN = 0.9  # an index that never was below has not fallen (docs/methods.md, rebuilding)
BASELINE_WEEKS = 8
MOST = 0.6  # of the posts; a smaller majority is "just over half"
SURGE = 1.5  # the last week before the takedown over the baseline

State = Literal["rebuilding", "back", "partly back", "held down", "falling", "never fell"]

_COHORTS: dict[CohortName, str] = {
    "survivor": "accounts that had been posting before it and were missed",
    "reactivated": "old accounts that had been silent and woke up",
    "created_after": "accounts created after it began",
    "pre_positioned": "accounts prepared before it that first posted afterwards",
}


@dataclass(frozen=True)
class Lead:
    """The takedown a briefing speaks of first: the latest whose index is measured, of these the one with the largest baseline."""

    place: int
    facts: TakedownFacts
    series: int  # place of the plain index of posts in rebuild_index

    @property
    def pointer(self) -> str:
        return f"/takedowns/{self.place}"

    @property
    def latest(self) -> str:
        return f"{self.pointer}/rebuild_index/{self.series}/latest"

    def named(self, told: Told) -> str:
        return named(self.place, self.facts, told)


def named(place: int, facts: TakedownFacts, told: Told) -> str:
    """ "takedown of 29 August 2023"; "inferred takedown of 3 to 23 August 2017" where nobody announced it."""
    at = f"/takedowns/{place}"
    when = told.span(f"{at}/t0", f"{at}/t0_end") if facts.t0_end else told.day(f"{at}/t0")
    return f"inferred takedown of {when}" if facts.source == "inferred" else f"takedown of {when}"


def lead_of(inputs: JudgementInputs) -> Lead | None:
    """None if no takedown of a known day lies before the end of the period with an index that could be measured."""
    found = []
    for place, facts in enumerate(inputs.takedowns):
        series = _plain_posts(facts)
        if (
            facts.known == "yes"
            and facts.t0
            and facts.t0 < inputs.period.end
            and series is not None
            and not isinstance(facts.level, NotMeasurable)
        ):
            posts = 0.0 if isinstance(facts.baseline, NotMeasurable) else facts.baseline.posts
            found.append((facts.t0, posts, -place, Lead(place, facts, series)))
    return max(found, key=lambda row: row[:3])[3] if found else None


def _plain_posts(facts: TakedownFacts) -> int | None:
    for place, series in enumerate(facts.rebuild_index):
        if series.series == "posts" and series.basis == "plain" and isinstance(series.latest, Estimate):
            return place
    return None


def state_of(facts: TakedownFacts) -> State:
    """`rebuilding` only for fallen, rising, and clearly above an earlier stretch since the takedown; `back` once the level is at or above
    the baseline again; `partly back` where the level is partial, not known to change, and clearly above an earlier stretch."""
    if not isinstance(facts.nadir, float | int) or facts.nadir >= FALLEN:
        return "never fell"
    if facts.level in ("baseline", "above"):
        return "back"
    if facts.direction == "rising" and facts.regained in (None, True):
        return "rebuilding"
    if facts.direction == "falling":
        return "falling"
    regained = _above_nadir(facts) if facts.regained is None else facts.regained is True
    return "partly back" if facts.level == "partial" and regained else "held down"


def _above_nadir(facts: TakedownFacts) -> bool:
    """What facts of earlier versions have instead of `regained`: is the interval of the latest index wholly above the nadir?"""
    place = _plain_posts(facts)
    latest = facts.rebuild_index[place].latest if place is not None else None
    if not isinstance(latest, Estimate) or isinstance(latest.interval, NotMeasurable) or isinstance(facts.nadir, NotMeasurable):
        return False
    return latest.interval.low > facts.nadir


def judge_comeback(inputs: JudgementInputs, lead: Lead) -> Judgement:
    """Where the campaign stands against its baseline on the lead's platform."""
    told, state = Told(inputs.root), state_of(lead.facts)
    platform, takedown = told.platform(f"{lead.pointer}/platform"), lead.named(told)
    latest, level = told.estimate(lead.latest), told.text(f"{lead.pointer}/level")
    strengths, weaknesses = _soundness(inputs, lead, told)
    grounds = Grounds(
        name="comeback",
        term=_term(lead, state),
        claim=_claim(state, platform, takedown, level),
        reasons=[*_reasons(lead, state, latest, told), *_elsewhere(inputs, lead, told)],
        alternative=_alternative(lead, told),
        would_change=_WOULD_CHANGE[state],
        strengths=strengths,
        weaknesses=weaknesses,
        falsifier=lead.pointer + _FALSIFIERS[state],
    )
    return judgement(grounds, told)


_FALSIFIERS: dict[State, str] = {
    "rebuilding": "/direction in rising",
    "back": "/level in baseline|above",
    "partly back": "/level in partial",
    "held down": "/level in suppressed|partial",
    "falling": "/direction in falling|flat",
    "never fell": "/level in baseline|above",
}
_WOULD_CHANGE: dict[State, str] = {
    "rebuilding": "A rebuild index that no longer rises in the next briefing, or the same rise among comparators that were not taken down.",
    "back": "A rebuild index below nine tenths of the baseline in the next briefing.",
    "partly back": "A rebuild index that passes nine tenths of the baseline, or falls below a quarter of it.",
    "held down": "A rebuild index that rises over four weeks, or accounts that we do not collect yet.",
    "falling": "A rebuild index that rises over four weeks.",
    "never fell": "A later count that shows accounts lost at the takedown which were not collected then.",
}


def _claim(state: State, platform: str, takedown: str, level: str) -> str:
    after, side = f"after the {takedown}", "above" if level == "above" else "at"
    return {
        "rebuilding": f"the campaign is rebuilding on {platform} {after}",
        "back": f"the campaign's posting on {platform} is back {side} the level it had before the {takedown}",
        "partly back": f"the campaign has regained part of what it lost on {platform} {after}, and not all",
        "held down": f"the {takedown} still holds the campaign down on {platform}",
        "falling": f"the campaign on {platform} goes on shrinking {after}",
        "never fell": f"the {takedown} did not cut the campaign's posting on {platform}",
    }[state]


def _term(lead: Lead, state: State) -> str:
    """`very likely` where the interval lies wholly on the side the judgement says, else `likely`; for a campaign held down the chance
    that the expected index is below 0.9, on the log scale on which the interval is symmetric."""
    latest = lead.facts.rebuild_index[lead.series].latest
    if _clear(lead, state):
        return "very likely"
    if state != "held down" or not isinstance(latest, Estimate) or isinstance(latest.interval, NotMeasurable):
        return "likely"
    low, high, level = latest.interval.low, latest.interval.high, latest.interval.level
    if not 0 < low < high:
        return "likely"
    spread = log(high / low) / (2 * NormalDist().inv_cdf((1 + level) / 2))
    return term_for(NormalDist(log(latest.value), spread).cdf(log(FALLEN)))


def _clear(lead: Lead, state: State) -> bool:
    """Does the interval of the latest index lie wholly on the side the judgement says?"""
    latest = lead.facts.rebuild_index[lead.series].latest
    if not isinstance(latest, Estimate) or isinstance(latest.interval, NotMeasurable):
        return False
    if state in ("back", "never fell"):
        return latest.interval.low >= FALLEN
    if state == "partly back":
        return latest.interval.high < 1.0
    return latest.interval.high < (1.0 if state == "rebuilding" else FALLEN)


def unclear(lead: Lead) -> bool:
    """Is the campaign said to be held down while the interval of the latest index holds the baseline?"""
    latest = lead.facts.rebuild_index[lead.series].latest
    if state_of(lead.facts) != "held down" or not isinstance(latest, Estimate) or isinstance(latest.interval, NotMeasurable):
        return False
    return latest.interval.low < 1.0 < latest.interval.high


def _reasons(lead: Lead, state: State, latest: str, told: Told) -> list[str]:
    reasons = [f"Posts a day now stand at {latest} of the baseline before the takedown."]
    if state != "never fell":
        reasons.append(f"At the lowest they were at {told.share(f'{lead.pointer}/nadir')}.")
    elif isinstance(lead.facts.nadir, float | int):
        reasons.append(f"They never fell below {told.share(f'{lead.pointer}/nadir')} of it.")
    if not isinstance(lead.facts.direction, NotMeasurable):
        reasons.append(f"Their course over the last four weeks is {told.text(f'{lead.pointer}/direction')}.")
    if not isinstance(lead.facts.cohorts, NotMeasurable):
        reasons.append(f"Since the takedown {told.count(f'{lead.pointer}/cohorts/total')} accounts have posted.")
    return reasons


def _elsewhere(inputs: JudgementInputs, lead: Lead, told: Told) -> list[str]:
    """Where posting stands after the other measured takedowns, at most 3."""
    reasons = []
    for place, facts in enumerate(inputs.takedowns):
        series = _plain_posts(facts)
        if place != lead.place and series is not None and facts.t0 and facts.t0 < inputs.period.end:
            at = f"/takedowns/{place}"
            after = f"on {told.platform(f'{at}/platform')}, after the {named(place, facts, told)}"
            reasons.append(f"Elsewhere, {after}, they stand at {told.estimate(f'{at}/rebuild_index/{series}/latest')}.")
    return reasons[:3]


def _soundness(inputs: JudgementInputs, lead: Lead, told: Told) -> tuple[list[str], list[str]]:
    strengths: list[str] = []
    weaknesses = collection_weaknesses(inputs)
    baseline = lead.facts.baseline
    if not isinstance(baseline, NotMeasurable):
        clause = f"the baseline rests on {told.count(f'{lead.pointer}/baseline/weeks')} weeks"
        (strengths if baseline.weeks >= BASELINE_WEEKS else weaknesses).append(clause)
        prior = lead.facts.prior_level
        if not isinstance(prior, NotMeasurable) and prior.posts > SURGE * baseline.posts > 0:
            weaknesses.append("the campaign was surging when it was cut")
    if not isinstance(lead.facts.fate, NotMeasurable) and isinstance(lead.facts.fate.removal_rate, NotMeasurable):
        weaknesses.append("how many accounts were removed cannot be measured")
    return strengths, weaknesses


def _alternative(lead: Lead, told: Told) -> str:
    text = "The collection followed the campaign less closely, or more closely, than before the takedown."
    if lead.facts.confounders:
        return f"{text} Also possible: {told.text(f'{lead.pointer}/confounders/0').rstrip('.')}."
    return text


def judge_cohorts(inputs: JudgementInputs, lead: Lead) -> Judgement | None:
    """Which accounts carry the activity after the takedown; None without cohorts or posts."""
    cohorts = lead.facts.cohorts
    if isinstance(cohorts, NotMeasurable) or not cohorts.posts.total:
        return None
    told = Told(inputs.root)
    name, certain = _carrier(cohorts)
    takedown, platform = lead.named(told), told.platform(f"{lead.pointer}/platform")
    total = told.count(f"{lead.pointer}/cohorts/posts/total")
    weaknesses = collection_weaknesses(inputs)
    if name is None:
        return judgement(_unknown_carrier(lead, told, takedown, platform, total, weaknesses), told)
    posts, accounts = told.count(f"{lead.pointer}/cohorts/posts/{name}"), told.count(f"{lead.pointer}/cohorts/{name}")
    if isinstance(cohorts.reactivated, NotMeasurable):
        weaknesses.append("accounts that woke up cannot be told from new ones with so short a history")
    if set(inputs.activity.members_by_basis) == {"platform list"}:
        weaknesses.append("accounts that no platform named are missing")
    share = (getattr(cohorts.posts, name) or 0) / cohorts.posts.total
    grounds = Grounds(
        name="who-came-back",
        term="very likely" if certain else "likely",
        claim=(
            f"{'most' if share >= MOST else 'just over half'} of what the campaign has posted on {platform} since the {takedown} comes "
            f"from {_COHORTS[name]}"
        ),
        reasons=[f"They are {accounts} accounts with {posts} of {total} posts since then.", _undetermined(lead, told)],
        alternative="Some accounts were posting earlier than the collection shows, and belong to another group.",
        would_change="Creation dates or older posts that move accounts to another group.",
        strengths=["every account is in exactly one group"],
        weaknesses=weaknesses,
    )
    return judgement(grounds, told)


def _carrier(cohorts: Cohorts) -> tuple[CohortName | None, bool]:
    """(the cohort that holds more than half of the posts, whether by more than the posts of accounts of unknown past); None if none does
    or if accounts of unknown past have as many."""
    posts = {name: n for name in _COHORTS if isinstance(n := getattr(cohorts.posts, name), int)}
    best = max(posts, key=lambda name: posts[name])
    unknown = cohorts.posts.first_observed + cohorts.posts.undetermined
    if posts[best] <= unknown or 2 * posts[best] <= cohorts.posts.total:
        return None, False
    return best, 2 * posts[best] > cohorts.posts.total + unknown


def _undetermined(lead: Lead, told: Told) -> str:
    first, other = (told.count(f"{lead.pointer}/cohorts/{name}") for name in ("first_observed", "undetermined"))
    return f"The past of {first} accounts first seen afterwards and {other} with inexact dates is not known."


def _unknown_carrier(lead: Lead, told: Told, takedown: str, platform: str, total: str, weaknesses: list[str]) -> Grounds:
    posts = f"{lead.pointer}/cohorts/posts"
    unknown, measured = told.count(f"{posts}/first_observed"), lead.facts.cohorts
    shown = [
        name for name in _COHORTS if not isinstance(measured, NotMeasurable) and isinstance(getattr(measured.posts, name), int)
    ]
    groups = [f"{told.count(f'{posts}/{name}')} come from {_COHORTS[name]}" for name in shown]
    return Grounds(
        name="who-came-back",
        term="roughly even chance",
        claim=f"accounts that are new since the {takedown} post more for the campaign on {platform} than those it had before",
        reasons=[
            f"Of {total} posts since then {'; '.join(groups)}; {unknown} come from accounts first seen afterwards.",
            _undetermined(lead, told),
        ],
        alternative="Accounts first seen after the takedown are old ones that the collection had not found.",
        would_change="Creation dates for the accounts first seen after the takedown.",
        weaknesses=[*weaknesses, "no group of accounts of known past holds most posts", "creation dates are missing"],
    )
