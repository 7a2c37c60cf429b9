"""What everybody else posts in one week: slogans that many repeat at their own time, news shared within seconds, everyday matters."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.simulate.cast import ACTIVIST, NEWS_FAN, ORDINARY_ROLE, Cast
from tasks.simulate.clock import DAY_US, LEISURE_EN, LEISURE_ZH, SECOND_US, START_US, decoy_day_factors, time_of_day, to_us
from tasks.simulate.draws import only, single_times, tags
from tasks.simulate.rows import FAMILY, HEADLINE, ORIGINAL, OWN, REPLY, REPOST, SLOGAN, Rows, rows, stack
from tasks.simulate.scenarios import Scenario
from tasks.simulate.texts import VARIANTS, FamilyBook, compose, mixed
from tasks.simulate.words import ACTIVIST_OWN, HEADLINES, NEWS_DOMAINS, OCTOBER_OWN, ORDINARY, PERSONAL_DOMAINS, SLOGANS, TOPICS

SLOGAN_COPIES = 12  # posts a slogan gets in its week, spread over days
ARTICLE_SHARES = 22  # mean number of fans who share one article
OCTOBER = TOPICS.index("october")
_NEWS = pa.array(NEWS_DOMAINS)
PROMPT_SHARE, PROMPT_MEAN_S, LATE_MEAN_S = 0.7, 12.0, 10_000.0


class OrganicPosts:
    """`rate`: posts a decoy of weight 1 makes on a day."""

    def __init__(self, scenario: Scenario, cast: Cast, book: FamilyBook, rate: float) -> None:
        self._cast, self._book, self._rate = cast, book, rate
        self._pivot_us = to_us(scenario.pivot_on)
        self._factors = decoy_day_factors()
        self._rhythm = np.where(cast.language > 0, LEISURE_ZH, LEISURE_EN)
        self._zh = cast.language > 0

    def week(self, rng: np.random.Generator, week: int) -> Rows:
        return stack([self._activists(rng, week), self._news_fans(rng, week), self._ordinary(rng, week)])

    def _posts(self, rng: np.random.Generator, week: int, role: int) -> tuple[np.ndarray, np.ndarray]:
        people = np.flatnonzero(self._cast.role == role)
        return single_times(rng, self._cast, people, week, self._factors, self._rate, self._rhythm)

    def _activists(self, rng: np.random.Generator, week: int) -> Rows:
        """Half of their posts repeat a slogan of the week, one in twenty a text of the campaign, never in step; the rest is their own.
        All use the campaign's hashtags."""
        account, at = self._posts(rng, week, ACTIVIST)
        count, zh = len(account), self._zh[account]
        draw = rng.random(count)
        slogan, copied = draw < 0.5, (draw >= 0.5) & (draw < 0.55)
        topic = rng.integers(0, 3, count)
        pool = max(4, round(count / 4 / SLOGAN_COPIES))
        slogans = [compose(rng, SLOGANS[name], pool, zh=name == "zh", numbered=False) for name in ("en", "zh")]
        pick = rng.integers(0, pool, count) + zh * pool
        language = self._cast.language[account]
        october = ~slogan & (at >= self._pivot_us) & (rng.random(count) < 0.3)
        topic = np.where(october, OCTOBER, topic)
        own = pc.if_else(
            pa.array(october), mixed(rng, OCTOBER_OWN, language, numbered=True), mixed(rng, ACTIVIST_OWN, language, numbered=True)
        )
        text = pc.if_else(pa.array(slogan), pa.concat_arrays(slogans).take(pa.array(pick)), own)
        families = self._book.week(week)
        copied &= ~october
        family = (zh * len(TOPICS) + topic) * self._book.per_block + rng.integers(0, self._book.per_block, count)
        text = pc.if_else(pa.array(copied), families.texts.take(pa.array(family * VARIANTS)), text)
        group = np.where(slogan, week * 1_000_000 + pick, np.where(copied, week * 1_000_000 + family, -1))
        return rows(
            account,
            at,
            text,
            zh,
            np.where(slogan, SLOGAN, np.where(copied, FAMILY, OWN)),
            tag=only(rng.random(count) < 0.7, tags(topic, zh)),
            topic=topic,
            group=group,
            kind=_kinds(rng, count, reposts=0.1, replies=0.08),
        )

    def _news_fans(self, rng: np.random.Generator, week: int) -> Rows:
        """An article is shared by fans of its platform and language, most within seconds of publication; half add no word of their own."""
        cast = self._cast
        fans = np.flatnonzero(cast.role == NEWS_FAN)
        circle = cast.platform[fans] * 2 + self._zh[fans]
        shares = [self._shares(rng, week, fans[circle == number], int(number)) for number in np.unique(circle)]
        offsets = np.cumsum([0, *(count for *_, count in shares)])
        account, at = (np.concatenate([part[column] for part in shares]) for column in (0, 1))
        article = np.concatenate([part[2] + offset for part, offset in zip(shares, offsets, strict=False)])
        zh, bare = self._zh[account], rng.random(len(account)) < 0.5
        headlines = [compose(rng, HEADLINES[name], int(offsets[-1]), zh=name == "zh", numbered=True) for name in ("en", "zh")]
        headline = pa.concat_arrays(headlines).take(pa.array(article + zh * int(offsets[-1])))
        comment = mixed(rng, ORDINARY, cast.language[account], numbered=True)
        text = pc.if_else(pa.array(bare), headline, pc.binary_join_element_wise(comment, headline, " "))
        domain = _NEWS.take(pa.array(rng.integers(0, len(NEWS_DOMAINS), int(offsets[-1])))).take(pa.array(article))
        url = pc.binary_join_element_wise("https:/", domain, str(week), pa.array(article).cast(pa.string()), "/")
        group = np.where(bare, week * 1_000_000 + article, -1)
        return rows(account, at, text, zh, np.where(bare, HEADLINE, OWN), url=url, domain=domain, group=group)

    def _shares(
        self, rng: np.random.Generator, week: int, readers: np.ndarray, circle: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """(account, instant, article) of one week's shares among `readers`, all of one platform and language, and the number of
        articles."""
        begins, ends = START_US + week * 7 * DAY_US, START_US + (week + 1) * 7 * DAY_US
        drawn = self._cast.span_overlap(begins, ends)[readers] / DAY_US * self._cast.weight[readers]
        odds = np.cumsum(drawn)
        mean = min(ARTICLE_SHARES, len(readers))
        articles = int(rng.poisson(odds[-1] * self._rate * self._factors[:7].mean() / mean))
        published = begins + rng.integers(0, 7, articles) * DAY_US + time_of_day(rng, np.full(articles, LEISURE_EN + circle % 2))
        article = np.repeat(np.arange(articles), rng.poisson(mean, articles))
        account = readers[np.minimum(np.searchsorted(odds, rng.random(len(article)) * odds[-1]), len(readers) - 1)]
        once = np.unique(article * len(self._cast) + account, return_index=True)[1]  # nobody shares an article twice
        account, article = account[once], article[once]
        prompt = rng.random(len(once)) < PROMPT_SHARE
        delay_s = 2 + rng.exponential(np.where(prompt, PROMPT_MEAN_S, LATE_MEAN_S)).astype(np.int64)
        at = published[article] + delay_s * SECOND_US
        there = self._cast.posting(account, at) & (at < ends)
        return account[there], at[there], article[there], articles

    def _ordinary(self, rng: np.random.Generator, week: int) -> Rows:
        """Everyday posts; some link to a page of their own, some repost or reply."""
        account, at = self._posts(rng, week, ORDINARY_ROLE)
        count, zh = len(account), self._zh[account]
        text = mixed(rng, ORDINARY, self._cast.language[account], numbered=True)
        linked = rng.random(count) < 0.15
        domain = pa.array(PERSONAL_DOMAINS).take(pa.array(rng.integers(0, len(PERSONAL_DOMAINS), count)))
        path = pa.array(rng.integers(0, 40_000_000, count)).cast(pa.string())
        url = pc.binary_join_element_wise("https:/", domain, path, "/")
        return rows(
            account,
            at,
            text,
            zh,
            OWN,
            url=only(linked, url),
            domain=only(linked, domain),
            kind=_kinds(rng, count, reposts=0.1, replies=0.12),
        )


def _kinds(rng: np.random.Generator, count: int, *, reposts: float, replies: float) -> np.ndarray:
    draw = rng.random(count)
    kinds: np.ndarray = np.where(draw < reposts, REPOST, np.where(draw < reposts + replies, REPLY, ORIGINAL))
    return kinds
