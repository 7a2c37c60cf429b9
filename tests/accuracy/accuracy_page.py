"""docs/accuracy.md, written from outcomes."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rebuilding_accuracy import EffortOutcome, Outcome, Times

Cells = dict[tuple[str, float, float], "list[Outcome]"]

HEAD = """# Accuracy of the measures of rebuilding

Written by `./run accuracy`; do not edit. Every row is {replicates:,} simulated campaigns whose course is known
(`tests/accuracy/rebuilding_worlds.py`): 100 accounts that post at rates of their own, 85 % of them removed on one day, and then no return,
a slow one (two thirds of what returns is back after 60 days) or a fast one (12 days), by accounts created after the takedown, prepared
before it, or dormant for months. A factor that all accounts share wanders from week to week, with a standard deviation of 0.3 in the
logarithm and the autocorrelation of the row; days add noise, weekends are quieter. Of 15 % of the accounts no creation date is known, of
15 % only the month. Where 30 % of the posts are missing they are missing at random. What is measured are the functions of
`tasks/rebuilding` on the posts that were collected, 6, 9 and 18 weeks after the takedown. Methods:
[methods](methods.md#7-takedown-and-rebuilding). A share of 0.90 in a row is known to ± {margin:.3f} (95 %).

The simulator was made by the authors of the measures. It shows that they do what they say where their assumptions hold, and how they give
way where one does not; not how a campaign behaves that nobody invented.
"""


def page(outcomes: Cells, effort: "dict[tuple[str, float], list[EffortOutcome]]", replicates: int) -> str:
    parts = [
        HEAD.format(replicates=replicates, margin=1.96 * np.sqrt(0.09 / replicates)),
        _index(outcomes),
        _words(outcomes),
        _days(outcomes),
        _cohorts(outcomes),
        _effort(effort),
    ]
    return "\n".join(parts)


def _index(outcomes: Cells) -> str:
    """Coverage and bias of the index at the last reading, and of posts at all readings."""
    head = ["scenario", "missing", "autocorrelation", "posts: 6 w", "9 w", "18 w", "bias", "accounts: 6 w", "9 w", "18 w", "bias"]
    rows = []
    for cell, found in outcomes.items():
        row = _name(cell)
        for series in ("posts", "accounts"):
            row += [_share(o.reads[i].covered[series] for o in found) for i in range(len(found[0].reads))]
            row.append(f"{np.median([o.reads[-1].ratio[series] for o in found]) - 1:+.3f}")
        rows.append(row)
    means = ", ".join(f"{_mean_covered(outcomes, rho):.3f} at {rho:g}" for rho in dict.fromkeys(cell[2] for cell in outcomes))
    return f"""## The index and its interval

Share of campaigns whose nominal 90 % interval of the latest index (plain basis) holds the expected one, and bias: the median of measured
over expected index, less 1, at 18 weeks. Promised for posts: 0.85 to 0.95 up to an autocorrelation of 0.3, where a single row may lie
outside by chance; the mean over the rows and weeks is {means}. For accounts the expected
index is that of a complete collection: where posts are missing, quiet accounts drop out of days sooner than loud ones. Where hardly
any account is left (no return: some 15) the bootstrap over accounts is the wider interval; it asks what other accounts would have done,
the table what these do, so it errs upward.

{_table(head, rows)}
"""


def _mean_covered(outcomes: Cells, rho: float) -> float:
    return float(
        np.mean([read.covered["posts"] for cell, found in outcomes.items() if cell[2] == rho for o in found for read in o.reads])
    )


def _words(outcomes: Cells) -> str:
    head = ["scenario", "missing", "autocorrelation", "rebuilding: 6 w", "9 w", "18 w", "something came back: 6 w", "9 w", "18 w"]
    rows = []
    for cell, found in outcomes.items():
        states = [[o.reads[i].state for o in found] for i in range(len(found[0].reads))]
        row = _name(cell) + [_share(state == "rebuilding" for state in read) for read in states]
        rows.append(row + [_share(state in ("rebuilding", "back", "partly back") for state in read) for read in states])
    return f"""## What the briefing says

Share of campaigns called *rebuilding*, and share of which anything is said to have come back (*rebuilding*, *partly back*, *back*). Where
nothing returned the first must be at most 0.02 in every row. Where something returns, both say how often it is noticed: caution has a
price. A campaign that is back is not called rebuilding any more.

{_table(head, rows)}
"""


def _days(outcomes: Cells) -> str:
    rest = ["expected", "error, days", "90 % of errors", "range holds it", "censored rightly"]
    head = ["scenario", "missing", "autocorrelation", f"t50: {rest[0]}", *rest[1:], f"t90: {rest[0]}", *rest[1:]]
    rows = []
    for cell, found in outcomes.items():
        rows.append([*_name(cell), *_errors([o.t50 for o in found]), *_errors([o.t90 for o in found])])
    return f"""## Days until half and nine tenths were back

`expected`: the median of the days on which the expected index was back (censored: not within 18 weeks, in most campaigns). Errors are of
campaigns in which both the measured and the expected index came back: median, and 5th to 95th percentile. `range holds it`: the range
`t50_between` or `t90_between` holds the expected day, or is open to the end where that did not come. `censored rightly`: of campaigns
whose expected index did not come back in time, the share of which that is said. The first week that touches the threshold counts: where
the true course runs close below it, a noisy one touches it early, and the range, not the day, is to be read.

{_table(head, rows)}
"""


def _errors(times: "Sequence[Times]") -> list[str]:
    known = [t for t in times if isinstance(t.expected, int)]
    expected = f"{np.median([t.expected for t in known]):.0f}" if 2 * len(known) > len(times) else "censored"
    both = [t.measured - t.expected for t in known if isinstance(t.measured, int)]
    open_ended = [t for t in times if t.expected == "censored"]
    low, high = np.percentile(both, [5, 95]) if both else (0, 0)
    return [
        expected,
        f"{np.median(both):+.0f}" if both else "",
        f"{low:+.0f} to {high:+.0f}" if both else "",
        _share(t.between for t in times),
        f"{_share(t.measured == 'censored' for t in open_ended)} of {len(open_ended):,}" if open_ended else "",
    ]


def _cohorts(outcomes: Cells) -> str:
    head = ["scenario", "missing", "accounts, relative error", "in a wrong cohort", "left open"]
    rows = []
    for scenario, missing in dict.fromkeys(cell[:2] for cell in outcomes):
        found = [o for cell, many in outcomes.items() if cell[:2] == (scenario, missing) for o in many]
        columns: list[Callable[[Outcome], float]] = [lambda o: o.total_error, lambda o: o.misplaced, lambda o: o.left_open]
        values = [[column(o) for o in found] for column in columns]
        cells = [f"{np.mean(value):+.3f}" if i == 0 else f"{np.mean(value):.3f}" for i, value in enumerate(values)]
        rows.append([scenario, f"{missing:.0%}", *cells])
    return f"""## Cohorts

18 weeks after the takedown, means over all autocorrelations: error of the number of accounts that posted after it; of these, the share
that stands in a cohort it does not belong to, and the share left under `first_observed` or `undetermined`, because no creation date is
known or only the month.

{_table(head, rows)}
"""


def _effort(effort: "dict[tuple[str, float], list[EffortOutcome]]") -> str:
    head = [
        "scenario",
        "autocorrelation",
        "plain: holds it",
        "measured over expected",
        "fixed queries: holds it",
        "measured over expected",
        "change named",
    ]
    rows = [
        [
            scenario,
            f"{rho:g}",
            _share(o.plain for o in found),
            f"{np.median([o.plain_ratio for o in found]):.2f}",
            _share(o.fixed for o in found),
            f"{np.median([o.fixed_ratio for o in found]):.2f}",
            _share(o.flagged for o in found),
        ]
        for (scenario, rho), found in effort.items()
    ]
    return f"""## More asking is not more posting

Three weeks after the takedown the queries double: until then half of the accounts were asked for, from then on all. Shares of campaigns
in which the 90 % interval holds the expected index at 18 weeks (for fixed queries: that of the accounts asked for throughout), and in which
the confounders name the change.

{_table(head, rows)}
"""


def _name(cell: tuple[str, float, float]) -> list[str]:
    scenario, missing, rho = cell
    return [scenario, f"{missing:.0%}", f"{rho:g}"]


def _share(values: Iterable[bool]) -> str:
    return f"{np.mean(list(values)):.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
