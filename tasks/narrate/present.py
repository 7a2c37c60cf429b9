"""Judgements about the present and the next period: volume, coordination, themes, effect."""

from itertools import pairwise

from tasks.domain.facts import BehaviourFacts, Judgement
from tasks.domain.measures import NotMeasurable, Shared
from tasks.narrate.judged import Grounds, JudgementInputs, collection_weaknesses, judgement
from tasks.narrate.likelihood import term_for
from tasks.narrate.told import Told

_DID = {
    "co-url": "posted the same link",
    "co-text": "posted the same text",
    "co-domain": "linked to the same domain",
    "co-repost": "passed on the same post",
    "co-reply": "answered the same post",
    "co-hashtag": "used the same hashtags in the same order",
    "co-media": "posted the same image or film",
}
MOST_BEHAVIOURS = 3  # named as reasons: those with most pairs beyond chance
MIN_STEPS = 4  # earlier changes from period to period, for a forecast of the next
RECENT_STEPS = 8
FACTOR = 2  # "about as much" = between half and twice
FEW_POSTS = 100
LASTING_STEPS = 4  # of the 8 periods before, for a main narrative that lasts
MOSTLY_ZERO = 0.5
WELL_MEASURED = 0.9  # of posts with engagement measured, for strong footing


def judge_outlook(inputs: JudgementInputs) -> Judgement:
    """Whether the next period brings about as much as this one: the rate at which that held so far (rule of succession)."""
    told = Told(inputs.root)
    posts = told.count("/activity/posts")
    steps = _posts_by_step(inputs)
    weaknesses = collection_weaknesses(inputs)
    if not inputs.activity.posts:
        return judgement(_silence(weaknesses), told)
    held = [1 / FACTOR <= after / before <= FACTOR for before, after in pairwise(steps) if before]
    if len(held) < MIN_STEPS:
        term, reason = "roughly even chance", "Too few earlier periods are known to say how steady the campaign is."
        weaknesses.append("the history is short")
    else:
        term = term_for((1 + sum(held)) / (2 + len(held)))
        reason = "The term is the rate at which one period followed another within those bounds so far."
    if inputs.activity.posts < FEW_POSTS:
        weaknesses.append("few posts were collected")
    if not all(held[-RECENT_STEPS:]):
        weaknesses.append("one of the last changes was larger")
    grounds = Grounds(
        name="outlook",
        term=term,
        claim="the next period brings between half and twice as many posts as this one",
        reasons=[f"This period has {posts} posts by {told.count('/activity/accounts')} accounts.", reason],
        alternative="A new takedown, or a new batch of accounts, breaks the series.",
        would_change="Fewer than half or more than twice as many posts in the next period.",
        strengths=[] if inputs.activity.posts < FEW_POSTS else ["posts are counted, not estimated"],
        weaknesses=weaknesses,
        falsifier=f"/activity/posts between {inputs.activity.posts / FACTOR:g} {inputs.activity.posts * FACTOR:g}",
    )
    return judgement(grounds, told)


def _silence(weaknesses: list[str]) -> Grounds:
    return Grounds(
        name="outlook",
        term="roughly even chance",
        claim="the campaign stays silent where we look in the next period too",
        reasons=["No post by an account on the campaign list was collected in this period."],
        alternative="The campaign posts from accounts or on platforms that are not collected.",
        would_change="Any post by an account on the list.",
        weaknesses=[*weaknesses, "silence and a gap in collecting look the same", "nothing was observed"],
        falsifier="/activity/posts in 0",
    )


def _posts_by_step(inputs: JudgementInputs) -> list[int]:
    """Posts per period-long step, oldest first: weeks for weekly briefings, else the steps of the narratives' trend."""
    if inputs.period.kind == "week":
        return [week.posts for week in inputs.activity.weeks]
    items = inputs.narratives.items
    return [step.all_posts for step in items[0].trend] if items else []


def judge_coordination(inputs: JudgementInputs) -> Judgement | None:
    """Whether accounts act in concert beyond chance; None where no behaviour could be tested."""
    told = Told(inputs.root)
    tested = [(i, b) for i, b in enumerate(inputs.coordination.behaviours) if isinstance(b.edges_significant, int)]
    if not tested:
        return None
    found = [(i, b) for i, b in tested if b.edges_significant]
    weaknesses = [] if all(b.window_certain for _, b in tested) else ["clocks are too coarse for the windows to be exact"]
    timed = [b.edges_coordinated for _, b in found if isinstance(b.edges_coordinated, int)]
    interest_only = bool(timed) and not any(timed)
    if interest_only:
        weaknesses.append(
            "no pair was closer in time than sharers of the same things usually are: a shared interest explains as much"
        )
    reasons = [_beyond_chance(i, inputs.coordination.behaviours[i], told) for i in _most_telling(found or tested)]
    if inputs.narratives.copypasta.whole:
        reasons.append(
            f"{told.share('/narratives/copypasta')} of the period's posts repeat a text that three or more accounts posted."
        )
    if found:
        grounds = Grounds(
            name="coordination",
            term=_term(found, interest_only=interest_only, weak=bool(weaknesses)),
            claim=f"accounts in this collection {_in_concert(found)} in concert and not by chance",
            reasons=reasons,
            alternative="Fans, activists or automated news feeds that react to the same source within seconds.",
            would_change="The same pairs among ordinary accounts that were collected in the same way.",
            strengths=[f"all {told.count('/coordination/tests')} pairs that could have acted together were corrected for"],
            weaknesses=weaknesses,
        )
    else:
        grounds = Grounds(
            name="coordination",
            term="unlikely",
            claim="many of these accounts shared the same links or texts within the windows tested",
            reasons=reasons,
            alternative="They act in concert in ways that were not tested, such as pictures, replies or slower schedules.",
            would_change="Pairs beyond chance on another behaviour or with a wider window.",
            weaknesses=[*weaknesses, "a test that finds nothing says little about what it does not look at"],
        )
    return judgement(grounds, told)


def _term(found: list[tuple[int, BehaviourFacts]], *, interest_only: bool, weak: bool) -> str:
    if interest_only:
        return "likely"
    return "almost certain" if any(b.edges_among_members for _, b in found) and not weak else "very likely"


def _most_telling(behaviours: list[tuple[int, BehaviourFacts]]) -> list[int]:
    """Places of those with most pairs beyond chance, then most pairs."""

    def pairs(one: tuple[int, BehaviourFacts]) -> tuple[int, int]:
        significant = one[1].edges_significant
        return -(significant if isinstance(significant, int) else 0), -one[1].edges

    return [i for i, _ in sorted(behaviours, key=pairs)[:MOST_BEHAVIOURS]]


def _in_concert(found: list[tuple[int, BehaviourFacts]]) -> str:
    only_words = {b.behaviour for _, b in found} <= {"co-url", "co-text"}
    return "post the same texts or links" if only_words else "post, pass on or answer the same things"


def _beyond_chance(place: int, behaviour: BehaviourFacts, told: Told) -> str:
    at = f"/coordination/behaviours/{place}"
    significant, pairs = told.count(f"{at}/edges_significant"), told.count(f"{at}/edges")
    did = _DID.get(told.text(f"{at}/behaviour"), told.text(f"{at}/behaviour"))
    said = f"{significant} of {pairs} pairs of accounts that {did} within the window did so beyond chance."
    if not behaviour.edges_significant or not isinstance(behaviour.edges_coordinated, int):
        return said
    return f"{said} {told.count(f'{at}/edges_coordinated')} of these were also closer in time than others who did so usually are."


def judge_themes(inputs: JudgementInputs) -> Judgement | None:
    """A pivot if one was found, else whether the main narrative lasts; None without narratives."""
    facts = inputs.narratives
    if isinstance(facts.pivots, tuple) and facts.pivots:
        return _pivot(inputs)
    if not facts.items or not facts.items[0].posts:
        return None
    told, main = Told(inputs.root), facts.items[0]
    lasting = sum(step.posts > 0 for step in main.trend[:-1])
    weaknesses = [] if (main.share.whole >= FEW_POSTS) else ["few posts were collected"]
    if 2 * facts.unclustered.part > facts.unclustered.whole:
        weaknesses.append("most posts belong to no narrative")
    grounds = Grounds(
        name="themes",
        term="likely" if lasting >= LASTING_STEPS and main.status in ("steady", "growing") else "roughly even chance",
        claim=f"the narrative “{told.text('/narratives/items/0/label')}” stays the campaign's largest in the next period",
        reasons=[
            f"It holds {told.of('/narratives/items/0/share')} of the posts, from {told.count('/narratives/items/0/accounts')} accounts.",
            f"Against the period before it is {told.text('/narratives/items/0/status')}.",
        ],
        alternative="It follows the news of the day and ends with it.",
        would_change="Another narrative with more posts in the next period.",
        strengths=["every post of the period was sorted into one narrative or none"],
        weaknesses=weaknesses,
        falsifier=f"/narratives/items/0/narrative_id in {main.narrative_id}",
    )
    return judgement(grounds, told)


def _pivot(inputs: JudgementInputs) -> Judgement:
    pivots = inputs.narratives.pivots
    place = max(range(len(pivots)), key=lambda i: (pivots[i].lag_days >= 0, pivots[i].event_on)) if isinstance(pivots, tuple) else 0
    told, at = Told(inputs.root), f"/narratives/pivots/{place}"
    early = told.value(f"{at}/lag_days") < 0
    rose = f"from {told.share(f'{at}/share_before')} before {told.day(f'{at}/day')} to {told.share(f'{at}/share_after')} from that day on"
    grounds = Grounds(
        name="themes",
        term="likely" if early else "very likely",
        claim=f"the campaign turned to an event: {told.text(f'{at}/event')}",
        reasons=[
            f"The share of posts with its keywords rose {rose}; the event is of {told.day(f'{at}/event_on')}.",
            f"Holiday control: {told.text(f'{at}/holiday_control')}.",
        ],
        alternative="Everybody wrote about the event, and the campaign no more than others.",
        would_change="The same rise among accounts outside the campaign.",
        strengths=["days were permuted to see how often chance makes such a rise"],
        weaknesses=["outsiders were not compared with", *(["the rise began before the event"] if early else [])],
    )
    return judgement(grounds, told)


def judge_effect(inputs: JudgementInputs) -> Judgement | None:
    """Whether anybody reacts; None where engagement was not measured."""
    facts = inputs.impact
    if not isinstance(facts.zero, Shared) or not facts.zero.whole or isinstance(facts.breakout_category, NotMeasurable):
        return None
    told = Told(inputs.root)
    weaknesses = [] if facts.age_control != "age not controlled" else ["posts were counted at different ages"]
    if facts.measured < WELL_MEASURED * facts.posts:
        weaknesses.append("engagement is missing for a part of the posts")
    if isinstance(facts.internal_share, NotMeasurable):
        weaknesses.append("the campaign's own likes and shares cannot be told from others'")
    ignored = (facts.zero.share or 0) >= MOSTLY_ZERO and facts.breakout_category <= 2
    middle = f"the median is {told.value('/impact/median'):g} and the highest count {told.count('/impact/top')}"
    grounds = Grounds(
        name="effect",
        term="very likely" if ignored else "likely",
        claim="the campaign reaches hardly anybody beyond itself"
        if ignored
        else "some of the campaign's posts reach people outside it",
        reasons=[
            f"{told.of('/impact/zero')} of the measured posts drew no engagement at all; {middle}.",
            f"Breakout category {told.value('/impact/breakout_category')}: {told.text('/impact/breakout_reason')}.",
        ],
        alternative="Views, and copies on platforms that are not collected, carry it further than engagement shows."
        if ignored
        else "The engagement is bought or comes from the campaign's own accounts.",
        would_change="Pick-up by media, by well-known people, or on another platform.",
        strengths=["the whole distribution was looked at"],
        weaknesses=weaknesses,
        falsifier=f"/impact/breakout_category in {'1|2' if ignored else '2|3|4|5|6'}",
    )
    return judgement(grounds, told)
