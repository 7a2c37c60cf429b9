"""Drops in a bucket of a real S3 server: every version of every file once, whole or not at all, and one bad drop stops no other."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from importer_cases import SAMPLES_OF_ALL
from seaweedfs import BUCKET, WRITER, S3Server

from flows import admission
from flows.commands.reach import reach
from flows.commands.resolving import decide
from flows.drops import take_drops
from flows.wiring import drop_factories
from tasks.domain.campaign import SourceSpec
from tasks.domain.errors import ResurgeError, SourceProblem, UsageProblem, ValidationBlocked
from tasks.domain.periods import Cutoff
from tasks.fetch.adapters import adapters
from tasks.fetch.drops import read_manifest
from tasks.fetch.fetching import source
from tasks.fetch.importers import FORMATS
from tasks.fetch.s3_drop import digest_of
from tasks.fetch.streaming import StreamingImporter
from tasks.store.blocked import blocked_batches
from tasks.store.lake import batch_records
from tasks.store.local import LocalStore
from tasks.store.visible import read_posts
from tasks.store.workspace import init_workspace

# the stages are tasks of the engine; here they run outside of a flow, which it remarks on
pytestmark = [pytest.mark.xdist_group("engine"), pytest.mark.filterwarnings("ignore:Logger .prefect")]
MAP = {"post_id": "id", "account_id": "who", "posted_at": "when", "text": "said"}
HOW = {"map": MAP, "constants": {"platform": "forum", "kind": "original", "time_precision_s": 1}}
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def table(*ids: int) -> bytes:
    rows = [f"{n},a{n % 2},2026-03-0{1 + n % 5}T10:00:00Z,Reeds {n}" for n in ids]
    return "\n".join(["id,who,when,said", *rows, ""]).encode()


@pytest.fixture
def place(prefect: str, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A folder of the bucket (`put`, `delete`), and `take`: what one collect makes of it."""
    client = s3_server.open(f"s3://{BUCKET}", tmp_path / "cache")._client
    prefix = f"drops-{tmp_path.name}/"
    monkeypatch.setenv("RESURGE_SECRET_PARTNER_ID", WRITER[0])
    monkeypatch.setenv("RESURGE_SECRET_PARTNER_KEY", WRITER[1])
    store = LocalStore(tmp_path / "w")
    init_workspace(store)
    run = SimpleNamespace(store=store, summary=SimpleNamespace(campaign="reeds"), stage=_stage)

    def spec(**options: Any) -> SourceSpec:
        own = {"endpoint_url": f"http://127.0.0.1:{s3_server.port}", "access_key": "partner-id", "secret_key": "partner-key"}
        given = {"bucket": BUCKET, "prefix": prefix, "observed_at": "posted", **own, **options}
        return SourceSpec(name="partner", kind="s3-drop", options=given)

    def take(**options: Any) -> tuple[int, Exception | None]:
        chosen = {"format": "csv", "options": HOW} if "manifest" not in options else {"observed_at": None}
        asked = spec(**{**chosen, **options})
        records, problem = take_drops(run, asked, source(asked, drop_factories()), lambda _: None)
        return len(records), problem

    def put(name: str, data: bytes) -> None:
        client.put_object(Bucket=BUCKET, Key=prefix + name, Body=data)

    def posts() -> list[str]:
        return sorted(read_posts(store, "reeds", Cutoff(end=LATER, as_of=LATER))["post_id"])

    return SimpleNamespace(put=put, take=take, posts=posts, store=store, spec=spec, prefix=prefix)


class _stage:  # noqa: N801  # stands where Run.stage does
    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Any:
        return lambda _: None

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def workspace_file(place: SimpleNamespace) -> None:
    place.store.create("campaigns/reeds.yml", b"slug: reeds\ntitle: Reeds\n")


def described(**files: bytes) -> bytes:
    listed = [
        {
            "name": name.replace("_", "."),
            "sha256": hashlib.sha256(data).hexdigest(),
            "format": "csv",
            "observed_at": "posted",
            "options": HOW,
        }
        for name, data in files.items()
    ]
    return json.dumps({"version": 1, "files": listed}).encode()


def test_every_version_of_every_object_is_taken_once(place: SimpleNamespace) -> None:
    place.put("one.csv", table(1, 2))
    place.put("two.csv", table(3))
    place.put("notes.txt", b"not for us")
    assert place.take(suffix=".csv") == (2, None)
    assert place.take(suffix=".csv") == (0, None)
    place.put("one.csv", table(1, 2, 4))  # another version
    place.put("copy.csv", table(3))  # the same bytes under another name
    assert place.take(suffix=".csv")[1] is None
    assert place.posts() == ["1", "2", "3", "4"]
    records = batch_records(place.store, "reeds")
    assert len(records) == 3
    assert not any(BUCKET in effort.query_id for record in records for effort in record.effort)


def test_a_large_drop_that_broke_off_between_its_parts_is_taken_to_its_end(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.readers.CHUNK_ROWS", 3)
    monkeypatch.setattr("flows.admission.PART_ROWS", 3)
    monkeypatch.setattr(StreamingImporter.parts, "__kwdefaults__", {"rows": 3})
    place.put("w12/first.csv", table(1, 2))
    place.put("w12/second.csv", table(3, 4, 5, 6, 7, 8))
    place.put("w12/manifest.json", described(first_csv=table(1, 2), second_csv=table(3, 4, 5, 6, 7, 8)))
    stored = admission.admit
    with monkeypatch.context() as once:
        left = iter([True])

        def admit(*given: Any, **more: Any) -> Any:
            if next(left, False):
                return stored(*given, **more)
            raise SourceProblem("The line broke.", remedy="Again.")

        once.setattr(admission, "admit", admit)
        assert "The line broke" in str(place.take(manifest="manifest.json")[1])
    assert 0 < len(place.posts()) < 8
    assert place.take(manifest="manifest.json") == (2, None)
    assert place.posts() == [str(n) for n in range(1, 9)]
    assert place.take(manifest="manifest.json") == (0, None)


def test_one_bad_object_stops_no_other_and_can_be_skipped(place: SimpleNamespace) -> None:
    place.put("1 bad.csv", b'id,who,when,said\n1,"a')
    place.put("2 good.csv", table(5))
    taken, problem = place.take()
    assert taken == 1
    assert isinstance(problem, ResurgeError)
    assert "1 bad.csv" in str(problem)
    assert place.posts() == ["5"]
    assert place.take(skip=[f"{place.prefix}1 bad.csv"]) == (0, None)


def test_a_discarded_drop_is_not_brought_again_and_its_next_version_is(place: SimpleNamespace, workspace_file: None) -> None:
    place.put("posts.csv", table(*range(1, 9)).replace(b"2026", b"then"))
    for _ in range(2):
        taken, problem = place.take()
        assert taken == 0
        assert isinstance(problem, ValidationBlocked)
    (item,) = blocked_batches(place.store, "reeds")
    decide("reeds", item.batch_id, accept=False, reason="a torn export", by="the desk", workspace=place.store.address)
    assert place.take() == (0, None)
    place.put("posts.csv", table(1, 2))
    assert place.take() == (1, None)
    assert place.posts() == ["1", "2"]


def test_a_drop_whose_last_part_was_discarded_is_not_brought_again(
    place: SimpleNamespace, workspace_file: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.readers.CHUNK_ROWS", 8)
    monkeypatch.setattr("flows.admission.PART_ROWS", 8)
    monkeypatch.setattr(StreamingImporter.parts, "__kwdefaults__", {"rows": 8})
    place.put("posts.csv", table(*range(8)) + table(*range(8, 16)).partition(b"\n")[2].replace(b"2026", b"then"))
    assert isinstance(place.take()[1], ValidationBlocked)
    assert isinstance(place.take()[1], ValidationBlocked)  # the first part is stored and the drop is not done with
    (item,) = blocked_batches(place.store, "reeds")
    assert item.part == 2
    decide("reeds", item.batch_id, accept=False, reason="a torn export", by="the desk", workspace=place.store.address)
    monkeypatch.setattr("flows.drops._bring", None)
    assert place.take() == (0, None)
    assert place.posts() == [str(n) for n in range(8)]


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in adapters()])  # pages of services are landed by `collect`
def test_files_of_any_format_can_be_dropped(form: str, place: SimpleNamespace, tmp_path: Path) -> None:
    sample = SAMPLES_OF_ALL[form]
    files = sample.write(tmp_path)
    for path in files:
        place.put(path.name, path.read_bytes())
    told = {"format": form, "observed_at": sample.observed_at, "options": sample.options}
    manifest = [{"name": path.name, "sha256": digest_of(path), **told} for path in files]
    place.put("manifest.json", json.dumps({"version": 1, "files": manifest}).encode())
    assert place.take(manifest="manifest.json") == (1, None)
    (record,) = batch_records(place.store, "reeds")
    assert {table: rows for table, rows in record.rows_landed.items() if rows} == sample.rows
    assert sum(record.rows_accepted.values()) > 0
    assert record.identity.format == form
    assert place.take(manifest="manifest.json") == (0, None)


def test_a_drop_with_a_manifest_is_whole_or_not_there(place: SimpleNamespace) -> None:
    manifest = {"manifest": "manifest.json"}
    place.put("w10/posts.csv", table(1, 2))
    place.put("w10/stray.csv", table(99))
    assert place.take(**manifest) == (0, None)  # not described yet
    place.put("w10/manifest.json", described(posts_csv=table(1, 2), more_csv=table(3)))
    taken, problem = place.take(**manifest)
    assert taken == 0
    assert "names 'more.csv', which is not there" in str(problem)
    place.put("w10/more.csv", table(4))
    place.put("w11/posts.csv", table(6))
    place.put("w11/manifest.json", described(posts_csv=table(6)))
    taken, problem = place.take(**manifest)
    assert taken == 1  # the other folder
    assert "more.csv is not what its manifest says" in str(problem)
    assert place.posts() == ["6"]
    place.put("w10/more.csv", table(3))
    assert place.take(**manifest) == (1, None)
    assert place.take(**manifest) == (0, None)
    assert place.posts() == ["1", "2", "3", "6"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"version": 2, "files": []}', "version"),
        ('{"version": 1, "files": []}', "files"),
        ('{"version": 1, "files": [{"name": "../a", "sha256": "%s", "format": "csv"}]}' % ("0" * 64), "outside of its folder"),
        ('{"version": 1, "files": [{"name": "a", "sha256": "x", "format": "csv"}]}', "sha256"),
        ('{"version": 1, "files": [{"name": "a", "sha256": "%s", "format": "csv", "then": 1}]}' % ("0" * 64), "then"),
        ("[", "the file"),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_refused_by_its_field(text: str, said: str) -> None:
    with pytest.raises(SourceProblem, match=said) as problem:
        read_manifest(text.encode(), "w10/manifest.json")
    assert "w10/manifest.json" in problem.value.problem


def test_what_is_wrong_with_the_place_is_said_in_words(place: SimpleNamespace) -> None:
    with pytest.raises(UsageProblem, match="either `format` or `manifest`"):
        place.take(format="")
    with pytest.raises(UsageProblem, match="'nonsense' is not a format"):
        place.take(format="nonsense")
    assert "no such bucket" in str(place.take(bucket="nowhere-at-all")[1])
    assert "secret key is wrong" in str(place.take(secret_key="partner-id")[1])
    assert "nothing lies there" in reach(place.spec(format="csv"))
    place.put("big.csv", table(*range(60_000)))
    assert "more than the 1 allowed" in str(place.take(max_mb=1)[1])
    assert "big.csv" in reach(place.spec(format="csv"))
