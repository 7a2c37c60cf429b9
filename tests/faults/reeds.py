"""The campaign of the fault matrix: five weeks of posts as a Bluesky service gives them, small enough that a cell takes seconds."""

from datetime import UTC, datetime, timedelta

from bluesky_service import AppView, did

CAMPAIGN, PERIOD, TLP = "reeds", "2024-W45", "AMBER"
START, FETCHED, BRIEFED = (
    datetime(2024, 10, 7, tzinfo=UTC),
    datetime(2024, 11, 11, 6, tzinfo=UTC),
    datetime(2024, 11, 13, tzinfo=UTC),
)
MEMBERS, OUTSIDERS = [f"tern{n}" for n in range(6)], [f"lark{n}" for n in range(8)]
REFUSED = 3
RECIPIENTS = ("ana@example.org", "ben@example.org", "cleo@example.org")
AUDIENCES = {
    "desk": [
        {"address": RECIPIENTS[0], "clearance": "AMBER"},
        {"address": RECIPIENTS[1], "clearance": "RED"},
        {"address": RECIPIENTS[2], "clearance": "AMBER"},
        {"address": "dan@example.org", "clearance": "GREEN"},
    ]
}
_WORDS = (
    "water", "level", "harbour", "council", "morning", "nets", "heron", "boats", "market", "bridge", "winter", "paper", "vote", "ferry",
    "light", "storm", "quiet", "song",
)  # fmt: skip

_FILE = """
slug: reeds
title: Reeds
simulated: true
tlp: AMBER
audience: desk
sources:
  - {{name: live, kind: bluesky, options: {{keywords: [reeds], appview: "{url}"}}}}
takedowns:
  - takedown_id: bluesky-2024-10-25
    platform: bluesky
    known: "yes"
    announced_on: 2024-10-25
    effective_from: 2024-10-25
    effective_to: 2024-10-25
    counts: {{accounts: 4}}
    accounts_listed: false
    source: platform
    address: https://example.org/report
membership:
  seeds:
{seeds}
"""


def campaign_file(url: str) -> str:
    """The campaign's file, with the address of the service that is asked."""
    row = "    - {{platform: bluesky, account_id: {!r}, known_at: 2024-10-07, reason: seen}}"
    return _FILE.format(url=url, seeds="\n".join(row.format(did(name)) for name in MEMBERS))


def service() -> AppView:
    """The service: members repeat each other within seconds, outsiders write sentences of their own."""
    view, number = AppView(page=100, people=[*MEMBERS, *OUTSIDERS]), 0

    def say(name: str, at: datetime, text: str) -> None:
        nonlocal number
        view.post(name, number, at, text)
        number += 1

    for day in range(35):
        morning = START + timedelta(days=day, hours=9, minutes=(day * 37) % 120)
        said = " ".join(_WORDS[(day * 5 + 3 * n) % len(_WORDS)] for n in range(9))
        for place, name in enumerate(MEMBERS):
            say(name, morning + timedelta(seconds=7 * place), f"Reeds {said} number {day}")
        for place, name in enumerate(OUTSIDERS[day % 2 :: 2]):
            own = " ".join(_WORDS[(day * 7 + place * 4 + n * (place + 2)) % len(_WORDS)] for n in range(7))
            say(name, morning + timedelta(hours=1 + place, minutes=13 * place), f"Reeds {own} {name} {day}")
    for post in view.posts[:REFUSED]:
        post["record"]["createdAt"] = "2024-10-45T08:00:00.000Z"  # a day that is none: quarantined
        del post["indexedAt"]
    return view
