"""Edits and deletions in the coverage of a briefing, from frames as the store gives them."""

import pandas as pd
from store_samples import hours, post

from tasks.activity.coverage import _of_changes, _with_changes
from tasks.domain.facts import PlatformCoverage
from tasks.domain.measures import Shared
from tasks.domain.post_states import POST_STATES
from tasks.domain.posts import POSTS

NAMES = ["platform", "post_id", "observed_at", "batch_id", "row_number", "text"]


def test_counts_become_caveats_and_silence_is_said() -> None:
    rows = [{**post(name, 0), "campaign": "c", "batch_id": "b"} for name in "12"]
    posts = POSTS.conform(pd.DataFrame(rows))
    none = Shared(part=0, whole=2)
    entry = PlatformCoverage(
        platform="x", posts_all=2, posts_period=2, accounts_period=2, first_post=None, last_post=None, days=(), days_without_posts=0,
        time_precision_s=1, status_checked=0, status_last=None, engagement_measured=none, views_measured=none,
    )  # fmt: skip
    silent = _with_changes(entry, posts, POST_STATES.empty(), POSTS.empty()[NAMES])
    assert (silent.observed_again, silent.posts_edited, silent.posts_deleted) == (0, None, None)
    assert _of_changes([silent]) == ["posts on X were not asked for again: those deleted since are counted like the others"]
    told = [("1", "edited"), ("2", "deleted")]
    states = POST_STATES.conform(
        pd.DataFrame(
            [
                {
                    "campaign": "c",
                    "platform": "x",
                    "post_id": name,
                    "observed_at": hours(1),
                    "state": state,
                    "batch_id": "b",
                    "row_number": n,
                }
                for n, (name, state) in enumerate(told)
            ]
        )
    )
    found = _with_changes(entry, posts, states, POSTS.empty()[NAMES])
    assert (found.posts_edited, found.posts_deleted) == (1, 1)
    assert len(_of_changes([found])) == 2
