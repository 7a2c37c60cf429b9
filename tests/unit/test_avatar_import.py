"""Archives of profile pictures: what lands, what is refused, and that pictures are looked at once."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from flows import pictures
from flows.run_record import Run, recorded
from tasks.domain.batches import BatchRecord
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch import archives
from tasks.fetch.fetching import identity_for_files, parse_landed
from tasks.fetch.sources import avatars
from tasks.fetch.sources.avatars import pictures_in
from tasks.store.lake import commit_batch
from tasks.store.local import LocalStore
from tasks.store.raw import land
from tasks.store.workspace import init_workspace

NOON = datetime(2023, 3, 1, 12, tzinfo=UTC)


def png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").rotate(seed * 37).resize((96, 96)).save(out, "PNG")
    return out.getvalue()


def packed(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive_tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive_tar.addfile(entry, io.BytesIO(data))
    return path


def landed(*paths: Path) -> list[LandedFile]:
    return [LandedFile(path, path.name, sha256(path.read_bytes()).hexdigest()) for path in paths]


def parse(*paths: Path, observed_at: datetime | None = NOON) -> Parsed:
    return parse_landed(landed(*paths), "avatars", observed_at, {})


LIST = "platform,account_id,file,handle\nx,1,a.png,one\nx,2,sub/b.png,two\nx,3,missing.png,three\nx,4,,four\n,5,a.png,five\n"


@pytest.mark.parametrize("name", ["pictures.zip", "pictures.tar", "pictures.tar.gz"])
def test_a_list_of_accounts_names_the_pictures(name: str, tmp_path: Path) -> None:
    files = {
        "top/accounts.csv": LIST.encode(),
        "top/a.png": png(1),
        "top/sub/b.png": png(2),
        "top/.DS_Store": b"x",
        "__MACOSX/a.png": b"x",
    }
    found = parse(packed(tmp_path / name, files))
    assert found.rows_landed == {"posts": 0, "accounts": 5}
    rows = found.accounts.set_index("account_id")
    assert rows["avatar_hash"].to_dict() == {
        "1": f"sha256:{sha256(png(1)).hexdigest()}",
        "2": f"sha256:{sha256(png(2)).hexdigest()}",
    }
    assert rows["handle"].tolist() == ["one", "two"]
    assert (rows["observed_at"] == NOON).all()
    assert found.rejected["reason"].tolist() == ["the archive holds no such picture", "file is missing", "platform is missing"]
    assert found.drift == ()


def test_without_a_list_pictures_are_named_by_their_accounts(tmp_path: Path) -> None:
    found = parse(packed(tmp_path / "p.zip", {"all/x/17.png": png(1), "all/facebook/a.b.jpg": png(2), "orphan.png": png(3)}))
    assert found.accounts[["platform", "account_id"]].to_numpy().tolist() == [["facebook", "a.b"], ["x", "17"]]
    assert found.rejected["reason"].tolist() == ["platform is missing"]


def test_pictures_that_no_row_names_and_unknown_columns_are_reported(tmp_path: Path) -> None:
    listed = b"platform,account_id,file,mood\nx,1,a.png,calm\n"
    found = parse(packed(tmp_path / "p.zip", {"accounts.csv": listed, "a.png": png(1), "b.png": png(2)}))
    assert [(one.field, one.rows) for one in found.drift] == [("mood", 1), ("pictures that no row names", 1)]


def test_rows_of_several_archives_are_numbered_through_and_may_state_their_instant(tmp_path: Path) -> None:
    listed = b"platform,account_id,file,observed_at\nx,1,a.png,2023-02-01T00:00:00Z\nx,2,a.png,2023-02-02T00:00:00Z\n"
    paths = [packed(tmp_path / f"{n}.zip", {"accounts.csv": listed, "a.png": png(n)}) for n in (1, 2)]
    found = parse(*paths, observed_at=None)
    assert sorted(found.accounts["row_number"]) == [0, 1, 2, 3]
    assert found.capture_rule == "stated"
    assert found.accounts["observed_at"].nunique() == 2


def test_without_an_instant_nothing_is_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", {"x/1.png": png(1)})
    with pytest.raises(UsageProblem, match="captured"):
        parse(path, observed_at=None)


def encrypted(path: Path) -> bytes:
    """The archive with the flag "encrypted" set on its only entry."""
    data = bytearray(packed(path, {"x/1.png": png(1)}).read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("text.zip", lambda _: b"no archive", "not a zip or tar archive"),
        ("empty.zip", lambda _: b"", "not a zip or tar archive"),
        ("cut.zip", lambda path: packed(path, {"x/1.png": png(1)}).read_bytes()[:-40], "not a zip or tar archive"),
        ("cut.tar.gz", lambda path: packed(path, {"x/1.png": png(1) * 9}).read_bytes()[:300], "cut off"),
        ("locked.zip", encrypted, "password"),
        ("lists.zip", lambda path: packed(path, {"a/accounts.csv": b"", "b/accounts.csv": b""}).read_bytes(), "two files"),
        ("narrow.zip", lambda path: packed(path, {"accounts.csv": b"platform,file\nx,a\n"}).read_bytes(), "no column account_id"),
    ],
)
def test_an_archive_that_cannot_be_read_is_refused_whole(
    name: str, make: Callable[[Path], bytes], message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(make(path))
    with pytest.raises(UnreadableInput, match=message):
        parse(path)


def test_archives_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"x/1.png": bytes(3 << 20)})
    assert bomb.stat().st_size < 10_000
    monkeypatch.setattr(archives, "MOST_BYTES", 2 << 20)
    with pytest.raises(UnreadableInput, match="unpacks to more"):
        parse(bomb)
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    with pytest.raises(UnreadableInput, match="more than 2 files"):
        parse(packed(tmp_path / "many.zip", {f"x/{n}.png": b"" for n in range(3)}))


def test_a_list_that_is_too_long_is_never_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"platform,account_id,file\n" + b"".join(b"x,%d,a.png\n" % n for n in range(200_000))
    path = packed(tmp_path / "p.zip", {"accounts.csv": rows, "a.png": png(1)})
    assert parse(path).rows_landed["accounts"] == 200_000
    monkeypatch.setattr(avatars, "_MOST_LIST", 1 << 20)
    with pytest.raises(UnreadableInput, match="larger than 1 MiB"):
        parse(path)


def test_of_a_large_picture_only_the_beginning_is_kept_but_all_is_hashed(tmp_path: Path) -> None:
    data = bytes(9 << 20)
    ((digest, kept),) = pictures_in(packed(tmp_path / "p.zip", {"x/1.png": data}), "p.zip")
    assert digest == sha256(data).hexdigest()
    assert len(kept) == (8 << 20) + 1


@pytest.fixture
def batch(tmp_path: Path) -> tuple[LocalStore, BatchRecord]:
    """A workspace with one batch: two accounts with pictures and one with a broken one."""
    store = LocalStore(tmp_path / "workspace")
    init_workspace(store)
    path = packed(tmp_path / "p.zip", {"x/1.png": png(1), "x/2.png": png(2), "x/3.png": b"<svg/>"})
    raw = land(store, "c", "file", path, "zip")
    files = landed(path)
    identity = identity_for_files("c", "file", files, "avatars", NOON, {})
    found = parse(path)
    return store, commit_batch(
        store,
        identity=identity,
        raw=[raw],
        posts=found.posts,
        accounts=found.accounts,
        quarantine=found.rejected,
        rows_landed=found.rows_landed,
    )


def test_pictures_are_looked_at_once_and_the_looks_are_kept(
    batch: tuple[LocalStore, BatchRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, record = batch

    def looks() -> tuple[dict[str, object], list[str]]:
        with recorded(store, "briefing", "c", "2023-03") as run:
            found = pictures.look_at_pictures(run, [record])
            return dict(found), [stage.stage for stage in run.summary.stages]

    first, stages = looks()
    assert len(first) == 3
    assert stages == [f"look at pictures of {record.batch_id[:12]}"]
    assert [look.refused for look in first.values() if look.refused] == ["not a PNG, JPEG or WebP picture"]  # type: ignore[attr-defined]

    def fail(*_: object) -> None:
        raise AssertionError("a picture was opened again")

    monkeypatch.setattr(pictures, "look_at", fail)
    assert looks() == (first, [])


def test_a_damaged_cache_is_made_again(batch: tuple[LocalStore, BatchRecord]) -> None:
    store, record = batch
    with recorded(store, "briefing", "c", "2023-03") as run:
        first = pictures.look_at_pictures(run, [record])
        (kept,) = (store.root / "cache" / "looks").rglob("*.json")
        kept.write_bytes(b"[1]")
        assert pictures.look_at_pictures(run, [record]) == first


def test_batches_of_other_formats_are_left_alone(batch: tuple[LocalStore, BatchRecord]) -> None:
    store, record = batch
    other = record.model_copy(update={"identity": record.identity.model_copy(update={"format": "csv"})})
    with recorded(store, "briefing", "c", "2023-03") as run:
        assert isinstance(run, Run)
        assert pictures.look_at_pictures(run, [other]) == {}
        assert run.summary.stages == ()
