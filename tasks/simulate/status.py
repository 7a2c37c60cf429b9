"""The simulated platforms asked whether accounts still stand: facebook and x answer, instagram and youtube let nobody look."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tasks.domain.batches import QueryEffort
from tasks.domain.ports import Page
from tasks.simulate.feed import FORMAT, SimulatedSource, lines_of
from tasks.simulate.observations import CHECKED, status_table
from tasks.simulate.scenarios import PLATFORMS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SimulatedStatus:
    """The adapter; its options are those of the simulated source whose accounts it knows. Raises UsageProblem for a wrong one."""

    kind = "simulated-status"
    capture_rule = "simulated checks"

    def __init__(self, options: dict[str, Any]) -> None:
        self.options: dict[str, Any] = {}
        self._cast = SimulatedSource(options).simulation.cast
        names = zip(np.array(PLATFORMS)[self._cast.platform].tolist(), self._cast.account_id.to_pylist(), strict=True)
        self._place = {name: place for place, name in enumerate(names)}

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """One page with the accounts of `accounts` that the simulation knows on platforms that answer; none where there is none."""
        places = np.array(sorted(self._place[name] for name in accounts if name in self._place), dtype=np.int64)
        places = places[CHECKED[self._cast.platform[places]]]
        if not len(places):
            return
        at = np.full(len(places), (now - _EPOCH) // (_EPOCH.resolution))
        raw = lines_of(status_table(self._cast, places, at), "account")
        effort = QueryEffort(
            query_id="simulated status", query=f"{len(accounts)} accounts due", until=now, pages=1, rows=len(places)
        )
        yield Page(raw=b"".join(raw), format=FORMAT, fetched_at=now, effort=effort)
