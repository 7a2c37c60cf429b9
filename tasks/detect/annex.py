"""annex/edges.csv: the significant edges opened, for an analyst to look up which posts each rests on, and when.

Members of the campaign list are named, everybody else appears by pseudonym: accounts, their posts, and posts that were passed on or
answered unless a member wrote them. A link into a platform where anybody publishes may name an account, so its path is a keyed hash too.
No text of a post stands here. Cells are safe to open in a spreadsheet, links are defanged.
"""

import csv
import hashlib
import io
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tasks.detect.membership import Members
from tasks.detect.network import Detection
from tasks.detect.report import account_name, handles_of
from tasks.detect.shares import account_keys
from tasks.detect.sweep import Flags, Ints
from tasks.domain.facts import EdgesFile
from tasks.domain.links import PLATFORM_HOSTS, names_a_share
from tasks.domain.printable import printable, spreadsheet_cell
from tasks.domain.pseudonyms import pseudonym

FILE = "annex/edges.csv"
MAX_OBJECTS, MAX_ROWS = 20, 20_000  # of an edge; in all: about 5 MB, which a spreadsheet still opens at once
COLUMNS = (
    "tlp", "pair", "behaviour", "platform_1", "account_1", "member_1", "platform_2", "account_2", "member_2", "objects",
    "objects_certain", "clock", "label", "q_value", "object", "pairs_of_posts", "post_1", "posted_at_1", "post_2", "posted_at_2",
    "apart_s", "clock_of_posts", "objects_not_listed",
)  # fmt: skip


@dataclass(frozen=True)
class EdgesAnnex:
    """The bytes of the file and what facts.json says of it."""

    data: bytes
    facts: EdgesFile


def edges_annex(
    detection: Detection, members: Members, posts: pd.DataFrame, accounts_latest: pd.DataFrame, pseudonym_key: bytes, tlp: str
) -> EdgesAnnex:
    """One row an edge and object: at most MAX_OBJECTS an edge, certain ones first, then those closest in time; fewer where all of it
    would be more than MAX_ROWS, and then the edges of smallest q. `posts`: POSTS that detection saw (for who wrote a post that was
    passed on or answered); `accounts_latest`: ACCOUNTS, one observation an account. `pair` numbers pairs of accounts: all behaviours
    of a pair stand together. Same input, same bytes: UTF-8, comma-separated, header first."""
    edges = detection.significant.reset_index(drop=True)
    acted = detection.co_acted
    number = pd.MultiIndex.from_frame(edges[["behaviour", "source", "target"]])
    edge = number.get_indexer(pd.MultiIndex.from_frame(acted[["behaviour", "source", "target"]])).astype(np.int64)
    rows = _listed(acted, edge, edges["q_value"].to_numpy(np.float64))
    answered = acted.iloc[rows]["object_id"][acted.iloc[rows]["behaviour"].isin(("co-repost", "co-reply")).to_numpy(bool)]
    names = _Names(members, _posts_of_members(posts, members, answered), handles_of(accounts_latest), pseudonym_key)
    listed = np.bincount(edge[rows], minlength=len(edges))
    left = edges["objects"].to_numpy(np.int64) - listed
    pair = edges.groupby(["source", "target"], sort=True).ngroup().to_numpy() + 1
    order = rows[np.lexsort((rows, edge[rows], pair[edge[rows]]))] if len(rows) else rows
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    records, told_of = edges.assign(pair=pair, left=left).to_dict("records"), dict[int, list[str]]()
    shown = acted.iloc[order].assign(
        apart=_apart(acted)[order],
        **{end: acted[end].iloc[order].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for end in ("source_at", "target_at")},
    )
    for at, row in zip(edge[order].tolist(), shown.to_dict("records"), strict=True):
        if at not in told_of:
            told_of[at] = [spreadsheet_cell(cell) for cell in (tlp, *_edge_cells(records[at], names))]
        of_object = map(spreadsheet_cell, _object_cells(records[at], row, names))
        writer.writerow([*told_of[at], *of_object, str(records[at]["left"])])
    data = out.getvalue().encode()
    told = EdgesFile(
        name=FILE,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=len(order),
        objects_left_out=int(left[listed > 0].sum()),
        edges_left_out=int((listed == 0).sum()),
    )
    return EdgesAnnex(data, told)


def _posts_of_members(posts: pd.DataFrame, members: Members, wanted: pd.Series) -> set[str]:
    """Those of the posts `wanted` ("platform/post_id") that a member wrote."""
    chosen = posts[posts["post_id"].isin(wanted.str.split("/", n=1).str[1]).to_numpy(bool)] if len(wanted) else posts.iloc[:0]
    own = account_keys(chosen).isin(members.keys).to_numpy(bool)
    return set(chosen["platform"][own] + "/" + chosen["post_id"][own])


def _listed(acted: pd.DataFrame, edge: Ints, q_values: np.ndarray) -> Ints:
    """Rows of `acted` within the limits."""
    possible: Flags = (acted["clock"] != "certain").to_numpy(bool)
    apart = _apart(acted)
    order = np.lexsort((np.arange(len(acted)), apart, possible, edge))
    first = np.flatnonzero(np.diff(edge[order], prepend=-1))
    place = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    many = MAX_OBJECTS
    while many > 1 and int((place < many).sum()) > MAX_ROWS:
        many -= 1
    chosen = order[place < many]
    return np.sort(chosen[np.lexsort((chosen, q_values[edge[chosen]]))][:MAX_ROWS]) if len(chosen) > MAX_ROWS else np.sort(chosen)


def _apart(acted: pd.DataFrame) -> np.ndarray:
    return np.abs((acted["source_at"] - acted["target_at"]).dt.total_seconds().to_numpy(np.float64))


def _edge_cells(edge: dict[Hashable, Any], names: "_Names") -> Iterator[str]:
    source, target = str(edge["source"]), str(edge["target"])
    yield str(edge["pair"])
    yield str(edge["behaviour"])
    for account in (source, target):
        yield from (account.split("/", 1)[0], names.account(account), "yes" if names.is_member(account) else "no")
    label = edge.get("label")
    yield from (str(edge["objects"]), str(edge["objects_certain"]), str(edge["clock"]), label if isinstance(label, str) else "")
    yield f"{edge['q_value']:.3g}"


def _object_cells(edge: dict[Hashable, Any], row: dict[Hashable, Any], names: "_Names") -> Iterator[str]:
    source, target = str(edge["source"]), str(edge["target"])
    yield names.thing(str(edge["behaviour"]), str(row["object_id"]))
    yield str(row["pairs"])
    for account, end in ((source, "source"), (target, "target")):
        yield names.post(str(row[f"{end}_post"]), names.is_member(account))
        yield str(row[f"{end}_at"])
    yield f"{row['apart']:g}"
    yield str(row["clock"])


class _Names:
    """What a reader outside the workspace may know accounts, posts and objects by."""

    def __init__(self, members: Members, own_posts: set[str], handles: dict[str, str], key: bytes) -> None:
        self._members, self._own_posts, self._handles, self._key = set(members.keys), own_posts, handles, key
        self.account, self.thing = cache(self._account), cache(self._thing)  # each stands in many rows; cleaning one takes 0.1 ms

    def is_member(self, account: str) -> bool:
        return account in self._members

    def _account(self, account: str) -> str:
        return account_name(account, account in self._members, self._handles, self._key)

    def post(self, post: str, known: bool) -> str:
        """A post by its id, or by pseudonym."""
        platform, post_id = post.split("/", 1)
        return printable(post_id)[0] if known else self._hidden(platform, post_id, "post")

    def _thing(self, behaviour: str, thing: str) -> str:
        host = thing.split("/", 1)[0]
        if behaviour in ("co-repost", "co-reply") and not names_a_share(host):
            return f"{host}/{self.post(thing, thing in self._own_posts)}"
        if behaviour == "co-url" and host in PLATFORM_HOSTS:
            return f"{printable(host)[0]}/{self._hidden(host, thing, 'link')}"
        return printable(f"family {thing}" if behaviour == "co-text" else thing)[0]

    def _hidden(self, platform: str, name: str, kind: str) -> str:
        return pseudonym(self._key, platform, f"{kind}\0{name}").replace("outsider-", f"outsider-{kind}-", 1)
