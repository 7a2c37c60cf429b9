"""Profile pictures of a sample of the accounts, as an archive that `resurge ingest --format avatars` takes, with their labels.

Accounts of one `avatar` show one picture, some of them packed anew. Two in five of the pictures that only campaign accounts show have their
eyes where StyleGAN puts them; some accounts of either side show the platform's default.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tasks.simulate.cast import CAMPAIGN_ROLE, NEVER, Cast
from tasks.simulate.clock import END_US, START_US
from tasks.simulate.portraits import jpeg, portrait, silhouette
from tasks.simulate.scenarios import PLATFORMS

PICTURES = 200  # at most: reused ones first, then of campaign accounts and decoys alike
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = (2023, 1, 1, 0, 0, 0)  # every entry of the archive has this time, so that equal simulations are equal bytes
_DEFAULT_EVERY, _ANEW_EVERY = 16, 4


@dataclass(frozen=True)
class Shown:
    """What one account shows."""

    account: str  # platform/account_id
    avatar: int
    placed: bool  # eyes where StyleGAN puts them
    default: bool
    anew: bool  # packed anew: other bytes of the same picture
    observed_at: datetime

    @property
    def file(self) -> str:
        return "default.jpg" if self.default else f"{self.avatar:016x}{'-anew' if self.anew else ''}.jpg"


def shown_pictures(cast: Cast) -> list[Shown]:
    """The sample: accounts in their order, each seen the day after it first posted."""
    chosen = _chosen(cast)
    campaign = cast.role == CAMPAIGN_ROLE
    of_others = set(cast.avatar[~campaign].tolist())
    begins = np.where(cast.off1 > cast.on1, cast.on1, np.where(cast.off2 > cast.on2, cast.on2, NEVER)).clip(min=START_US)
    found = []
    for index in np.flatnonzero(np.isin(cast.avatar, chosen) & (begins < END_US)).tolist():
        avatar = int(cast.avatar[index])
        first = _EPOCH + timedelta(microseconds=int(begins[index]))
        found.append(
            Shown(
                account=f"{PLATFORMS[int(cast.platform[index])]}/{cast.account_id[index].as_py()}",
                avatar=avatar,
                placed=avatar not in of_others and avatar % 5 < 2,
                default=index % _DEFAULT_EVERY == 0,
                anew=index % _ANEW_EVERY == 1,
                observed_at=first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1),
            )
        )
    return found


def write_pictures(shown: list[Shown], path: Path) -> None:
    """The archive with `accounts.csv`; the same sample gives the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("accounts.csv", _WRITTEN), _list(shown))
        for name, data in _files(shown):
            archive.writestr(zipfile.ZipInfo(name, _WRITTEN), data)


def labels(shown: list[Shown]) -> dict[str, Any]:
    """For truth.json: which accounts show a face at the generator's place, and which the default; groups of one picture by accounts."""
    own = [one for one in shown if not one.default]
    users: dict[int, list[str]] = {}
    for one in own:
        users.setdefault(one.avatar, []).append(one.account)
    return {
        "accounts": len(shown),
        "placed": [one.account for one in own if one.placed],
        "default": [one.account for one in shown if one.default],
        "shared": sorted(accounts for accounts in users.values() if len(accounts) > 1),
    }


def _files(shown: list[Shown]) -> Iterator[tuple[str, bytes]]:
    by_name = {one.file: one for one in shown}
    for name in sorted(by_name):
        one = by_name[name]
        image = silhouette() if one.default else portrait(one.avatar, placed=one.placed)
        yield name, jpeg(image, 70 if one.anew else 90)


def _list(shown: list[Shown]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["platform", "account_id", "file", "observed_at"])
    for one in shown:
        writer.writerow([*one.account.split("/", 1), one.file, one.observed_at.isoformat()])
    return out.getvalue().encode()


def _chosen(cast: Cast) -> list[int]:
    values, counts = np.unique(cast.avatar, return_counts=True)
    reused = values[counts > 1][: PICTURES // 2].tolist()
    campaign, others = cast.avatar[cast.role == CAMPAIGN_ROLE].tolist(), cast.avatar[cast.role != CAMPAIGN_ROLE].tolist()
    single = [value for pair in zip(campaign, others, strict=False) for value in pair]
    return list(dict.fromkeys(reused + single))[:PICTURES]
