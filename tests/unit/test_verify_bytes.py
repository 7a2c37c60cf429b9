"""One changed byte anywhere in what a briefing rests on is found, and the file named."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import CAMPAIGN, account, commit, facts_of, hours, post

from tasks.domain.bundles import Pointer
from tasks.domain.facts import Predecessor
from tasks.store.bundles import Published, publish_bundle
from tasks.store.keys import bundle_prefix, pointer_key
from tasks.store.local import LocalStore
from tasks.store.verify import verify_bundle
from tasks.store.workspace import init_workspace

TLP = "AMBER+STRICT"


def publish(store: LocalStore, period: str, batch_ids: list[str], facts: bytes, before: Predecessor | None = None) -> Published:
    return publish_bundle(
        store,
        campaign=CAMPAIGN,
        period_path=period,
        tlp=TLP,
        facts=facts,
        files={"briefing.pdf": b"%PDF bytes", "annex/edges.csv": b"source,target\n"},
        as_of=hours(1),
        batch_ids=batch_ids,
        predecessor=before,
    )


@pytest.fixture(scope="module")
def closure(tmp_path_factory: pytest.TempPathFactory) -> tuple[LocalStore, str, list[Path]]:
    """A store, a bundle in it, and every file that the bundle rests on."""
    folder = tmp_path_factory.mktemp("w")
    store = LocalStore(folder)
    init_workspace(store)
    rows = [post("1", 0, posted=1, text="hello"), post("2", 1, posted=2)]
    one = commit(store, b"landed " * 50, rows, [account("a1", 0)], [("posts", 3, "no time")], queries=["q"])
    two = commit(store, b"landed later", [post("3", 0, posted=3)])
    ids = sorted([one.batch_id, two.batch_id])
    older = publish(store, "2023-W35", ids[:1], facts_of(ids[:1]))
    before = Predecessor(period="2023-W35", edition=older.edition)
    plain = facts_of(ids).replace(
        b'"predecessor":null', b'"predecessor":{"period":"2023-W35","edition":"%s"}' % older.edition.encode()
    )
    bundle = publish(store, "2023-W36", ids, plain.replace(b'{"inputs"', b'{"as_of":"2023-09-04T01:00:00Z","inputs"'), before)
    assert verify_bundle(store, bundle.prefix) == ()
    beside = f"briefings/{CAMPAIGN}/2023-W35/"
    kept = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and (name := path.relative_to(folder).as_posix()).startswith(("briefings/", "lake/", "raw/", "quarantine/"))
        if not name.startswith(beside) or name.endswith("facts.json")
    )
    return store, bundle.prefix, list(kept)


def test_every_kind_of_file_is_among_them(closure):
    names = " ".join(path.as_posix() for path in closure[2])
    for kind in ("briefing.pdf", "facts.json", "manifest.json", "annex/edges.csv", "latest.json", "lake/batches/", "lake/posts/"):
        assert kind in names
    for kind in ("lake/accounts/", "quarantine/", "raw/", "2023-W35"):
        assert kind in names


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_one_changed_byte_is_found_and_its_file_named(closure, data):
    store, prefix, files = closure
    path = data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    at, mask = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
    try:
        problems = verify_bundle(store, prefix)
    finally:
        path.write_bytes(whole)
    assert problems
    key = path.relative_to(store.root).as_posix()
    assert any(key in problem for problem in problems)


def test_a_missing_file_is_named_too(closure):
    store, prefix, files = closure
    for path in (path for path in files if path.name != "latest.json"):  # without it none is the current one, and that is no fault
        whole = path.read_bytes()
        path.unlink()
        try:
            problems = verify_bundle(store, prefix)
        finally:
            path.write_bytes(whole)
        assert problems, path


def test_a_pointer_of_an_older_version_has_no_seal(tmp_path):
    store = LocalStore(tmp_path)
    init_workspace(store)
    first = publish(store, "2023-W36", [], facts_of([]))
    plain = first.pointer.model_copy(update={"seal": ""})
    key = pointer_key(CAMPAIGN, "2023-W36", TLP)
    stored = store.read(key)
    assert stored is not None
    store.swap(key, plain.canonical(), expected=stored.version)
    assert verify_bundle(store, bundle_prefix(CAMPAIGN, "2023-W36", TLP, first.edition)) == ()
    assert Pointer.model_validate_json(first.pointer.canonical()).sealed() == first.pointer
