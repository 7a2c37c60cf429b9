"""What counting in memory would cost, known from the sweep before a pair is made: refused where it could not end well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.detect.sweep import Ints, Sweep
from tasks.domain.errors import UsageProblem

MOST_ROW_PAIRS = 20_000_000_000  # at 7 million a second about 50 minutes of one core
MOST_ACCOUNT_PAIRS = 30_000_000  # on one object: 200 bytes each, 6 GB


@dataclass(frozen=True)
class Crowded:
    """An object by its code in the sweep, its rows, and what there are too many of: pairs of rows or of accounts."""

    code: int
    rows: int
    pairs: int
    accounts: int = 0


@dataclass(frozen=True)
class Crowd:
    """In-window pairs of rows of a sweep (`row_pairs`), the object with most of them, and the one that could join most pairs of accounts if
    they are more than MOST_ACCOUNT_PAIRS."""

    row_pairs: int
    worst: Crowded | None
    joined: Crowded | None


def crowd_of(sweep: Sweep) -> Crowd:
    """What counting a sweep would cost: known before a pair is made."""
    if not len(sweep.row):
        return Crowd(0, None, None)
    pairs = np.zeros(len(sweep.objects), np.int64)
    np.add.at(pairs, sweep.object, sweep.end - np.arange(len(sweep.end)) - 1)

    def rows(code: int) -> int:
        return int((sweep.object == code).sum())

    worst, joined = int(pairs.argmax()), None
    many = np.flatnonzero(pairs > MOST_ACCOUNT_PAIRS)
    accounts = _accounts(sweep, many)
    could = np.minimum(pairs[many], accounts * (accounts - 1) // 2)
    if len(many) and could.max() > MOST_ACCOUNT_PAIRS:
        at = int(could.argmax())
        joined = Crowded(int(many[at]), rows(int(many[at])), int(could[at]), int(accounts[at]))
    return Crowd(int(pairs.sum()), Crowded(worst, rows(worst), int(pairs[worst])), joined)


def too_crowded(crowds: Sequence[Crowd]) -> tuple[int, Crowded, str] | None:
    """Of sweeps of different objects: the place of the sweep and the object at fault, and what there are too many of; None if they can be
    counted. 100,000 rows of one object within one window are 5 * 10^9 row pairs: counted if they come from at most 7,746 accounts,
    refused if each comes from an account of its own."""
    if (total := sum(each.row_pairs for each in crowds)) > MOST_ROW_PAIRS:
        place, one = max(((n, each.worst) for n, each in enumerate(crowds) if each.worst), key=lambda found: found[1].pairs)
        return place, one, f"{total:,} pairs of rows lie within the window; {MOST_ROW_PAIRS:,} is the limit"
    over = [(n, each.joined) for n, each in enumerate(crowds) if each.joined]
    if not over:
        return None
    place, one = max(over, key=lambda found: found[1].pairs)
    return (
        place,
        one,
        f"up to {one.pairs:,} pairs of its {one.accounts:,} accounts would be edges; {MOST_ACCOUNT_PAIRS:,} is the limit",
    )


def check_bounds(sweep: Sweep) -> None:
    """Raises UsageProblem, naming the object at fault, if there are more than MOST_ROW_PAIRS in-window pairs of rows in all, or if one
    object could join more than MOST_ACCOUNT_PAIRS pairs of accounts."""
    if found := too_crowded([crowd_of(sweep)]):
        _, one, what = found
        raise crowded_problem(str(sweep.objects[one.code].as_py()), one.rows, what)


def crowded_problem(name: str, rows: int, what: str) -> UsageProblem:
    """The refusal, by the object's id."""
    return UsageProblem(
        f"Object {name[:80]!r} ({rows:,} rows) is too crowded: {what}.",
        remedy="Leave such an object out (everybody shares it, so it says nothing of any two), or give a smaller --window.",
    )


def _accounts(sweep: Sweep, objects: Ints) -> Ints:
    chosen = np.isin(sweep.object, objects)
    width = int(sweep.account.max(initial=0)) + 1
    distinct = np.unique(sweep.object[chosen] * width + sweep.account[chosen]) // width
    return np.searchsorted(distinct, objects, side="right") - np.searchsorted(distinct, objects, side="left")
