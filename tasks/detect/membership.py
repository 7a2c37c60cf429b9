"""Who belongs to the campaign: what analysts and platforms said, and what the acceptance rule adds, each with its reason."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from tasks.detect.acts import Acts
from tasks.detect.joining import behaviours_near, judged, posts_in_step
from tasks.detect.network import Detection
from tasks.detect.sweep import Flags
from tasks.domain.accounts import ACCOUNT_KEY, MEMBERSHIP
from tasks.domain.campaign import AcceptanceRule, Campaign
from tasks.domain.periods import Cutoff

WITH_LIST = 1 / 3  # of the posts in step with anybody; a news fan whose circle a member follows has less, see docs/methods.md
PROPOSED_Q = 0.05  # what misses the rule by its q alone is shown up to here: about one in twenty of those would be chance


@dataclass(frozen=True)
class Members:
    """`frame`: MEMBERSHIP, one row an account, sorted by platform and account_id. `proposed`: what detection adds or suggests, one row
    an account outside the stated list that is tied to members, with the columns platform, account_id, decision ("accepted by rule" or
    "proposed"), members_co_acted, objects, min_q, reason; accepted first, then by members, objects and name."""

    frame: pd.DataFrame
    proposed: pd.DataFrame
    past: pd.DataFrame  # MEMBERSHIP: accounts that left the list before the cut-off; their posts up to `until` stay the campaign's

    @property
    def ever(self) -> pd.DataFrame:
        """`frame` and `past`: whose posts the campaign's are, each up to its `until`."""
        return pd.concat([self.frame, self.past], ignore_index=True)

    @property
    def keys(self) -> pd.Index:
        """ "platform/account_id" of every member."""
        keys: pd.Index = pd.Index(_keys(self.frame))
        return keys


def resolve_members(campaign: Campaign, posts: pd.DataFrame, detection: Detection, cutoff: Cutoff) -> Members:
    """The campaign list as known at `cutoff.as_of`.

    `posts`: POSTS (a whole collection is taken from its accounts); `detection`: of the same posts. An entry counts from the start of
    its day `known_at` (before that only with `hindsight`) until the start of its day `until`; an account whose entry has ended is
    neither accepted nor proposed. The acceptance rule is applied in rounds until nothing changes, with the q-value of the account (see
    tasks.detect.joining); an accepted account counts as a member in the next round. Besides the rule, at least WITH_LIST of the posts
    in step with anybody must be in step with members: who follows what a crowd shares is no accomplice of one member in it. Proposed
    is who passes max_q and falls short elsewhere, and who passes everything but max_q at q <= PROPOSED_Q. Without a rule nobody is
    accepted, and proposed is who passes the threshold of the campaign.
    """
    entries = _entries(campaign, posts)
    known = _known(entries, campaign, cutoff)
    over = (known["until"] <= cutoff.end).to_numpy(bool)
    stated = known[~over].drop_duplicates(list(ACCOUNT_KEY))
    past = known[over].sort_values("until", ascending=False, kind="stable").drop_duplicates(list(ACCOUNT_KEY))
    past = past[~_keys(past).isin(_keys(stated))]
    acts = detection.acts
    members = acts.accounts.isin(_keys(stated))
    ended = acts.accounts.isin(_keys(entries[(entries["until"] <= cutoff.end).to_numpy(bool)])) & ~members
    rule = campaign.membership.accept
    evidence = _rounds(acts, members, ended, rule, campaign.thresholds.max_q)
    proposed = _proposed(acts, evidence, rule)
    frame = pd.concat([stated, _accepted_rows(campaign, proposed, cutoff)], ignore_index=True)
    frame, past = (MEMBERSHIP.conform(part).sort_values(list(ACCOUNT_KEY), ignore_index=True) for part in (frame, past))
    return Members(frame, proposed, past)


def _entries(campaign: Campaign, posts: pd.DataFrame) -> pd.DataFrame:
    """What the campaign file says, at any time; an account's own entries before the whole collection, the earliest first."""
    membership = campaign.membership
    rows = [
        {
            "platform": seed.platform,
            "account_id": seed.account_id,
            "known_at": _midnight(seed.known_at),
            "basis": seed.basis,
            "until": _midnight(seed.until) if seed.until else None,
            "outcome_selected": seed.basis == "platform list",
            "reason": seed.reason or f"named in the campaign file ({seed.basis})",
        }
        for seed in sorted(membership.seeds, key=lambda seed: (seed.known_at, seed.platform, seed.account_id))
    ]
    frame = MEMBERSHIP.conform(pd.DataFrame(rows).assign(campaign=campaign.slug)) if rows else MEMBERSHIP.empty()
    whole = membership.whole_collection
    if whole is not None:
        everyone = posts[list(ACCOUNT_KEY)].drop_duplicates().astype("str")
        listed = everyone.assign(
            campaign=campaign.slug,
            known_at=pd.Series(_midnight(whole.known_at), index=everyone.index, dtype="datetime64[us, UTC]"),
            basis="platform list",
            outcome_selected=whole.outcome_selected,
            reason=f"on the list of {whole.source}",
        )
        frame = pd.concat([frame, MEMBERSHIP.conform(listed)], ignore_index=True)
    return frame


def _known(entries: pd.DataFrame, campaign: Campaign, cutoff: Cutoff) -> pd.DataFrame:
    """The entries that are known at the cut-off."""
    if campaign.membership.hindsight:
        return entries
    return entries[(entries["known_at"] <= cutoff.as_of).to_numpy(bool)]


def _rounds(acts: Acts, members: Flags, ended: Flags, rule: AcceptanceRule | None, max_q: float) -> pd.DataFrame:
    """Apply the rule until nothing changes. `members`: flags by account code.

    Returns what `judged` says of every account accepted or proposed, and `round`: in which it was accepted, 0 for the proposed, and
    `behaviours` in which it co-acted. The accepted are shown with what tied them to the list of their round, the others with what ties
    them to the final list.
    """
    told: list[pd.DataFrame] = []
    in_step = posts_in_step(acts)
    while not members.all():
        found = judged(acts, members, in_step)
        found = found[~ended[found.index]].assign(round=len(told) + 1)
        chosen = _passing(found, rule) if rule is not None else np.zeros(len(found), np.bool_)
        if not chosen.any():
            chosen = found["q_value"].to_numpy() <= (rule.max_q if rule is not None else max_q)
            if rule is not None:
                chosen = chosen | _passing(found, rule.model_copy(update={"max_q": max(rule.max_q, PROPOSED_Q)}))
            told.append(found[chosen].assign(round=0, behaviours=behaviours_near(acts, members, found.index[chosen])))
            break
        told.append(found[chosen].assign(behaviours=behaviours_near(acts, members, found.index[chosen])))
        members = members.copy()
        members[found.index[chosen]] = True
    return pd.concat(told) if told else judged(acts, members, in_step).assign(round=0, behaviours="")


def _passing(found: pd.DataFrame, rule: AcceptanceRule) -> Flags:
    enough = (found["members_co_acted"] >= rule.min_members) & (found["objects"] >= rule.min_objects)
    return np.asarray(enough & (found["with_list"] >= WITH_LIST) & (found["q_value"] <= rule.max_q), np.bool_)


def _proposed(acts: Acts, evidence: pd.DataFrame, rule: AcceptanceRule | None) -> pd.DataFrame:
    frame = evidence.rename(columns={"q_value": "min_q"})
    ids = pd.Series(acts.accounts[evidence.index], index=evidence.index, dtype="str").str.split("/", n=1)
    frame["platform"], frame["account_id"] = ids.str[0], ids.str[1]
    frame["decision"] = np.where(frame["round"] > 0, "accepted by rule", "proposed")
    frame["reason"] = pd.Series([_reason(row, rule) for row in frame.to_dict("records")], index=frame.index, dtype="str")
    columns = ["platform", "account_id", "decision", "members_co_acted", "objects", "min_q", "reason"]
    order = ["decision", "members_co_acted", "objects", "platform", "account_id"]
    return frame.sort_values(order, ascending=[True, False, False, True, True], ignore_index=True)[columns]


def _reason(row: dict[Hashable, Any], rule: AcceptanceRule | None) -> str:
    """In words: what was found, and what became of it."""
    told = f"co-acted with {_many(row['members_co_acted'], 'member')} on {_many(row['objects'], 'object')} ({row['behaviours']})"
    said = f"{told}; {_q(row['min_q'])}"
    if rule is None:
        return f"{said}; the campaign file has no acceptance rule"
    if row["round"]:
        return f"{said}; accepted in round {row['round']} by {rule.accepted_by}"
    short = [
        f"fewer than {_many(rule.min_members, 'member')}" if row["members_co_acted"] < rule.min_members else "",
        f"fewer than {_many(rule.min_objects, 'object')}" if row["objects"] < rule.min_objects else "",
        f"q above {rule.max_q:g}" if row["min_q"] > rule.max_q else "",
        f"in step with members in {row['with_list']:.0%} of its posts in step with anybody" if row["with_list"] < WITH_LIST else "",
    ]
    return f"{said}; not accepted: {', '.join(why for why in short if why)}"


def _q(value: float) -> str:
    return "q < 0.001" if value < 0.001 else f"q = {value:.3f}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _accepted_rows(campaign: Campaign, proposed: pd.DataFrame, cutoff: Cutoff) -> pd.DataFrame:
    rows = proposed[(proposed["decision"] == "accepted by rule").to_numpy(bool)]
    return MEMBERSHIP.conform(
        pd.DataFrame(
            {
                "campaign": campaign.slug,
                "platform": rows["platform"],
                "account_id": rows["account_id"],
                "known_at": pd.Series(cutoff.as_of, index=rows.index, dtype="datetime64[us, UTC]"),
                "basis": "detection",
                "outcome_selected": False,
                "reason": rows["reason"],
            },
            index=rows.index,
        )
    )


def _keys(frame: pd.DataFrame) -> pd.Series:
    return frame["platform"] + "/" + frame["account_id"]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
