"""Who came on the list, who was turned away, and that the next briefing says so."""

from datetime import UTC, date, datetime

import pandas as pd
from judged_facts import facts

from tasks.detect.listed import list_facts
from tasks.detect.membership import Members
from tasks.domain.accounts import ACCOUNTS, MEMBERSHIP
from tasks.domain.campaign_list import ListFacts, RuleMember
from tasks.domain.facts import ProposedAccount
from tasks.domain.pseudonyms import pseudonym
from tasks.narrate.list_changes import list_changes

KEY = b"a key of sixteen bytes"
SINCE = datetime(2023, 10, 3, tzinfo=UTC)


def member(account: str, basis: str, day: int, reason: str = "r") -> dict[str, object]:
    known = datetime(2023, 10, day, tzinfo=UTC)
    return {
        "campaign": "c", "platform": "x", "account_id": account, "known_at": known, "basis": basis, "outcome_selected": False,
        "reason": reason,
    }  # fmt: skip


def listed(rejected: bool = True) -> ListFacts:
    frame = MEMBERSHIP.conform(
        pd.DataFrame(
            [member("1", "seed", 1), member("2", "analyst", 5, "accepted by the desk: same banner"), member("3", "detection", 9)]
        )
    )
    turned = pd.DataFrame(
        [{"platform": "x", "account_id": "9", "on": date(2023, 10, 6), "by": "the desk", "reason": "a newspaper", "again": True}]
    )
    proposed = pd.DataFrame({"decision": ["accepted by rule", "proposed"]})
    accounts = ACCOUNTS.conform(
        pd.DataFrame(
            {
                "campaign": "c", "platform": "x", "account_id": ["2"], "observed_at": pd.Timestamp(SINCE), "handle": ["anna"],
                "batch_id": "b", "row_number": 0,
            }
        )
    )  # fmt: skip
    members = Members(frame, proposed, MEMBERSHIP.empty(), turned if rejected else turned.head(0))
    return list_facts(members, accounts, KEY, since=SINCE)


def test_the_list_is_told_by_what_put_accounts_on_it() -> None:
    found = listed()
    assert (found.stated, found.by_analyst, found.proposed, found.rejected, found.rejected_again) == (2, 1, 1, 1, 1)
    assert found.by_rule == (RuleMember(name="3", platform="x"),)
    assert [(entry.name, entry.what) for entry in found.entries] == [("anna", "analyst"), (pseudonym(KEY, "x", "9"), "rejected")]


def rule_account(name: str) -> ProposedAccount:
    return ProposedAccount(
        name=name, platform="x", decision="accepted by rule", members_co_acted=2, objects=3, min_q=0.001, reason="co-acted"
    )


def test_nobody_comes_or_goes_silently() -> None:
    before = facts().model_copy(update={"accounts_proposed": (rule_account("3"), rule_account("7"))})
    texts = list(list_changes(listed(), before))
    assert texts[0] == "1 account put on the campaign list by an analyst: anna (X, 2023-10-05: accepted by the desk: same banner)"
    assert texts[1].startswith("1 account rejected by an analyst and kept off the campaign list: outsider-")
    assert texts[1].endswith("(X, 2023-10-06: the desk: a newspaper)")
    assert texts[2].startswith("1 account no longer held by the rule: 7 (X)")
    assert texts[3] == "1 account that an analyst rejected would be added or proposed again; the decision keeps it off"
    came = list(list_changes(listed(rejected=False), facts().model_copy(update={"accounts_proposed": ()})))
    assert came[1] == "1 account accepted by the campaign's rule: 3 (X)"
    assert list(list_changes(None, before)) == []
