"""The record of a takedown around which nothing can be measured: every field carries the reason."""

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import IndexSeries, TakedownFacts
from tasks.domain.takedowns import Known, Takedown
from tasks.rebuilding.episodes import Episode, ledger_row
from tasks.rebuilding.index import BASES, not_measured
from tasks.rebuilding.timeline import day_start


def unmeasured_index(reason: str) -> tuple[IndexSeries, ...]:
    """All nine series with the same reason."""
    return tuple(series for basis in BASES for series in not_measured(basis, reason))


def unmeasured(
    rows: tuple[Takedown, ...], known: Known, reason: str, *, episode: Episode | None = None, caveats: tuple[str, ...] = ()
) -> TakedownFacts:
    """Facts for rows that name no day, for a platform on which it is unknown whether anything happened, or without any post."""
    missing = NotMeasurable(reason=reason)
    return TakedownFacts(
        takedown_id=rows[0].takedown_id,
        platform=rows[0].platform,
        known=known,
        source=", ".join(sorted({row.source for row in rows})),
        actions=tuple(ledger_row(row) for row in rows),
        t0=day_start(episode.start) if episode else None,
        t0_end=day_start(episode.end) if episode else None,
        baseline=missing,
        prior_level=missing,
        cohorts=missing,
        fate=missing,
        rebuild_index=unmeasured_index(reason),
        nadir=missing,
        loss=missing,
        level=missing,
        direction=missing,
        t50_days=missing,
        t90_days=missing,
        regained=missing,
        replacement=missing,
        survival=missing,
        loss_waves=missing,
        bursts=missing,
        creation_batches=missing,
        successors=missing,
        by_group=missing,
        sensitivity=missing,
        loudest=missing,
        continuity=missing,
        comparators=missing,
        caveats=caveats,
    )
