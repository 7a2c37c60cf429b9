"""What the campaign says: narratives with share, trend and status, copypasta, pivots and filler (docs/methods.md, narratives)."""

import hashlib

import numpy as np
import pandas as pd
from scipy import sparse

from tasks.domain.campaign import Campaign
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.narratives import Narrative, NarrativeFacts, WeekShare
from tasks.domain.periods import Cutoff, Period
from tasks.narrate.codebook import UNCODED, category_of, check_codebook, matches
from tasks.narrate.counterparts import linked, shared_marks
from tasks.narrate.exhibits import copypasta, quote
from tasks.narrate.grouping import Grouped, grouped, with_families
from tasks.narrate.labels import class_scores, label
from tasks.narrate.pivots import pivots
from tasks.narrate.status import status_of

FILLER = "filler"
LISTED = 2  # a narrative without a post is listed for two periods: in the second one it is gone
_LABEL_TEXTS = 200  # texts of a narrative that words of unspaced scripts are taken from


def narrative_facts(
    member_posts: pd.DataFrame, families: pd.DataFrame, campaign: Campaign, period: Period, cutoff: Cutoff, seed: int
) -> NarrativeFacts:
    """Measure the narratives of one period.

    `member_posts`: POSTS, one row a post, of accounts on the campaign list; rows at or after `cutoff.end` are left out. `families`:
    FAMILIES, at most one row a post; posts without one count as unclustered. `seed` drives the permutations of the pivots. Every post of
    the period is in exactly one narrative or in `unclustered`. Raises UsageProblem for a codebook pattern that cannot be read.
    """
    check_codebook(campaign.codebook)
    member_posts = member_posts[member_posts["posted_at"] < cutoff.end]
    posts = with_families(member_posts, families)
    groups = grouped(posts, period)
    current = groups.posts[groups.posts["step"] == 0]
    items = _items(groups, campaign, _previous_missing(posts, groups))
    recent = member_posts[member_posts["posted_at"] >= groups.steps[-1][0]]  # the rows of groups.posts, in their order
    marks = shared_marks(recent, [narrative_id(founder) for founder in groups.founders], groups.posts["cluster"].to_numpy())
    items = linked(items, marks, campaign.codebook)
    categories = _categories(items, len(current))
    exhibits, pasted = copypasta(current, groups.families.set_index("family_id")["first_seen"])
    return NarrativeFacts(
        items=items,
        coded=Shared(part=len(current) - categories[UNCODED], whole=len(current)),
        unclustered=Shared(part=len(current) - sum(item.posts for item in items), whole=len(current)),
        categories=categories,
        exhibits=exhibits,
        copypasta=pasted,
        pivots=pivots(posts, campaign, cutoff.end, seed),
        filler=_filler(campaign, categories, len(current)),
    )


def narrative_id(founder: str) -> str:
    """The id of the narrative that the family `founder` founded."""
    return "n-" + hashlib.sha256(founder.encode()).hexdigest()[:10]


def _items(groups: Grouped, campaign: Campaign, missing: NotMeasurable | None) -> tuple[Narrative, ...]:
    if not groups.many:
        return ()
    families = groups.families
    scores = class_scores(groups.terms.counts, families["cluster"].to_numpy(), families["posts"].to_numpy(), groups.many)
    clustered = groups.posts[groups.posts["cluster"] >= 0]
    all_posts = np.bincount(groups.posts["step"], minlength=len(groups.steps))
    items = [
        _narrative(groups, cluster, posts, scores, all_posts, campaign, missing)
        for cluster in range(groups.many)
        for posts in [clustered[clustered["cluster"] == cluster]]
        if posts["step"].le(LISTED).any()
    ]
    return tuple(sorted(items, key=lambda item: (-item.posts, -item.trend[-2].posts, item.narrative_id)))


def _narrative(
    groups: Grouped,
    cluster: int,
    posts: pd.DataFrame,
    scores: sparse.csr_array,
    all_posts: np.ndarray,
    campaign: Campaign,
    missing: NotMeasurable | None,
) -> Narrative:
    families = groups.families[groups.families["cluster"] == cluster]
    current = posts[posts["step"] == 0]
    shown = posts[posts["step"] == posts["step"].min()]
    counts = np.bincount(posts["step"], minlength=len(groups.steps))
    oldest = families.sort_values(["first_seen", "family_id"]).iloc[0]
    central = _central_first(families)
    hits = matches(families["text"], families["lang"], campaign.codebook)
    return Narrative(
        narrative_id=narrative_id(groups.founders[cluster]),
        label=label(scores, cluster, groups.terms.vocabulary, central["text"].head(_LABEL_TEXTS).tolist()),
        category=category_of(hits, families["posts"].to_numpy(float)),
        quote=quote(_central_post(shown, central)),
        posts=len(current),
        accounts=int((current["platform"] + "/" + current["account_id"]).nunique()),
        families=int(current["family"].nunique()),
        share=Shared(part=len(current), whole=int(all_posts[0])),
        previous_share=missing or Shared(part=int(counts[1]), whole=int(all_posts[1])),
        languages=_counted(current["lang"].fillna("und")),
        platforms=_counted(current["platform"]),
        first_seen=oldest["first_seen"].to_pydatetime(),
        status=status_of(
            len(current),
            int(all_posts[0]),
            int(counts[1]),
            int(all_posts[1]),
            quiet_before=counts[2] == 0,
            seen_before=oldest["first_seen"] < groups.steps[0][0],
            comparable=missing is None,
        ),
        trend=tuple(
            WeekShare(start=start.date(), posts=int(counts[i]), all_posts=int(all_posts[i]))
            for i, (start, _) in reversed(list(enumerate(groups.steps)))
        ),
    )


def _central_first(families: pd.DataFrame) -> pd.DataFrame:
    """Families of one narrative, most central first: cosine to the centroid times log(1 + posts)."""
    weight = families["score"].astype(float) * np.log1p(families["posts"])
    return families.assign(weight=weight.round(6)).sort_values(["weight", "family_id"], ascending=[False, True])


def _central_post(shown: pd.DataFrame, central: pd.DataFrame) -> pd.Series:
    """The oldest of `shown` in its most central family."""
    rank = pd.Series(np.arange(len(central)), index=central.index)
    place = shown["family"].map(rank)
    post: pd.Series = shown[place == place.min()].sort_values(["posted_at", "platform", "post_id"]).iloc[0]
    return post


def _counted(values: pd.Series) -> dict[str, int]:
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return {str(name): int(count) for name, count in counts.items()}


def _categories(items: tuple[Narrative, ...], posts: int) -> dict[str, int]:
    """Posts of the period by category, most first; posts in no narrative are uncoded. Sums to `posts`."""
    counts: dict[str, int] = {}
    for item in items:
        if item.posts and item.category != UNCODED:
            counts[item.category] = counts.get(item.category, 0) + item.posts
    ordered = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return {**ordered, UNCODED: posts - sum(counts.values())}


def _filler(campaign: Campaign, categories: dict[str, int], posts: int) -> Shared | NotMeasurable:
    named = [category for category in campaign.codebook if category.lower() == FILLER]
    if not named:
        return NotMeasurable(reason=f"the codebook has no category called {FILLER}")
    return Shared(part=sum(categories.get(category, 0) for category in named), whole=posts)


def _previous_missing(posts: pd.DataFrame, groups: Grouped) -> NotMeasurable | None:
    """Why the last period cannot be compared with, if so: the data begin in its second half, or it has no posts."""
    first = posts["posted_at"].min()
    start, end = groups.steps[1]
    if pd.isna(first) or first >= start + (end - start) / 2:
        return NotMeasurable(reason="the collected posts do not cover the last period")
    if not (groups.posts["step"] == 1).any():
        return NotMeasurable(reason="no post was collected in the last period")
    return None
