"""A bucket behind a bad line: every write cut off before or after it is carried out, and every refusal explained."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_proxy import Fault, FaultProxy
from seaweedfs import BUCKET, S3Server
from store_samples import half_written, state, story

from tasks.domain.errors import ResurgeError, StaleWrite, UsageProblem, WorkspaceProblem
from tasks.store.s3 import S3Store
from tasks.store.s3_client import open_s3


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return f"{tmp_path.parent.name}-{tmp_path.name}"


@pytest.fixture
def at(s3_server: S3Server, tmp_path: Path, prefix: str) -> Callable[..., Callable[[str], S3Store]]:
    """at(port, attempts) -> place -> store; one client for all places, as making one costs 0.1 s."""

    def connect(port: int, attempts: int) -> Callable[[str], S3Store]:
        client = s3_server.open(f"s3://{BUCKET}/x", tmp_path, port=port, attempts=attempts)._client
        return lambda place: S3Store(BUCKET, f"{prefix}/{place}", client, tmp_path / "cache")

    return connect


def writes_of_the_story(proxy: FaultProxy, store: S3Store) -> tuple[int, dict[str, str]]:
    proxy.break_at("PUT", 10**9, "cut before")  # counts, breaks nothing
    story(store)
    return proxy.counts["PUT"], state(store)


@pytest.mark.parametrize("fault", ["cut before", "cut after"])
def test_a_writer_that_dies_at_any_write_leaves_nothing_half_and_can_be_run_again(
    s3_server: S3Server, fault_proxy: FaultProxy, at: Callable[..., Callable[[str], S3Store]], fault: Fault
) -> None:
    dying, healthy = at(fault_proxy.port, 1), at(s3_server.port, 3)
    writes, whole = writes_of_the_story(fault_proxy, dying("whole"))
    assert writes > 15
    for number in range(writes):
        place = f"dies-at-{number}"
        fault_proxy.break_at("PUT", number, fault)
        with pytest.raises(WorkspaceProblem):
            story(dying(place))
        assert half_written(healthy(place)) == [], number
        story(healthy(place))
        assert state(healthy(place)) == whole, number


def test_a_lost_answer_at_any_write_is_repeated_and_recognised(
    s3_server: S3Server, fault_proxy: FaultProxy, at: Callable[..., Callable[[str], S3Store]]
) -> None:
    """The client sends again and hears 412 although its own write won."""
    patient, healthy = at(fault_proxy.port, 3), at(s3_server.port, 3)
    writes, whole = writes_of_the_story(fault_proxy, patient("whole"))
    for number in range(writes):
        fault_proxy.break_at("PUT", number, "cut after")
        story(patient(f"lost-at-{number}"))
        assert fault_proxy.broken == 1
        assert state(healthy(f"lost-at-{number}")) == whole, number


def test_a_swap_whose_answer_was_lost_is_stale_and_shows_our_own_bytes(
    fault_proxy: FaultProxy, at: Callable[..., Callable[[str], S3Store]]
) -> None:
    store = at(fault_proxy.port, 3)("swap")
    fault_proxy.break_at("PUT", 0, "cut after")
    with pytest.raises(StaleWrite):
        store.swap("ledger/one.json", b"nonce-1", expected=None)
    assert store.read("ledger/one.json").data == b"nonce-1"  # type: ignore[union-attr]


@pytest.mark.parametrize("big", [False, True])
def test_a_body_that_breaks_off_is_read_again(
    fault_proxy: FaultProxy, at: Callable[..., Callable[[str], S3Store]], big: bool
) -> None:
    store, data = at(fault_proxy.port, 1)("body"), b"0123456789" * (300_000 if big else 10)
    store.create("raw/one.bin", data)
    fault_proxy.break_at("GET", 0, "half body")
    assert store.read("raw/one.bin").data == data  # type: ignore[union-attr]
    fault_proxy.break_at("GET", 0, "half body")
    assert store.local_path("raw/one.bin").read_bytes() == data
    fault_proxy.break_at("GET", 0, "half body", times=9)
    with pytest.raises(WorkspaceProblem, match=r"Cannot read raw/one\.bin .*connection broke|failed"):
        store.read("raw/one.bin")


def test_refusals_that_pass_are_outlived(fault_proxy: FaultProxy, at: Callable[..., Callable[[str], S3Store]]) -> None:
    store = at(fault_proxy.port, 3)("slow")
    for number, fault in enumerate(("503 SlowDown", "500 InternalError")):
        fault_proxy.break_at("PUT", 0, fault)  # type: ignore[arg-type]
        assert store.create(f"raw/{number}.bin", b"x") == "created"
        assert fault_proxy.broken == 1


@pytest.mark.parametrize(
    ("fault", "reason", "remedy"),
    [
        ("503 SlowDown", "slow down, also after retries", "Wait some minutes"),
        ("500 InternalError", "internal error", "Run again"),
        ("403 RequestTimeTooSkewed", "clock differs", "Set the clock"),
        ("cut before", "connection broke", "Run again"),
        ("stall", "did not answer in time", "Run again"),
    ],
)
def test_refusals_that_stay_are_one_sentence_and_a_remedy(
    s3_server: S3Server, fault_proxy: FaultProxy, tmp_path: Path, fault: Fault, reason: str, remedy: str
) -> None:
    store = s3_server.open(f"s3://{BUCKET}/refused", tmp_path, port=fault_proxy.port, attempts=1, read_timeout_s=1)
    fault_proxy.plan = lambda _method, _number: fault
    for call in (lambda: store.create("raw/one.bin", b"x"), lambda: store.read("raw/one.bin"), lambda: list(store.entries("raw"))):
        with pytest.raises(WorkspaceProblem, match=reason) as caught:
            call()
        assert remedy in caught.value.remedy
        assert f"s3://{BUCKET}/refused" in caught.value.problem
        assert "\n" not in str(caught.value)


def test_wrong_settings_are_explained(s3_server: S3Server, tmp_path: Path) -> None:
    def problem(address: str = f"s3://{BUCKET}/w", **settings: object) -> ResurgeError:
        with pytest.raises(WorkspaceProblem) as caught:
            s3_server.open(address, tmp_path, attempts=1, **settings).read("workspace.json")  # type: ignore[arg-type]
        return caught.value

    assert "no such bucket" in problem("s3://not-there/w").problem
    assert "access key is not known" in problem(access_key="nobody").problem
    assert "secret key is wrong" in problem(secret_key="guess").problem
    unused = FaultProxy(s3_server.port)
    unused._server.server_close()
    assert "cannot be reached" in problem(port=unused.port).problem
    with pytest.raises(WorkspaceProblem, match="access is denied"):
        s3_server.open("s3://not-there/w", tmp_path).create("raw/one.bin", b"x")  # this user may make no buckets


def test_addresses_that_are_none() -> None:
    for address in ("s3://", "s3:/bucket", "bucket/prefix", "s3://bucket/../x", "s3://bucket/a b"):
        with pytest.raises(UsageProblem):
            open_s3(address, cache_dir=Path())
    with pytest.raises(UsageProblem, match="No S3 client"):
        open_s3("s3://bucket/w", cache_dir=Path(), endpoint_url="not an address")


def test_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3_server: S3Server) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    store = s3_server.open(f"s3://{BUCKET}/w", tmp_path, access_key=None, secret_key=None)
    with pytest.raises(WorkspaceProblem, match="no credentials"):
        store.read("workspace.json")


def test_a_cache_that_cannot_be_written_is_named(s3_server: S3Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = s3_server.open(f"s3://{BUCKET}/cache-{tmp_path.name}", tmp_path / "file")
    store.create("raw/one.bin", b"x")
    with pytest.raises(WorkspaceProblem, match="Cannot keep a copy"):
        store.local_path("raw/one.bin")


def test_a_content_named_object_is_downloaded_once(fault_proxy: FaultProxy, at: Callable[..., Callable[[str], S3Store]]) -> None:
    store, key = at(fault_proxy.port, 1)("once"), f"lake/posts/c/{'a' * 64}-{'b' * 64}.parquet"
    store.create(key, b"rows")
    fault_proxy.break_at("GET", 10**9, "cut before")
    assert [store.local_path(key).read_bytes() for _ in range(3)] == [b"rows"] * 3
    assert fault_proxy.counts.get("GET", 0) == 1
    assert fault_proxy.counts.get("HEAD", 0) == 0


_DIES = """
import sys, threading, time
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from seaweedfs import BUCKET, WRITER
from tasks.store.s3_client import open_s3
store = open_s3(sys.argv[3], cache_dir=Path(sys.argv[4]), endpoint_url=sys.argv[5], access_key=WRITER[0], secret_key=WRITER[1])
threading.Thread(target=store.local_path, args=("raw/one.bin",), daemon=True).start()
while not list(Path(sys.argv[4]).glob("downloads/*")):
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(60)
"""


def test_what_a_killed_download_left_goes_with_the_next_and_a_living_one_is_spared(
    s3_server: S3Server, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    address, cache = f"s3://{BUCKET}/left-{tmp_path.name}", tmp_path / "cache"
    store = s3_server.open(address, cache)
    for key in ("raw/one.bin", "raw/two.bin", "raw/three.bin"):
        store.create(key, b"0123456789" * 1000)
    fault_proxy.plan = lambda method, _number: "stall in mid-body" if method == "GET" else None
    tests = Path(__file__).resolve().parents[1]
    arguments = [str(tests.parent), str(tests), address, str(cache), f"http://127.0.0.1:{fault_proxy.port}"]
    started = [subprocess.Popen([sys.executable, "-c", _DIES, *arguments], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    dead, living = started
    deadline = time.monotonic() + 30
    while len(list((cache / "downloads").iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    dead.kill()
    dead.wait()
    assert store.local_path("raw/two.bin").read_bytes() == b"0123456789" * 1000
    assert len(list((cache / "downloads").iterdir())) == 1
    living.kill()
    living.wait()
    store.local_path("raw/three.bin")
    assert list((cache / "downloads").iterdir()) == []
