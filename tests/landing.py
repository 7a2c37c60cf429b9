"""Fetches from a source into a folder and reads back what was landed, as `collect` does."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.domain.batches import RawObject
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile, Page, Source
from tasks.fetch.fetching import FetchedGroup, fetch_groups, parse_landed


class Landing:
    """`form` names the importer of the pages."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.form = folder, form
        self.raw: list[bytes] = []

    def land(self, data: bytes, ending: str) -> RawObject:
        self.raw.append(data)
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / sha256).write_bytes(data)
        return RawObject(key=f"raw/{sha256}.{ending}", sha256=sha256, size=len(data))

    def fetch(self, asked: Source, since: datetime, until: datetime) -> tuple[Parsed, list[Any], Exception | None]:
        """The rows, the efforts in their order, and the failure that ended the fetch, if any."""
        groups, problem = fetch_groups(asked, since, until, self.land)
        return self._parse(groups), [page.effort for group in groups for page in group.pages], problem

    def pages(self, pages: Iterable[Page]) -> Parsed:
        files = []
        for page in pages:
            raw = self.land(page.raw, page.format)
            files.append(LandedFile(self.folder / raw.sha256, page.effort.query, raw.sha256, page.fetched_at, page.effort))
        return parse_landed(files, self.form, None, {})

    def _parse(self, groups: list[FetchedGroup]) -> Parsed:
        pages = [page for group in groups for page in group.pages]
        files = [LandedFile(self.folder / p.raw.sha256, p.effort.query, p.raw.sha256, p.fetched_at, p.effort) for p in pages]
        return parse_landed(files, self.form, None, {})
