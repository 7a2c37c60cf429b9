"""The avatar part of facts.json: from account observations and looks at their pictures to reuse and eye positions."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from tasks.detect.avatar_images import Look
from tasks.detect.picture_reuse import MOST_BITS, near_pairs, same_pictures, unpack
from tasks.detect.prevalence import corrected_prevalence
from tasks.domain.accounts import account_key
from tasks.domain.avatars import (
    PICTURE_PREFIX,
    AvatarFacts,
    DefaultPicture,
    DetectorRates,
    FaceFacts,
    RefusedPictures,
    ReusedPicture,
    ReuseFacts,
)
from tasks.domain.measures import Interval, NotMeasurable, Shared
from tasks.domain.printable import printable
from tasks.domain.pseudonyms import pseudonym
from tasks.domain.strict_yaml import read_mapping

MAX_DISTANCE = 0.02  # as in tasks.detect.eyes, which a briefing without pictures must not load
MIN_QUALITY = 50  # PDQ's authors: below it a hash says little
MAX_GROUPS = 20
MAX_NAMES = 12
_DEFAULT_OUTSIDERS = 5
_ONE_FACE = ("consistent", "elsewhere", "no eyes")
NOTHING = NotMeasurable(reason="no profile picture was collected")


def pictures_of(observations: pd.DataFrame) -> pd.DataFrame:
    """The picture each account showed last: `account` (platform/account_id), `platform`, `account_id`, `handle`, `sha256`, by account.

    `observations`: ACCOUNTS, in the order of reading. Only hashes of collected pictures (`sha256:...`) count.
    """
    marked = observations[observations["avatar_hash"].str.startswith(PICTURE_PREFIX).fillna(False).to_numpy(bool)]
    keys = ["platform", "account_id"]
    last = marked.sort_values([*keys, "observed_at", "batch_id", "row_number"]).drop_duplicates(keys, keep="last")
    handles = observations.dropna(subset=["handle"]).drop_duplicates(keys, keep="last").set_index(keys)["handle"]
    shown = last[keys].assign(account=account_key(last), sha256=last["avatar_hash"].str.removeprefix(PICTURE_PREFIX))
    return shown.join(handles, on=keys).sort_values("account", ignore_index=True)


def avatar_facts(
    observations: pd.DataFrame, looks: Mapping[str, Look], members: Collection[str], defaults: Sequence[str], pseudonym_key: bytes
) -> AvatarFacts | NotMeasurable:
    """The part `avatars`. `looks` by SHA-256 of the picture, `members` are account keys, `defaults` PDQ hashes of default pictures.

    NotMeasurable where no picture was collected of any account.
    """
    shown = pictures_of(observations)
    if shown.empty:
        return NOTHING
    missing = Look(refused="its bytes are not in the workspace")
    seen = [looks.get(sha256, missing) for sha256 in shown["sha256"]]
    shown = shown.assign(
        member=shown["account"].isin(list(members)).to_numpy(bool),
        refused=[look.refused for look in seen],
        pdq=[look.pdq for look in seen],
        mirrored=[look.mirrored for look in seen],
        quality=[look.quality for look in seen],
        eyes=[look.eyes for look in seen],
    )
    own = shown[shown["member"]]
    refused = Counter(reason for reason in own["refused"] if reason)
    return AvatarFacts(
        members=Shared(part=len(own), whole=len(members)),
        outsiders=len(shown) - len(own),
        looked_at=len(own) - refused.total(),
        refused=tuple(RefusedPictures(reason=reason, accounts=refused[reason]) for reason in sorted(refused)),
        reuse=_reuse(shown[shown["refused"] == ""], defaults, pseudonym_key),
        faces=_faces(own[own["refused"] == ""]["eyes"]),
    )


@cache
def detector_rates() -> DetectorRates:
    """The error rates of tasks.detect.eyes as measured; provenance in the file."""
    path = Path(__file__).with_name("gan_eye_rates.yml")
    return DetectorRates.model_validate(dict(read_mapping(path.read_bytes(), path.name)))


def _faces(eyes: pd.Series) -> FaceFacts:
    outcomes = Counter(eyes)
    consistent = Shared(part=outcomes["consistent"], whole=sum(outcomes[name] for name in _ONE_FACE))
    prevalence = corrected_prevalence(consistent, detector_rates())
    interval = None if isinstance(prevalence, NotMeasurable) else prevalence.interval
    return FaceFacts(
        consistent=consistent,
        undetermined=outcomes.total() - outcomes["consistent"] - outcomes["no face"],
        no_face=outcomes["no face"],
        max_distance=MAX_DISTANCE,
        detector=detector_rates(),
        prevalence=NotMeasurable(reason="no picture shows exactly one face") if not consistent.whole else prevalence,
        above_zero=isinstance(interval, Interval) and interval.low > 0,
    )


def _reuse(shown: pd.DataFrame, defaults: Sequence[str], key: bytes) -> ReuseFacts:
    plain = shown["quality"] < MIN_QUALITY
    compared = shown[~plain].reset_index(drop=True)
    numbers, furthest, mirrored = same_pictures(compared["pdq"].tolist(), compared["mirrored"].tolist())
    compared = compared.assign(group=numbers)
    listed = set(compared.loc[_near_any(compared["pdq"].tolist(), defaults), "group"])
    members, outsiders = int(compared["member"].sum()), int((~compared["member"]).sum())
    set_aside: list[DefaultPicture] = []
    groups: list[tuple[tuple[int, int, str], ReusedPicture]] = []
    in_groups = 0
    for _, group in compared.groupby("group", sort=True):
        number = int(group["group"].iloc[0])
        inside = int(group["member"].sum())
        outside = len(group) - inside
        if number in listed:
            set_aside.append(DefaultPicture(why="listed in the campaign file", members=inside, outsiders=outside))
        elif len(group) < 2 or not inside:
            continue
        elif outside >= _DEFAULT_OUTSIDERS and 2 * outside * members >= inside * outsiders:
            set_aside.append(DefaultPicture(why="as common among outsiders", members=inside, outsiders=outside))
        else:
            in_groups += inside
            order = (-inside, -len(group), str(group["account"].iloc[0]))
            groups.append((order, _reused(group, int(furthest[number]), bool(mirrored[number]), key)))
    return ReuseFacts(
        max_bits=MOST_BITS,
        min_quality=MIN_QUALITY,
        compared=len(compared),
        too_plain=int(plain.sum()),
        defaults=tuple(sorted(set_aside, key=lambda one: (-one.members, -one.outsiders, one.why))),
        groups=len(groups),
        members=Shared(part=in_groups, whole=members),
        largest=tuple(group for _, group in sorted(groups, key=lambda pair: pair[0])[:MAX_GROUPS]),
    )


def _near_any(hashes: Sequence[str], defaults: Sequence[str]) -> list[bool]:
    """Whether each hash is at most 31 bits from one of `defaults`."""
    near = {int(one) for block in near_pairs(unpack(hashes), unpack([value.lower() for value in defaults])) for one in block[0]}
    return [position in near for position in range(len(hashes))]


def _reused(group: pd.DataFrame, most_bits: int, mirrored: bool, key: bytes) -> ReusedPicture:
    ordered = group.sort_values(["member", "account"], ascending=[False, True])
    names = [
        printable(row["handle"] if isinstance(row["handle"], str) else row["account_id"])[0]
        if row["member"]
        else pseudonym(key, row["platform"], row["account_id"])
        for row in ordered.head(MAX_NAMES).to_dict("records")
    ]
    inside = int(group["member"].sum())
    return ReusedPicture(
        names=tuple(names),
        members=inside,
        outsiders=len(group) - inside,
        platforms=tuple(sorted(set(group["platform"]))),
        pdq=str(group["pdq"].min()),
        files=int(group["sha256"].nunique()),
        most_bits=most_bits,
        mirrored=mirrored,
    )
