"""Loss waves against those of the last briefing: what was provisional is confirmed or withdrawn, and what is new is said."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from tasks.domain.measures import NotMeasurable
from tasks.domain.platforms import platform_name
from tasks.domain.rebuilding import LossWave, TakedownFacts
from tasks.domain.written import percent


def wave_changes(now: Iterable[TakedownFacts], then: Iterable[TakedownFacts]) -> Iterator[str]:
    """One clause a wave that is new, confirmed or withdrawn since `then`; waves that only stand on are not named.

    A wave belongs to its platform, not to one episode, so platforms are compared; one whose waves were not measurable before or are not now
    gives nothing. A provisional wave that no longer stands out is withdrawn: too many of its accounts posted again.
    """
    before = _waves(then)
    for platform, waves in _waves(now).items():
        if platform not in before:
            continue
        known, name = before[platform], platform_name(platform)
        for day in sorted(waves.keys() | known.keys()):
            new, old = waves.get(day), known.get(day)
            if new is None and old is not None and old.provisional:
                yield (
                    f"{name}: the provisional wave of silence of {day} ({old.lost:,} accounts silent in the last briefing) is withdrawn: "
                    "too many of them posted again for it to stand out"
                )
            elif new is not None and old is not None and old.provisional and not new.provisional:
                yield f"{name}: the wave of silence of {day} is confirmed, with {new.lost:,} accounts lost after {old.lost:,} provisionally"
            elif new is not None and old is None:
                yield f"{name}: wave of silence of {day}, {new.lost:,} accounts where chance explains {new.expected:.1f}{_standing(new)}"


def _waves(takedowns: Iterable[TakedownFacts]) -> Mapping[str, Mapping[date, LossWave]]:
    """By platform and day; of a day that is both, the confirmed one (confirmed waves come first)."""
    found: dict[str, dict[date, LossWave]] = {}
    for facts in takedowns:
        if isinstance(facts.loss_waves, NotMeasurable):
            continue
        of_platform = found.setdefault(facts.platform, {})
        for wave in facts.loss_waves:
            of_platform.setdefault(wave.day, wave)
    return found


def _standing(wave: LossWave) -> str:
    if not wave.provisional:
        return ""
    if isinstance(wave.returned_share, NotMeasurable):
        return " (provisional)"
    return f" (provisional: of earlier silences of that length {percent(wave.returned_share)} ended with another post)"
