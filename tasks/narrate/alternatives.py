"""Page 11: explanations without a campaign, each tied to the test that was made of it, or to none."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable
from tasks.domain.tactics import AlternativeFacts, AlternativeOutcome
from tasks.narrate.signs import sentence
from tasks.narrate.told import Told

FEW_MISSING = 0.02  # rows set aside, of those landed
_SHARED = {
    "co-url": "the same link",
    "co-domain": "the same site",
    "co-text": "the same text",
    "co-repost": "the same post passed on",
    "co-reply": "the same post answered",
    "co-hashtag": "the same hashtags",
    "co-media": "the same image or film",
}


@dataclass(frozen=True)
class Weighed:
    outcome: AlternativeOutcome
    finding: str


@dataclass(frozen=True)
class Alternative:
    key: str
    explanation: str
    test: str
    weigh: Callable[[Facts, Told], Weighed]


def alternative_facts(facts: Facts) -> tuple[AlternativeFacts, ...]:
    """Every explanation of ALTERNATIVES, in that order. Reads only `facts`."""
    rows = []
    for one in ALTERNATIVES:
        told = Told({name: getattr(facts, name) for name in Facts.model_fields})
        weighed = one.weigh(facts, told)
        rows.append(
            AlternativeFacts(
                key=one.key,
                explanation=one.explanation,
                test=one.test,
                outcome=weighed.outcome,
                finding=weighed.finding,
                refs=told.refs,
            )
        )
    return tuple(rows)


def _in_step(*behaviours: str) -> Callable[[Facts, Told], Weighed]:
    """Were significant pairs closer in time than the other sharers of the same objects?"""

    def weigh(facts: Facts, told: Told) -> Weighed:
        coordinated, interest, tested = [], [], False
        for at, row in enumerate(facts.coordination.behaviours):
            if (
                row.behaviour not in behaviours
                or not isinstance(row.edges_coordinated, int)
                or not isinstance(row.edges_co_interest, int)
            ):
                continue
            tested = True
            where = f"/coordination/behaviours/{at}"
            if row.edges_coordinated:
                coordinated.append(f"{told.count(f'{where}/edges_coordinated')} with {_SHARED[row.behaviour]}")
            if row.edges_co_interest:
                interest.append(f"{told.count(f'{where}/edges_co_interest')} with {_SHARED[row.behaviour]}")
        if not tested:
            return Weighed("not tested", "No pair of accounts could be tested for this.")
        if not coordinated and not interest:
            return Weighed("not tested", "No pair acted together more often than chance explains, so there is nothing to explain.")
        left = f" Others may be shared interest: {', '.join(interest)}." if interest else ""
        if coordinated:
            return Weighed("weakened", f"Pairs closer in time than other sharers: {', '.join(coordinated)}.{left}")
        return Weighed("not weakened", f"All significant pairs may be shared interest: {', '.join(interest)}.")

    return weigh


def _slogans(facts: Facts, told: Told) -> Weighed:
    exhibits = facts.narratives.exhibits
    if not exhibits:
        return Weighed("not tested", "No text of the period was posted by three accounts.")
    weighed = _in_step("co-text")(facts, told)
    wordings, accounts = told.count("/narratives/exhibits/0/variants"), told.count("/narratives/exhibits/0/accounts")
    most = f"The most repeated text has {wordings} wordings by {accounts} accounts."
    return Weighed(weighed.outcome, f"{weighed.finding} {most}")


def _scheduling(facts: Facts, told: Told) -> Weighed:
    hours = facts.behaviour
    if isinstance(hours.uniform_p, NotMeasurable) or isinstance(hours.meal_dips, NotMeasurable):
        reason = hours.uniform_p if isinstance(hours.uniform_p, NotMeasurable) else hours.meal_dips
        return Weighed("not tested", sentence(reason.reason) if isinstance(reason, NotMeasurable) else "")
    if hours.meal_dips:
        pause = f"{told.text('/behaviour/meal_dips')} in {told.text('/behaviour/zone')}"
        rest = "as people do; a schedule can be made to look so. Which program posted is not in the data."
        return Weighed("weakened", f"The posts pause at {pause}, {rest}")
    return Weighed("not weakened", "No pause at meal times: one tool that posts for many accounts would look the same.")


def _event(facts: Facts, told: Told) -> Weighed:
    found = facts.narratives.pivots
    if isinstance(found, NotMeasurable):
        return Weighed("not tested", sentence(found.reason))
    if not found:
        return Weighed("not tested", "No turn to an event was found, so there is nothing to explain.")
    control = told.text("/narratives/pivots/0/holiday_control")
    return Weighed(
        "not weakened",
        f"Accounts outside the list are not compared, and everybody may have turned to it. Holidays: {control.rstrip('.')}.",
    )


def _decline(facts: Facts, told: Told) -> Weighed:
    compared, courses = 0, []
    for at, row in enumerate(facts.takedowns):
        if row.comparators is None or isinstance(row.comparators, NotMeasurable):
            continue
        for place, one in enumerate(row.comparators):
            compared += 1
            if not isinstance(one.index, NotMeasurable):
                where = f"/takedowns/{at}/comparators/{place}"
                courses.append(f"{told.text(f'{where}/name')} {told.share(f'{where}/index')}")
    if not facts.takedowns:
        return Weighed("not tested", "The campaign file names no takedown.")
    if not courses:
        return Weighed(
            "not tested",
            "The campaign file names no comparator whose course could be measured."
            if not compared
            else "No comparator's course could be measured.",
        )
    return Weighed(
        "weakened",
        f"Comparators today, against their own time before the takedown: {', '.join(courses)}; losses are printed adjusted by them.",
    )


def _gaps(facts: Facts, told: Told) -> Weighed:
    gaps = []
    for at, row in enumerate(facts.coverage.platforms):
        if row.days_without_posts:
            where = f"/coverage/platforms/{at}"
            days = "day" if row.days_without_posts == 1 else "days"
            gaps.append(
                f"{told.platform(f'{where}/platform')} has {told.count(f'{where}/days_without_posts')} {days} without a post"
            )
    if facts.coverage.queries_changed:
        gaps.append("queries changed on the way")
    books = facts.validation
    if books.landed and books.quarantined > FEW_MISSING * books.landed:
        gaps.append(f"{told.count('/validation/quarantined')} of {told.count('/validation/landed')} rows were set aside")
    if gaps:
        return Weighed("not weakened", sentence("; ".join(gaps)))
    return Weighed(
        "weakened", "Every platform has posts on every day of the period, queries did not change, and few rows were set aside."
    )


ALTERNATIVES = (
    Alternative(
        "shared-news",
        "Many people share the same news as it appears.",
        "For each pair: how close in time compared with the other sharers of the same links.",
        _in_step("co-url", "co-domain"),
    ),
    Alternative(
        "slogans",
        "Activists or fans copy a slogan from each other.",
        "The same for texts: copying by choice takes its time.",
        _slogans,
    ),
    Alternative(
        "communities",
        "Fans amplify what they all follow.",
        "The same for reposts, replies, hashtags and media.",
        _in_step("co-repost", "co-reply", "co-hashtag", "co-media"),
    ),
    Alternative(
        "scheduling",
        "One scheduling tool, or an agency with honest clients, posts for many.",
        "Whether the posts pause at meal times, as people do.",
        _scheduling,
    ),
    Alternative(
        "event", "An event moved everybody, not only the campaign.", "Whether the turn stands without the holidays.", _event
    ),
    Alternative(
        "decline",
        "The fall after a takedown befell everybody: a season, an outage, a change of the platform.",
        "The course of comparators over the same weeks.",
        _decline,
    ),
    Alternative(
        "gaps",
        "What changed is our collecting.",
        "Days without posts, changed queries, rows set aside.",
        _gaps,
    ),
)
