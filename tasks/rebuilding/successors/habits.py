"""How two accounts write: characters, hours, languages. Support only: members of one campaign write alike, so none of it makes a pair."""

import re
from dataclasses import dataclass

import numpy as np

from tasks.rebuilding.successors.chance import bits_of
from tasks.rebuilding.successors.people import People

POSTS = 120  # of each account: the last before the loss, the first after it
LEAST_POSTS = 10
LEAST_HOURS = 30  # posts, of up to 400
HOUR_POSTS = 400
REFERENCE = 120  # other lost and other later accounts a pair is compared with
MOST_BITS = 3.0
FOREIGN_BITS = -4.0  # two accounts that share no language
_WIDTH = 4096
_LEFT_OUT = re.compile(r"https?://\S+|\[url\]|@\w+|\d+")


@dataclass(frozen=True)
class Habits:
    """Unit rows, one an account: style (hashed character trigrams, square roots, the mean of all taken away), hours, languages; `known` per
    respect: enough posts."""

    style: np.ndarray
    hours: np.ndarray
    lang: np.ndarray
    known: dict[str, np.ndarray]


def read_habits(people: People, accounts: np.ndarray, lang: np.ndarray, langs: int, *, ending: bool) -> Habits:
    """The habits of `accounts`, `ending`: of their last posts, else of their first. `lang`: code of each post, -1 = not said."""
    rows = [people.of(account) for account in accounts.tolist()]
    wide = [r[-HOUR_POSTS:] if ending else r[:HOUR_POSTS] for r in rows]
    near = [r[-POSTS:] if ending else r[:POSTS] for r in rows]
    counts = np.array([len(r) for r in near])
    hour = np.zeros((len(rows), 24))
    spoken = np.zeros((len(rows), max(langs, 1)))
    for i, mine in enumerate(wide):
        hour[i] = np.bincount(people.at[mine] // 3_600_000_000 % 24, minlength=24)
        said = lang[mine]
        spoken[i] = np.bincount(said[said >= 0], minlength=max(langs, 1))
    hour = hour + 0.5 * (np.roll(hour, 1, axis=1) + np.roll(hour, -1, axis=1))
    known = {
        "style": counts >= LEAST_POSTS,
        "hours": np.array([len(r) for r in wide]) >= LEAST_HOURS,
        "languages": spoken.sum(axis=1) >= LEAST_POSTS,
    }
    return Habits(_style(people, near), _unit(np.sqrt(hour)), _unit(np.sqrt(spoken)), known)


def habit_bits(
    people: People, lost: np.ndarray, later: np.ndarray, all_lost: np.ndarray, all_later: np.ndarray, lang: np.ndarray, langs: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """By respect (style, hours, languages): bits, likeness and p of each pair. p is the share of reference accounts at least as like: of
    other lost ones to the later, and of other later ones to the lost; the greater counts. At most MOST_BITS each."""
    a_ids, a = np.unique(np.r_[lost, _spread(all_lost)], return_inverse=True)
    b_ids, b = np.unique(np.r_[later, _spread(all_later)], return_inverse=True)
    ours, theirs = (read_habits(people, ids, lang, langs, ending=end) for ids, end in ((a_ids, True), (b_ids, False)))
    count = len(lost)
    found = {}
    for name, one, other in (
        ("style", *_centred(ours.style, theirs.style)),
        ("hours", ours.hours, theirs.hours),
        ("languages", ours.lang, theirs.lang),
    ):
        mine, yours = a[:count], b[:count]
        likeness = np.einsum("ij,ij->i", one[mine], other[yours])
        p = np.maximum(
            _share_above(one[a[count:]] @ other.T, yours, likeness, a[count:], mine),
            _share_above(other[b[count:]] @ one.T, mine, likeness, b[count:], yours),
        )
        enough = ours.known[name][mine] & theirs.known[name][yours]
        bits = np.where(enough, np.minimum(bits_of(p), MOST_BITS), 0.0)
        if name == "languages":
            bits = np.where(enough & (likeness < 0.1), FOREIGN_BITS, bits)
        found[name] = bits, likeness, p
    return found


def _share_above(table: np.ndarray, column: np.ndarray, likeness: np.ndarray, reference: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Of the reference accounts (rows of `table`) other than the pair's own, the share at least as like the account in `column`."""
    shares = np.empty(len(column))
    for start in range(0, len(column), 1000):  # 120 x 1,000 values at a time
        part = slice(start, start + 1000)
        above = (table[:, column[part]] >= likeness[part] - 1e-9) & (reference[:, None] != own[part])
        shares[part] = (above.sum(axis=0) + 0.5) / ((reference[:, None] != own[part]).sum(axis=0) + 1.0)
    return shares


def _style(people: People, rows: list[np.ndarray]) -> np.ndarray:
    texts = people.posts["text"].iloc[np.concatenate(rows) if rows else []].fillna("").tolist()
    profile = np.zeros((len(rows), _WIDTH), dtype=np.float32)
    begin = 0
    for i, mine in enumerate(rows):
        text = _LEFT_OUT.sub(" ", "\n".join(texts[begin : begin + len(mine)]).casefold())
        begin += len(mine)
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
        if len(codes) >= 3:
            grams = (codes[:-2] * 1_000_003 + codes[1:-1]) * 1_000_003 + codes[2:]
            profile[i] = np.sqrt(
                np.bincount((grams * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(52)).astype(np.int64), minlength=_WIDTH)
            )
    return _unit(profile)


def _centred(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both without what all accounts have in common: the campaign's words say nothing about the person."""
    mean = (one.mean(axis=0) + other.mean(axis=0)) / 2
    return _unit(one - mean), _unit(other - mean)


def _unit(rows: np.ndarray) -> np.ndarray:
    norm = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(rows, norm, out=np.zeros_like(rows), where=norm > 0))


def _spread(accounts: np.ndarray) -> np.ndarray:
    """REFERENCE of the accounts, evenly over their ids: no draw, so that the order of rows changes nothing."""
    if len(accounts) <= REFERENCE:
        return accounts
    return accounts[np.linspace(0, len(accounts) - 1, REFERENCE).astype(np.int64)]
