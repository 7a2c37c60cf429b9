"""Who belongs to the campaign: what analysts and platforms said, and what the acceptance rule adds, each with its reason."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tasks.detect.acts import Acts
from tasks.detect.joining import behaviours_near, judged, posts_in_step
from tasks.detect.network import Detection
from tasks.detect.stated import decisions, entries_of, known_at
from tasks.detect.sweep import Flags, Ints
from tasks.domain.accounts import ACCOUNT_KEY, MEMBERSHIP, account_key
from tasks.domain.campaign import AcceptanceRule, Campaign
from tasks.domain.periods import Cutoff

WITH_LIST = 1 / 3  # of the posts in step with anybody; a news fan whose circle a member follows has less, see docs/methods.md
PROPOSED_Q = 0.05  # what misses the rule by its q alone is shown up to here: about one in twenty of those would be chance


@dataclass(frozen=True)
class Members:
    """`frame`: MEMBERSHIP, one row an account, sorted by platform and account_id. `proposed`: what detection adds or suggests, one row
    an account outside the stated list that is tied to members, with the columns platform, account_id, decision ("accepted by rule" or
    "proposed"), members_co_acted, objects, min_q, reason; accepted first, then by members, objects and name. `rejected`: who an analyst
    has said is not of the campaign: platform, account_id, on, by, reason, `again` (detection would add or suggest it otherwise)."""

    frame: pd.DataFrame
    proposed: pd.DataFrame
    past: pd.DataFrame  # MEMBERSHIP: accounts that left the list before the cut-off; their posts up to `until` stay the campaign's
    rejected: pd.DataFrame

    @property
    def ever(self) -> pd.DataFrame:
        """`frame` and `past`: whose posts the campaign's are, each up to its `until`."""
        return pd.concat([self.frame, self.past], ignore_index=True)

    @property
    def keys(self) -> pd.Index:
        """ "platform/account_id" of every member."""
        keys: pd.Index = pd.Index(account_key(self.frame))
        return keys


def resolve_members(campaign: Campaign, posts: pd.DataFrame, detection: Detection, cutoff: Cutoff) -> Members:
    """The campaign list as known at `cutoff.as_of`.

    `posts`: POSTS (a whole collection is taken from its accounts); `detection`: of the same posts. An entry counts from the start of its
    day `known_at` (before that only with `hindsight`) until the start of its day `until`; an account whose entry has ended is neither
    accepted nor proposed. An analyst's decision counts from the start of its day, the latest of an account; a rejected account is on no
    list, neither accepted nor proposed, and counted. The acceptance rule is applied in rounds until nothing changes, with the q-value of
    the account (see tasks.detect.joining); an accepted account counts as a member in the next round. Besides the rule, at least WITH_LIST
    of the posts in step with anybody must be in step with members: who follows what a crowd shares is no accomplice of one member in it.
    Proposed is who passes max_q and falls short elsewhere, and who passes everything but max_q at q <= PROPOSED_Q. Without a rule nobody
    is accepted, and proposed is who passes the threshold of the campaign.
    """
    decided = decisions(campaign, cutoff)
    entries = entries_of(campaign, posts, decided)
    known = known_at(entries, campaign, cutoff)
    over = (known["until"] <= cutoff.end).to_numpy(bool)
    stated = known[~over].drop_duplicates(list(ACCOUNT_KEY))
    past = known[over].sort_values("until", ascending=False, kind="stable").drop_duplicates(list(ACCOUNT_KEY))
    past = past[~account_key(past).isin(account_key(stated))]
    acts = detection.acts
    members = acts.accounts.isin(account_key(stated))
    ended = acts.accounts.isin(account_key(entries[(entries["until"] <= cutoff.end).to_numpy(bool)])) & ~members
    rejected = decided[(decided["decision"] == "rejected").to_numpy(bool)]
    turned_away = acts.accounts.isin(account_key(rejected))
    rule = campaign.membership.accept
    evidence, again = _rounds(acts, members, ended, turned_away, rule, campaign.thresholds.max_q)
    proposed = _proposed(acts, evidence, rule)
    frame = pd.concat([stated, _accepted_rows(campaign, proposed, cutoff)], ignore_index=True)
    frame, past = (MEMBERSHIP.conform(part).sort_values(list(ACCOUNT_KEY), ignore_index=True) for part in (frame, past))
    found_again = account_key(rejected).isin(acts.accounts[again])
    rejected = rejected.drop(columns="decision").assign(again=found_again.to_numpy(bool)).reset_index(drop=True)
    return Members(frame, proposed, past, rejected)


def _rounds(
    acts: Acts, members: Flags, ended: Flags, rejected: Flags, rule: AcceptanceRule | None, max_q: float
) -> tuple[pd.DataFrame, Ints]:
    """Apply the rule until nothing changes. `members`, `ended`, `rejected`: flags by account code; the last two are never chosen.

    Returns what `judged` says of every account accepted or proposed, and `round`: in which it was accepted, 0 for the proposed, and
    `behaviours` in which it co-acted; and the codes of rejected accounts that would have been chosen. The accepted are shown with what
    tied them to the list of their round, the others with what ties them to the final list.
    """
    told: list[pd.DataFrame] = []
    again: Ints = np.empty(0, np.int64)
    in_step = posts_in_step(acts)
    while not members.all():
        found = judged(acts, members, in_step)
        found = found[~ended[found.index]].assign(round=len(told) + 1)
        free = ~rejected[found.index]
        passing = _passing(found, rule) if rule is not None else np.zeros(len(found), np.bool_)
        chosen = passing & free
        if not chosen.any():
            near = passing | _nearly(found, rule, max_q)
            chosen, again = near & free, found.index[near & ~free].to_numpy(np.int64)
            told.append(found[chosen].assign(round=0, behaviours=behaviours_near(acts, members, found.index[chosen])))
            break
        told.append(found[chosen].assign(behaviours=behaviours_near(acts, members, found.index[chosen])))
        members = members.copy()
        members[found.index[chosen]] = True
    return (pd.concat(told) if told else judged(acts, members, in_step).assign(round=0, behaviours="")), again


def _nearly(found: pd.DataFrame, rule: AcceptanceRule | None, max_q: float) -> Flags:
    """Who is proposed: passes `max_q` (of the rule, if there is one), or everything but that at PROPOSED_Q."""
    chosen = np.asarray(found["q_value"] <= (rule.max_q if rule is not None else max_q), np.bool_)
    if rule is not None:
        chosen = chosen | _passing(found, rule.model_copy(update={"max_q": max(rule.max_q, PROPOSED_Q)}))
    return chosen


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
