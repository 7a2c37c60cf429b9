"""How many claimed successors are right, and how many successors are claimed, on labelled simulation: with announcements and without.

    python tests/accuracy/successors.py [--scale 100000] [--write]

Members are the campaign's accounts and one organic account for every ten of them, as an imperfect list would have. The threshold is the
least whole number of bits with a precision of 0.97 on the first set of seeds, announcements not read; the second set validates it.
`--write` puts the validated figures where the briefing reads them.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.detect.families import text_families
from tasks.domain.accounts import ACCOUNTS
from tasks.domain.posts import POSTS
from tasks.rebuilding.cohorts import read_knowledge
from tasks.rebuilding.fate import read_checks
from tasks.rebuilding.successors.scoring import THRESHOLD, claimed
from tasks.rebuilding.successors.search import Search, search
from tasks.rebuilding.timeline import read_timelines
from tasks.simulate.scenario import simulate

FIXED_ON, VALIDATED_ON = (1, 2, 3, 4), (11, 12, 13, 14, 15, 16)
SCENARIOS = ("spamouflage", "slow", "fast", "no-return")
END = datetime(2023, 12, 4, tzinfo=UTC)
TARGET = Path(__file__).resolve().parents[2] / "tasks" / "rebuilding" / "successors" / "measured.py"


@dataclass(frozen=True)
class World:
    """One platform of one simulated campaign, searched; `truth`: later account to lost account; `brand`: account to its brand."""

    scenario: str
    seed: int
    platform: str
    said: bool
    found: Search
    truth: dict[str, str]
    brand: dict[str, int]


def worlds(scenario: str, seed: int, scale: int) -> Iterator[World]:
    """Every platform twice: with announcements and without."""
    made = simulate(scenario, seed=seed, scale=scale)
    accounts = pd.DataFrame(made.truth["accounts"]).reindex(columns=["platform", "account_id", "role", "successor_of", "brand"])
    campaign = accounts[accounts["role"] == "campaign"]
    organic = accounts[accounts["role"] != "campaign"].sample(len(campaign) // 10, random_state=seed)
    members = pd.concat([campaign, organic])["account_id"]
    posts, observations = POSTS.from_arrow(made.posts), ACCOUNTS.from_arrow(made.accounts)
    posts, observations = (f[f["account_id"].isin(members)].reset_index(drop=True) for f in (posts, observations))
    posts, observations = (f.assign(batch_id="b", row_number=np.arange(len(f)), campaign="c") for f in (posts, observations))
    families = text_families(posts)
    posts["family_id"] = families["family_id"].where(~families["short"].fillna(True).astype(bool))
    truth = dict(campaign.dropna(subset="successor_of")[["account_id", "successor_of"]].itertuples(index=False))
    brand = dict(campaign.dropna(subset="brand")[["account_id", "brand"]].itertuples(index=False))
    for platform, timeline in read_timelines(posts, END).items():
        knowledge, checks = read_knowledge(timeline, observations), read_checks(timeline, observations)
        for said in (True, False):
            found = search(timeline, knowledge, checks, observations, announcements=said)
            yield World(scenario, seed, platform, said, found, truth, brand)


def score(world: World, threshold: float = THRESHOLD) -> Counter[str]:
    """claimed, right, siblings (claimed although of one brand), pairs (true successions of which both accounts posted)."""
    people, pairs = world.found.people, world.found.pairs
    chosen = claimed(pairs, threshold)
    ids = people.ids
    result: Counter[str] = Counter(claimed=0, right=0, siblings=0, pairs=0)
    for one, other in zip(pairs.lost[chosen], pairs.later[chosen], strict=True):
        result["claimed"] += 1
        result["right"] += world.truth.get(ids[other]) == ids[one]
        result["siblings"] += world.brand.get(ids[other], -1) == world.brand.get(ids[one], -2)
    here = set(ids)
    result["pairs"] = sum(later in here and lost in here for later, lost in world.truth.items())
    return result


def table(found: list[World], threshold: float = THRESHOLD) -> list[str]:
    lines = [
        f"{'scenario':<14}{'announcements':<16}{'pairs':>7}{'claimed':>9}{'right':>7}{'siblings':>10}{'precision':>11}{'recall':>8}"
    ]
    for scenario in (*SCENARIOS, "all"):
        for said in (True, False):
            total: Counter[str] = Counter()
            for world in found:
                if world.said == said and scenario in (world.scenario, "all"):
                    total.update(score(world, threshold))
            precision = f"{total['right'] / total['claimed']:.3f}" if total["claimed"] else "-"
            recall = f"{total['right'] / total['pairs']:.3f}" if total["pairs"] else "-"
            lines.append(
                f"{scenario:<14}{'read' if said else 'not read':<16}{total['pairs']:>7}{total['claimed']:>9}{total['right']:>7}"
                f"{total['siblings']:>10}{precision:>11}{recall:>8}"
            )
    return lines


def thresholds(found: list[World]) -> list[str]:
    """Precision and recall by threshold, announcements not read: how the threshold was fixed."""
    lines = [f"{'threshold':>9}{'claimed':>9}{'right':>7}{'precision':>11}{'recall':>8}"]
    blind = [world for world in found if not world.said]
    for threshold in np.arange(2.0, 11.0, 1.0):
        total: Counter[str] = Counter()
        for world in blind:
            total.update(score(world, float(threshold)))
        shares = total["right"] / max(total["claimed"], 1), total["right"] / max(total["pairs"], 1)
        lines.append(f"{threshold:>9.1f}{total['claimed']:>9}{total['right']:>7}{shares[0]:>11.3f}{shares[1]:>8.3f}")
    return lines


def written(found: list[World], scale: int) -> str:
    totals = {said: sum((score(world) for world in found if world.said == said), Counter()) for said in (True, False)}
    where = f"{len(VALIDATED_ON)} seeds of {len(SCENARIOS)} scenarios at {scale:,} posts, one organic account for every ten members"
    numbers = [
        f"{name}{suffix}={totals[said][key]}"
        for said, suffix in ((True, ""), (False, "_unannounced"))
        for name, key in (("claimed", "claimed"), ("right", "right"))
    ]
    return (
        '"""Accuracy on labelled simulation, written by tests/accuracy/successors.py --write: not edited by hand."""\n\n'
        "from tasks.domain.rebuilding import SuccessorAccuracy\n\n"
        f"MEASURED = SuccessorAccuracy(\n    threshold={THRESHOLD},\n    pairs={totals[True]['pairs']},\n    "
        + ",\n    ".join(numbers)
        + f',\n    data="{where}",\n)\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    for title, seeds in (("fixed on", FIXED_ON), ("validated on", VALIDATED_ON)):
        found = [world for seed in seeds for name in SCENARIOS for world in worlds(name, seed, chosen.scale)]
        lines = [
            f"\n{title} seeds {seeds}, threshold {THRESHOLD}",
            *table(found),
            *(thresholds(found) if seeds is FIXED_ON else ()),
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        TARGET.write_text(written(found, chosen.scale), encoding="utf-8")


if __name__ == "__main__":
    main()
