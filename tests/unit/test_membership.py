"""The campaign list: what counts when, and what the acceptance rule adds."""

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from acting_together import END, START, crowd, no_families, posts_of, together

from tasks.detect.membership import Members, resolve_members
from tasks.detect.network import detect
from tasks.domain.accounts import MEMBERSHIP
from tasks.domain.campaign import AcceptanceRule, Campaign, Decision, Member, Membership, Thresholds, WholeCollection
from tasks.domain.periods import Cutoff

CUTOFF = Cutoff(end=END, as_of=END + timedelta(days=1))
FEW = [(f"{who}", f"own.example/{i}", START + timedelta(hours=i)) for i, who in enumerate(["x/s1", "x/s2", "youtube/y", "x/s1"])]
CROWD = crowd(3_000, 4)


def campaign(**membership: object) -> Campaign:
    thresholds = Thresholds(window_s={"co-url": 60})
    return Campaign(slug="test", title="Test", membership=Membership.model_validate(membership), thresholds=thresholds)


def seed(account: str, day: int = 1, **more: object) -> Member:
    return Member.model_validate({"platform": "x", "account_id": account, "known_at": date(2023, 8, day), **more})


def resolved(given: Campaign, rows: list[tuple[str, str, datetime]], order: int | None = None) -> Members:
    posts = posts_of(rows)
    if order is not None:
        posts = posts.sample(frac=1, random_state=order, ignore_index=True)
    return resolve_members(given, posts, detect(given, posts, no_families(posts), CUTOFF, 1), CUTOFF)


def accounts(members: Members) -> list[str]:
    return list(members.keys)


def test_seeds_count_from_the_day_they_became_known() -> None:
    listed = [
        seed("s1"),
        seed("s2", known_at=date(2023, 9, 5)),
        seed("s3", known_at=date(2023, 9, 6)),
        seed("gone", until=date(2023, 9, 4)),
    ]
    assert accounts(resolved(campaign(seeds=listed), FEW)) == ["x/s1", "x/s2"]
    assert accounts(resolved(campaign(seeds=listed, hindsight=True), FEW)) == ["x/s1", "x/s2", "x/s3"]


def test_who_left_the_list_keeps_its_history() -> None:
    members = resolved(campaign(seeds=[seed("s1"), seed("gone", until=date(2023, 9, 4))]), FEW)
    assert accounts(members) == ["x/s1"]
    assert members.past["account_id"].tolist() == ["gone"]
    assert members.ever["until"].notna().tolist() == [False, True]


def test_a_whole_collection_takes_every_account_and_keeps_own_entries() -> None:
    whole = WholeCollection(source="the platform", known_at=date(2023, 8, 30))
    members = resolved(campaign(whole_collection=whole, seeds=[seed("s1", basis="analyst")]), FEW)
    assert list(members.frame.columns) == MEMBERSHIP.names
    assert accounts(members) == ["x/s1", "x/s2", "youtube/y"]
    assert members.frame["basis"].tolist() == ["analyst", "platform list", "platform list"]
    assert members.frame["outcome_selected"].tolist() == [False, True, True]
    assert members.proposed.empty
    later = whole.model_copy(update={"known_at": date(2023, 11, 1)})
    assert accounts(resolved(campaign(whole_collection=later), FEW)) == []
    assert len(resolved(campaign(whole_collection=later, hindsight=True), FEW).frame) == 3


def test_acceptance_runs_to_its_fixed_point_across_platforms() -> None:
    rows = [
        *CROWD,
        *together(["x/s1", "x/s2", "youtube/n1"], ["a", "b", "c", "d", "e"]),
        *together(["x/s1", "x/n2"], ["f", "g", "h"]),  # with one seed only; accepted once n1 is in
        *together(["youtube/n1", "x/n2"], ["i", "j", "k"]),
        *together(["x/n2", "x/n3"], ["l", "m", "n", "o"]),  # one member only: proposed
    ]
    rule = AcceptanceRule(min_members=2, min_objects=3, accepted_by="the desk's rule")
    members = resolved(campaign(seeds=[seed("s1"), seed("s2")], accept=rule), rows)
    assert accounts(members) == ["x/n2", "x/s1", "x/s2", "youtube/n1"]
    told = members.proposed.set_index("account_id")
    assert told["decision"].to_dict() == {"n1": "accepted by rule", "n2": "accepted by rule", "n3": "proposed"}
    assert told.loc["n1", "reason"] == (
        "co-acted with 2 members on 5 objects (co-url); q < 0.001; accepted in round 1 by the desk's rule"
    )
    assert told.loc["n2", ["members_co_acted", "objects"]].tolist() == [2, 6]
    assert "accepted in round 2" in told.loc["n2", "reason"]
    assert told.loc["n3", "reason"].endswith("not accepted: fewer than 2 members")
    accepted = members.frame.set_index("account_id").loc["n2"]
    assert accepted["basis"] == "detection"
    assert accepted["known_at"] == pd.Timestamp(CUTOFF.as_of)
    assert not accepted["outcome_selected"]


def test_objects_are_counted_once_however_many_members_and_posts_shared_them() -> None:
    rows = [*CROWD, *together(["x/s1", "x/s2", "x/s3", "x/n", "x/n"], ["a", "b", "c", "d"])]
    listed = [seed("s1"), seed("s2"), seed("s3")]
    members = resolved(campaign(seeds=listed, accept=AcceptanceRule(min_objects=5)), rows)
    assert "x/n" not in accounts(members)
    told = members.proposed.set_index("account_id").loc["n"]
    assert told[["members_co_acted", "objects"]].tolist() == [3, 4]
    assert "fewer than 5 objects" in told["reason"]


def test_who_acts_with_others_far_more_than_with_members_is_only_proposed() -> None:
    circle = [f"x/fan{i}" for i in range(6)]
    alone, along = [f"f{i}" for i in range(30)], ["a", "b", "c", "d", "e", "f"]
    rows = [*CROWD, *together(circle, alone), *together(["x/s1", "x/s2", *circle], along)]
    members = resolved(campaign(seeds=[seed("s1"), seed("s2")], accept=AcceptanceRule()), rows)
    assert accounts(members) == ["x/s1", "x/s2"]
    assert len(members.proposed) == len(circle)
    assert members.proposed["reason"].str.contains("in step with members in 17% of its posts in step with anybody").all()


def test_what_misses_by_its_q_alone_is_proposed_up_to_a_limit() -> None:
    rows = [*CROWD, *together(["x/s1", "x/s2", "x/n"], ["a", "b", "c"])]
    listed = [seed("s1"), seed("s2")]
    q = resolved(campaign(seeds=listed, accept=AcceptanceRule()), rows).proposed["min_q"].item()
    assert 0 < q <= 0.01
    stricter = resolved(campaign(seeds=listed, accept=AcceptanceRule(max_q=q / 2)), rows)
    assert stricter.proposed["decision"].tolist() == ["proposed"]
    assert "not accepted: q above" in stricter.proposed["reason"].item()
    assert stricter.proposed["account_id"].tolist() == ["n"]


def test_strangers_are_not_shown() -> None:
    rows = [*CROWD, *together(["x/u", "x/v"], ["a", "b", "c", "d"])]
    assert resolved(campaign(seeds=[seed("s1")], accept=AcceptanceRule(min_members=1, min_objects=1)), rows).proposed.empty


def test_an_account_taken_off_the_list_is_not_put_back_by_the_rule() -> None:
    rows = [*CROWD, *together(["x/s1", "x/s2", "x/gone"], ["a", "b", "c", "d", "e"])]
    listed = [seed("s1"), seed("s2"), seed("gone", until=date(2023, 8, 20))]
    members = resolved(campaign(seeds=listed, accept=AcceptanceRule()), rows)
    assert accounts(members) == ["x/s1", "x/s2"]
    assert members.proposed.empty


@pytest.mark.parametrize("max_q", [0.01, 1e-30])
def test_without_a_rule_nobody_is_accepted(max_q: float) -> None:
    rows = [*CROWD, *together(["x/s1", "x/s2", "x/n"], ["a", "b", "c", "d", "e"])]
    given = campaign(seeds=[seed("s1"), seed("s2")])
    members = resolved(given.model_copy(update={"thresholds": Thresholds(window_s={"co-url": 60}, max_q=max_q)}), rows)
    assert accounts(members) == ["x/s1", "x/s2"]
    assert members.proposed["decision"].tolist() == (["proposed"] if max_q == 0.01 else [])
    assert members.proposed["reason"].str.contains("no acceptance rule").all()


def test_order_of_posts_does_not_matter() -> None:
    rows = [*CROWD, *together(["x/s1", "x/s2", "x/n1", "youtube/n2"], ["a", "b", "c", "d", "e"])]
    given = campaign(seeds=[seed("s1"), seed("s2")], accept=AcceptanceRule())
    first, second = resolved(given, rows), resolved(given, rows, order=3)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    pd.testing.assert_frame_equal(first.proposed, second.proposed)
    assert len(first.frame) == 4


def test_nothing_shared_and_nobody_listed_is_no_failure() -> None:
    rule = AcceptanceRule()
    alone = [(f"x/u{i}", f"own.example/{i}", START + timedelta(hours=i)) for i in range(5)]
    assert accounts(resolved(campaign(seeds=[seed("s1")], accept=rule), alone)) == ["x/s1"]
    assert accounts(resolved(campaign(accept=rule), CROWD)) == []


def decision(account: str, word: str, day: date = date(2023, 9, 1), platform: str = "x") -> Decision:
    return Decision.model_validate(
        {
            "platform": platform,
            "account_id": account,
            "decision": word,
            "on": day,
            "by": "the desk",
            "reason": "looked at its posts",
        }
    )


TIED = [*CROWD, *together(["x/s1", "x/s2", "x/n1", "x/n2"], ["a", "b", "c", "d", "e"])]
SEEDS = [seed("s1"), seed("s2")]


def test_an_analyst_accepts_a_proposal_with_day_name_and_reason() -> None:
    members = resolved(campaign(seeds=SEEDS, decisions=[decision("n1", "accepted")]), TIED)
    assert accounts(members) == ["x/n1", "x/s1", "x/s2"]
    row = members.frame.set_index("account_id").loc["n1"]
    assert (row["basis"], row["known_at"]) == ("analyst", pd.Timestamp("2023-09-01", tz="UTC"))
    assert row["reason"] == "accepted by the desk: looked at its posts"
    assert members.proposed["account_id"].tolist() == ["n2"]  # and what remains is still only proposed: there is no rule


def test_who_is_rejected_is_neither_accepted_nor_proposed_but_counted() -> None:
    for rule in (AcceptanceRule(), None):
        given = campaign(seeds=SEEDS, accept=rule, decisions=[decision("n1", "rejected"), decision("u3", "rejected")])
        members = resolved(given, TIED)
        assert "x/n1" not in accounts(members)
        assert members.proposed["account_id"].tolist() == ["n2"]
        assert members.rejected[["account_id", "by", "again"]].values.tolist() == [
            ["n1", "the desk", True],
            ["u3", "the desk", False],
        ]


def test_a_decision_counts_from_its_day_and_the_latest_counts() -> None:
    known = CUTOFF.as_of.date()
    after = known + timedelta(days=1)
    changed = [decision("n1", "accepted", date(2023, 8, 1)), decision("n1", "rejected", known)]
    assert "x/n1" not in accounts(resolved(campaign(seeds=SEEDS, decisions=changed), TIED))
    later = [decision("n1", "accepted", date(2023, 8, 1)), decision("n1", "rejected", after)]
    assert "x/n1" in accounts(resolved(campaign(seeds=SEEDS, decisions=later), TIED))
    assert "x/n1" not in accounts(resolved(campaign(seeds=SEEDS, decisions=later, hindsight=True), TIED))
    early = resolved(campaign(seeds=SEEDS, decisions=[decision("n1", "accepted", after)]), TIED)
    assert "x/n1" not in accounts(early)
    assert "n1" in early.proposed["account_id"].tolist()


def test_a_rejected_account_leaves_a_whole_collection() -> None:
    whole = WholeCollection(source="the platform", known_at=date(2023, 8, 30))
    members = resolved(campaign(whole_collection=whole, decisions=[decision("s2", "rejected")]), FEW)
    assert accounts(members) == ["x/s1", "youtube/y"]


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="decided twice: x/n1 on 2023-09-01"):
        campaign(decisions=[decision("n1", "accepted"), decision("n1", "rejected")])
    with pytest.raises(ValueError, match="named in seeds and rejected in decisions: x/s1"):
        campaign(seeds=SEEDS, decisions=[decision("s1", "rejected")])
