"""Claims as a reader gets them: the two accounts, the score, and every item of evidence with the posts that show it."""

from collections.abc import Callable, Sequence

import numpy as np

from tasks.domain.measures import NotMeasurable
from tasks.domain.platforms import platform_name
from tasks.domain.printable import printable
from tasks.domain.rebuilding import Evidence, Successor, SuccessorSearch
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.successors.announcements import UNNAMED_BITS, Announcement
from tasks.rebuilding.successors.measured import MEASURED
from tasks.rebuilding.successors.scoring import claimed
from tasks.rebuilding.successors.search import Search
from tasks.rebuilding.timeline import DAY_US, day_date

BEFORE_DAYS = 7  # losses from a week before t0 on belong to the takedown
MOST_POSTS = 3
LONGEST_NAME = 50  # graphemes of a handle

_SAID = {
    "by the later account": "the later account says that it replaces the lost one",
    "by the lost account": "the lost account named the later one as its new or spare account",
    "by another account": "another account of the campaign names the later one as the lost one's new account",
}


def successors_of(
    found: Search, episode: Episode, platform: str
) -> tuple[tuple[Successor, ...] | NotMeasurable, SuccessorSearch | None]:
    """The claims whose loss lies at or after t0 - 7 d, the highest score first, and what was looked through for them."""
    people, pairs = found.people, found.pairs
    since = (episode.start - BEFORE_DAYS) * DAY_US
    lost = found.lost[people.loss[found.lost] >= since]
    if not len(lost):
        reason = (
            f"no account on {platform_name(platform)} is known to be lost since a week before the takedown: a silence shows after 30 days, "
            "and no check found a removal"
        )
        return NotMeasurable(reason=reason), None
    chosen = [pair for pair in claimed(pairs).tolist() if people.loss[pairs.lost[pair]] >= since]
    named: dict[tuple[int, int], list[Announcement]] = {}
    for one in found.named:
        named.setdefault((one.lost, one.later), []).append(one)
    losses = np.sort(people.loss[lost])
    looked = SuccessorSearch(
        lost=len(lost),
        later=int((people.rivals_among(losses, found.later) > 0).sum()),
        compared=int(people.rivals_among(losses, found.later).sum()),
        accuracy=MEASURED,
    )
    return tuple(_successor(found, pair, named) for pair in chosen), looked


def _successor(found: Search, pair: int, named: dict[tuple[int, int], list[Announcement]]) -> Successor:
    people, pairs = found.people, found.pairs
    one, other = int(pairs.lost[pair]), int(pairs.later[pair])
    names = [printable(people.name(account), limit=LONGEST_NAME)[0] for account in (one, other)]
    if names[0] == names[1]:
        names = [f"{name} ({people.ids[account]})" for name, account in zip(names, (one, other), strict=True)]
    said = named.get((one, other)) or (named.get((-1, other), []) if pairs.bits["announcement"][pair] == UNNAMED_BITS else [])
    items = [
        item for item in (*_announced(found, pair, said), *_alike(found, pair), *_habits(found, pair), _timing(found, pair)) if item
    ]
    return Successor(
        lost=names[0],
        later=names[1],
        score=round(float(pairs.score[pair]), 1),
        evidence=tuple(items),
        last_post=day_date(int(people.last[one] // DAY_US)),
        first_post=day_date(int(people.first[other] // DAY_US)),
    )


def _bits(found: Search, kind: str, pair: int) -> float:
    return round(float(found.pairs.bits[kind][pair]), 1)


def _announced(found: Search, pair: int, said: Sequence[Announcement]) -> list[Evidence]:
    if not said:
        return []
    posts = found.people.post_ids(np.array([one.post for one in said[:MOST_POSTS]]))
    if said[0].lost < 0:
        detail = "the later account says that an account of its own was lost, without naming it"
    else:
        kinds = dict.fromkeys(one.said for one in said)
        detail = "; ".join(f"{_SAID[kind]}{_times(sum(one.said == kind for one in said))}" for kind in kinds)
    return [Evidence(kind="announcement", detail=detail, posts=posts, bits=_bits(found, "announcement", pair))]


def _alike(found: Search, pair: int) -> list[Evidence]:
    pairs, people = found.pairs, found.people
    one, other = int(pairs.lost[pair]), int(pairs.later[pair])
    evidence = []
    if _bits(found, "handle", pair) > 0:
        odds = f"; of other pairs of handles {_one_in(float(pairs.p['handle'][pair]))} are as alike"
        detail = f"{pairs.likeness['handle'][pair]:.0f} % alike, spelling variants and word order set aside{odds}"
        evidence.append(Evidence(kind="handle", detail=detail, bits=_bits(found, "handle", pair)))
    words: dict[str, tuple[str, Callable[[int], str]]] = {
        "texts": ("texts", lambda n: f"{_counted(n, 'text')} that at most 6 accounts ever posted, taken up again after the loss"),
        "links": ("links", lambda n: f"{_counted(n, 'link')} that at most 6 accounts ever shared, taken up again after the loss"),
        "avatar": ("picture", lambda _: "the same profile picture"),
        "bio": ("self-description", lambda _: "the same self-description"),
        "name": ("display name", lambda _: "the same display name"),
    }
    for kind, (name, detail_of) in words.items():
        if _bits(found, kind, pair) > 0:
            posts, count = found.carried[kind].posts_of(one, other, MOST_POSTS)
            ids = people.post_ids(np.array(posts, dtype=np.int64))
            evidence.append(Evidence(kind=name, detail=detail_of(count), posts=ids, bits=_bits(found, kind, pair)))
    return evidence


def _habits(found: Search, pair: int) -> list[Evidence]:
    words = {"style": "style of writing", "hours": "hours of posting", "languages": "mix of languages"}
    evidence = []
    for kind, name in words.items():
        bits = _bits(found, kind, pair)
        if bits > 0:
            share = float(found.pairs.p[kind][pair])
            detail = f"closer than {min(100 * (1 - share), 99):.0f} % of the other accounts lost or begun in that time"
            evidence.append(Evidence(kind=name, detail=detail, bits=bits))
        elif bits < 0:
            evidence.append(Evidence(kind=name, detail="the two share no language", bits=bits))
    return evidence


def _timing(found: Search, pair: int) -> Evidence:
    people, pairs = found.people, found.pairs
    one, other = int(pairs.lost[pair]), int(pairs.later[pair])
    first, last = int(people.of(other)[0]), int(people.of(one)[-1])
    days = (people.first[other] - people.last[one]) / DAY_US
    detail = f"first post {_counted_days(abs(days))} {'after' if days >= 0 else 'before'} the lost account's last"
    if people.removed[one]:
        detail += "; a check found that account removed"
    elif people.said[one]:
        detail += "; silent for less than 30 days, that account is lost by an announcement alone"
    bits = _bits(found, "timing", pair) + _bits(found, "parallel", pair)
    return Evidence(kind="timing", detail=detail, posts=people.post_ids(np.array([last, first])), bits=round(bits, 1))


def _times(count: int) -> str:
    return "" if count == 1 else f" ({count} posts)"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _counted_days(days: float) -> str:
    if days < 2:
        return f"{days * 24:.0f} h"
    return f"{days:.0f} days"


def _one_in(p: float) -> str:
    return f"1 in {max(round(1 / max(p, 1e-9)), 1):,}"
