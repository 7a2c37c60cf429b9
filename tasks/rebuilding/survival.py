"""How long accounts stayed active: Kaplan-Meier curves, and when an account counts as lost."""

import numpy as np
from lifelines import KaplanMeierFitter

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import CohortName, SurvivalCurve, SurvivalPoint
from tasks.rebuilding.cohorts import Assignment
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.timeline import SILENCE_DAYS, Timeline

LATER: tuple[CohortName, ...] = ("created_after", "pre_positioned", "first_observed")
FEWEST_ACCOUNTS = 5


def lost_accounts(timeline: Timeline) -> np.ndarray:
    """Boolean per account: silent before the end of the data for at least its own threshold. Accounts whose silence the data are too
    short to show are not counted.
    """
    silence = timeline.end - 1 - timeline.last_day
    lost: np.ndarray = silence >= timeline.lost_after
    return lost


def measure_survival(
    timeline: Timeline, episode: Episode, risk: np.ndarray, assignment: Assignment
) -> tuple[SurvivalCurve, ...] | NotMeasurable:
    """The accounts at risk from t0, and each cohort of later accounts from its first post, to the last post.

    Curves end at end - 30 d: an account that posted on or after that day is censored there. Accounts that first posted after it are
    in no curve. Groups of fewer than 5 accounts are left out.
    """
    horizon = timeline.end - SILENCE_DAYS
    if horizon <= episode.start:
        after = f"the data end {timeline.end - episode.start} days after the takedown"
        return NotMeasurable(reason=f"a silence of {SILENCE_DAYS} days cannot be seen yet: {after}")
    curves = []
    groups: list[tuple[str, np.ndarray, np.ndarray]] = [("at risk at t0", risk, np.full(len(risk), episode.start))]
    groups += [(name, assignment.members(name), timeline.first_day) for name in LATER]
    for name, members, origin in groups:
        members = members & (origin < horizon)
        if members.sum() >= FEWEST_ACCOUNTS:
            curves.append(curve(name, origin[members], timeline.last_day[members], horizon))
    if not curves:
        return NotMeasurable(reason=f"fewer than {FEWEST_ACCOUNTS} accounts in every group")
    return tuple(curves)


def curve(group: str, origin: np.ndarray, last: np.ndarray, horizon: int) -> SurvivalCurve:
    """Kaplan-Meier (lifelines) with a 90 % log-log interval. Days are whole days; a last post before the origin counts at day 0."""
    ended = last < horizon
    duration = np.maximum(np.where(ended, last, horizon) - origin, 0)
    spells, weights = np.unique(np.stack([duration, ended.astype(duration.dtype)]), axis=1, return_counts=True)
    fitter = KaplanMeierFitter(alpha=0.1).fit(spells[0], event_observed=spells[1], weights=weights)
    survival = fitter.survival_function_.iloc[:, 0]
    bounds = fitter.confidence_interval_.to_numpy()
    at_risk = fitter.event_table["at_risk"].reindex(survival.index).to_numpy()
    median = fitter.median_survival_time_
    return SurvivalCurve(
        group=group,
        accounts=len(origin),
        points=tuple(
            SurvivalPoint(
                day=int(day), value=round(float(value), 6), low=_bound(low, value), high=_bound(high, value), at_risk=int(remaining)
            )
            for day, value, (low, high), remaining in zip(survival.index, survival.to_numpy(), bounds, at_risk, strict=True)
        ),
        median_days=float(median) if np.isfinite(median) else NotMeasurable(reason="more than half were still active at the end"),
    )


def _bound(bound: float, value: float) -> float:
    """Where nobody or everybody is left the log-log interval is undefined and collapses on the value."""
    return round(float(value if np.isnan(bound) else bound), 6)
