"""What X charges for a fetch, by the prices that the campaign file gives.

As published at docs.x.com (X API, pay-per-usage pricing, read in 2026): every post and every user in an answer is charged, also those that
only come with others (`includes`), the same one once in a UTC day; counts are charged by the request. Prices change and are no part of
the program.
"""

from dataclasses import dataclass, field
from typing import Any

from tasks.fetch.web.readings import objects, part


@dataclass(frozen=True)
class Prices:
    """Of one post, one user, one request for counts, in the currency of the campaign file; None = not told, counted as nothing."""

    post: float | None = None
    user: float | None = None
    count: float | None = None

    def of(self, posts: int, users: int, counts: int) -> float:
        return posts * (self.post or 0) + users * (self.user or 0) + counts * (self.count or 0)


@dataclass
class Bill:
    """What one fetch has been given so far. `found`: posts that were asked for, each as often as it came; `own`: their ids; `posts` and
    `users`: ids of all that came, each once."""

    prices: Prices
    found: int = 0
    counts: int = 0
    posts: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)

    def see(self, value: Any, *, of_users: bool = False) -> None:
        """An answer of posts with what came along, or one of users."""
        given = _ids(part(value, "data"))
        if of_users:
            self.users |= given
        else:
            self.own |= given
            self.posts |= given
        self.posts |= _ids(part(value, "includes", "tweets"))
        self.users |= _ids(part(value, "includes", "users"))

    @property
    def cost(self) -> float:
        return self.prices.of(len(self.posts), len(self.users), self.counts)

    def in_words(self) -> str:
        """What was fetched, and what it came to."""
        if self.prices.post is None:
            return _posts(self.found)
        along = f"with {len(self.posts) - len(self.own):,} that they refer to, {len(self.users):,} users and {self.counts:,} counts"
        return f"{_posts(self.found)} ({along}: some {self.cost:,.2f})"

    def planned(self, posts: int) -> float:
        """What so many posts alone come to, and the counts that were asked for to know it: less than what will be charged."""
        return self.prices.of(posts, 0, self.counts)

    def plan_in_words(self, posts: int) -> str:
        if self.prices.post is None:
            return _posts(posts)
        words = f"{_posts(posts)}, some {posts * self.prices.post:,.2f} at {self.prices.post:g} each"
        if self.prices.count:
            words += f" and {self.counts * self.prices.count:,.2f} for counts"
        return f"{words}, without users and posts that come along"


def _posts(count: int) -> str:
    return f"about {count:,} {'post' if count == 1 else 'posts'}"


def _ids(found: Any) -> set[str]:
    return {str(one.get("id")) for one in objects(found)}
