"""docs/calibration.md from the figures of tests/accuracy/calibration.py."""

from collections.abc import Iterable
from typing import Any

Part = dict[str, Any]

HEAD = """# Calibration of detection

Made by `./run calibration` (`--full` for the 5 million posts); every figure in a table is measured by it. What is tested, and why
the test is right: [methods, 5](methods.md#more-than-chance). Seeds: simulation 1, permutations 0 to {last}. Thresholds are those
of a campaign file that says nothing: q at most 0.01, p_timing at most 0.01, 60 s, 2 shares an account; 120 s for the minute
clocks of the Internet Research Agency's posts (IRA). Behaviours: same link and same text, with one correction over both;
where it says amplified, all seven (`co-domain` too), 60 s each, one correction over all. A smaller form of every table runs with
the ordinary tests and fails if the calibration is lost.
"""

LABELS = """## Chance: who posted is dealt out anew

Labels are permuted within slots (platform, language, 6 hours): the null itself. Of {sets} sets at most {most} may have any edge
at q <= 0.01. Texts stay with their posts, and a text family depends on texts and their times only, so the families of a permuted
set are those of the data (a test shows it). The last columns are the share of all tests with a p-value that small: below the
level, because X is a whole number and lambda errs upward.
"""

TIMES = """## Chance: when is dealt out anew

Each object follows the course of time of another one about as popular, and its sharers come in random order. What remains is
shared interest: `p_timing` should be at most 0.01 in no more than 1 % of the pairs with five objects in common, and of the edges
at q <= 0.01 about 1 % may be called coordinated: these pairs were chosen because they met often, so it may be somewhat more.
"""

DECOYS = """## False findings among people who are no campaign

The simulation without its campaign: activists repeat slogans at their own time, news fans share an article within seconds of its
appearance. A control set qualifies with at least 200 accounts and clocks of a second; one in which no pair co-acted held nothing
that could pass, and says little. Beside a campaign, decoys have a harder stand: its posts share their slots and are exchanged
with theirs (pairs that are not right in the next table).
"""

RECALL = """## Precision and recall, one threshold at any size

Simulation `spamouflage`, 48 weeks; 38 % of the posts are the campaign's. An edge is right if both accounts are the campaign's.
Recall of accounts: of the campaign's accounts with 5 posts, those with an edge; of pairs: of two that took part in so many bursts
together, the share found. Texts of 5 million posts were grouped by the simulation's own labels: the search for families of so
many was given up at 12 GB of memory. What that changes shows where both were done. The reference marks weights strictly above a
quantile, which is a share of the edges and not an error rate: what it finds moves with the size of the data.
"""

POWER = """## How often must a pair act together?

Ordinary sharing of 100,000 rows by 5,000 accounts in ten days, and 20 pairs a set (5 sets) that share so many of the same links
20 s apart at most. Each account shares `alone` other links by itself: what a loud account does together tells less. In brackets:
called coordinated.
"""

APART = """
Behaviour by behaviour, in the scenario `amplified`, where teams and decoys also pass on, answer, tag and show the same: all sets of
permuted labels together, and its decoys alone. A behaviour without rows was not tested: at this size every host that is no platform is a
hub, so `co-domain` has no object left.
"""

DATA = {
    "simulated": "simulation, 100,000 posts",
    "amplified": "simulation, amplified, 100,000 posts",
    "agency": "IRA, 100,000 posts from 2017-08-01",
    "example": "CooRTweet's example",
}


BURSTS = ("3", "5", "10")


def page(kept: dict[str, Part]) -> str:
    """The whole page; raises KeyError naming a part that was never measured."""
    sets = kept["labels-simulated"]["figures"]["sets"]
    sections = [
        HEAD.format(last=sets - 1),
        LABELS.format(sets=sets, most=sets * 3 // 100) + _labels(kept),
        TIMES + _times(kept),
        DECOYS + _decoys(kept) + APART + _apart(kept),
        RECALL + _recall(kept),
        POWER + _power(kept),
        "## What it costs\n\n" + _costs(kept),
    ]
    return "\n".join(sections)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _labels(kept: dict[str, Part]) -> str:
    rows = []
    for name, data in DATA.items():
        f = kept[f"labels-{name}"]["figures"]
        p = [f"{f['p'][level]:.1e}" if f["p"][level] else "0" for level in _levels(f)]
        rows.append([data, f"{f['rows']:,}", f"{f['tests']:,}", f"{f['edges']:,}", str(f["sets"]), f"**{f['with_edge']}**", *p])
    levels = [f"p <= {level}" for level in _levels(kept["labels-simulated"]["figures"])]
    return _table(["data", "rows", "tests", "pairs co-acting in a set", "sets", "with any edge", *levels], rows)


def _levels(figures: Part) -> list[str]:
    return sorted(figures["p"], key=float, reverse=True)


def _times(kept: dict[str, Part]) -> str:
    rows = []
    for name, data in DATA.items():
        f = kept[f"times-{name}"]["figures"]
        p = [f"{f['p'][level]:.2%}" for level in _levels(f)]
        told = f["co_interest"] + f["coordinated"]
        share = f" ({f['coordinated'] / told:.1%})" if told else ""
        rows.append([data, str(f["sets"]), f"{f['pairs']:,}", *p, f"{told:,}", f"{f['coordinated']:,}{share}"])
    levels = [f"p_timing <= {level}" for level in _levels(kept["times-simulated"]["figures"])]
    return _table(["data", "sets", "pairs in a set", *levels, "edges at q <= 0.01, all sets", "called coordinated"], rows)


def _decoys(kept: dict[str, Part]) -> str:
    rows = []
    for scale in (100_000, 1_000_000):
        f = kept[f"decoys-{scale}"]["figures"]
        rows.append([f"simulated decoys, {f['posts']:,} posts", *_false(f)])
    f = kept["decoys-amplified"]["figures"]
    rows.append([f"simulated decoys, amplified, {f['posts']:,} posts", *_false(f)])
    for one in kept["controls"]["figures"]:
        name = f"{one['name']}, {one['posts']:,} posts"
        if one["lacks"]:
            rows.append([name, f"{one['accounts']:,}", "", "", f"not measurable ({one['lacks']})", "not measurable"])
        else:
            rows.append([name, *_false(one["found"])])
    return _table(["accounts of", "accounts", "tests", "pairs co-acting", "pairs at q <= 0.01", "called coordinated"], rows)


def _apart(kept: dict[str, Part]) -> str:
    permuted, alone = (kept[part]["figures"]["apart"] for part in ("labels-amplified", "decoys-amplified"))
    rows = []
    for name, f in permuted.items():
        held = [f"{one[what]:,}" for one in (f, alone[name]) for what in ("rows", "tests", "edges", "found")]
        rows.append([f"`{name}`", *held])
    names = ("rows", "tests", "pairs co-acting", "at q <= 0.01")
    return _table(["behaviour", *(f"{what}, {of}" for of in ("permuted", "decoys") for what in names)], rows)


def _false(f: Part) -> list[str]:
    def told(kind: str) -> str:
        pairs, accounts = f[kind], f[f"accounts_{kind}"]
        return f"{pairs:,}, {accounts:,} accounts ({accounts / f['accounts']:.2%})" if pairs else "0"

    return [f"{f['accounts']:,}", f"{f['tests']:,}", f"{f['edges']:,}", told("co_interest"), told("coordinated")]


def _recall(kept: dict[str, Part]) -> str:
    rows = []
    for name in ("recall-100000", "recall-true-100000", "recall-1000000", "recall-true-1000000", "recall-true-5000000"):
        if name not in kept:
            continue
        f = kept[name]["figures"]
        size = f"{f['posts']:,}{', texts by label' if f['true_families'] else ''}"
        for one in f["rules"]:
            precision = [_share(one["precision_pairs"]), _share(one["precision_accounts"])]
            recall = [_share(one["recall_accounts"]), *(_share(one["recall_pairs"][least]) for least in BURSTS)]
            rows.append([size, one["rule"], f"{one['pairs']:,}", *precision, *recall])
    bursts = [f"pairs with {least} bursts or more" for least in BURSTS]
    head = ["posts", "rule", "pairs found", "precision, pairs", "precision, accounts", "recall, accounts", *bursts]
    return _table(head, rows)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _power(kept: dict[str, Part]) -> str:
    figures = kept["power"]["figures"]
    often = sorted({f["often"] for f in figures})
    rows = []
    for own in sorted({f["own"] for f in figures}):
        held = {f["often"]: f for f in figures if f["own"] == own}
        rows.append([f"{own} alone", *(f"{held[k]['found']:.2f} ({held[k]['coordinated']:.2f})" for k in often)])
    others = sum(f["others"] for f in figures)
    table = _table(["shares", *(f"{k} times" for k in often)], rows)
    return f"{table}\nOther pairs found in all these sets together: {others}.\n"


def _costs(kept: dict[str, Part]) -> str:
    """Memory is the peak of the whole process, simulation included."""
    rows = [[f"`{name}`", f"{part['cpu_s']:,.0f}", f"{part['mb']:,}"] for name, part in sorted(kept.items())]
    return (
        "Seconds of one processor (2 cores of a shared machine, so not of a clock) and the peak memory of the part's process, simulation "
        "included.\n" + _table(["part", "s", "MB"], rows)
    )
