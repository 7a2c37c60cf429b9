"""A small campaign on the tests' own network: sixteen accounts that post together and eight others, before a takedown and after it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from servers import Network

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
TEAM = tuple(f"tern{n:02d}" for n in range(16))
OTHERS = tuple(f"lark{n:02d}" for n in range(8))
TAKEN_DOWN, DEACTIVATED, DELETED, RENAMED = TEAM[:6], TEAM[6], TEAM[7], TEAM[8]
GONE = TEAM[:8]
STANDING = TEAM[9]
PASTA = ("The north pier was sold in secret, and nobody says so #harbour", "北码头被秘密出售，没有人敢说 #harbour")
KEYWORDS, HASHTAGS = ("north pier", "北码头"), ("harbour",)


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass
class Posted:
    """`posts` and `reposts`: uri -> the account's name."""

    network: Network
    posts: dict[str, str] = field(default_factory=dict)
    reposts: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)  # the first post's uri and cid: reposted and replied to

    def before(self) -> None:
        """All accounts, and their posts until nine days ago."""
        for name in (*TEAM, *OTHERS):
            self.network.join(name)
        for days in range(33, 8, -3):
            self.day(days, TEAM)
        root = self.first
        for name in TEAM[1:4]:
            at = TODAY - timedelta(days=20, seconds=TEAM.index(name))
            made = self.network.write(name, "repost", subject=root, createdAt=written(at))
            self.reposts[made["uri"]] = name
        for name in TEAM[4:7]:
            self.post(name, 19, 40, f"north pier, as {name} says", reply={"root": root, "parent": root}, langs=["en"])
        self.network.settle()

    def day(self, days: int, team: tuple[str, ...]) -> None:
        """The team posts one text within a minute, with a link; the others each their own."""
        text, lang = PASTA[days % 2], ("en", "zh")[days % 2]
        address = f"https://pier.example/{days}"
        whole = f"{text} {address}"
        start = len(whole.encode()) - len(address)
        link = {"$type": "app.bsky.richtext.facet#link", "uri": address}
        facet = {"index": {"byteStart": start, "byteEnd": start + len(address)}, "features": [link]}
        for place, name in enumerate(team):
            self.post(name, days, 10, whole, place * 3, langs=[lang], facets=[facet])
        for place, name in enumerate(OTHERS):
            self.post(name, days, 600, f"Walked to the north pier, {days} gulls seen from bench {place}", place * 700, langs=["en"])

    def post(self, name: str, days: int, minute: int, text: str, second: int = 0, **record: Any) -> None:
        at = TODAY - timedelta(days=days) + timedelta(minutes=minute, seconds=second)
        made = self.network.write(name, "post", text=text, createdAt=written(at), **record)
        self.posts[made["uri"]] = name
        self.first = self.first or made

    def takedown(self) -> None:
        """Six accounts are taken down, one is deactivated by its owner, one deleted, one takes another handle, one post is deleted."""
        network = self.network
        for name in TAKEN_DOWN:
            network.take_down(name)
        network.call("com.atproto.server.deactivateAccount", {}, network.people[DEACTIVATED].token)
        network.call("com.atproto.admin.deleteAccount", {"did": network.people[DELETED].did}, network.told["admin"])
        network.call("com.atproto.identity.updateHandle", {"handle": "reed.test"}, network.people[RENAMED].token)
        self.delete(next(uri for uri, name in self.posts.items() if name == OTHERS[0]))
        network.settle()

    def delete(self, uri: str) -> None:
        """The author deletes a post; it stays among `posts`."""
        author = self.network.people[self.posts[uri]]
        place = {"repo": author.did, "collection": "app.bsky.feed.post", "rkey": uri.rpartition("/")[2]}
        self.network.call("com.atproto.repo.deleteRecord", place, author.token)

    def after(self) -> None:
        """Those that stand go on, for the week until yesterday."""
        for days in range(7, 0, -2):
            self.day(days, tuple(name for name in TEAM if name not in GONE))
        self.network.settle()
