"""Who the campaign file says belongs to the campaign, and who not: seeds, a platform's whole collection, analysts' decisions."""

from datetime import UTC, date, datetime, time

import pandas as pd

from tasks.domain.accounts import ACCOUNT_KEY, MEMBERSHIP, account_key
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff


def decisions(campaign: Campaign, cutoff: Cutoff) -> pd.DataFrame:
    """The latest decision on each account that is known at the cut-off: platform, account_id, decision, on, by, reason."""
    columns = ["platform", "account_id", "decision", "on", "by", "reason"]
    hindsight = campaign.membership.hindsight
    told = sorted(campaign.membership.decisions, key=lambda one: (one.platform, one.account_id, one.on))
    known = {(one.platform, one.account_id): one for one in told if hindsight or _midnight(one.on) <= cutoff.as_of}
    return pd.DataFrame([one.model_dump() for one in known.values()], columns=columns).astype(
        {"platform": "str", "account_id": "str", "decision": "str", "by": "str", "reason": "str"}
    )


def entries_of(campaign: Campaign, posts: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    """What the campaign file says, at any time; an account's own entries before the whole collection, the earliest first. `decided`: as
    `decisions` returns them; who is rejected has no entry."""
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
    rows += [
        {
            "platform": row["platform"],
            "account_id": row["account_id"],
            "known_at": _midnight(row["on"]),
            "basis": "analyst",
            "until": None,
            "outcome_selected": False,
            "reason": f"accepted by {row['by']}: {row['reason']}",
        }
        for row in decided[(decided["decision"] == "accepted").to_numpy(bool)].to_dict("records")
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
    return frame[~account_key(frame).isin(account_key(decided[(decided["decision"] == "rejected").to_numpy(bool)])).to_numpy(bool)]


def known_at(entries: pd.DataFrame, campaign: Campaign, cutoff: Cutoff) -> pd.DataFrame:
    """The entries that are known at the cut-off."""
    if campaign.membership.hindsight:
        return entries
    return entries[(entries["known_at"] <= cutoff.as_of).to_numpy(bool)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
