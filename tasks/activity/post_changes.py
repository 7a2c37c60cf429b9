"""How many posts were edited or are gone, as far as any source told it by the cut-off."""

from dataclasses import dataclass

import pandas as pd

from tasks.domain.post_states import EDITED, GONE, SEEN
from tasks.domain.posts import POST_KEY

_KEY = list(POST_KEY)


@dataclass(frozen=True)
class PostChanges:
    """Counts over the posts of one platform and period; None = no source tells."""

    observed_again: int
    edited: int | None
    deleted: int | None


def post_changes(posts: pd.DataFrame, states: pd.DataFrame, sightings: pd.DataFrame, platform: str) -> PostChanges:
    """`posts`: those of the platform and period. `states`: POST_STATES; `sightings`: platform, post_id and text of every observation of
    the posts that were observed more than once, in their order; both as visible at the cut-off.

    Edited is a post of which a source says so, or that was given later with another text. A post is gone where the last that a source
    asked for it again found it gone. A platform on which nothing was edited or observed twice tells of no edits, one on which no post
    was asked for again of no deletions.
    """
    here, twice = states[states["platform"] == platform], sightings[sightings["platform"] == platform]
    ids = pd.Index(posts["post_id"])
    texts = twice.dropna(subset="text").groupby("post_id", observed=True)["text"].nunique()
    edited = {*here.loc[here["state"] == EDITED, "post_id"], *texts.index[texts > 1]}
    asked = here[here["state"].isin([GONE, SEEN])].drop_duplicates(_KEY, keep="last")
    gone = asked.loc[asked["state"] == GONE, "post_id"]
    return PostChanges(
        observed_again=int(ids.isin(twice["post_id"].unique()).sum()),
        edited=int(ids.isin(list(edited)).sum()) if edited or len(twice) else None,
        deleted=int(ids.isin(gone).sum()) if len(asked) else None,
    )
