"""Bundles, pointers, runs and claims over both stores."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from store_samples import CAMPAIGN, T0, commit, facts_of, hours, post, publish

from tasks.domain.errors import UsageProblem, WorkspaceProblem, WriteConflict
from tasks.domain.facts import edition_of
from tasks.domain.ports import ObjectStore
from tasks.domain.run_summary import RunSummary
from tasks.store.bundles import latest, publish_bundle, published_periods, read_facts_of
from tasks.store.keys import claim_key
from tasks.store.ledger import claim, holder, record_run, release, runs
from tasks.store.verify import verify_bundle

WHERE = (CAMPAIGN, "2023-W36", "AMBER+STRICT")


def test_a_bundle_is_published_once(store: ObjectStore) -> None:
    batch = commit(store, b"landed", [post("1", 0)])
    first = publish(store, [batch.batch_id])
    assert first.moved
    assert first.edition == edition_of(facts_of([batch.batch_id]))
    assert latest(store, *WHERE) == first.pointer
    assert (first.pointer.edition, first.pointer.fence) == (first.edition, 1)
    before = [(info.key, info.version) for info in store.entries("briefings")]
    again = publish(store, [batch.batch_id])
    assert (again.moved, again.pointer) == (False, first.pointer)
    assert [(info.key, info.version) for info in store.entries("briefings")] == before
    assert read_facts_of(store, *WHERE) == facts_of([batch.batch_id])
    assert published_periods(store, CAMPAIGN, "AMBER+STRICT") == {"2023-W36": first.pointer}
    assert published_periods(store, CAMPAIGN, "CLEAR") == {}
    assert verify_bundle(store, first.prefix) == ()


def test_the_same_edition_with_other_bytes_is_an_error(store: ObjectStore) -> None:
    publish(store, [])
    with pytest.raises(WriteConflict, match=r"briefing\.pdf"):
        publish_bundle(
            store,
            campaign=CAMPAIGN,
            period_path="2023-W36",
            tlp="AMBER+STRICT",
            facts=facts_of([]),
            files={"briefing.pdf": b"%PDF another"},
            as_of=hours(0),
            batch_ids=[],
            predecessor=None,
        )


def test_the_pointer_moves_only_forward_or_by_saying_so(store: ObjectStore) -> None:
    first = publish(store, [], as_of=1, note="first")
    older = publish(store, [], as_of=0, note="older")
    assert (older.moved, older.pointer) == (False, first.pointer)
    equal = publish(store, [], as_of=1, note="equal")
    assert not equal.moved
    wrong = publish(store, [], as_of=1, note="equal", supersedes=older.edition)
    assert not wrong.moved  # what it says it supersedes is not what stands there
    corrected = publish(store, [], as_of=1, note="equal", supersedes=first.edition)
    assert corrected.moved
    assert (corrected.pointer.fence, corrected.pointer.supersedes) == (2, first.edition)
    assert not publish(store, [], as_of=1, note="first").moved
    later = publish(store, [], as_of=2, note="later", supersedes=first.edition)
    assert (later.moved, later.pointer.fence, later.pointer.supersedes) == (True, 3, None)
    assert read_facts_of(store, *WHERE, first.edition) == facts_of([], note="first")


def test_concurrent_twins_leave_one_pointer_and_whole_bundles(reopen: Callable[[], ObjectStore]) -> None:
    stores = [reopen() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        same = list(pool.map(lambda store: publish(store, [], note="same"), stores))
    assert {published.pointer for published in same} == {same[0].pointer}
    assert same[0].pointer.fence == 1
    with ThreadPoolExecutor(4) as pool:
        other = list(pool.map(lambda item: publish(item[1], [], note=f"n{item[0]}", as_of=item[0]), enumerate(stores)))
    pointer = latest(stores[0], *WHERE)
    assert pointer is not None
    assert (pointer.edition, pointer.as_of) == (other[3].edition, hours(3))  # the greatest as_of, whoever came last
    assert pointer.fence == 1 + sum(published.moved for published in other)


def test_reserved_and_hostile_names_are_refused(store: ObjectStore) -> None:
    def attempt(**values: object) -> None:
        arguments = {"campaign": CAMPAIGN, "period_path": "2023-W36", "tlp": "AMBER", "files": {}, **values}
        publish_bundle(store, facts=b"{}", as_of=T0, batch_ids=[], predecessor=None, **arguments)  # type: ignore[arg-type]

    for values in (
        {"files": {"manifest.json": b""}},
        {"files": {"../../latest.json": b""}},
        {"campaign": "../x"},
        {"period_path": "2023-10-01..2023-11-01"},
        {"tlp": "AMBER/.."},
    ):
        with pytest.raises(UsageProblem):
            attempt(**values)
    assert latest(store, CAMPAIGN, "2023-W36", "AMBER") is None


def test_verify_names_what_was_altered(store: ObjectStore) -> None:
    batch = commit(store, b"landed", [post("1", 0)], [], [("posts", 1, "bad")])
    published = publish(store, [batch.batch_id])
    assert verify_bundle(store, published.prefix) == ()
    damaged = [f"{published.prefix}/briefing.pdf", batch.files[0].key, batch.files[1].key, batch.raw[0].key]
    for key in damaged:
        stored = store.read(key)
        assert stored is not None
        store.swap(key, stored.data[:-1] + b"!", expected=stored.version)
        problems = verify_bundle(store, published.prefix)
        assert len(problems) == 1
        assert key in problems[0]
        store.swap(key, stored.data, expected=store.read(key).version)  # type: ignore[union-attr]
    store.create(f"{published.prefix}/annex/slipped-in.csv", b"x")
    assert verify_bundle(store, published.prefix) == (f"{published.prefix}/annex/slipped-in.csv is not in the manifest.",)


def test_verify_follows_the_batches_the_facts_name(store: ObjectStore) -> None:
    batch = commit(store, b"landed", [post("1", 0)])
    missing = publish(store, ["0" * 64], as_of=1)
    assert verify_bundle(store, missing.prefix) == (f"Batch {'0' * 64} is missing.",)
    differing = publish_bundle(
        store,
        campaign=CAMPAIGN,
        period_path="2023-W37",
        tlp="CLEAR",
        facts=facts_of([]),
        files={},
        as_of=T0,
        batch_ids=[batch.batch_id],
        predecessor=None,
    )
    assert verify_bundle(store, differing.prefix) == (f"{differing.prefix}: facts and manifest name different batches.",)
    assert "never published" in verify_bundle(store, f"briefings/{CAMPAIGN}/2023-W36/CLEAR/{'0' * 64}")[0]


def test_altered_facts_are_not_handed_out(store: ObjectStore) -> None:
    published = publish(store, [])
    stored = store.read(f"{published.prefix}/facts.json")
    assert stored is not None
    store.swap(f"{published.prefix}/facts.json", b"{}", expected=stored.version)
    with pytest.raises(WorkspaceProblem, match="does not have the hash"):
        read_facts_of(store, *WHERE)


def test_a_run_ends_once(store: ObjectStore) -> None:
    def summary(state: str, run_id: str = "run-1", started: float = 0) -> RunSummary:
        return RunSummary(run_id=run_id, flow="briefing", campaign=CAMPAIGN, state=state, started_at=hours(started))  # type: ignore[arg-type]

    record_run(store, summary("running"))
    record_run(store, summary("failed", "run-0", started=-1))
    record_run(store, summary("done"))
    record_run(store, summary("done"))
    with pytest.raises(WriteConflict, match="run-1 already ended"):
        record_run(store, summary("failed"))
    assert [(run.run_id, run.state) for run in runs(store, CAMPAIGN)] == [("run-0", "failed"), ("run-1", "done")]


def test_a_claim_has_one_holder_until_it_expires(store: ObjectStore) -> None:
    key, lease = claim_key(CAMPAIGN, "2023-W36"), timedelta(hours=1)
    assert claim(store, key, "nonce-a", hours(0), lease)
    assert claim(store, key, "nonce-a", hours(0), lease)  # our own write, recognised
    assert not claim(store, key, "nonce-b", hours(0.9), lease)
    assert holder(store, key, hours(0.9)) == "nonce-a"
    assert claim(store, key, "nonce-a", hours(0.9), lease)  # renewed
    assert not claim(store, key, "nonce-b", hours(1.5), lease)
    assert claim(store, key, "nonce-b", hours(1.9), lease)  # expired: taken over
    assert not release(store, key, "nonce-a")
    assert not claim(store, key, "nonce-a", hours(2), lease)
    assert release(store, key, "nonce-b")
    assert holder(store, key, hours(2)) is None
    assert claim(store, key, "nonce-c", hours(2), lease)


def test_one_of_many_claims_wins(reopen: Callable[[], ObjectStore]) -> None:
    key, stores = claim_key(CAMPAIGN, "2023-W36"), [reopen() for _ in range(4)]
    for now in (0, 5):  # free, then expired
        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(lambda n: claim(stores[n], key, f"nonce-{n}-{now}", hours(now), timedelta(hours=1)), range(4)))  # noqa: B023
        assert sum(won) == 1
        assert holder(stores[0], key, hours(now)) == f"nonce-{won.index(True)}-{now}"
