"""Every way a command can be refused or fail before the engine starts: one clear sentence, a remedy, the exit code, nothing written."""

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from seaweedfs import BUCKET, WRITER, S3Server

from flows import cli, wiring
from tasks.domain.errors import PassingProblem

CAMPAIGN = "slug: reeds\ntitle: River Reeds\nsummary: nothing yet\n"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    def refuses(self, code: int, *words: str) -> None:
        """The exit code, each of `words` on stderr, one sentence and a remedy, no traceback and nothing on stdout."""
        assert self.code == code, self.err
        for word in words:
            assert word in self.err
        problem, remedy = self.err.strip().split("\n  ", maxsplit=1)
        assert problem.startswith("resurge: ")
        assert problem.endswith(".")
        assert remedy.endswith(".")
        assert "Traceback" not in self.err
        assert self.out == ""


@pytest.fixture
def resurge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Said]]:
    """Runs the command in this process; its own state and settings, no engine: starting one is a failure of the test."""
    monkeypatch.setenv("RESURGE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RESURGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("flows.engine.running", lambda *_, **__: pytest.fail("the engine was started"))
    wiring.settings.cache_clear()

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["resurge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    yield run
    wiring.settings.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path, resurge: Callable[..., Said]) -> Path:
    resurge("init", tmp_path / "w")
    (tmp_path / "w/campaigns/reeds.yml").write_text(CAMPAIGN)
    return tmp_path / "w"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


BRIEF = ("--period", "2023-W44")
REQUESTS = [
    ("brief", *BRIEF),
    ("backfill", "--from", "2023-W40", "--to", "2023-W44"),
    ("backfill", "--from", "2023-W40", "--to", "2023-W44", "--dry-run"),
    ("status",),
    ("runs",),
    ("collect",),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
def test_a_missing_campaign_is_named_with_those_that_exist(resurge, workspace, request_):
    before = contents(workspace)
    command, *rest = request_
    resurge(command, "reads", *rest, "-w", workspace).refuses(2, "'reads'", "reeds", "spamouflage", "campaigns/reads.yml")
    assert contents(workspace) == before


@pytest.mark.parametrize("name", ["../etc", "Reeds", "", "a" * 65, "河"])
def test_a_name_that_cannot_be_a_campaign(resurge, workspace, name):
    resurge("brief", name, *BRIEF, "-w", workspace).refuses(2, "is not a campaign name")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sumary: x", ("line 4", "unknown key sumary", "summary")),
        ("takedowns: [{takedown_id: t, platform: x, known: perhaps}]", ("line 4", "takedowns.0.known")),
        ("lateness_h: soon", ("line 4", "lateness_h")),
        ("title: twice", ("line 4", "title")),
        ("tlp: [", ("line 5", "not YAML")),
        ('schedule: {cron: "0 6 * *", zone: UTC}', ("line 4", "0 6 * *", "0 6 * * TUE")),
        ('schedule: {cron: "0 6 * * TUE", zone: Europe/Pari}', ("line 4", "Europe/Pari")),
        ('sources: [{name: feed, kind: simulated, schedule: "99 * * * *"}]', ("line 4", "99 * * * *")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_in_a_campaign_file_is_named_with_its_line(resurge, workspace, line, words):
    (workspace / "campaigns/reeds.yml").write_text(f"{CAMPAIGN}{line}\n")
    resurge("brief", "reeds", *BRIEF, "-w", workspace).refuses(2, "campaigns/reeds.yml", *words)


def test_a_file_that_calls_itself_otherwise(resurge, workspace):
    (workspace / "campaigns/reeds.yml").write_text(CAMPAIGN.replace("reeds", "weeds"))
    resurge("status", "reeds", "-w", workspace).refuses(2, "slug: weeds", "slug: reeds")


@pytest.mark.parametrize("period", ["2023-W54", "2023-13", "2023-Q5", "W44", "", "2023-10-02..2023-10-01", "last week"])
def test_a_bad_period(resurge, workspace, period):
    resurge("brief", "reeds", "--period", period, "-w", workspace).refuses(2, f"{period!r} is not a period", "2023-W44")


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (("2023-W44", "2023-W36"), ("2023-W36 lies before 2023-W44",)),
        (("2023-W36", "2023-10"), ("2023-W36", "2023-10", "same form")),
        (("2023-W36", "2023-W60"), ("'2023-W60' is not a period",)),
    ],
)
def test_bad_ends_of_a_backfill(resurge, workspace, ends, words):
    resurge("backfill", "reeds", "--from", ends[0], "--to", ends[1], "-w", workspace).refuses(2, *words)


def test_options_that_are_none(resurge, workspace, tmp_path):
    resurge("brief", "reeds", *BRIEF, "--as-of", "noon", "-w", workspace).refuses(2, "--as-of 'noon'", "2023-11-07")
    resurge("collect", "reeds", "--since", "31.12.2023", "-w", workspace).refuses(2, "--since '31.12.2023'")
    resurge("backfill", "reeds", "--from", "2023-W40", "--to", "2023-W41", "--mode", "some", "-w", workspace).refuses(
        2, "'some'", "missing"
    )
    file = tmp_path / "posts.csv"
    file.write_text("id\n1\n")
    resurge("ingest", "reeds", file, "--format", "xls", "-w", workspace).refuses(2, "'xls'", "parquet")
    resurge("ingest", "reeds", file, "--format", "csv", "--observed-at", "never", "-w", workspace).refuses(
        2, "--observed-at 'never'"
    )
    resurge("simulate", "--scenario", "nope", "--out", tmp_path / "s").refuses(2, "nope", "spamouflage")
    resurge("simulate", "--scale", "3", "--out", tmp_path / "s").refuses(2, "3", "10,000")
    assert not (tmp_path / "s").exists()


def test_deliver_without_an_audience(resurge, workspace):
    resurge("brief", "reeds", *BRIEF, "--deliver", "-w", workspace).refuses(2, "names no audience")
    (workspace / "campaigns/reeds.yml").write_text(f"{CAMPAIGN}audience: desk\n")
    resurge("brief", "reeds", *BRIEF, "--deliver", "-w", workspace).refuses(2, "'desk'", "RESURGE_AUDIENCES")


def test_a_setting_that_cannot_be_read_is_named_without_its_value(resurge, workspace, monkeypatch):
    monkeypatch.setenv("RESURGE_SMTP_PORT", "submission")
    resurge("status", "reeds").refuses(2, "RESURGE_SMTP_PORT")
    monkeypatch.setenv("RESURGE_SMTP_PORT", "25")
    monkeypatch.setenv("RESURGE_AUDIENCES", '{"desk": [{"address": "ana@example.org", "clearance": "PINK"}]}')
    said = resurge("status", "reeds")
    said.refuses(2, "RESURGE_AUDIENCES")
    assert "ana@example.org" not in said.err


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
def test_a_directory_that_is_not_a_workspace(resurge, tmp_path, request_):
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter1.txt").write_text("mine")
    command, *rest = request_
    resurge(command, "spamouflage", *rest, "-w", other).refuses(2, f"{other} is not a workspace", f"resurge init {other}")
    assert contents(other) == {"chapter1.txt": b"mine"}
    absent = tmp_path / "absent"
    if command != "collect":  # a place that does not exist yet becomes the workspace of a first fetch
        resurge(command, "spamouflage", *rest, "-w", absent).refuses(2, f"{absent} is not a workspace")
        assert not absent.exists()


def test_a_wrong_campaign_makes_no_workspace(resurge, tmp_path):
    file = tmp_path / "posts.csv"
    file.write_text("id\n1\n")
    for arguments in (("collect", "reads"), ("ingest", "reads", file, "--format", "csv")):
        resurge(*arguments, "-w", tmp_path / "new").refuses(2, "'reads'")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("ftp://host/w", 2, ("ftp://host/w is not a workspace address", "s3://bucket/prefix")),
        ("s3://", 2, ("'s3://' is not an S3 address",)),
        ("s3://bucket/../other", 2, ("'../other'",)),
    ],
)
def test_an_address_that_is_none(resurge, address, code, words):
    resurge("status", "spamouflage", "-w", address).refuses(code, *words)


def test_a_workspace_of_a_later_version_and_a_foreign_marker(resurge, workspace):
    marker = workspace / "workspace.json"
    marker.write_text('{"kind": "resurge workspace", "schema_version": 99}')
    resurge("status", "reeds", "-w", workspace).refuses(2, "schema version 99")
    marker.write_text("{}")
    resurge("status", "reeds", "-w", workspace).refuses(2, "not written by resurge")


def test_serve_without_a_schedule_of_the_workspaces_own(resurge, workspace, monkeypatch):
    monkeypatch.setattr("flows.engine.running", lambda *_, **__: pytest.fail("a server was started"))
    resurge("serve", "-w", workspace).refuses(2, str(workspace), "has a schedule", "cron")  # the bundled campaigns have one


# --- S3 -----------------------------------------------------------------------------------------------------------------------------


def test_an_unreachable_bucket_is_said_within_seconds(resurge, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("RESURGE_S3_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    begun = time.monotonic()
    resurge("status", "spamouflage", "-w", "s3://team/w").refuses(1, "s3://team/w", "the endpoint cannot be reached", "network")
    assert time.monotonic() - begun < 30
    with pytest.raises(PassingProblem):  # so a step of a flow tries again; with a wrong key it does not
        wiring.open_store("s3://team/w").read("workspace.json")


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESURGE_S3_ENDPOINT_URL", f"http://127.0.0.1:{s3_server.port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", WRITER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRITER[1])


def test_wrong_credentials(resurge, s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "no such secret")
    said = resurge("status", "spamouflage", "-w", f"s3://{BUCKET}/w")
    said.refuses(1, f"s3://{BUCKET}/w", "the secret key is wrong")
    assert "no such secret" not in said.err
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    resurge("init", f"s3://{BUCKET}/w").refuses(1, "the access key is not known there")


def test_no_credentials(resurge, s3, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    resurge("status", "spamouflage", "-w", f"s3://{BUCKET}/w").refuses(1, "there are no credentials", "AWS_ACCESS_KEY_ID")


def test_no_such_bucket_and_no_workspace_in_it(resurge, s3):
    resurge("init", "s3://nowhere-at-all/w").refuses(1, "s3://nowhere-at-all/w")
    resurge("status", "spamouflage", "-w", f"s3://{BUCKET}/empty").refuses(
        2, "is not a workspace", f"resurge init s3://{BUCKET}/empty"
    )


# --- files and disks ----------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there(resurge, workspace, tmp_path):
    before = contents(workspace)
    missing = tmp_path / "posts.parquet"
    resurge("ingest", "reeds", missing, "--format", "parquet", "-w", workspace).refuses(2, f"There is no file {missing}")
    resurge("ingest", "reeds", tmp_path, "--format", "parquet", "-w", workspace).refuses(2, f"{tmp_path} is a folder")
    resurge("detect", missing, "--window", 60, "--out", tmp_path / "edges.csv").refuses(2, str(missing))
    file = tmp_path / "posts.csv"
    file.write_text("id\n1\n")
    columns = tmp_path / "columns.yml"
    resurge("ingest", "reeds", file, "--format", "csv", "--columns", columns, "-w", workspace).refuses(2, str(columns))
    columns.write_text("map: [\n")
    resurge("ingest", "reeds", file, "--format", "csv", "--columns", columns, "-w", workspace).refuses(2, "columns.yml, line 2")
    assert contents(workspace) == before


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Root reads everything, so become somebody else for the test."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="resurge-test-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_file_that_this_user_may_not_read(resurge, workspace, open_folder, request):
    file = open_folder / "posts.csv"
    file.write_text("id\n1\n")
    file.chmod(0)
    request.getfixturevalue("as_nobody")
    resurge("ingest", "reeds", file, "--format", "csv", "-w", workspace).refuses(
        1, f"{file} cannot be read: permission denied", "right"
    )
    resurge("detect", file, "--window", 60, "--out", open_folder / "edges.csv").refuses(1, str(file), "ermission denied")


def test_a_workspace_that_this_user_may_not_write(resurge, open_folder, request):
    (open_folder / "closed").mkdir()
    (open_folder / "closed").chmod(0o555)
    request.getfixturevalue("as_nobody")
    resurge("init", open_folder / "closed").refuses(1, str(open_folder / "closed"), "permission denied", "--workspace")
    assert list((open_folder / "closed").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing more", os.urandom(4096)], ids=["empty", "no footer", "noise"])
def test_an_unreadable_parquet_file(resurge, tmp_path, content):
    file = tmp_path / "shares.parquet"
    file.write_bytes(content)
    resurge("detect", file, "--window", 60, "--out", tmp_path / "edges.csv").refuses(1, "shares.parquet", "Parquet")
    assert not (tmp_path / "edges.csv").exists()


def test_a_full_disk(tmp_path):
    """On a file system of 64 kB, in a mount namespace of its own: init is refused, leaves nothing, and works once there is room."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("needs Linux and unshare")
    mount = tmp_path / "small"
    mount.mkdir()
    enter = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*enter, f"mount -t tmpfs -o size=64k none {mount}"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a file system of his own")
    program = Path(sys.executable).with_name("resurge")
    steps = (
        f"mount -t tmpfs -o size=64k none {mount}; cd {mount}; head -c 65536 /dev/zero > ballast; "
        f"{program} init {mount}/w; echo code $?; find . -type f -path './w/*'; rm ballast; "
        f"{program} init {mount}/w; echo code $?; find w -name workspace.json"
    )
    done = subprocess.run(
        [*enter, steps], capture_output=True, text=True, check=True, env={**os.environ, "RESURGE_STATE_DIR": str(tmp_path)}
    )
    assert f"Cannot write cache/conditional-write-probe in {mount}/w: the disk is full.\n  Free some space" in done.stderr
    assert "Traceback" not in done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "code 1"
    assert rest == [
        f"Made the workspace {mount}/w with campaigns/my-campaign.yml.",
        f"Next: edit it, then bring files in: resurge ingest my-campaign FILE --format NAME -w {mount}/w",
        "code 0",
        "w/workspace.json",
    ]


def test_what_nobody_foresaw_is_one_sentence_too(resurge, monkeypatch, workspace):
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "/dev/sdx")

    monkeypatch.setattr("flows.commands.watching.open_workspace", broken)
    resurge("status", "reeds").refuses(1, "/dev/sdx", "Input/output error")
    monkeypatch.setattr("flows.commands.watching.open_workspace", lambda _: 1 / 0)
    resurge("status", "reeds").refuses(1, "ZeroDivisionError", "--debug")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_too_little_memory_is_said_in_words(resurge, monkeypatch, workspace, error):
    def short(*_: object) -> None:
        raise error

    monkeypatch.setattr("flows.commands.watching.open_workspace", short)
    resurge("status", "reeds").refuses(1, "memory of this machine did not suffice", "run the same command again")


def test_debug_shows_the_traceback(resurge, workspace, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["resurge", "--debug", "status", "reads", "-w", str(workspace)])
    with pytest.raises(Exception, match="There is no campaign 'reads'"):
        cli.main()
