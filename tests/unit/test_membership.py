"""The campaign list: what counts when, and what the acceptance rule adds."""

from datetime import UTC, date, datetime

import pandas as pd

from tasks.detect.membership import Members, resolve_members
from tasks.domain.accounts import MEMBERSHIP
from tasks.domain.campaign import AcceptanceRule, Campaign, Member, Membership, WholeCollection
from tasks.domain.networks import EDGES
from tasks.domain.periods import Cutoff

CUTOFF = Cutoff(end=datetime(2023, 9, 4, tzinfo=UTC), as_of=datetime(2023, 9, 5, tzinfo=UTC))
POSTS = pd.DataFrame({"platform": ["x", "x", "youtube", "x"], "account_id": ["s1", "s2", "y", "s1"]}, dtype="str")


def campaign(**membership: object) -> Campaign:
    return Campaign(slug="test", title="Test", membership=Membership.model_validate(membership))


def seed(account: str, day: int = 1, **more: object) -> Member:
    return Member.model_validate({"platform": "x", "account_id": account, "known_at": date(2023, 8, day), **more})


def edges(*rows: tuple[str, str, list[str], float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {
                "behaviour": "co-text",
                "source": min(a, b),
                "target": max(a, b),
                "weight": len(objects),
                "objects": len(objects),
                "q_value": q,
                "object_ids": objects if q <= 0.01 else None,
            }
            for a, b, objects, q in rows
        ]
    )
    return EDGES.conform(frame) if rows else EDGES.empty()


def accounts(members: Members) -> list[str]:
    return list(members.keys)


def test_seeds_count_from_the_day_they_became_known() -> None:
    listed = [
        seed("s1"),
        seed("s2", known_at=date(2023, 9, 5)),
        seed("s3", known_at=date(2023, 9, 6)),
        seed("gone", until=date(2023, 9, 4)),
    ]
    assert accounts(resolve_members(campaign(seeds=listed), POSTS, edges(), CUTOFF)) == ["x/s1", "x/s2"]
    hindsight = resolve_members(campaign(seeds=listed, hindsight=True), POSTS, edges(), CUTOFF)
    assert accounts(hindsight) == ["x/s1", "x/s2", "x/s3"]


def test_a_whole_collection_takes_every_account_and_keeps_own_entries() -> None:
    whole = WholeCollection(source="the platform", known_at=date(2023, 8, 30))
    members = resolve_members(campaign(whole_collection=whole, seeds=[seed("s1", basis="analyst")]), POSTS, edges(), CUTOFF)
    assert list(members.frame.columns) == MEMBERSHIP.names
    assert accounts(members) == ["x/s1", "x/s2", "youtube/y"]
    assert members.frame["basis"].tolist() == ["analyst", "platform list", "platform list"]
    assert members.frame["outcome_selected"].tolist() == [False, True, True]
    later = whole.model_copy(update={"known_at": date(2023, 11, 1)})
    assert accounts(resolve_members(campaign(whole_collection=later), POSTS, edges(), CUTOFF)) == []
    assert len(resolve_members(campaign(whole_collection=later, hindsight=True), POSTS, edges(), CUTOFF).frame) == 3


def test_acceptance_runs_to_its_fixed_point_across_platforms() -> None:
    found = edges(
        ("x/s1", "youtube/n1", ["a", "b"], 1e-5),
        ("x/s2", "youtube/n1", ["b", "c"], 1e-4),
        ("x/s1", "x/n2", ["d", "e"], 1e-5),  # tied to one seed and to n1: accepted once n1 is in
        ("x/n2", "youtube/n1", ["f"], 1e-5),
        ("x/n2", "x/n3", ["g", "h", "i"], 1e-5),  # one member only: proposed
    )
    rule = AcceptanceRule(min_members=2, min_objects=3, accepted_by="the desk's rule")
    members = resolve_members(campaign(seeds=[seed("s1"), seed("s2")], accept=rule), POSTS, found, CUTOFF)
    assert accounts(members) == ["x/n2", "x/s1", "x/s2", "youtube/n1"]
    told = members.proposed.set_index("account_id")
    assert told["decision"].to_dict() == {"n1": "accepted by rule", "n2": "accepted by rule", "n3": "proposed"}
    assert "round 1" in told.loc["n1", "reason"]
    assert "round 2" in told.loc["n2", "reason"]
    assert "the desk's rule" in told.loc["n2", "reason"]
    assert "short of the rule" in told.loc["n3", "reason"]
    accepted = members.frame.set_index("account_id").loc["n2"]
    assert accepted["basis"] == "detection"
    assert accepted["known_at"] == pd.Timestamp(CUTOFF.as_of)
    assert not accepted["outcome_selected"]


def test_objects_are_counted_once_however_many_members_shared_them() -> None:
    found = edges(("x/s1", "x/n", ["a"], 1e-9), ("x/s2", "x/n", ["a"], 1e-9), ("x/s3", "x/n", ["a"], 1e-9))
    listed = [seed("s1"), seed("s2"), seed("s3")]
    rule = AcceptanceRule(min_members=2, min_objects=2)
    members = resolve_members(campaign(seeds=listed, accept=rule), POSTS, found, CUTOFF)
    assert "x/n" not in accounts(members)
    assert members.proposed[["members_co_acted", "objects"]].values.tolist() == [[3, 1]]


def test_weak_edges_and_strangers_count_for_nothing() -> None:
    rule = AcceptanceRule(min_members=1, min_objects=1, max_q=0.001)
    found = edges(
        ("x/n", "x/s1", ["a", "b", "c"], 0.005),  # significant, but above the rule's q
        ("x/far", "x/s1", ["a", "b", "c"], 0.2),
        ("x/u", "x/v", ["a", "b", "c"], 1e-9),  # tied to nobody on the list
    )
    members = resolve_members(campaign(seeds=[seed("s1")], accept=rule), POSTS, found, CUTOFF)
    assert accounts(members) == ["x/s1"]
    assert members.proposed["account_id"].tolist() == ["n"]


def test_without_a_rule_nobody_is_accepted() -> None:
    found = edges(("x/n", "x/s1", ["a", "b"], 1e-9), ("x/n", "x/s2", ["c", "d"], 1e-9))
    members = resolve_members(campaign(seeds=[seed("s1"), seed("s2")]), POSTS, found, CUTOFF)
    assert accounts(members) == ["x/s1", "x/s2"]
    assert members.proposed["decision"].tolist() == ["proposed"]
    assert "no acceptance rule" in members.proposed["reason"].item()


def test_order_of_edges_does_not_matter() -> None:
    found = edges(*[(f"x/n{i}", f"x/s{j}", [f"o{i}", f"o{j}", "z"], 1e-5) for i in range(4) for j in (1, 2)])
    given = campaign(seeds=[seed("s1"), seed("s2")], accept=AcceptanceRule())
    first = resolve_members(given, POSTS, found, CUTOFF)
    second = resolve_members(given, POSTS, found.sample(frac=1, random_state=3), CUTOFF)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    pd.testing.assert_frame_equal(first.proposed, second.proposed)
    assert len(first.frame) == 6
