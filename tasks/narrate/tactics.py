"""Page 11: which known techniques the measures show. A technique is named only by what was measured; nothing is inferred from it.

Vocabularies and the choice of techniques: tactics.yml. Every number in a finding passes through a JSON pointer (`Told`).
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tasks.domain.facts import Facts
from tasks.domain.languages import language_name
from tasks.domain.measures import NotMeasurable
from tasks.domain.platforms import platform_names
from tasks.domain.strict_yaml import read_mapping
from tasks.domain.tactics import TacticFacts
from tasks.narrate.signs import Sign, seen_if, sentence, unknown
from tasks.narrate.tactics_of_accounts import batches, cohort, copied_pictures, generated_faces, successors
from tasks.narrate.told import Told, percent

MIN_REPLIES = 10  # of members in the period
MIN_OTHER_SHARE = 0.05  # of the period's posts, for a second platform or language to count
MAX_P = 0.01
WEEKEND = 0.8  # posts a day on weekend days over the others, at most


def tactic_facts(facts: Facts) -> tuple[TacticFacts, ...]:
    """One row a technique of tactics.yml, in its order: seen, not seen, or not looked for and why. Reads only `facts`."""
    book = _book()
    return tuple(_row(key, row, book, facts) for key, row in book["rows"].items())


@cache
def _book() -> Mapping[str, Any]:
    path = Path(__file__).with_name("tactics.yml")
    return read_mapping(path.read_bytes(), path.name)


def _row(key: str, row: Mapping[str, str], book: Mapping[str, Any], facts: Facts) -> TacticFacts:
    told = Told({name: getattr(facts, name) for name in Facts.model_fields})
    sign = Sign("not looked for", sentence(row["never"])) if "never" in row else RULES[key](facts, told)
    return TacticFacts(
        key=key,
        technique_id=row["technique"],
        name=row["name"],
        tactic_id=row["tactic"],
        tactic=book["tactics"][row["tactic"]] if row["tactic"] else "",
        phase_id=row["phase"],
        phase=book["phases"][row["phase"].split(".")[0]] if row["phase"] else "",
        state=sign.state,
        finding=sign.finding,
        refs=told.refs,
    )


def _copypasta(facts: Facts, told: Told) -> Sign:
    if not facts.narratives.copypasta.whole:
        return Sign("not looked for", "There was no post.")
    return Sign(
        seen_if(facts.narratives.copypasta.part > 0),
        f"Of the period's posts {told.of('/narratives/copypasta')} repeat, word for word or nearly so, a text of at least three accounts.",
    )


def _together(behaviour: str, did: str) -> Callable[[Facts, Told], Sign]:
    """Pairs on the list that did the same thing within the window more often than chance explains, closer in time than other sharers."""

    def rule(facts: Facts, told: Told) -> Sign:
        places = [place for place, one in enumerate(facts.coordination.behaviours) if one.behaviour == behaviour]
        if not places:
            return Sign("not looked for", "The campaign file does not ask for this behaviour.")
        at, row = f"/coordination/behaviours/{places[0]}", facts.coordination.behaviours[places[0]]
        if isinstance(row.edges_significant, NotMeasurable):
            return unknown(row.edges_significant)
        if not row.edges_among_members:
            return Sign("not seen", f"No pair of accounts on the list {did} more often than chance explains.")
        pairs = "pair" if row.edges_among_members == 1 else "pairs"
        return Sign(
            "seen",
            f"{told.count(f'{at}/edges_among_members')} {pairs} of accounts on the list {did} within "
            f"{told.count(f'{at}/window_s')} seconds more often than chance explains.",
        )

    return rule


def _replies(facts: Facts, told: Told) -> Sign:
    kinds = facts.activity.kinds
    carried = sum(row.posts_carrying or 0 for row in facts.coordination.behaviours if row.behaviour == "co-reply")
    if not kinds.get("reply"):
        if not carried:
            return Sign("not looked for", "No collected post is marked as a reply: the sources may not say.")
        return Sign("not seen", "No post of the period by an account on the list is a reply.")
    replies, posts = told.count("/activity/kinds/reply"), told.count("/activity/posts")
    return Sign(seen_if(kinds["reply"] >= MIN_REPLIES), f"{replies} of {posts} posts by accounts on the list are replies.")


def _several_platforms(facts: Facts, told: Told) -> Sign:
    if len(facts.coverage.platforms) < 2:
        return Sign("not looked for", "Posts were collected from one platform only.")
    spread = [at for at, exhibit in enumerate(facts.narratives.exhibits) if len(exhibit.platforms) > 1]
    if spread:
        at = f"/narratives/exhibits/{spread[0]}"
        where = platform_names(told.value(f"{at}/platforms"))
        return Sign("seen", f"One text was posted on {where} by {told.count(f'{at}/accounts')} accounts in the period.")
    return Sign("not seen", "None of the texts most often repeated in the period stands on more than one platform.")


def _several_languages(facts: Facts, told: Told) -> Sign:
    spoken = [
        name
        for name, posts in facts.activity.languages.items()
        if name != "und" and posts >= MIN_OTHER_SHARE * facts.activity.posts
    ]
    if not facts.activity.posts or set(facts.activity.languages) <= {"und"}:
        return Sign("not looked for", "The languages of the posts are not known." if facts.activity.posts else "There was no post.")
    for name in ("posts", *(f"languages/{name}" for name in spoken)):
        told.value(f"/activity/{name}")
    shares = [f"{language_name(name)} {percent(facts.activity.languages[name] / facts.activity.posts)}" for name in spoken]
    return Sign(
        seen_if(len(spoken) > 1), f"Languages with at least {percent(MIN_OTHER_SHARE)} of the period's posts: {', '.join(shares)}."
    )


def _turns_to_event(facts: Facts, told: Told) -> Sign:
    found = facts.narratives.pivots
    if isinstance(found, NotMeasurable):
        return unknown(found)
    after = [at for at, pivot in enumerate(found) if pivot.lag_days >= 0]
    if not after:
        return Sign("not seen", "The share of posts about the events of the campaign file rose at none of them.")
    at = f"/narratives/pivots/{after[0]}"
    return Sign(
        "seen",
        f"From {told.day(f'{at}/day')}, {_days(told.value(f'{at}/lag_days'))} the event, the share of posts with its keywords rose from "
        f"{told.share(f'{at}/share_before')} to {told.share(f'{at}/share_after')}.",
    )


def _days(lag: int) -> str:
    return "on the day of" if not lag else "one day after" if lag == 1 else f"{lag} days after"


def _filler(facts: Facts, told: Told) -> Sign:
    share = facts.narratives.filler
    if isinstance(share, NotMeasurable):
        return unknown(share)
    if not share.whole:
        return Sign("not looked for", "There was no post.")
    return Sign(seen_if(share.part > 0), f"{told.of('/narratives/filler')} posts are what the codebook calls filler.")


def _shift_pattern(facts: Facts, told: Told) -> Sign:
    hours = facts.behaviour
    if isinstance(hours.uniform_p, NotMeasurable):
        return unknown(hours.uniform_p)
    if (
        isinstance(hours.meal_dips, NotMeasurable)
        or isinstance(hours.weekend_p, NotMeasurable)
        or isinstance(hours.weekend_ratio, NotMeasurable)
    ):
        return Sign("not looked for", "Hours are known, but not whether meals or weekends show in them.")
    rests = hours.weekend_ratio <= WEEKEND and hours.weekend_p <= MAX_P
    if not (hours.uniform_p <= MAX_P and hours.meal_dips and rests):
        return Sign("not seen", "The posts do not show a daily course, a dip at meals and quieter weekends together.")
    return Sign(
        "seen",
        f"Posts follow the clock of {told.text('/behaviour/zone')}, dip at {told.text('/behaviour/meal_dips')}, and weekend days have "
        f"{told.share('/behaviour/weekend_ratio')} of the posts of other days.",
    )


RULES: Mapping[str, Callable[[Facts, Told], Sign]] = {
    "copypasta": _copypasta,
    "same-text": _together("co-text", "posted the same text"),
    "same-link": _together("co-url", "posted the same link"),
    "same-hashtags": _together("co-hashtag", "used the same hashtags in the same order"),
    "same-media": _together("co-media", "posted the same image or film"),
    "replies": _replies,
    "several-platforms": _several_platforms,
    "several-languages": _several_languages,
    "turns-to-event": _turns_to_event,
    "filler": _filler,
    "new-accounts": cohort("created_after", "were created after it"),
    "accounts-in-batches": batches,
    "dormant-accounts": cohort("reactivated", "had been silent for at least 90 days before it"),
    "successors": successors,
    "copied-pictures": copied_pictures,
    "generated-faces": generated_faces,
    "shift-pattern": _shift_pattern,
}
