"""Families with a memory of earlier periods are those without: whatever came late, changed, or was seen in another order."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.detect.families import text_families
from tasks.detect.remembered import Memory
from tasks.detect.resemblance import join_near_duplicates

WORDS = (
    "river",
    "stone",
    "lamp",
    "market",
    "garden",
    "winter",
    "copper",
    "letter",
    "window",
    "bridge",
    "signal",
    "harbor",
    "meadow",
)


def posts(texts: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "platform": "x",
            "post_id": [f"{at:06d}" for at in range(len(texts))],
            "posted_at": pd.to_datetime(np.arange(len(texts)), unit="s", utc=True),
            "text": pd.array(texts, dtype="str"),
        }
    )


def variants(seed: int, count: int) -> list[str]:
    """Texts of a few templates with some words exchanged, many of which resemble several others, and some cut short."""
    draw = np.random.default_rng(seed)
    templates = [draw.choice(WORDS, 14).tolist() for _ in range(4)]
    made = []
    for _ in range(count):
        words = list(templates[draw.integers(4)])
        for _ in range(int(draw.integers(0, 3))):
            words[draw.integers(14)] = str(draw.choice(WORDS))
        made.append(" ".join(words[: int(draw.choice([14, 14, 14, 9]))]))
    return made


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.lists(st.tuples(st.integers(1, 120), st.integers(0, 60)), min_size=2, max_size=5))
def test_the_same_families_with_and_without_a_memory(seed, periods):
    """Each period: so many texts more, and one that comes late at some place in between."""
    texts, source, memory = [], iter(variants(seed, 700)), Memory()
    for more, late in periods:
        texts = [*texts, *(next(source) for _ in range(more))]
        texts.insert(max(len(texts) - late, 0), next(source))
        frame = posts(texts)
        pd.testing.assert_frame_equal(text_families(frame, memory), text_families(frame))


def test_a_shorter_history_and_another_campaign_find_what_is_theirs():
    memory, texts = Memory(), variants(1, 300)
    for part in (texts, texts[:100], variants(2, 200), texts, []):
        pd.testing.assert_frame_equal(text_families(posts(part), memory), text_families(posts(part)))


def test_a_memory_is_used(monkeypatch):
    import tasks.detect.resemblance as tried

    memory, texts = Memory(), list(dict.fromkeys(variants(3, 600)))
    text_families(posts(texts[:-50]), memory)
    asked: list[int] = []
    signatures = tried._signatures
    monkeypatch.setattr(tried, "_signatures", lambda fresh: asked.append(len(fresh)) or signatures(fresh))
    monkeypatch.setattr(tried, "_in_waves", None)
    text_families(posts(texts), memory)
    assert asked == [50]
    assert join_near_duplicates(memory.decided.texts, memory).tolist() == memory.decided.founder.tolist()
