"""Do narratives last, is the day of a pivot right, and is none claimed where there is none? Writes docs/narratives.md: ./run narratives

A smaller form runs with the ordinary tests (test_narratives_accuracy.py).
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from flows.campaign_file import load_campaign  # noqa: E402
from tasks.activity.hours import hour_facts  # noqa: E402
from tasks.detect.families import text_families  # noqa: E402
from tasks.domain.campaign import Campaign, Holiday  # noqa: E402
from tasks.domain.measures import Interval, NotMeasurable  # noqa: E402
from tasks.domain.periods import Cutoff, Period, parse_period  # noqa: E402
from tasks.domain.posts import POST_KEY, POSTS  # noqa: E402
from tasks.domain.takedowns import Event  # noqa: E402
from tasks.narrate.counterparts import language_of  # noqa: E402
from tasks.narrate.grouping import grouped, with_families  # noqa: E402
from tasks.narrate.narratives import narrative_facts, narrative_id  # noqa: E402
from tasks.narrate.pivots import MAX_P, change_point, pivots  # noqa: E402
from tasks.simulate.scenario import simulate  # noqa: E402

PAGE = HERE.parents[1] / "docs" / "narratives.md"
SEEDS, SCALE, PERIODS = (11, 12, 13, 14), 100_000, 12
LAST_WEEK = 44  # of 2023: the simulation turns to its new topic on 9 October, in week 41
BIG = 10  # posts in both periods, for a narrative to be followed
SERIES_SEEDS, DAYS = 200, 84
EVENT = {"event_id": "e", "on": "2023-10-07", "title": "Topic October"}
KEYWORDS = {"en": ["topic october", "topicoctober"], "zh": ["十月话题", "十月話題"]}


@dataclass(frozen=True)
class Lasting:
    """One simulation over 12 weekly periods. `kept` of `followed` narratives bear the same id in the next; `pure` of `placed` posts are of
    the main true topic of their narrative; `inside` is the share of posts in a narrative."""

    kept: int
    followed: int
    pure: int
    placed: int
    inside: float
    narratives: float  # a period, mean


def labelled(seed: int, scale: int) -> pd.DataFrame:
    """POSTS of the campaign's accounts, latest observation of each, and `topic`: the true one, "filler" for small talk."""
    simulation = simulate("spamouflage", seed=seed, scale=scale)
    table = simulation.posts
    posts = POSTS.from_arrow(table.select([name for name in POSTS.names if name in table.column_names]))
    posts = POSTS.conform(posts.assign(campaign="c", batch_id="b", row_number=range(len(posts))))
    posts = posts.sort_values("observed_at").drop_duplicates(list(POST_KEY), keep="last")
    truth = simulation.labels.to_pandas().drop_duplicates(list(POST_KEY))
    joined = posts.merge(truth[[*POST_KEY, "role", "topic"]], on=list(POST_KEY), how="inner")
    joined["topic"] = joined["topic"].astype(object).fillna("filler")
    return joined[joined["role"] == "campaign"].sort_values("posted_at").reset_index(drop=True)


def lasting(world: pd.DataFrame, last_week: int = LAST_WEEK, periods: int = PERIODS) -> Lasting:
    """Every period made as a briefing makes it, from the posts before its end; narratives followed by their posts."""
    families = text_families(world[POSTS.names])
    truth = world.set_index(list(POST_KEY))["topic"]
    kept = followed = pure = placed = 0
    inside, many = [], []
    before: pd.Series | None = None
    for number in range(last_week - periods + 1, last_week + 1):
        period = parse_period(f"2023-W{number}")
        posts = world.loc[world["posted_at"] < period.end, POSTS.names].reset_index(drop=True)
        groups = grouped(with_families(posts, families), period)
        founders = np.array([*groups.founders, ""], dtype=object)
        now = pd.Series(founders[groups.posts["cluster"].to_numpy()], pd.MultiIndex.from_frame(groups.posts[list(POST_KEY)]))
        current = now[(groups.posts["step"] == 0).to_numpy()]
        inside.append(float((current != "").mean()))
        table = pd.crosstab(current[current != ""].to_numpy(), truth.reindex(current[current != ""].index).to_numpy())
        pure, placed, many = pure + int(table.max(axis=1).sum()), placed + int(table.to_numpy().sum()), [*many, len(table)]
        if before is not None:
            same, seen = _followed(before, now)
            kept, followed = kept + same, followed + seen
        before = current
    return Lasting(kept, followed, pure, placed, float(np.mean(inside)), float(np.mean(many)))


def _followed(before: pd.Series, now: pd.Series) -> tuple[int, int]:
    """Of the narratives of the last period that the new briefing still shows with at least `BIG` of those posts: how many kept their id."""
    both = pd.DataFrame({"then": before, "now": now.reindex(before.index)}).dropna()
    both = both[(both["then"] != "") & (both["now"] != "")]
    main = both.groupby("then")["now"].agg(["size", lambda held: held.mode().iloc[0]]).set_axis(["posts", "now"], axis=1)
    main = main[main["posts"] >= BIG]
    return int((main.index == main["now"]).sum()), len(main)


@dataclass(frozen=True)
class Linked:
    """Counterparts at the end of a simulation. `right` of `linked` narratives have one of their own main true topic; `found` of `both` true
    topics with a narrative of at least 10 posts in either language have a right one."""

    linked: int
    right: int
    found: int
    both: int


def counterparts(world: pd.DataFrame, codebook: dict[str, dict[str, list[str]]]) -> Linked:
    """Those of the last week's narratives, with that codebook."""
    period = parse_period(f"2023-W{LAST_WEEK}")
    posts = world.loc[world["posted_at"] < period.end, POSTS.names].reset_index(drop=True)
    families = text_families(posts)
    campaign = Campaign(slug="c", title="C", codebook=codebook)
    facts = narrative_facts(posts, families, campaign, period, Cutoff(period.end, period.end + timedelta(days=1)), seed=1)
    groups = grouped(with_families(posts, families), period)
    now = groups.posts[(groups.posts["step"] == 0) & (groups.posts["cluster"] >= 0)]
    truth = world.set_index(list(POST_KEY))["topic"].reindex(pd.MultiIndex.from_frame(now[list(POST_KEY)])).to_numpy()
    names = np.array([narrative_id(founder) for founder in groups.founders], dtype=object)[now["cluster"].to_numpy()]
    topic = pd.Series(truth).groupby(names).agg(lambda held: held.mode().iloc[0])
    large = [item for item in facts.items if item.posts >= BIG]
    spoken: dict[str, set[str]] = {}
    for item in large:
        spoken.setdefault(topic[item.narrative_id], set()).add(language_of(item))
    both = {name for name, languages in spoken.items() if {"en", "zh"} <= languages and name != "filler"}
    linked = [item for item in large if item.counterpart]
    right = [item for item in linked if topic[item.narrative_id] == topic[item.counterpart]]
    return Linked(len(linked), len(right), len(both & {topic[item.narrative_id] for item in right}), len(both))


@dataclass(frozen=True)
class Course:
    """A made-up daily series: `posts` a day, share before and after the change (equal: none), `rough` spread of the daily log odds,
    `memory` their autocorrelation from day to day, `weekly` what the weekend adds to them."""

    name: str
    posts: int
    before: float
    after: float
    rough: float = 0.0
    memory: float = 0.0
    weekly: float = 0.0


TURNS = (
    Course("2 % to 30 %, 60 posts a day", 60, 0.02, 0.30),
    Course("2 % to 10 %, 60 posts a day", 60, 0.02, 0.10),
    Course("2 % to 6 %, 60 posts a day", 60, 0.02, 0.06),
    Course("2 % to 30 %, rough from day to day", 60, 0.02, 0.30, rough=0.5),
    Course("2 % to 30 %, rough with memory", 60, 0.02, 0.30, rough=0.5, memory=0.3),
    Course("2 % to 30 %, 12 posts a day", 12, 0.02, 0.30),
)
STEADY = (
    Course("5 %, 60 posts a day", 60, 0.05, 0.05),
    Course("5 %, 1,000 posts a day", 1000, 0.05, 0.05),
    Course("5 %, rough from day to day", 60, 0.05, 0.05, rough=0.5),
    Course("5 %, weekends higher", 60, 0.05, 0.05, weekly=0.5),
    Course("5 %, rough with memory 0.3", 60, 0.05, 0.05, rough=0.5, memory=0.3),
    Course("5 %, rough with memory 0.6", 60, 0.05, 0.05, rough=0.5, memory=0.6),
)


def drawn(course: Course, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """(matching posts, all posts by day, first day of the new share) of one run."""
    rng = np.random.default_rng([seed, course.posts, round(1000 * course.after)])
    at = int(rng.integers(28, DAYS - 14))
    total = np.maximum(rng.poisson(course.posts, DAYS), 1)
    noise = np.zeros(DAYS)
    for day in range(DAYS):
        fresh = rng.normal(0, course.rough * np.sqrt(1 - course.memory**2))
        noise[day] = (course.memory * noise[day - 1] if day else 0) + fresh
    share = np.where(np.arange(DAYS) < at, course.before, course.after)
    odds = np.log(share / (1 - share)) + noise + course.weekly * (np.arange(DAYS) % 7 >= 5)
    return rng.binomial(total, 1 / (1 + np.exp(-odds))), total, at


@dataclass(frozen=True)
class Found:
    """What `runs` series gave: `claimed` at p <= 0.01, days off of the claimed ones, and how many intervals held the true day."""

    runs: int
    claimed: int
    off: np.ndarray
    held: int


def turned(course: Course, seeds: Iterable[int]) -> Found:
    """Change points of a course under the claim's own rule."""
    runs = held = 0
    off = []
    for seed in seeds:
        matched, total, at = drawn(course, seed)
        change = change_point(matched, total, seed)
        runs += 1
        if change is not None and change.p_value <= MAX_P:
            off.append(abs(change.at - at))
            held += change.low <= at <= change.high
    return Found(runs, len(off), np.array(off), held)


@dataclass(frozen=True)
class Clock:
    """Hours against the simulation's: offset 8 h, lunch 12:00 to 13:30, supper 18:00 to 19:30; a pivot on 9 October."""

    offset: float | NotMeasurable
    interval: Interval | NotMeasurable
    dips: tuple[str, ...] | NotMeasurable
    pivot_off: int | None  # days; null = none was claimed
    filler_true: float
    filler_inside: float  # share of true filler among posts of narratives that are mostly filler


def clock(world: pd.DataFrame) -> Clock:
    """One simulation at the end of week 44."""
    period = parse_period(f"2023-W{LAST_WEEK}")
    campaign = Campaign(
        slug="c",
        title="C",
        suspected_zone="Asia/Shanghai",
        events=[Event.model_validate({**EVENT, "keywords": KEYWORDS})],
        holidays=[Holiday.model_validate({"name": "Golden Week", "first": "2023-09-29", "last": "2023-10-06"})],
    )
    posts = world.loc[world["posted_at"] < period.end, POSTS.names].reset_index(drop=True)
    hours = hour_facts(posts, campaign, Cutoff(period.end, period.end + timedelta(days=1)), period, seed=1)
    found = pivots(posts, campaign, period.end, 1)
    off = abs((found[0].day - pd.Timestamp("2023-10-09").date()).days) if isinstance(found, tuple) and found else None
    true, inside = _filler(world, period)
    return Clock(hours.utc_offset_h, hours.utc_offset_interval, hours.meal_dips, off, true, inside)


def _filler(world: pd.DataFrame, period: Period) -> tuple[float, float]:
    posts = world[world["posted_at"] < period.end].reset_index(drop=True)
    groups = grouped(with_families(posts[POSTS.names], text_families(posts[POSTS.names])), period)
    now = groups.posts[(groups.posts["step"] == 0) & (groups.posts["cluster"] >= 0)]
    truth = posts.set_index(list(POST_KEY))["topic"].reindex(pd.MultiIndex.from_frame(now[list(POST_KEY)])).to_numpy() == "filler"
    mostly = pd.Series(truth).groupby(now["cluster"].to_numpy()).transform("mean") >= 0.5
    return float(truth.mean()), float(mostly.mean())


HEAD = """# Narratives, pivots and hours against the truth

Written by `./run narratives`; do not edit. Simulated campaigns know their truth; they are made by the authors of the method (methods, 13).

## Narratives

Scenario `spamouflage`, {scale:,} posts, seeds {seeds}: {periods} weekly briefings up to 2023-W{last}, each made from the posts before its
end. A narrative is followed to the next briefing if at least {big} of its posts stand there in some narrative. Purity: posts of the period
whose true topic is the main one of their narrative. True themes: five topics in two languages; a theme is not one narrative in both, for
no word joins them: the codebook's categories do.
"""
STORIES = """
## One story in two languages

The same simulations at the end of week {last}. Narratives of different languages are linked (`counterpart`), never united: no id changes.
Precision: linked narratives whose counterpart has their true topic. Recall: true topics, small talk aside, with a narrative of at least
{big} posts in either language that are linked. First with the codebook of the bundled campaign file, which names each topic in both
languages: a translation by a person, of the simulation's own topics, so these figures are the best that can be. Then without any:
simulated posts in two languages share hosts, accounts and days between all topics, but no links or hashtags.
"""
PIVOTS = """
## Pivots

Series of {days} days, not whole campaigns: {seeds} seeds a row, made-up posts a day and shares of matching ones; the change lies between
day 28 and day {late}. Rough: the daily log odds have a standard deviation of 0.5; memory: their autocorrelation. A pivot is claimed at
p <= 0.01.
"""
NONE = """
Without a change. The promise is no claim in 95 % of the runs; days are permuted in blocks of three, so a memory from day to day beyond that
is the weak place; it would show in the last rows.
"""
HOURS = """
## Hours, and the pivot in whole simulations

The simulated team keeps UTC+8, with lunch from 12:00 to 13:30 and supper from 18:00 to 19:30, and turns on 9 October. Filler: share of
posts in narratives that are mostly filler, beside the true share: what a codebook can reach at best.
"""


def page() -> str:
    """The whole page, computed."""
    worlds = {seed: labelled(seed, SCALE) for seed in SEEDS}
    text = HEAD.format(scale=SCALE, seeds=", ".join(map(str, SEEDS)), periods=PERIODS, last=LAST_WEEK, big=BIG)
    text += _lasting({seed: lasting(world) for seed, world in worlds.items()})
    text += STORIES.format(last=LAST_WEEK, big=BIG) + _stories(worlds)
    text += PIVOTS.format(days=DAYS, seeds=SERIES_SEEDS, late=DAYS - 15) + _turns(
        {c: turned(c, range(SERIES_SEEDS)) for c in TURNS}
    )
    text += NONE + _steady({c: turned(c, range(SERIES_SEEDS)) for c in STEADY})
    return text + HOURS + _clocks({seed: clock(world) for seed, world in worlds.items()})


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _lasting(found: dict[int, Lasting]) -> str:
    rows = [
        [str(seed), f"{f.kept} of {f.followed}", f"{f.pure / f.placed:.3f}", f"{f.inside:.1%}", f"{f.narratives:.1f}"]
        for seed, f in found.items()
    ]
    return _table(["seed", "ids kept", "purity", "posts in a narrative", "narratives a period"], rows)


def _stories(worlds: dict[int, pd.DataFrame]) -> str:
    rows = []
    for seed, world in worlds.items():
        given = (counterparts(world, load_campaign(None, "spamouflage").codebook), counterparts(world, {}))
        rows.append([str(seed), *(part for f in given for part in (f"{f.right} of {f.linked}", f"{f.found} of {f.both}"))])
    return _table(["seed", "precision", "recall", "precision without codebook", "recall without codebook"], rows)


def _turns(found: dict[Course, Found]) -> str:
    rows = [
        [
            course.name,
            f"{f.claimed / f.runs:.1%}",
            f"{np.median(f.off):.0f}" if f.claimed else "–",
            f"{(f.off <= 1).mean():.1%}" if f.claimed else "–",
            f"{f.held / f.claimed:.1%}" if f.claimed else "–",
        ]
        for course, f in found.items()
    ]
    return _table(["share and posts", "claimed", "median error, days", "at most 1 day off", "interval holds the day"], rows)


def _steady(found: dict[Course, Found]) -> str:
    return _table(["share and posts", "none claimed"], [[c.name, f"{1 - f.claimed / f.runs:.1%}"] for c, f in found.items()])


def _clocks(found: dict[int, Clock]) -> str:
    rows = []
    for seed, f in found.items():
        offset = "–" if isinstance(f.offset, NotMeasurable) else f"{f.offset:+g} h"
        span = f" ({f.interval.low:+g} to {f.interval.high:+g})" if isinstance(f.interval, Interval) else ""
        dips = "–" if isinstance(f.dips, NotMeasurable) else ", ".join(f.dips) or "none"
        day = "none claimed" if f.pivot_off is None else str(f.pivot_off)
        rows.append([str(seed), offset + span, dips, day, f"{f.filler_inside:.1%} ({f.filler_true:.1%})"])
    return _table(["seed", "offset (interval)", "meal dips", "pivot, days off", "filler (true)"], rows)


def main() -> None:
    written = page()
    sys.stdout.write(written)
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
