"""What a backfill will do: one line a period, decided before anything runs."""

from collections.abc import Mapping, Sequence
from typing import Literal

from tasks.domain.bundles import Pointer
from tasks.domain.errors import UsageProblem
from tasks.domain.periods import Period
from tasks.domain.records import Record
from tasks.domain.run_summary import RunState, RunSummary

Mode = Literal["missing", "failed", "all"]
Standing = Literal["published", "failed", "blocked", "missing"]


class PlannedPeriod(Record):
    """`state` as found, `action` as decided: make or skip. `mails`: how many messages it may send."""

    period: str
    state: Standing
    action: Literal["make", "skip"]
    rows: int
    seconds: float | None  # of the newest run that made a period of this campaign; null: there was none
    mails: int


def checked_mode(mode: str) -> Mode:
    """Raises UsageProblem for a mode that is none."""
    match mode:
        case "missing" | "failed" | "all":
            return mode
    raise UsageProblem(f"{mode!r} is not a mode of backfill.", remedy="Use missing, failed or all.")


def standing(period: Period, published: Mapping[str, Pointer], runs: Sequence[RunSummary]) -> Standing:
    """How a period stands: published counts most, else what its newest ended run came to."""
    if period.path in published:
        return "published"
    ended: list[RunState] = [run.state for run in runs if run.period == period.path and run.state in ("failed", "blocked")]
    return "missing" if not ended else "blocked" if ended[-1] == "blocked" else "failed"


def plan_backfill(
    periods: Sequence[Period],
    mode: Mode,
    published: Mapping[str, Pointer],
    runs: Sequence[RunSummary],
    rows: Mapping[str, int],
    recipients: int,
) -> list[PlannedPeriod]:
    """Decide for each period. `missing`: whatever has no briefing; `failed`: whose newest run failed or was blocked; `all`: everything
    (what is unchanged comes out as the same edition). `rows` by period key; `recipients` is 0 without --deliver."""
    took = [sum(time.seconds for time in run.stages) for run in runs if run.flow == "briefing" and run.state == "done"]
    planned = []
    for period in periods:
        state = standing(period, published, runs)
        make = (
            mode == "all" or (mode == "missing" and state != "published") or (mode == "failed" and state in ("failed", "blocked"))
        )
        planned.append(
            PlannedPeriod(
                period=period.key,
                state=state,
                action="make" if make else "skip",
                rows=rows.get(period.key, 0),
                seconds=round(took[-1], 1) if took else None,
                mails=recipients if make else 0,
            )
        )
    return planned
