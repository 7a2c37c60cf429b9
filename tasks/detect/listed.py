"""What the facts say of the campaign list: by what its accounts came on it, and who was turned away."""

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from tasks.detect.membership import Members
from tasks.domain.accounts import account_key
from tasks.domain.campaign_list import ListEntry, ListFacts, RuleMember
from tasks.domain.printable import printable
from tasks.domain.pseudonyms import pseudonym

_RULE = "detection"
MOST_ENTRIES = 200  # a platform's own list may hold thousands; counts are whole


def list_facts(members: Members, accounts_latest: pd.DataFrame, pseudonym_key: bytes, *, since: datetime) -> ListFacts:
    """`accounts_latest`: ACCOUNTS, one observation an account (for handles); `since`: entries known after it are new."""
    frame, rejected = members.frame, members.rejected
    known = accounts_latest[accounts_latest["handle"].notna().to_numpy(bool)]
    handles = dict(zip(account_key(known), known["handle"], strict=True))
    by_rule = frame[(frame["basis"] == _RULE).to_numpy(bool)]
    new = frame[((frame["basis"] != _RULE) & (frame["known_at"] > since)).to_numpy(bool)].sort_values(
        ["known_at", "platform", "account_id"]
    )
    entries = [
        ListEntry(
            name=_handle(row, handles), platform=row["platform"], what=row["basis"], on=row["known_at"].date(), reason=row["reason"]
        )
        for row in new.head(MOST_ENTRIES).to_dict("records")
    ]
    turned_away = rejected[(pd.to_datetime(rejected["on"], utc=True) > since).to_numpy(bool)]
    entries += [
        ListEntry(
            name=pseudonym(pseudonym_key, row["platform"], row["account_id"]),
            platform=row["platform"],
            what="rejected",
            on=row["on"],
            reason=f"{row['by']}: {row['reason']}",
        )
        for row in turned_away.head(MOST_ENTRIES).to_dict("records")
    ]
    return ListFacts(
        stated=len(frame) - len(by_rule),
        by_analyst=int((frame["basis"] == "analyst").sum()),
        by_rule=tuple(RuleMember(name=_handle(row, handles), platform=row["platform"]) for row in by_rule.to_dict("records")),
        proposed=int((members.proposed["decision"] == "proposed").sum()),
        rejected=len(rejected),
        rejected_again=int(rejected["again"].sum()),
        entries=tuple(entries),
    )


def _handle(row: Mapping[Hashable, Any], handles: dict[str, str]) -> str:
    return printable(handles.get(f"{row['platform']}/{row['account_id']}", row["account_id"]))[0]
