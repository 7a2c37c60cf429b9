"""A source that says how far it is while its pages are landed."""

from collections.abc import Callable, Iterator
from datetime import datetime

from tasks.domain.ports import Page, Source


class Watched:
    """Hands on the pages of a source and tells `say` of each how many came so far, and of what."""

    def __init__(self, asked: Source, say: Callable[[str], None]) -> None:
        self.kind, self.capture_rule = asked.kind, asked.capture_rule
        self._asked, self._say = asked, say

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """As the source itself."""
        rows = size = 0
        for count, page in enumerate(self._asked.pages(since, until), start=1):
            rows, size = rows + page.effort.rows, size + len(page.raw)
            what = page.effort.query or page.effort.query_id
            self._say(f"{count:,} {'page' if count == 1 else 'pages'}, {rows:,} rows, {size / 1e6:.1f} MB ({what})")
            yield page
