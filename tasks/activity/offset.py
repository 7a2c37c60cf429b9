"""Which UTC offset the posts of a campaign fit.

Method: the half-hour profile of the posts (UTC) is slid over two reference days and the shift with the highest correlation wins. The
references are a waking day (07:00 to 23:00: sleep is the common trough of activity logs) and an office day (09:00 to 18:00), with
soft edges. An account weighs the square root of its posts, so that one loud bot cannot set the clock; the interval is the 5th to 95th
percentile of a bootstrap over accounts (circular around the estimate), an hour wider on either side: when such a day begins is a
convention. What is estimated is the clock the posting fits, not a place:
shift work and scheduled posts move it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.domain.measures import NotMeasurable

SLOTS = 48  # half hours: some zones lie on them
MIN_ACCOUNTS = 5
REPLICATES = 400
SLACK_H = (
    1.0  # offices open between 8 and 10: without it, the interval of a simulated team that opens at 8:30 left its true offset out
)
MIN_FIT = 0.5  # correlation below which neither day is recognised


@dataclass(frozen=True)
class OffsetEstimate:
    """Hours east of UTC in (-12, 12]; `low` and `high` may lie beyond, around the estimate."""

    hours: float
    low: float
    high: float
    template: str


def estimate_offset(posts: pd.DataFrame, seed: int) -> OffsetEstimate | NotMeasurable:
    """Estimate from `posts` (POSTS with clocks of an hour or finer; columns platform, account_id, posted_at)."""
    account = pd.factorize(posts["platform"] + "/" + posts["account_id"])[0]
    many = int(account.max(initial=-1)) + 1
    if many < MIN_ACCOUNTS:
        return NotMeasurable(reason=f"{many} accounts posted in the window; {MIN_ACCOUNTS} are needed")
    instants = posts["posted_at"].dt
    slot = instants.hour.to_numpy(np.int64) * 2 + (instants.minute.to_numpy(np.int64) >= 30)
    per_account = np.bincount(account * SLOTS + slot, minlength=many * SLOTS).reshape(many, SLOTS).astype(float)
    per_account /= np.sqrt(per_account.sum(axis=1, keepdims=True))
    name, shift, fit = _best(per_account.sum(axis=0)[None, :])
    if fit[0] < MIN_FIT:
        return NotMeasurable(reason="the posting day resembles neither a waking day nor an office day")
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(many, np.full(many, 1 / many), size=REPLICATES) @ per_account
    _, shifts, _ = _best(drawn)
    around = (shifts - shift[0] + SLOTS // 2) % SLOTS - SLOTS // 2
    low, high = np.percentile(around, [5, 95])
    hours = _signed(int(shift[0]))
    return OffsetEstimate(hours, hours + float(low) / 2 - SLACK_H, hours + float(high) / 2 + SLACK_H, _TEMPLATES[int(name[0])][0])


def _best(profiles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every profile (row): index of the best template, the offset in half hours (0..47), and the correlation."""
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    centred = centred / np.where(length > 0, length, 1)
    scores = np.stack([centred @ _shifted(shape) for _, shape in _TEMPLATES], axis=1)
    flat = scores.reshape(len(profiles), -1)
    best = flat.argmax(axis=1)
    return best // SLOTS, best % SLOTS, flat[np.arange(len(flat)), best]


def _shifted(shape: np.ndarray) -> np.ndarray:
    """Column s: the template as it looks in UTC when its clock is s half hours ahead."""
    unit = (shape - shape.mean()) / np.linalg.norm(shape - shape.mean())
    return np.stack([np.roll(unit, -shift) for shift in range(SLOTS)], axis=1)


def _signed(shift: int) -> float:
    return shift / 2 if shift <= SLOTS // 2 else (shift - SLOTS) / 2


def _day(start: float, end: float, ramp: float) -> np.ndarray:
    """1 between start and end (local hours), 0 outside, linear over `ramp` hours on either side of each."""
    middle = (np.arange(SLOTS) + 0.5) / 2
    return np.asarray(np.clip(np.minimum(middle - start, end - middle) / ramp + 0.5, 0, 1))


_TEMPLATES: tuple[tuple[str, np.ndarray], ...] = (
    ("a waking day (07:00-23:00)", _day(7, 23, 2)),
    ("an office day (09:00-18:00)", _day(9, 18, 1)),
)
