"""What counting in memory would cost, known from the sweep before a pair is made: refused where it could not end well."""

import numpy as np

from tasks.detect.sweep import Ints, Sweep
from tasks.domain.errors import UsageProblem

MOST_ROW_PAIRS = 20_000_000_000  # at 7 million a second about 50 minutes of one core
MOST_ACCOUNT_PAIRS = 30_000_000  # on one object: 200 bytes each, 6 GB


def check_bounds(sweep: Sweep) -> None:
    """Raises UsageProblem, naming the object at fault, if there are more than MOST_ROW_PAIRS in-window pairs of rows in all, or if one
    object could join more than MOST_ACCOUNT_PAIRS pairs of accounts. 100,000 rows of one object within one window are 5 * 10^9 row pairs:
    counted if they come from at most 7,746 accounts, refused if each comes from an account of its own."""
    if not len(sweep.row):
        return
    pairs = np.zeros(len(sweep.objects), np.int64)
    np.add.at(pairs, sweep.object, sweep.end - np.arange(len(sweep.end)) - 1)
    worst = int(pairs.argmax())
    if (total := int(pairs.sum())) > MOST_ROW_PAIRS:
        raise _too_many(sweep, worst, f"{total:,} pairs of rows lie within the window; {MOST_ROW_PAIRS:,} is the limit")
    many = np.flatnonzero(pairs > MOST_ACCOUNT_PAIRS)
    accounts = _accounts(sweep, many)
    joined = np.minimum(pairs[many], accounts * (accounts - 1) // 2)
    if len(many) and joined.max() > MOST_ACCOUNT_PAIRS:
        at = int(joined.argmax())
        what = f"up to {joined[at]:,} pairs of its {accounts[at]:,} accounts would be edges; {MOST_ACCOUNT_PAIRS:,} is the limit"
        raise _too_many(sweep, int(many[at]), what)


def _accounts(sweep: Sweep, objects: Ints) -> Ints:
    chosen = np.isin(sweep.object, objects)
    width = len(sweep.accounts)
    distinct = np.unique(sweep.object[chosen] * width + sweep.account[chosen]) // max(width, 1)
    return np.searchsorted(distinct, objects, side="right") - np.searchsorted(distinct, objects, side="left")


def _too_many(sweep: Sweep, code: int, what: str) -> UsageProblem:
    name = str(sweep.objects[code].as_py())[:80]
    rows = int((sweep.object == code).sum())
    return UsageProblem(
        f"Object {name!r} ({rows:,} rows) is too crowded: {what}.",
        remedy="Leave such an object out (everybody shares it, so it says nothing of any two), or give a smaller --window.",
    )
