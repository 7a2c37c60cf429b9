# ruff: noqa: T201 - a command that prints its table
"""The archive of 2017 under three takedown ledgers: `python tests/accuracy/three_ledgers.py` prints the table of
docs/example-three-ledgers.md, `--write` puts it there.

Needs the public reference data (docs/methods.md, Reference data); RESURGE_SHARED_DATA names their folder. About 40 s.
"""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from flows.campaign_file import load_campaign
from tasks.domain.accounts import ACCOUNTS, MEMBERSHIP
from tasks.domain.campaign import Campaign
from tasks.domain.measures import Estimate, NotMeasurable
from tasks.domain.periods import Cutoff, parse_period
from tasks.domain.ports import LandedFile
from tasks.domain.posts import POSTS
from tasks.domain.rebuilding import Basis, Series, TakedownFacts
from tasks.domain.takedowns import Takedown
from tasks.fetch.sources.ira import IraImporter
from tasks.rebuilding.index import find_series
from tasks.rebuilding.measure import measure

PAGE = Path(__file__).resolve().parents[2] / "docs" / "example-three-ledgers.md"
BEGIN, END = "<!-- made by tests/accuracy/three_ledgers.py -->", "<!-- end -->"
PERIOD = parse_period("2017-10")  # ends on 2017-11-01, when the list was published
FILES = ("ira_accounts.parquet", "ira_posts_2017_01_to_10.parquet")


def _inferred(first: date, last: date) -> Takedown:
    return Takedown(takedown_id="assumed", platform="twitter", effective_from=first, effective_to=last, source="inferred")


LEDGERS = {
    "3 to 23 August": lambda plan: [row for row in plan.takedowns if row.source == "inferred"],
    "18 August alone": lambda _: [_inferred(date(2017, 8, 18), date(2017, 8, 18))],
    "25 August alone": lambda _: [_inferred(date(2017, 8, 25), date(2017, 8, 25))],
}


def measured(folder: Path) -> dict[str, TakedownFacts]:
    """The facts of the period that ends on 2017-11-01, by ledger. `folder`: the reference data."""
    posts, observations = _frames(folder)
    plan = load_campaign(None, "ira-2017")
    accounts = observations[["campaign", "platform", "account_id"]].drop_duplicates()
    members = MEMBERSHIP.conform(
        accounts.assign(known_at=pd.Timestamp("2017-11-01", tz="UTC"), basis="platform list", outcome_selected=True, reason="named")
    )
    return {name: _measured(plan, rows(plan), posts, observations, members) for name, rows in LEDGERS.items()}


def _frames(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    landed = [LandedFile(path=folder / "ira" / name, name=name, sha256="0" * 64) for name in FILES]
    parsed = IraImporter().parse(landed, observed_at="posted", options={})
    batch = {"campaign": "ira-2017", "batch_id": "b"}
    return POSTS.conform(parsed.posts.assign(**batch)), ACCOUNTS.conform(parsed.accounts.assign(**batch))


def _measured(
    plan: Campaign, rows: list[Takedown], posts: pd.DataFrame, observations: pd.DataFrame, members: pd.DataFrame
) -> TakedownFacts:
    (facts,) = measure(
        plan.model_copy(update={"takedowns": rows}),
        posts=posts,
        observations=observations,
        members=members,
        period=PERIOD,
        cutoff=Cutoff(PERIOD.end, datetime(2017, 11, 1, tzinfo=UTC)),
        queries=(),
        seed=1,
    )
    return facts


def table(facts: dict[str, TakedownFacts]) -> str:
    """Markdown: one row a measure, one column a ledger."""
    columns = [dict(_rows(one)) for one in facts.values()]
    lines = [f"| | {' | '.join(facts)} |", f"|---|{'---|' * len(facts)}"]
    lines += [f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]]
    return "\n".join(lines)


def _rows(facts: TakedownFacts) -> list[tuple[str, str]]:
    return [*_before(facts), *_index(facts), *_who(facts), *_signs(facts)]


def _before(facts: TakedownFacts) -> list[tuple[str, str]]:
    base, prior = facts.baseline, facts.prior_level
    assert facts.t0 is not None
    assert facts.t0_end is not None
    assert not isinstance(base, NotMeasurable)
    assert not isinstance(prior, NotMeasurable)
    return [
        ("episode, t0 to t0_end", f"{facts.t0:%Y-%m-%d} to {facts.t0_end:%Y-%m-%d}"),
        ("baseline, posts a day", f"{base.posts:,.1f}"),
        ("baseline, active accounts a day", f"{base.accounts:.1f}"),
        ("baseline weeks used / left out", f"{base.weeks} / {base.weeks_left_out}"),
        ("last week before t0, posts a day", f"{prior.posts:,.1f}"),
    ]


def _index(facts: TakedownFacts) -> list[tuple[str, str]]:
    rows = []
    wanted: list[tuple[Series, Basis]] = [
        ("posts", "plain"),
        ("posts", "fixed_accounts"),
        ("accounts", "plain"),
        ("accounts", "fixed_accounts"),
    ]
    for series, basis in wanted:
        found = find_series(facts.rebuild_index, series, basis)
        name = f"index of {series}{', accounts known before t0 only' if basis == 'fixed_accounts' else ''}"
        rows.append((name, _estimate(found.latest)))
        if (series, basis) == ("posts", "plain"):
            rows.append(("nadir of posts, its day", f"{_number(found.nadir)}, {found.nadir_day}"))
    return [
        *rows,
        ("loss", _number(facts.loss)),
        ("level, direction", f"{_word(facts.level)}, {_word(facts.direction)}"),
        ("t50, t90 (days)", f"{_word(facts.t50_days)}; {_word(facts.t90_days)}"),
    ]


def _who(facts: TakedownFacts) -> list[tuple[str, str]]:
    cohorts, fate, replacement = facts.cohorts, facts.fate, facts.replacement
    assert not isinstance(cohorts, NotMeasurable)
    assert not isinstance(fate, NotMeasurable)
    assert not isinstance(replacement, NotMeasurable)
    names = ("survivor", "reactivated", "created_after", "pre_positioned", "first_observed", "undetermined")
    return [
        *((f"cohort {name}: accounts (posts)", _pair(getattr(cohorts, name), getattr(cohorts.posts, name))) for name in names),
        ("cohorts, total", _pair(cohorts.total, cohorts.posts.total)),
        ("at risk / still posting / unknown", f"{fate.at_risk} / {fate.still_posting} / {fate.unknown}"),
        ("removal rate", _word(fate.removal_rate)),
        ("gained / lost a week", f"{replacement.gained_per_week:.1f} / {replacement.lost_per_week:.1f}"),
    ]


def _signs(facts: TakedownFacts) -> list[tuple[str, str]]:
    assert not isinstance(facts.loss_waves, NotMeasurable)
    assert not isinstance(facts.bursts, NotMeasurable)
    assert not isinstance(facts.creation_batches, NotMeasurable)
    assert not isinstance(facts.successors, NotMeasurable)
    confirmed = [f"{wave.day:%d %b} ({wave.lost})" for wave in facts.loss_waves if not wave.provisional]
    provisional = [f"{wave.day:%d %b} ({wave.lost})" for wave in facts.loss_waves if wave.provisional]
    batches = [f"{batch.start:%d %b} ({batch.accounts})" for batch in facts.creation_batches if batch.start.year == PERIOD.end.year]
    assert facts.t0 is not None
    assert facts.t0_end is not None
    inside = [wave for wave in facts.loss_waves if facts.t0.date() <= wave.day < facts.t0_end.date()]
    support = (
        f"{sum(wave.lost for wave in inside)} accounts on {', '.join(f'{wave.day:%d %b}' for wave in inside)}" if inside else "none"
    )
    return [
        ("loss waves inside the episode", support),
        ("loss waves confirmed (accounts)", ", ".join(confirmed) or "none"),
        ("loss waves provisional", ", ".join(provisional) or "none"),
        ("bursts of short-lived accounts", ", ".join(f"{burst.day:%d %b} ({burst.accounts})" for burst in facts.bursts) or "none"),
        ("creation batches of 2017", ", ".join(batches) or "none"),
        ("successors claimed", ", ".join(f"{one.lost} → {one.later}" for one in facts.successors) or "none"),
    ]


def _estimate(value: Estimate | NotMeasurable) -> str:
    if isinstance(value, NotMeasurable):
        return _word(value)
    if isinstance(value.interval, NotMeasurable):
        return f"{value.value:.2f}"
    return f"{value.value:.2f} ({value.interval.low:.2f} to {value.interval.high:.2f})"


def _pair(accounts: int | NotMeasurable, posts: int | NotMeasurable) -> str:
    return f"{accounts:,} ({posts:,})" if isinstance(accounts, int) and isinstance(posts, int) else _word(accounts)


def _number(value: float | NotMeasurable) -> str:
    return _word(value) if isinstance(value, NotMeasurable) else f"{value:.2f}"


def _word(value: object) -> str:
    return f"not measurable: {value.reason}" if isinstance(value, NotMeasurable) else str(value)


def documented() -> str:
    """The table as it stands on the page."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def main() -> None:
    named = os.environ.get("RESURGE_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
    facts = measured(Path(named))
    made = table(facts)
    print(made)
    for name, one in facts.items():
        print(f"\n{name}")
        print("\n".join(f"- {text}" for text in (*one.confounders, *one.caveats)))
    if "--write" in sys.argv[1:]:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n\n{made}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
