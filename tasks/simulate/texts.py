"""Texts from slots: unique ones for everyday posts, families with small variants for the coordinated ones."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from opencc import OpenCC

from tasks.simulate.words import CAMPAIGN_DOMAINS, EMOJI, TOPICS, Slots, family_slots

LANGUAGES = ("en", "zh")
VARIANTS = 9
VARIANT_SHARES = np.array([0.34, 0.10, 0.10, 0.08, 0.08, 0.08, 0.08, 0.07, 0.07])
ZERO_WIDTH_SPACE, ZERO_WIDTH_JOINER = "\u200b", "\u200d"


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("s2t")


@lru_cache(maxsize=64)
def _arrays(slots: Slots, in_traditional: bool) -> tuple[pa.Array, ...]:
    """The fragments, as they stand or in traditional characters (OpenCC, s2t; 3 us a character, so fragments and never texts)."""
    if not in_traditional:
        return tuple(pa.array(slot) for slot in slots)
    convert = _converter().convert
    return tuple(pa.array([convert(part) for part in slot]) for slot in slots)


def compose(
    rng: np.random.Generator, slots: Slots, count: int, *, zh: bool, in_traditional: bool = False, numbered: bool
) -> pa.StringArray:
    """`count` texts, one fragment drawn per slot; `numbered` appends a number so that hardly any two are equal."""
    picks = [rng.integers(0, len(slot), count) for slot in slots]
    number = rng.integers(1_000, 10_000_000, count) if numbered else None
    return _joined(slots, picks, number, zh=zh, in_traditional=in_traditional)


def _joined(slots: Slots, picks: list[np.ndarray], number: np.ndarray | None, *, zh: bool, in_traditional: bool) -> pa.StringArray:
    parts = [fragments.take(pa.array(pick)) for fragments, pick in zip(_arrays(slots, in_traditional), picks, strict=True)]
    if number is not None:
        parts.append(pa.array(number).cast(pa.string()))
    return pc.binary_join_element_wise(*parts, "" if zh else " ")


def mixed(rng: np.random.Generator, slots: dict[str, Slots], language: np.ndarray, *, numbered: bool) -> pa.StringArray:
    """One text per entry of `language` (0 English, 1 simplified, 2 traditional Chinese)."""
    blocks = [
        compose(rng, slots[name], int((language == code).sum()), zh=name == "zh", in_traditional=code == 2, numbered=numbered)
        for code, name in ((0, "en"), (1, "zh"), (2, "zh"))
    ]
    order = np.argsort(np.argsort(language, kind="stable"), kind="stable")
    return pa.concat_arrays(blocks).take(pa.array(order))


class FamilyBook:
    """The coordinated texts, week by week. Families of a week stand in blocks by language and topic, `per_block` in each, and every
    family has VARIANTS texts; family k of week w has the group number w * 1,000,000 + k."""

    def __init__(self, seed: int, per_block: int) -> None:
        self._seed = seed
        self.per_block = per_block
        self._weeks: dict[int, FamilyWeek] = {}

    def week(self, week: int) -> "FamilyWeek":
        if week not in self._weeks:
            rng = np.random.default_rng([self._seed, 101, week])
            self._weeks[week] = FamilyWeek(rng, week, self.per_block)
            for old in [w for w in self._weeks if w < week - 3]:
                del self._weeks[old]
        return self._weeks[week]


class FamilyWeek:
    """`texts` holds VARIANTS entries a family; `url` and `mirror` are the family's two links, `media` its image or null."""

    def __init__(self, rng: np.random.Generator, week: int, per_block: int) -> None:
        blocks = [(language, topic) for language in LANGUAGES for topic in TOPICS]
        self.base: list[str] = []
        texts: list[str] = []
        for language, topic in blocks:
            slots, zh = family_slots(language, topic), language == "zh"
            picks = [rng.integers(0, len(slot), per_block) for slot in slots]
            number = rng.integers(1_000, 10_000_000, per_block)
            plain = _joined(slots, picks, number, zh=zh, in_traditional=False).to_pylist()
            other = _joined(slots, picks, number, zh=True, in_traditional=True).to_pylist() if zh else plain
            self.base += plain
            draws = rng.integers(0, 1 << 30, (per_block, 4)).tolist()
            for text, in_other, draw in zip(plain, other, draws, strict=True):
                texts += _variants(text, in_other if zh else "", draw)
        count = len(self.base)
        self.texts = pa.array(texts)
        self.domain_of = rng.integers(0, len(CAMPAIGN_DOMAINS), count)
        self.mirror_of = (self.domain_of + rng.integers(1, len(CAMPAIGN_DOMAINS), count)) % len(CAMPAIGN_DOMAINS)
        self.url = pa.array([f"https://{CAMPAIGN_DOMAINS[d]}/{week}/{k}" for k, d in enumerate(self.domain_of)])
        self.mirror = pa.array([f"https://{CAMPAIGN_DOMAINS[d]}/{week}/{k}" for k, d in enumerate(self.mirror_of)])
        hashes = rng.integers(0, 1 << 63, count)
        has_media = rng.random(count) < 0.3
        self.media = pa.array([f"{h:016x}" if m else None for h, m in zip(hashes, has_media, strict=True)], pa.string())
        self.has_url = rng.random(count) < 0.55


def _variants(text: str, traditional_text: str, draw: list[int]) -> list[str]:
    """The text as it is and eight small changes of the kinds that copied posts show: emoji, invisible characters, truncation, and the
    traditional script (for English: punctuation)."""
    cut = max(20, int(len(text) * (0.91 + draw[0] % 7 / 100)))
    middle = len(text) // 3 + draw[1] % max(1, len(text) // 3)
    first, second = EMOJI[draw[2] % len(EMOJI)], EMOJI[draw[3] % len(EMOJI)]
    return [
        text,
        f"{text} {first}",
        f"{first} {text}",
        f"{text} {first}{second}",
        text[:middle] + ZERO_WIDTH_SPACE + text[middle:],
        text[:middle] + ZERO_WIDTH_JOINER + text[middle:] + ZERO_WIDTH_SPACE,
        f"{text[:cut]}…",
        traditional_text or f"{text}!!",
        f"{traditional_text or text} .",
    ]
