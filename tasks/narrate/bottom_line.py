"""The three sentences a reader takes away: what the campaign does, what came back, what we do not know."""

from tasks.domain.measures import NotMeasurable
from tasks.domain.platforms import platform_names
from tasks.narrate.comeback import Lead, named, state_of, unclear
from tasks.narrate.judged import JudgementInputs
from tasks.narrate.told import Told

_MAX_UNKNOWNS = 3
_UNCLEAR = "the interval holds its baseline, so whether it is still down is open"
_STATES = {
    "rebuilding": "the campaign is rebuilding",
    "back": "the campaign is back",
    "partly back": "it has come back in part, and has been level for four weeks",
    "held down": "it stays down",
    "falling": "it goes on shrinking",
    "never fell": "it never fell",
}


def bottom_line(inputs: JudgementInputs, lead: Lead | None) -> tuple[str, str, str]:
    """Composed from facts; every number in it stands in facts.json."""
    told = Told(inputs.root)
    return _doing(inputs, told), _came_back(inputs, lead, told), _unknown(inputs)


def _doing(inputs: JudgementInputs, told: Told) -> str:
    title, key = told.text("/campaign/title"), told.text("/period/key")
    if not inputs.activity.posts:
        return f"No post by an account on the list of {title} was collected in {key}."
    text = f"In {key} {title} posted {told.count('/activity/posts')} times from {told.count('/activity/accounts')} accounts"
    if isinstance(inputs.activity.previous_posts, int):
        text += f" ({told.count('/activity/previous_posts')} posts the period before)"
    items = inputs.narratives.items
    if items and items[0].posts:
        label, share = told.text("/narratives/items/0/label"), told.share("/narratives/items/0/share")
        text += f"; its largest narrative, “{label}”, holds {share} of them"
    return text + "."


def _came_back(inputs: JudgementInputs, lead: Lead | None, told: Told) -> str:
    if lead:
        facts = lead.facts
        text = f"After the {lead.named(told)} on {told.platform(f'{lead.pointer}/platform')}, posting"
        if state_of(facts) != "never fell":
            text += f" fell to {told.share(f'{lead.pointer}/nadir')} of its baseline and"
        state = _UNCLEAR if unclear(lead) else _STATES[state_of(facts)]
        return f"{text} now stands at {told.estimate(lead.latest)} of its baseline: {state}."
    past = [(i, t) for i, t in enumerate(inputs.takedowns) if t.known == "yes" and t.t0 and t.t0 < inputs.period.end]
    if past:
        place, facts = past[-1]
        why = facts.level.reason if isinstance(facts.level, NotMeasurable) else "the index has no value at the end of the period"
        platform = told.platform(f"/takedowns/{place}/platform")
        return f"What came back after the {named(place, facts, told)} on {platform} cannot be measured: {why}."
    if _unknown_platforms(inputs):
        return "No takedown of a known day lies before the end of the period, so what came back cannot be measured."
    return "The ledger has no takedown before the end of the period, so there is nothing yet that could have come back."


def _unknown_platforms(inputs: JudgementInputs) -> list[str]:
    return sorted({t.platform for t in inputs.takedowns if t.known == "unknown"})


def _unknown(inputs: JudgementInputs) -> str:
    unknown = []
    if platforms := _unknown_platforms(inputs):
        unknown.append(f"whether a takedown happened on {platform_names(platforms)}")
    unchecked = [p.platform for p in inputs.coverage.platforms if p.posts_all and not p.status_checked]
    if unchecked:
        unknown.append(f"which accounts were removed on {platform_names(unchecked)}, where status was never checked")
    if isinstance(inputs.impact.zero, NotMeasurable) and inputs.activity.posts:
        unknown.append("how many people react to the posts")
    silent = [p.platform for p in inputs.coverage.platforms if p.days_without_posts]
    if silent:
        unknown.append(f"whether days without posts on {platform_names(silent)} are silence or a gap in collecting")
    unknown.append("which accounts of the campaign were never found")
    return f"We do not know {_listed(unknown[:_MAX_UNKNOWNS], '; nor ')}."


def _listed(names: list[str], last: str = " and ") -> str:
    return names[0] if len(names) == 1 else (last if ";" in last else ", ").join(names[:-1]) + last + names[-1]
