"""Who belongs to the campaign: what analysts and platforms said, and what the acceptance rule adds, each with its reason."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np
import pandas as pd

from tasks.domain.accounts import ACCOUNT_KEY, MEMBERSHIP
from tasks.domain.campaign import AcceptanceRule, Campaign
from tasks.domain.frames import flatten_lists
from tasks.domain.periods import Cutoff


@dataclass(frozen=True)
class Members:
    """`frame`: MEMBERSHIP, one row an account, sorted by platform and account_id. `proposed`: what detection adds or suggests, one row
    an account outside the stated list that is tied to members, with the columns platform, account_id, decision ("accepted by rule" or
    "proposed"), members_co_acted, objects, min_q, reason; accepted first, then by members, objects and name."""

    frame: pd.DataFrame
    proposed: pd.DataFrame

    @property
    def keys(self) -> pd.Index:
        """ "platform/account_id" of every member."""
        return pd.Index(self.frame["platform"] + "/" + self.frame["account_id"])


def resolve_members(campaign: Campaign, posts: pd.DataFrame, edges: pd.DataFrame, cutoff: Cutoff) -> Members:
    """The campaign list as known at `cutoff.as_of`.

    `posts`: POSTS (a whole collection is taken from its accounts); `edges`: EDGES of detection with q-values and object lists. An entry
    counts from the start of its day `known_at` (before that only with `hindsight`) until the start of its day `until`. The
    acceptance rule is applied in rounds until nothing changes; an accepted account counts as a member in the next round. Without a
    rule nobody is accepted: accounts tied to members are proposed.
    """
    stated = _stated(campaign, posts, cutoff)
    rule = campaign.membership.accept
    ties = _ties(edges, max(rule.max_q, campaign.thresholds.max_q) if rule else campaign.thresholds.max_q)
    members = set(stated["platform"] + "/" + stated["account_id"])
    accepted: dict[str, int] = {}
    evidence = _evidence(ties, members)
    while rule is not None:
        able = _evidence(ties[(ties["q_value"] <= rule.max_q).to_numpy(bool)], members)
        able = able[((able["members_co_acted"] >= rule.min_members) & (able["objects"] >= rule.min_objects)).to_numpy(bool)]
        if able.empty:
            break
        round_number = max(accepted.values(), default=0) + 1
        accepted |= dict.fromkeys(able.index, round_number)
        evidence = pd.concat([evidence.drop(able.index, errors="ignore"), able])
        members |= set(able.index)
    if rule is not None:  # those who stay outside are shown with what ties them to the final list
        evidence = pd.concat([evidence.loc[list(accepted)], _evidence(ties, members)])
    proposed = _proposed(evidence, accepted, rule)
    frame = pd.concat([stated, _accepted_rows(campaign, proposed, cutoff)], ignore_index=True)
    return Members(MEMBERSHIP.conform(frame).sort_values(list(ACCOUNT_KEY), ignore_index=True), proposed)


def _stated(campaign: Campaign, posts: pd.DataFrame, cutoff: Cutoff) -> pd.DataFrame:
    """What the campaign file says. An account's own entry goes before the whole collection; its earliest entry counts."""
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
    now = ~(frame["until"] <= cutoff.end).to_numpy(bool)
    if not membership.hindsight:
        now &= (frame["known_at"] <= cutoff.as_of).to_numpy(bool)
    return frame[now].drop_duplicates(list(ACCOUNT_KEY))


def _ties(edges: pd.DataFrame, max_q: float) -> pd.DataFrame:
    """Edges at q <= max_q seen from both ends: account, other, behaviour, q_value, object (one row an object)."""
    strong = edges[(edges["q_value"] <= max_q).fillna(False).to_numpy(bool)]
    at, objects = flatten_lists(strong, "object_ids")
    side = strong[["source", "target", "behaviour", "q_value"]].iloc[at].assign(object=objects.to_numpy())
    there = side.rename(columns={"source": "account", "target": "other"})
    back = side.rename(columns={"target": "account", "source": "other"})
    return pd.concat([there, back], ignore_index=True)


def _evidence(ties: pd.DataFrame, members: set[str]) -> pd.DataFrame:
    """By account outside `members` that is tied to at least one: members_co_acted, objects (distinct, over all of them), min_q,
    behaviours."""
    chosen = ties[(ties["other"].isin(members) & ~ties["account"].isin(members)).to_numpy(bool)]
    chosen = chosen.assign(what=chosen["behaviour"].astype(str) + " " + chosen["object"].astype(str))
    grouped = chosen.groupby("account", sort=True)
    return pd.DataFrame(
        {
            "members_co_acted": grouped["other"].nunique(),
            "objects": grouped["what"].nunique(),
            "min_q": grouped["q_value"].min(),
            "behaviours": grouped["behaviour"].agg(lambda names: ", ".join(sorted(set(names)))),
        }
    )


def _proposed(evidence: pd.DataFrame, accepted: dict[str, int], rule: AcceptanceRule | None) -> pd.DataFrame:
    frame = evidence.rename_axis("account").reset_index()
    rounds = frame["account"].map(accepted)
    ids = frame["account"].astype("str").str.split("/", n=1)
    frame["platform"], frame["account_id"] = ids.str[0], ids.str[1]
    frame["decision"] = np.where(rounds.notna(), "accepted by rule", "proposed")
    frame["reason"] = [_reason(row, number, rule) for row, number in zip(frame.itertuples(), rounds, strict=True)]
    columns = ["platform", "account_id", "decision", "members_co_acted", "objects", "min_q", "reason"]
    order = ["decision", "members_co_acted", "objects", "platform", "account_id"]
    return frame.sort_values(order, ascending=[True, False, False, True, True], ignore_index=True)[columns]


def _reason(row: object, number: float, rule: AcceptanceRule | None) -> str:
    members, objects = int(row.members_co_acted), int(row.objects)  # type: ignore[attr-defined]
    said = f"acted together with {_many(members, 'member')} on {_many(objects, 'object')} ({row.behaviours}), smallest q {row.min_q:.1e}"  # type: ignore[attr-defined]
    if rule is None:
        return f"{said}; the campaign file has no acceptance rule"
    needed = f"{_many(rule.min_members, 'member')}, {_many(rule.min_objects, 'object')}, q at most {rule.max_q:g}"
    if np.isnan(number):
        return f"{said}; short of the rule ({needed})"
    return f"{said}; the rule asks for {needed}; round {int(number)}, accepted by {rule.accepted_by}"


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


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
