"""Large objects in parts, encryption, object lock and links that end, on a real S3 server."""

import base64
import hashlib
import io
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from fault_proxy import FaultProxy
from hypothesis import given, settings
from hypothesis import strategies as st
from seaweedfs import ADMIN, BUCKET, S3Server
from urllib3 import HTTPResponse

from tasks.domain.errors import PassingProblem, UsageProblem, WorkspaceProblem, WriteConflict
from tasks.store import s3, s3_parts
from tasks.store.s3 import S3Store
from tasks.store.s3_options import WriteOptions
from tasks.store.s3_parts import PartedHash, hashed

PART = 5 << 20  # the least that the service takes of all parts but the last
BIG = bytes(range(256)) * ((12 << 20) // 256)  # three parts
KEY = "raw/c/s/big.bin"


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_parts, "PART", PART)


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"{tmp_path.parent.name}-{tmp_path.name}"


@pytest.fixture
def store(s3_server: S3Server, tmp_path: Path, place: str) -> S3Store:
    client = s3_server.open(f"s3://{BUCKET}/x", tmp_path)._client
    return S3Store(BUCKET, place, client, tmp_path / "cache", parts_from=PART)


def left_over(store: S3Store) -> list[Any]:
    return list(store._client.list_multipart_uploads(Bucket=BUCKET, Prefix=store.prefix).get("Uploads", []))


def test_a_large_object_goes_up_in_parts_and_comes_back_whole(store: S3Store, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG)
    assert store.create(KEY, tmp_path / "big") == "created"
    assert store._head(store._name(KEY))["ETag"].strip('"').endswith("-3")  # type: ignore[index]
    assert store.local_path(KEY).read_bytes() == BIG
    assert store.create(KEY, BIG) == "present"
    with pytest.raises(WriteConflict):
        store.create(KEY, BIG[:-1] + b"x")
    with pytest.raises(WriteConflict):
        store.create(KEY, b"small")
    assert left_over(store) == []


def test_who_loses_the_race_at_the_end_leaves_nothing(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked first and saw nothing; the second to complete hears that the key is taken."""
    store.create(KEY, BIG)
    head, looks = store._head, [0]

    def blind_once(name: str) -> Any:
        looks[0] += 1
        return None if looks[0] == 1 else head(name)

    monkeypatch.setattr(store, "_head", blind_once)
    assert store.create(KEY, BIG) == "present"
    assert left_over(store) == []


def test_a_lost_answer_to_the_last_request_is_recognised(
    s3_server: S3Server, fault_proxy: FaultProxy, store: S3Store, tmp_path: Path
) -> None:
    client = s3_server.open(f"s3://{BUCKET}/x", tmp_path, port=fault_proxy.port, attempts=3)._client
    behind = S3Store(BUCKET, store.prefix, client, tmp_path / "cache", parts_from=PART)
    assert behind._creates_in_parts
    fault_proxy.break_at("POST", 1, "cut after")  # 0 begins the upload, 1 completes it
    assert behind.create(KEY, BIG) == "present"
    assert fault_proxy.broken == 1
    assert store.local_path(KEY).read_bytes() == BIG
    assert left_over(store) == []


@pytest.mark.parametrize(("method", "number"), [("POST", 0), ("PUT", 1), ("POST", 1)])
def test_a_broken_upload_leaves_no_parts_and_no_object(
    s3_server: S3Server, fault_proxy: FaultProxy, store: S3Store, tmp_path: Path, method: str, number: int
) -> None:
    client = s3_server.open(f"s3://{BUCKET}/x", tmp_path, port=fault_proxy.port, attempts=1)._client
    behind = S3Store(BUCKET, store.prefix, client, tmp_path / "cache", parts_from=PART)
    assert behind._creates_in_parts
    fault_proxy.break_at(method, number, "cut before")
    with pytest.raises(PassingProblem):
        behind.create(KEY, BIG)
    assert store.read(KEY) is None
    assert left_over(store) == []
    assert behind.create(KEY, BIG) == "created"


def test_parts_of_a_run_that_was_killed_are_removed_by_the_next_of_that_key(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = {"Bucket": BUCKET, "Key": store._name(KEY)}
    for key in (dead["Key"], dead["Key"] + ".other"):
        store._client.create_multipart_upload(Bucket=BUCKET, Key=key)
    assert store.create(KEY + "x", BIG) == "created"
    assert len(left_over(store)) == 2  # another key's, or too young
    monkeypatch.setattr(s3_parts, "_ABANDONED", timedelta(0))
    assert store.create(KEY, BIG) == "created"
    assert [one["Key"] for one in left_over(store)] == [dead["Key"] + ".other"]


def test_a_service_that_ignores_the_condition_gets_one_piece(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def ignore(request: Any, **_: Any) -> None:
        del request.headers["If-None-Match"]

    store._client.meta.events.register("before-sign.s3.CompleteMultipartUpload", ignore)
    assert not store._creates_in_parts
    assert store.create(KEY, BIG) == "created"
    assert "-" not in store._head(store._name(KEY))["ETag"]  # type: ignore[index]
    monkeypatch.setattr(s3, "_LARGEST", 6 << 20)
    with pytest.raises(WorkspaceProblem, match="does not honour If-None-Match on CompleteMultipartUpload"):
        store.create(KEY + "x", BIG)


def test_an_object_of_another_tool_in_other_parts_is_compared_by_its_bytes(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_parts, "PART", 6 << 20)
    store.create(KEY, BIG)
    monkeypatch.setattr(s3_parts, "PART", PART)
    assert store.create(KEY, BIG) == "present"
    with pytest.raises(WriteConflict):
        store.create(KEY, BIG[:-1] + b"x")


@given(data=st.binary(max_size=300), part=st.integers(1, 64), piece=st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_the_checksum_of_parts_depends_on_the_bytes_alone(data: bytes, part: int, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_parts, "PART", part)
        found = PartedHash()
        for at in range(0, len(data), piece):
            found.update(data[at : at + piece])
        digests = [hashlib.sha256(data[at : at + part]).digest() for at in range(0, len(data), part)] or [
            hashlib.sha256(b"").digest()
        ]
    assert found.composite == f"{base64.b64encode(hashlib.sha256(b''.join(digests)).digest()).decode()}-{len(digests)}"
    assert found.whole == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert found.fits(found.whole)
    assert found.fits(found.composite)
    assert found.fits(found.composite + "9") is None
    assert hashed(data + b"x").fits(found.whole) is False


# Encryption and object lock -----------------------------------------------------------------------------------------------------

BUNDLE = f"briefings/c/2023-W44/AMBER/{'a' * 64}/briefing.pdf"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_what_is_asked_of_the_service(store: S3Store, tmp_path: Path) -> None:
    """The headers as they leave; this server has no keys of its own to encrypt with."""
    sent: list[dict[str, str]] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(
            {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        )
        return AWSResponse(request.url, 200, {"ETag": '"x"'}, HTTPResponse(io.BytesIO(), preload_content=False))  # type: ignore[arg-type]

    store._client.meta.events.register("before-send.s3.PutObject", answer)
    options = WriteOptions("aws:kms", "key-1", 30, "COMPLIANCE", clock=lambda: NOW)
    chosen = S3Store(BUCKET, store.prefix, store._client, tmp_path, options)
    chosen._put(BUNDLE, b"x", hashed(b"x").whole, {"IfNoneMatch": "*"})
    chosen._put("ledger/c/runs/1.json", b"x", hashed(b"x").whole, {})
    store._put("briefings/archive-clear.html", b"x", hashed(b"x").whole, {})
    locked, free, plain = sent
    assert locked["x-amz-server-side-encryption"] == free["x-amz-server-side-encryption"] == "aws:kms"
    assert locked["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1"
    assert locked["x-amz-object-lock-mode"] == "COMPLIANCE"
    assert locked["x-amz-object-lock-retain-until-date"].startswith("2030-01-31T00:00:00")
    assert locked["x-amz-checksum-sha256"]
    assert locked["content-type"] == "application/pdf"
    assert not [name for name in free if "lock" in name]  # it is rewritten
    assert not [name for name in plain if "lock" in name or "encryption" in name]
    assert plain["content-type"] == "text/html; charset=utf-8"
    with pytest.raises(UsageProblem, match="KMS"):
        WriteOptions("AES256", "key-1")


def test_a_locked_bundle_cannot_be_deleted(s3_server: S3Server, tmp_path: Path, place: str) -> None:
    admin = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_server.port}",
        aws_access_key_id=ADMIN[0],
        aws_secret_access_key=ADMIN[1],
        region_name="us-east-1",
    )
    admin.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    options = WriteOptions(lock_days=2)
    store = S3Store("locked", place, admin, tmp_path / "cache", options, parts_from=PART)
    for key, data in ((BUNDLE, b"%PDF"), (BUNDLE.replace(".pdf", ".bin"), BIG)):
        assert store.create(key, data) == "created"
        assert store.create(key, data) == "present"
        head = admin.head_object(Bucket="locked", Key=store._name(key))
        assert head["ObjectLockMode"] == "GOVERNANCE"
        with pytest.raises(admin.exceptions.ClientError, match=r"AccessDenied|WORM|locked"):
            admin.delete_object(Bucket="locked", Key=store._name(key), VersionId=head["VersionId"])
    with pytest.raises(WorkspaceProblem, match="refuses the request's options") as caught:
        S3Store(BUCKET, place, admin, tmp_path / "cache", options).create(BUNDLE, b"%PDF")
    assert "RESURGE_S3_OBJECT_LOCK_DAYS" in caught.value.remedy


def test_a_link_opens_without_credentials_until_it_ends(store: S3Store) -> None:
    store.create(BUNDLE, b"%PDF")
    with urllib.request.urlopen(store.link(BUNDLE, timedelta(days=7))) as answer:  # noqa: S310
        assert answer.read() == b"%PDF"
        assert answer.headers["Content-Type"] == "application/pdf"
    other = store.link(BUNDLE, timedelta(days=7)).replace("briefing.pdf", "facts.json")
    for refused in (other, store.link(BUNDLE, timedelta(seconds=-1))):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(refused)  # noqa: S310
        assert caught.value.code in (400, 403)
