"""The scenarios: what is done to the simulated campaign on each platform, and what comes back.

One code, several courses: `spamouflage` is the reference; `no-return`, `slow` and `fast` differ only in how much returns and how soon,
`amplified` in what accounts do together: a fifth of its posts are reposts, replies, hashtags and images.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tasks.domain.errors import UsageProblem

PLATFORMS = ("facebook", "instagram", "x", "youtube")
START = datetime(2023, 1, 2, tzinfo=UTC)  # a Monday
WEEKS = 48  # to 2023-12-04, exclusive
MIN_SCALE, MAX_SCALE = 10_000, 10_000_000


@dataclass(frozen=True)
class Course:
    """What happens on one platform.

    `removed_on`/`removed_share`: day of the mass removal and the share of then active accounts it takes (None, 0 = none).
    `single_removals`: share of accounts suspended one by one over the year.
    `missed_quit`: share of accounts that stop by themselves before the summer.
    `return_share`: activity of reactivated and new accounts in the end, as a share of the activity before; it arrives as
    1 - exp(-t / `return_tau_days`) after the removal (where there was none: after the reference day, 2023-08-29).
    `sleeper_share`: dormant accounts, as a share of the accounts active before; they belong to `return_share` when they wake.
    """

    account_share: float
    removed_on: datetime | None
    removed_share: float
    single_removals: float
    missed_quit: float
    return_share: float
    return_tau_days: float
    sleeper_share: float = 0.16


@dataclass(frozen=True)
class Scenario:
    """`campaign_share`: of all posts, written by the campaign. `coordinated_share`: of its posts, written in bursts."""

    name: str
    courses: dict[str, Course]
    takedown_on: datetime = datetime(2023, 8, 29, tzinfo=UTC)
    event_on: datetime = datetime(2023, 10, 7, tzinfo=UTC)
    pivot_on: datetime = datetime(2023, 10, 9, tzinfo=UTC)
    pivot_share: float = 0.45  # of the coordinated posts, on the pivot day; half of it is left after 70 days
    query_added_on: datetime = datetime(2023, 10, 16, tzinfo=UTC)  # query q4 begins
    query_added_share: float = 0.3  # of the posts on the new topic, found by q4 only
    campaign_share: float = 0.38
    coordinated_share: float = 0.8
    filler_share: float = 0.7  # of the campaign's other posts
    amplified: float = 0.0  # of all posts: reposts, replies, hashtags and images, together and alone, see tasks.simulate.amplified


def _day(month: int, day: int) -> datetime:
    return datetime(2023, month, day, tzinfo=UTC)


_REFERENCE = Scenario(
    name="spamouflage",
    courses={
        "facebook": Course(0.46, _day(8, 29), 0.85, 0.02, 0.08, 0.65, 28.0),
        "instagram": Course(0.05, _day(8, 29), 0.80, 0.02, 0.08, 0.55, 28.0),
        "x": Course(0.39, None, 0.0, 0.05, 0.12, 0.25, 28.0, sleeper_share=0.10),
        "youtube": Course(0.10, _day(9, 1), 0.45, 0.04, 0.08, 0.30, 35.0),
    },
)


def _variant(name: str, *, amount: float, tau_days: float | None) -> Scenario:
    """The reference with `amount` times its return and, if given, another time constant."""
    courses = {
        platform: replace(c, return_share=amount * c.return_share, return_tau_days=tau_days or c.return_tau_days)
        for platform, c in _REFERENCE.courses.items()
    }
    return replace(_REFERENCE, name=name, courses=courses)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        _REFERENCE,
        _variant("no-return", amount=0.0, tau_days=None),
        _variant("slow", amount=1.0, tau_days=70.0),
        _variant("fast", amount=1.45, tau_days=9.0),
        replace(_REFERENCE, name="amplified", amplified=0.2),
    )
}


def known_scenario(name: str) -> Scenario:
    """The scenario of that name. Raises UsageProblem listing the known ones."""
    if name not in SCENARIOS:
        raise UsageProblem(f"There is no scenario {name!r}.", remedy=f"Choose one of: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]


def checked_scale(scale: int, seed: int) -> int:
    """`scale` if it lies within the range the simulation is made for. Raises UsageProblem otherwise, or if the seed is negative."""
    if not MIN_SCALE <= scale <= MAX_SCALE:
        raise UsageProblem(
            f"A scale of {scale:,} posts cannot be simulated.", remedy=f"Choose between {MIN_SCALE:,} and {MAX_SCALE:,} posts."
        )
    if seed < 0:
        raise UsageProblem(f"The seed {seed} is negative.", remedy="Choose 0 or a positive whole number.")
    return scale
