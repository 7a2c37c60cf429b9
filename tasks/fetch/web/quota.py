"""What of a service's daily quota was used, written down so that the next run of the day knows."""

import fcntl
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tasks.fetch.web.client import ServiceStopped


@dataclass(frozen=True)
class DailyQuota:
    """`limits`: units a day by budget. `zone`: the service's day. The file belongs to one credential, whoever uses it on this machine."""

    path: Path
    title: str
    zone: str
    limits: dict[str, int]

    def charge(self, budget: str, units: int, now: datetime) -> None:
        """Write `units` down before they are used. Raises ServiceStopped where the budget of the day does not have them any more."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            used = self._used(file.read(), now)
            if used.get(budget, 0) + units > self.limits[budget]:
                raise ServiceStopped(
                    f"The day's budget of {self.title} for {budget} is used up ({self.limits[budget]:,} units).",
                    remedy=f"Collect again after midnight in {self.zone}; what came before is kept.",
                )
            used[budget] = used.get(budget, 0) + units
            file.truncate(0)
            file.write(json.dumps({"day": self._day(now), "used": used}, sort_keys=True))

    def used(self, now: datetime) -> dict[str, int]:
        """Units by budget since the day began."""
        return self._used(self.path.read_text(encoding="utf-8"), now) if self.path.is_file() else {}

    def _used(self, text: str, now: datetime) -> dict[str, int]:
        try:
            kept = json.loads(text)
            same = kept["day"] == self._day(now)
            return {name: int(units) for name, units in kept["used"].items()} if same else {}
        except (ValueError, KeyError, TypeError, AttributeError):  # nothing yet, or cut off: the service itself still counts
            return {}

    def _day(self, now: datetime) -> str:
        return now.astimezone(ZoneInfo(self.zone)).date().isoformat()
