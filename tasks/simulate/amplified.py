"""What the scenario `amplified` adds: accounts that act together without a text or link of their own, and decoys that do the same alone.

A team passes on one post, answers one post with words of their own, tags different texts alike, or shows one image under different
texts, all within seconds. Decoys pass on and answer what everybody does, use well-worn pairs of hashtags and popular images, each at
its own time. Coordinated posts carry a `burst` label like any other; its number modulo 1,000,000 says which kind it is, see ACTS.
"""

import numpy as np
import pyarrow as pa

from tasks.simulate.campaign_posts import CampaignPosts
from tasks.simulate.cast import ACTIVIST, ORDINARY_ROLE, Cast
from tasks.simulate.clock import LEISURE_EN, LEISURE_ZH, decoy_day_factors
from tasks.simulate.draws import only, single_times
from tasks.simulate.rows import ORIGINAL, OWN, REPLY, REPOST, Rows, rows
from tasks.simulate.scenarios import PLATFORMS, Scenario
from tasks.simulate.texts import mixed
from tasks.simulate.words import ORDINARY

REPOSTS, REPLIES, HASHTAGS, MEDIA = range(4)
ACTS = {"repost": (500_000, 600_000), "reply": (600_000, 700_000), "hashtags": (700_000, 800_000), "media": (800_000, 900_000)}
CAMPAIGN_PART = 0.6  # of the added posts
VIRAL, WORN_PAIRS, MEMES = 60, 14, 40  # a week and platform: posts that many answer or pass on; pairs of tags; images
_WORDS = "norvale orlin valley ferry lantern garden harbour gulls jetty clock choir tulip"
_TAGS = tuple(f"#{word}" for word in _WORDS.split(" "))


class Amplification:
    """The added posts of one week. `decoy_rate`: posts a decoy of weight 1 makes on a day."""

    def __init__(self, scenario: Scenario, cast: Cast, campaign: CampaignPosts, decoy_rate: float) -> None:
        self._cast, self._campaign = cast, campaign
        added, base = scenario.amplified, 1 - scenario.amplified
        self._of_bursts = added * CAMPAIGN_PART / (base * scenario.campaign_share * scenario.coordinated_share)
        self._rate = decoy_rate * added * (1 - CAMPAIGN_PART) / (base * (1 - scenario.campaign_share) * 0.75)
        self._people = np.flatnonzero((cast.role == ACTIVIST) | (cast.role == ORDINARY_ROLE))  # three quarters of the decoys
        self._rhythm = np.where(cast.language > 0, LEISURE_ZH, LEISURE_EN)

    def together(self, rng: np.random.Generator, week: int) -> Rows:
        """The campaign's: every action is of one kind, by one team, within seconds."""
        account, at, action = self._campaign.joint(rng, week, self._of_bursts)
        actions = int(action.max(initial=-1)) + 1
        kind = rng.integers(0, 4, actions)
        picks = rng.permuted(np.tile(np.arange(len(_TAGS)), (actions, 1)), axis=1)[:, :3]
        tags = pa.array([" ".join(_TAGS[i] for i in pick) for pick in picks.tolist()], pa.string())
        media = pa.array([f"{h:016x}" for h in rng.integers(0, 1 << 63, actions).tolist()], pa.string())
        burst = week * 1_000_000 + 500_000 + 100_000 * kind + np.arange(actions)
        return self._rows(
            rng, account, at, kind[action], tags.take(pa.array(action)), media.take(pa.array(action)), burst[action], True
        )

    def alone(self, rng: np.random.Generator, week: int) -> Rows:
        """The decoys': the same kinds of posts on what is popular, at their own time."""
        account, at = single_times(rng, self._cast, self._people, week, decoy_day_factors(), self._rate, self._rhythm)
        kind = rng.integers(0, 4, len(account))
        neighbours = [f"{a} {b}" for a, b in zip(_TAGS, _TAGS[1:] + _TAGS[:1], strict=True)]
        pairs = pa.array([*neighbours, f"{_TAGS[1]} {_TAGS[0]}", " ".join(_TAGS[1:4])])
        tags = pairs.take(pa.array(_popular(rng, WORN_PAIRS, len(account))))
        hashes = pa.array([f"{h:016x}" for h in rng.integers(0, 1 << 63, MEMES).tolist()], pa.string())
        media = hashes.take(pa.array(_popular(rng, MEMES, len(account))))
        popular = self._cast.platform[account] * VIRAL + _popular(rng, VIRAL, len(account))
        aim = week * 1_000_000 + kind * len(PLATFORMS) * VIRAL + popular
        return self._rows(rng, account, at, kind, tags, media, aim, False)

    def _rows(
        self,
        rng: np.random.Generator,
        account: np.ndarray,
        at: np.ndarray,
        kind: np.ndarray,
        tags: pa.StringArray,
        media: pa.StringArray,
        aim: np.ndarray,
        coordinated: bool,
    ) -> Rows:
        language = self._cast.language[account]
        return rows(
            account,
            at,
            mixed(rng, ORDINARY, language, numbered=True),
            language > 0,
            OWN,
            tag=only(kind == HASHTAGS, tags),
            media=only(kind == MEDIA, media),
            kind=np.select([kind == REPOSTS, kind == REPLIES], [REPOST, REPLY], ORIGINAL),
            aim=np.where(kind <= REPLIES, aim, -1),
            burst=aim if coordinated else np.full(len(account), -1),
        )


def _popular(rng: np.random.Generator, things: int, count: int) -> np.ndarray:
    """`count` draws of `things`, the first ones far more often (Zipf)."""
    odds = 1 / np.arange(2, things + 2)
    drawn: np.ndarray = rng.choice(things, count, p=odds / odds.sum())
    return drawn
