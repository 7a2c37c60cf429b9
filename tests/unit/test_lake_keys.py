"""Keys and mounts: what may become a path, and where a workspace may lie."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.errors import UsageProblem, WorkspaceProblem
from tasks.store import keys
from tasks.store.local import LocalStore
from tasks.store.mounts import file_system_of, is_network

SHA = "0123456789abcdef" * 4


def test_the_layout_of_a_workspace() -> None:
    assert keys.raw_key("spring-rain", "feed", SHA, "ndjson") == f"raw/spring-rain/feed/{SHA}.ndjson.zst"
    assert keys.lake_key("posts", "spring-rain", SHA, SHA) == f"lake/posts/spring-rain/{SHA}-{SHA}.parquet"
    assert keys.lake_key("quarantine", "spring-rain", SHA, SHA) == f"quarantine/spring-rain/{SHA}-{SHA}.parquet"
    assert keys.batch_key("spring-rain", SHA) == f"lake/batches/spring-rain/{SHA}.json"
    assert keys.pointer_key("spring-rain", "2023-W44", "AMBER+STRICT") == "briefings/spring-rain/2023-W44/AMBER+STRICT/latest.json"
    assert keys.bundle_prefix("c", "2023-10-01--2023-11-01", "CLEAR", SHA) == f"briefings/c/2023-10-01--2023-11-01/CLEAR/{SHA}"
    assert keys.outbox_key("c", "2023-Q4", "RED", "ab12cd34", 2) == "ledger/c/outbox/2023-Q4/RED/ab12cd34-0002.json"
    assert keys.parse_pointer_key(keys.pointer_key("c", "2023-10", "GREEN")) == ("c", "2023-10", "GREEN")
    assert keys.parse_pointer_key(f"briefings/c/2023-10/GREEN/{SHA}/manifest.json") is None
    for made in (keys.raw_key("c", "feed", SHA, "csv.gz"), keys.lake_key("accounts", "c", SHA, SHA)):
        assert keys.is_content_named(made)
    for made in (keys.batch_key("c", SHA), keys.pointer_key("c", "2023-10", "RED"), keys.claim_key("c", "2023-10")):
        assert not keys.is_content_named(made)


HOSTILE = ["", ".", "..", "../x", "a/b", "a\\b", "-a", "A B", "a\n", "a\x00", "ａ", "é", "x" * 101, "CON:", "%2e%2e", "a..b"]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_part_of_a_key_takes_hostile_text(value: str) -> None:
    for build in (
        lambda: keys.slug(value),
        lambda: keys.raw_key("c", value, SHA, "csv"),
        lambda: keys.raw_key("c", "feed", value, "csv"),
        lambda: keys.raw_key("c", "feed", SHA, value),
        lambda: keys.lake_key(value, "c", SHA, SHA),
        lambda: keys.batch_key("c", value),
        lambda: keys.pointer_key("c", value, "CLEAR"),
        lambda: keys.pointer_key("c", "2023-10", value),
        lambda: keys.run_key("c", value),
        lambda: keys.claim_key("c", value),
        lambda: keys.outbox_key("c", "2023-10", "CLEAR", value, 1),
    ):
        with pytest.raises(UsageProblem, match="cannot be used as"):
            build()


@given(st.text(max_size=30))
def test_a_key_that_passes_stays_inside(text: str) -> None:
    try:
        key = keys.check_key(text)
    except UsageProblem:
        return
    root = Path("w").absolute()
    assert root in (root / key).resolve().parents
    assert not any(part.startswith(".") for part in Path(key).parts)


MOUNTS = """\
/dev/vda1 / ext4 rw 0 0
server:/export /srv/team nfs4 rw 0 0
tmpfs /srv/team/fast tmpfs rw 0 0
//box/share /mnt/with\\040space cifs rw 0 0
host:/home /home/a/remote fuse.sshfs rw 0 0
/dev/sdb1 /media/disk fuseblk rw 0 0
/dev/vda2 /srv/late ext4 rw 0 0
server:/late /srv/late nfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/home/a/w", "ext4", False),
        ("/srv/team", "nfs4", True),
        ("/srv/team/a/b", "nfs4", True),
        ("/srv/teamwork", "ext4", False),
        ("/srv/team/fast/w", "tmpfs", False),
        ("/mnt/with space/w", "cifs", True),
        ("/home/a/remote/w", "fuse.sshfs", True),
        ("/media/disk/w", "fuseblk", False),
        ("/srv/late/w", "nfs", True),
    ],
)
def test_the_file_system_of_a_path(path: str, kind: str, network: bool) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind
    assert is_network(kind) is network


def test_a_workspace_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/vda1 / ext4 rw 0 0\nserver:/x {tmp_path}/remote nfs4 rw 0 0\n")
    monkeypatch.setattr("tasks.store.mounts._MOUNTS", table)
    LocalStore(tmp_path / "here")
    with pytest.raises(WorkspaceProblem, match=r"network file system \(nfs4\)"):
        LocalStore(tmp_path / "remote" / "w")
