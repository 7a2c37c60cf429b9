"""The cast: every account of a simulation with its role, its cohort and the spans in which it posts."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from tasks.simulate.clock import END_US

ROLES = ("campaign", "activist", "news_fan", "ordinary")
CAMPAIGN_ROLE, ACTIVIST, NEWS_FAN, ORDINARY_ROLE = range(4)
COHORTS = ("removed", "survivor", "retired", "suspended_alone", "sleeper", "dormant", "pre_positioned", "fresh", "decoy")
REMOVED, SURVIVOR, RETIRED, SUSPENDED_ALONE, SLEEPER, DORMANT, PRE_POSITIONED, FRESH, DECOY = range(9)
NEVER = END_US * 4  # an instant after everything
NONE = -1


@dataclass(frozen=True)
class Cast:
    """Arrays of one entry an account; instants in microseconds since 1970.

    An account posts in [on1, off1) and [on2, off2) (empty where off <= on). `language`: 0 English, 1 simplified, 2 traditional Chinese
    (of decoys; campaign accounts write what their team writes). `team`, `team2`: the groups in which it posts first of all and now and
    then; from `moves_at` on these are `team2` and `team3`. `batch`: creation batch; `successor_of`: index of the account it replaces;
    `deleted`: removed by its owner rather than suspended; `brand`: family of sibling accounts; `line`: a text of its own it repeats.
    """

    platform: np.ndarray
    role: np.ndarray
    cohort: np.ndarray
    language: np.ndarray
    weight: np.ndarray
    team: np.ndarray
    team2: np.ndarray
    team3: np.ndarray
    moves_at: np.ndarray
    on1: np.ndarray
    off1: np.ndarray
    on2: np.ndarray
    off2: np.ndarray
    removed_at: np.ndarray
    deleted: np.ndarray
    created_at: np.ndarray
    created_precision_s: np.ndarray
    batch: np.ndarray
    successor_of: np.ndarray
    announced: np.ndarray
    avatar: np.ndarray
    followers: np.ndarray
    watched: np.ndarray
    account_id: pa.StringArray
    handle: pa.StringArray
    display_name: pa.StringArray
    bio: pa.StringArray
    brand: np.ndarray
    line: np.ndarray

    def __len__(self) -> int:
        return len(self.platform)

    def posting(self, account: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Whether each account posts at that instant."""
        first = (self.on1[account] <= at) & (at < self.off1[account])
        posting: np.ndarray = first | ((self.on2[account] <= at) & (at < self.off2[account]))
        return posting

    def span_overlap(self, start: int, end: int) -> np.ndarray:
        """Microseconds of [start, end) in which each account posts."""
        first = np.clip(np.minimum(self.off1, end) - np.maximum(self.on1, start), 0, None)
        both: np.ndarray = first + np.clip(np.minimum(self.off2, end) - np.maximum(self.on2, start), 0, None)
        return both


def stack_casts(parts: list[Cast]) -> Cast:
    """All accounts of several casts; teams, batches and successors must already be numbered for the whole."""
    columns = {}
    for field in fields(Cast):
        values = [getattr(part, field.name) for part in parts]
        columns[field.name] = np.concatenate(values) if isinstance(values[0], np.ndarray) else pa.concat_arrays(values)
    return Cast(**columns)
