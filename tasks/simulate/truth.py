"""truth.json: what the simulation knows and no collector can: roles, cohorts, successions, removals, texts, the true course."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from tasks.simulate.cast import CAMPAIGN_ROLE, COHORTS, NEVER, ROLES, Cast
from tasks.simulate.clock import DAY_US, DAYS, END_US, HOLIDAYS, MAKE_UP_WORKDAYS, START_US, campaign_day_factors
from tasks.simulate.faults import Fault
from tasks.simulate.identity import seed_accounts
from tasks.simulate.scenarios import PLATFORMS, START, WEEKS, Scenario
from tasks.simulate.texts import LANGUAGES, FamilyBook
from tasks.simulate.words import TOPICS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def truth_of(scenario: Scenario, seed: int, scale: int, cast: Cast, book: FamilyBook, damaged: Iterator[Fault]) -> dict[str, Any]:
    """Keys: `simulation`, `platforms` (what really happened on each), `accounts` (one entry each), `counts`, `families`, `events`,
    `courses` (expected activity by day), `seeds`, `faults`."""
    return {
        "simulation": {"scenario": scenario.name, "seed": seed, "scale": scale, "start": START, "weeks": WEEKS},
        "platforms": {platform: _what_happened(scenario, cast, index) for index, platform in enumerate(PLATFORMS)},
        "accounts": _accounts(cast),
        "counts": _counts(cast),
        "families": list(_families(book)),
        "events": {
            "takedown_on": scenario.takedown_on,
            "event_on": scenario.event_on,
            "pivot_on": scenario.pivot_on,
            "pivot_share": scenario.pivot_share,
            "query_added": {"query_id": "q4", "on": scenario.query_added_on, "share_of_new_topic": scenario.query_added_share},
            "working_hours_utc_offset_h": 8,
            "holidays": [list(span) for span in HOLIDAYS],
            "make_up_workdays": list(MAKE_UP_WORKDAYS),
        },
        "courses": {platform: _course(scenario, cast, index) for index, platform in enumerate(PLATFORMS)},
        "seeds": seed_accounts(),
        "faults": [fault.label() for fault in damaged],
    }


def _what_happened(scenario: Scenario, cast: Cast, index: int) -> dict[str, Any]:
    course = scenario.courses[PLATFORMS[index]]
    mine = (cast.platform == index) & (cast.role == CAMPAIGN_ROLE)
    removed = mine & (cast.removed_at < NEVER)
    on_the_day = removed & (cast.cohort == COHORTS.index("removed"))
    return {
        "mass_removal_on": course.removed_on,
        "removed_together": int(on_the_day.sum()),
        "removed_one_by_one": int((removed & ~on_the_day).sum()),
        "course": {k: v for k, v in asdict(course).items() if k != "removed_on"},
    }


def _accounts(cast: Cast) -> list[dict[str, Any]]:
    ids, handles = cast.account_id.to_pylist(), cast.handle.to_pylist()
    entries = []
    for i in range(len(cast)):
        entry = {
            "platform": PLATFORMS[cast.platform[i]],
            "account_id": ids[i],
            "handle": handles[i],
            "role": ROLES[cast.role[i]],
            "cohort": COHORTS[cast.cohort[i]],
            "spans": _spans(cast, i),
        }
        if cast.removed_at[i] < NEVER:
            entry |= {"removed_at": _instant(cast.removed_at[i]), "deleted": bool(cast.deleted[i])}
        if cast.role[i] == CAMPAIGN_ROLE:
            entry |= {"team": int(cast.team[i]), "second_team": int(cast.team2[i]), "created_at": _instant(cast.created_at[i])}
        if cast.batch[i] >= 0:
            entry["creation_batch"] = int(cast.batch[i])
        if cast.successor_of[i] >= 0:
            entry |= {"successor_of": ids[cast.successor_of[i]], "announced": bool(cast.announced[i])}
        if cast.brand[i] >= 0:
            entry["brand"] = int(cast.brand[i])
        entries.append(entry)
    return entries


def _spans(cast: Cast, i: int) -> list[list[datetime]]:
    spans = ((cast.on1[i], cast.off1[i]), (cast.on2[i], cast.off2[i]))
    return [[_instant(on), _instant(min(off, END_US))] for on, off in spans if on < off and on < END_US]


def _counts(cast: Cast) -> dict[str, dict[str, int]]:
    """Accounts by role, and the campaign's by cohort and platform."""
    campaign = cast.role == CAMPAIGN_ROLE
    by_platform = {
        platform: Counter(COHORTS[c] for c in cast.cohort[campaign & (cast.platform == index)])
        for index, platform in enumerate(PLATFORMS)
    }
    return {"roles": dict(Counter(ROLES[r] for r in cast.role)), **{p: dict(c) for p, c in by_platform.items()}}


def _families(book: FamilyBook) -> Iterator[dict[str, Any]]:
    """`group` is the label of their posts in labels.parquet (text_kind "family"); a week's families may go unused."""
    october = TOPICS.index("october")
    for week in range(WEEKS):
        for number, text in enumerate(book.week(week).base):
            language, topic = divmod(number // book.per_block, len(TOPICS))
            if topic != october or week >= 40:
                yield {"group": week * 1_000_000 + number, "lang": LANGUAGES[language], "topic": TOPICS[topic], "text": text}


def _course(scenario: Scenario, cast: Cast, index: int) -> dict[str, Any]:
    """The campaign's expected posts a day over the mean of the 56 days before the removal: `plain` follows the accounts and the calendar,
    `calendar_free` the accounts alone. `first_day` is the first whole day after the removal (or after the reference day)."""
    mine = (cast.platform == index) & (cast.role == CAMPAIGN_ROLE)
    level = np.empty(DAYS)
    for day in range(DAYS):
        midnight = START_US + day * DAY_US
        level[day] = (cast.span_overlap(midnight, midnight + DAY_US) / DAY_US * cast.weight)[mine].sum()
    t0 = ((scenario.courses[PLATFORMS[index]].removed_on or scenario.takedown_on) - START).days
    plain = level * campaign_day_factors()
    return {
        "first_day": (START + timedelta(days=t0 + 1)).date(),
        "calendar_free": [round(float(v), 4) for v in level[t0 + 1 :] / level[t0 - 56 : t0].mean()],
        "plain": [round(float(v), 4) for v in plain[t0 + 1 :] / plain[t0 - 56 : t0].mean()],
    }


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))
