"""The accounts of one platform as candidates: who was lost when, who began when, and what their profiles say."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.rebuilding.cohorts import UNKNOWN_US, AccountKnowledge
from tasks.rebuilding.fate import StatusChecks
from tasks.rebuilding.timeline import DAY_US, SILENCE_DAYS, Timeline

BEFORE_US, AFTER_US = 30 * DAY_US, 90 * DAY_US  # a successor begins from 30 days before to 90 days after the loss
PROFILE = ("handle", "display_name", "bio", "avatar_hash")


@dataclass(frozen=True)
class People:
    """Arrays of one entry an account, in the order of the timeline's accounts; instants in microseconds since 1970.

    `loss`: the last post or, of an account that was found removed, the last time it was seen alive, if that was later. `silent`: no post in
    the last 30 days of the data; `removed`: the latest status check says so; `said`: an announcement does. `handle`, `display_name`,
    `bio`, `avatar_hash`: as last observed, "" where nothing was. `order`: positions of the platform's posts by account, then time;
    `starts[i]:starts[i + 1]` are those of account i.
    """

    ids: np.ndarray
    first: np.ndarray
    last: np.ndarray
    created: np.ndarray  # UNKNOWN_US where it is not known
    loss: np.ndarray
    silent: np.ndarray
    removed: np.ndarray
    said: np.ndarray
    end: int
    handle: np.ndarray
    display_name: np.ndarray
    bio: np.ndarray
    avatar_hash: np.ndarray
    posts: pd.DataFrame
    account: np.ndarray  # of each post
    at: np.ndarray
    order: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lost(self) -> np.ndarray:
        """Positions of accounts that are lost: silent, found removed, or so by an announcement."""
        return np.flatnonzero(self.gone)

    @property
    def gone(self) -> np.ndarray:
        found: np.ndarray = self.silent | self.removed | self.said
        return found

    @property
    def later(self) -> np.ndarray:
        """Positions of accounts that began, or were made, within the span of some loss. The first accounts of the data did not begin there:
        the data did."""
        losses = np.sort(self.loss[self.lost])
        began = (_within(losses, self.first) > 0) & (self.first > self.first.min(initial=self.end) + BEFORE_US)
        made = (_within(losses, self.created) > 0) & (self.created != UNKNOWN_US)
        return np.flatnonzero(began | made)

    def in_span(self, lost: np.ndarray, later: np.ndarray) -> np.ndarray:
        """Whether each `later` began or was made in the span of the loss of `lost`, after `lost` itself began, and outlived it."""
        loss = self.loss[lost]
        inside = np.zeros(np.shape(lost), dtype=bool)
        for began in (self.first[later], self.created[later]):
            inside |= (began >= loss - BEFORE_US) & (began < loss + AFTER_US)
        found: np.ndarray = inside & (self.first[lost] < self.first[later]) & self._outlives(later, lost) & (lost != later)
        return found

    def _outlives(self, later: np.ndarray, lost: np.ndarray) -> np.ndarray:
        """Began after the other's last post, or posted for a day beyond it: of twins that stop together neither follows the other."""
        found: np.ndarray = (self.first[later] >= self.last[lost]) | (self.last[later] >= self.last[lost] + DAY_US)
        return found

    def rivals(self, later: np.ndarray) -> np.ndarray:
        """How many lost accounts each could have replaced, by its first post: what chance has to choose from."""
        return self.rivals_among(np.sort(self.loss[self.lost]), later)

    def rivals_among(self, losses: np.ndarray, later: np.ndarray) -> np.ndarray:
        """The same for some losses, given sorted."""
        return _within(losses, self.first[later])

    def post_ids(self, rows: np.ndarray) -> tuple[str, ...]:
        return tuple(str(post) for post in self.posts["post_id"].iloc[rows])

    def of(self, account: int) -> np.ndarray:
        """Positions of the account's posts, oldest first, ties by post id."""
        rows = self.order[self.starts[account] : self.starts[account + 1]]
        ids = self.posts["post_id"].iloc[rows].to_numpy(dtype=object)
        in_order: np.ndarray = rows[np.lexsort((ids, self.at[rows]))]
        return in_order

    def name(self, account: int) -> str:
        return str(self.handle[account] or self.ids[account])


def read_people(timeline: Timeline, knowledge: AccountKnowledge, checks: StatusChecks, observations: pd.DataFrame) -> People:
    """Columns used of `observations`: platform, account_id, observed_at, batch_id, row_number and those of PROFILE."""
    account, at = timeline.rows.account, timeline.rows.at_us
    posts = timeline.rows.posts
    order = np.lexsort((at, account))
    starts = np.searchsorted(account[order], np.arange(len(timeline.accounts) + 1))
    first, last = at[order[starts[:-1]]], at[order[starts[1:] - 1]]
    end = timeline.end * DAY_US
    removed, _ = checks.latest(len(first))
    alive = np.full(len(first), UNKNOWN_US)
    np.maximum.at(alive, checks.account[~checks.removed], checks.at_us[~checks.removed])
    profile = _profiles(timeline, observations)
    return People(
        ids=timeline.accounts,
        first=first,
        last=last,
        created=knowledge.created_from,
        loss=np.where(removed, np.maximum(last, alive), last),
        silent=last < end - SILENCE_DAYS * DAY_US,
        removed=removed,
        said=np.zeros(len(first), dtype=bool),
        end=end,
        **{name: profile[name] for name in PROFILE},
        posts=posts,
        account=account,
        at=at,
        order=order,
        starts=starts,
    )


def _profiles(timeline: Timeline, observations: pd.DataFrame) -> dict[str, np.ndarray]:
    here = observations.loc[(observations["platform"] == timeline.platform).to_numpy(dtype=bool)]
    position = pd.Index(timeline.accounts).get_indexer(pd.Index(here["account_id"].to_numpy(dtype=object)))
    here = here.loc[position >= 0, ["observed_at", "batch_id", "row_number", *PROFILE]].assign(position=position[position >= 0])
    here = here.sort_values(["observed_at", "batch_id", "row_number"])
    found = {}
    for name in PROFILE:
        values = np.full(len(timeline.accounts), "", dtype=object)
        known = here[name].notna().to_numpy(dtype=bool)
        values[here["position"].to_numpy()[known]] = here[name].to_numpy(dtype=object)[known]  # later rows overwrite earlier ones
        found[name] = values
    return found


def _within(losses: np.ndarray, began: np.ndarray) -> np.ndarray:
    """How many of the sorted `losses` each instant follows in the span in which a successor begins."""
    low, high = spans(losses, began)
    found: np.ndarray = high - low
    return found


def spans(losses: np.ndarray, began: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the sorted `losses` those that each instant follows in the span in which a successor begins: first position and end."""
    low: np.ndarray = np.searchsorted(losses, began - AFTER_US, side="right")
    high: np.ndarray = np.searchsorted(losses, began + BEFORE_US, side="right")
    return low, high
