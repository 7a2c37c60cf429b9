"""What the collector notes about accounts: a profile when it first meets one, and status checks on the platforms that allow them.

On facebook and x the watched accounts (the campaign's and some decoys) are checked every Monday; on instagram and youtube nobody ever
checks: there the profile is merely read again every fourth week while the account posts, and its status stays null.
"""

import numpy as np
import pyarrow as pa

from tasks.domain.accounts import ACCOUNTS
from tasks.simulate.cast import NEVER, Cast
from tasks.simulate.clock import DAY_US, SECOND_US
from tasks.simulate.scenarios import PLATFORMS, WEEKS
from tasks.simulate.week import CAPTURE_AFTER_MIDNIGHT_US, OUR_COLUMNS, week_bounds

ACCOUNT_SCHEMA = pa.schema([ACCOUNTS.arrow.field(n).with_nullable(True) for n in ACCOUNTS.names if n not in OUR_COLUMNS])
CHECKED = np.array([p in ("facebook", "x") for p in PLATFORMS])
_CONFIRMED_US = 28 * DAY_US  # an account found gone is checked four more weeks, then no longer


def profile_observations(cast: Cast, accounts: np.ndarray, observed: np.ndarray) -> pa.Table:
    """First sights: one row an account, at the capture of its first post."""
    return _table(cast, accounts, observed, np.full(len(accounts), None, dtype=object))


class Sightings:
    """When the collector first captured a post of each account (NEVER = not yet)."""

    def __init__(self, accounts: int) -> None:
        self.first_at = np.full(accounts, NEVER)
        self._noted = np.zeros(accounts, dtype=bool)

    def add(self, account: np.ndarray, observed: np.ndarray, week: int) -> tuple[np.ndarray, np.ndarray]:
        """Take in a week's posts; (account, instant) of the first sights that are certain by now. One that is captured only after the
        week may still be preceded by a post of the next week, and waits for it."""
        np.minimum.at(self.first_at, account, observed)
        until = week_bounds(week)[1] + CAPTURE_AFTER_MIDNIGHT_US if week < WEEKS - 1 else NEVER - 1
        new = np.flatnonzero(~self._noted & (self.first_at <= until))
        self._noted[new] = True
        return new, self.first_at[new]


def weekly_checks(cast: Cast, first_at: np.ndarray, week: int) -> pa.Table:
    """The Monday round over the accounts first captured (`first_at`) before it."""
    now = week_bounds(week)[0] + CAPTURE_AFTER_MIDNIGHT_US
    seen = first_at < now
    checked = CHECKED[cast.platform]
    gone = cast.removed_at <= now
    check = seen & checked & cast.watched & (now - cast.removed_at < _CONFIRMED_US)
    reread = seen & ~checked & cast.watched & ~gone & (week % 4 == 0) & (cast.span_overlap(now - 7 * DAY_US, now) > 0)
    accounts = np.flatnonzero(check | reread)
    return status_table(cast, accounts, np.full(len(accounts), now))


def status_table(cast: Cast, accounts: np.ndarray, observed: np.ndarray) -> pa.Table:
    """What is found of `accounts` at the instants `observed`; the status is null on platforms where nobody can look."""
    gone = cast.removed_at[accounts] <= observed
    status = np.where(gone, np.where(cast.deleted[accounts], "deleted", "suspended"), "active").astype(object)
    status[~CHECKED[cast.platform[accounts]]] = None
    return _table(cast, accounts, observed, status)


def _table(cast: Cast, accounts: np.ndarray, observed: np.ndarray, status: np.ndarray) -> pa.Table:
    """Rows in ACCOUNT_SCHEMA. What was read of a profile before is repeated when the account is gone; its followers are then null."""
    order = np.lexsort((accounts, observed))
    accounts, observed, status = accounts[order], observed[order], status[order]
    index = pa.array(accounts)
    precision = cast.created_precision_s[accounts]
    unit = np.maximum(precision, 1) * SECOND_US
    gone = cast.removed_at[accounts] <= observed
    weeks = (observed - week_bounds(0)[0]) // (7 * DAY_US)
    followers = cast.followers[accounts] * (100 + weeks) // 100
    columns = {
        "platform": pa.array(PLATFORMS).take(pa.array(cast.platform[accounts])),
        "account_id": cast.account_id.take(index),
        "observed_at": pa.array(observed, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
        "handle": cast.handle.take(index),
        "display_name": cast.display_name.take(index),
        "bio": cast.bio.take(index),
        "created_at": pa.array(cast.created_at[accounts] // unit * unit, pa.int64(), mask=precision == 0).cast(
            pa.timestamp("us", tz="UTC")
        ),
        "created_precision_s": pa.array(precision, pa.int64(), mask=precision == 0),
        "followers_count": pa.array(followers, pa.int64(), mask=gone),
        "following_count": pa.array(followers // 2 + 11, pa.int64(), mask=gone),
        "avatar_hash": pa.array([f"{value:016x}" for value in cast.avatar[accounts].tolist()], pa.string()),
        "status": pa.array(status, pa.string()),
    }
    return pa.table([columns[name] for name in ACCOUNT_SCHEMA.names], schema=ACCOUNT_SCHEMA)
