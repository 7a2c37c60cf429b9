"""Status source `status-file`: a CSV or NDJSON file of checks that somebody else keeps up to date.

Columns platform, account_id, observed_at (ISO 8601), status (active, suspended, deleted, renamed, unknown); others of ACCOUNTS may follow.
The file is landed as it is, so it may hold more than is due; while it does not change, neither does its batch.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.domain.batches import QueryEffort
from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import Page

FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


class StatusFile:
    """The adapter; `path` names the file. Raises UsageProblem for an ending that says neither CSV nor NDJSON."""

    kind = "status-file"
    capture_rule = "stated"

    def __init__(self, path: str) -> None:
        self.options: dict[str, Any] = {"table": "accounts"}
        self._path = Path(path).expanduser()
        if self._path.suffix.lower() not in FORMATS:
            raise UsageProblem(
                f"The file of checks {self._path.name} has no known ending.", remedy="Name it .csv, .ndjson or .jsonl."
            )

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """The whole file as one page. Raises SourceProblem where it cannot be read."""
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise SourceProblem(
                f"The file of checks {self._path} cannot be read: {error.strerror}.", remedy="Check its path and permissions."
            ) from error
        effort = QueryEffort(query_id=f"status {self._path.name}", query=f"{len(accounts)} accounts due", until=now, pages=1)
        yield Page(raw=raw, format=FORMATS[self._path.suffix.lower()], fetched_at=now, effort=effort)
