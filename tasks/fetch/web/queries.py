"""Asking a service for several things one after the other, each over many pages, so that a failure of one costs no other.

Only the very last page of a fetch in which nothing failed says that its span is done (`QueryEffort.finished`); the next fetch begins
where the last finished one ended, so that whatever was interrupted is asked for again, and nothing is skipped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from tasks.domain.batches import QueryEffort
from tasks.domain.errors import SourceProblem
from tasks.domain.ports import Page
from tasks.fetch.web.client import Reply, ServiceStopped

GIVE_UP_AFTER = 3  # queries failing in a row: it is the service then, not what is asked for
BARREN_PAGES = 5  # pages in a row that lead on and bring nothing new


@dataclass(frozen=True)
class Answer:
    """One page of a query: what was asked (never a secret), what came, how many rows, and whether more of the query follows."""

    asked: Mapping[str, Any]
    reply: Reply
    rows: int
    more: bool


@dataclass(frozen=True)
class Query:
    """`query_id` stands in posts and coverage; `text` is for people."""

    query_id: str
    text: str
    run: Callable[[], Iterator[Answer]]


def ask_all(queries: Sequence[Query], form: str, since: datetime | None, until: datetime) -> Iterator[Page]:
    """The pages of all queries, in their order. After the last page raises SourceProblem naming the queries that were not answered to the
    end, if any."""
    failed: list[tuple[Query, SourceProblem]] = []
    left, in_a_row = list(queries), 0
    while left:
        query = left.pop(0)
        try:
            for answer in query.run():
                done = not (answer.more or left or failed)
                effort = QueryEffort(
                    query_id=query.query_id, query=query.text, since=since, until=until, pages=1, rows=answer.rows, finished=done
                )
                yield Page(packed(answer.asked, answer.reply), form, answer.reply.at, effort)
            in_a_row = 0
        except SourceProblem as problem:
            failed.append((query, problem))
            in_a_row += 1
            if isinstance(problem, ServiceStopped) or in_a_row == GIVE_UP_AFTER:
                failed += [(other, problem) for other in left]
                break
    if failed:
        raise _missing(failed, len(queries))


def _missing(failed: Sequence[tuple[Query, SourceProblem]], asked: int) -> SourceProblem:
    names = ", ".join(query.text for query, _ in failed[:5]) + (f" and {len(failed) - 5} more" if len(failed) > 5 else "")
    first = failed[0][1]
    return SourceProblem(
        f"{len(failed)} of {asked} queries were not answered to the end: {names}. {first.problem}",
        remedy=f"{first.remedy} The next fetch begins where the last whole one ended.",
    )


@dataclass
class Cursors:
    """Watches one query's way from page to page. Raises SourceProblem where it goes in a circle or leads nowhere."""

    title: str
    what: str
    most_pages: int
    _seen: set[str] = field(default_factory=set)
    _ids: set[str] = field(default_factory=set)
    _pages: int = 0
    _barren: int = 0

    def new(self, ids: Sequence[str]) -> int:
        """How many of a page's ids were not seen before in this query."""
        before = len(self._ids)
        self._ids.update(ids)
        return len(self._ids) - before

    def follow(self, cursor: str, new: int) -> None:
        """To be called before the page behind `cursor` is asked for; `new` as of the page that named it."""
        self._pages += 1
        self._barren = 0 if new else self._barren + 1
        if cursor in self._seen:
            raise self._problem("leads back to a page that was read already")
        if self._barren >= BARREN_PAGES:
            raise self._problem(f"leads on over {BARREN_PAGES} pages that bring nothing new")
        if self._pages >= self.most_pages:
            raise self._problem(f"has more than {self.most_pages:,} pages")
        self._seen.add(cursor)

    def _problem(self, how: str) -> SourceProblem:
        return SourceProblem(
            f"{self.title} {how} ({self.what}).",
            remedy="Ask for a shorter span (--since, --until), or see whether the service repeats itself; what came before is kept.",
        )


def packed(asked: Mapping[str, Any], reply: Reply) -> bytes:
    """What is landed: one line of JSON that says what was asked, when, and with which status it was answered, then the body as it came."""
    head = {**asked, "status": reply.status, "at": reply.at}
    return orjson.dumps(head, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) + reply.raw
