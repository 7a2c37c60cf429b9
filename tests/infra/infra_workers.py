"""A Prefect server on PostgreSQL with a login, two process workers and a backfill over both; one worker is killed in the middle.

Not collected by default; `./run test-infra` runs it, and installs PostgreSQL.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import postgres
from infra_server import BIN, ROOT, environment, running, wait_until, workspace  # noqa: F401  fixtures
from small_campaign import CAMPAIGN

from flows.wiring import open_workspace
from tasks.store.bundles import published_periods
from tasks.store.ledger import runs
from tasks.store.verify import verify_bundle

PERIODS = ("2023-W40", "2023-W41", "2023-W42", "2023-W43")
LOGIN = "desk:a-login-of-this-test"


def test_two_workers_share_a_backfill_and_one_is_killed(environment, workspace, tmp_path):  # noqa: F811
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="resurge-infra-"))
    folder.chmod(0o711)  # the account that PostgreSQL runs as has to come through
    databases: list[subprocess.Popen[bytes]] = []
    try:
        address = postgres.start(folder, databases).replace("postgresql://", "postgresql+asyncpg://")
        with ExitStack() as stack:
            _backfilled(stack, environment, workspace, tmp_path, address)
    finally:
        for database in databases:
            database.terminate()
            database.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(PERIODS)} periods, two workers, one killed: {time.monotonic() - begun:.0f} s")  # noqa: T201


def _backfilled(stack, environment, workspace, tmp_path, database):  # noqa: F811
    port = postgres.free_port()
    api = f"http://127.0.0.1:{port}/api"
    env = {
        **environment,
        "PREFECT_API_URL": api,
        "PREFECT_API_AUTH_STRING": LOGIN,
        "RESURGE_WORKSPACE": str(workspace),
    }
    at_server = {**env, "PREFECT_SERVER_API_AUTH_STRING": LOGIN, "PREFECT_SERVER_DATABASE_CONNECTION_URL": database}
    client = stack.enter_context(httpx.Client(base_url=api, auth=tuple(LOGIN.split(":")), timeout=10))

    def prefect(*arguments: str) -> None:
        done = subprocess.run([BIN / "prefect", "--no-prompt", *arguments], env=env, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def answers() -> bool:
        try:
            return client.get("/health").is_success
        except httpx.HTTPError:
            return False

    log = tmp_path / "server.log"
    start = [BIN / "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    server = stack.enter_context(running(start, at_server, log))
    wait_until(answers, 240, server, log)
    assert httpx.post(f"{api}/flow_runs/filter", json={}, timeout=10).status_code == 401  # nobody without the login
    prefect("work-pool", "create", "resurge", "--type", "process")
    prefect("deploy", "--all", "--prefect-file", "infra/prefect.yaml")
    for period in PERIODS:
        prefect("deployment", "run", "briefing/briefing", "--param", f"period={period}")

    # A group of its own each, so that SIGKILL takes a worker with the runs it started, as the loss of a machine does.
    workers = {name: stack.enter_context(_grouped(name, env, tmp_path / f"{name}.log")) for name in ("first", "second")}
    store = open_workspace(str(workspace))

    def made_by() -> dict[str, str]:
        return {run.period: run.state for run in runs(store, CAMPAIGN) if run.flow == "briefing"}

    wait_until(lambda: len(made_by()) >= 2, 240, workers["second"], tmp_path / "second.log")
    os.killpg(workers["first"].pid, signal.SIGKILL)
    left = len(PERIODS) - 1
    wait_until(lambda: len(published_periods(store, CAMPAIGN, "CLEAR")) >= left, 420, workers["second"], tmp_path / "second.log")
    before = {period: pointer.edition for period, pointer in published_periods(store, CAMPAIGN, "CLEAR").items()}
    assert len(before) == left, "the worker was killed too late to leave something to do"
    # What the killed worker had begun is nobody's any more: a backfill by the worker that is left makes what is missing and only that.
    made = _backfill(env, workspace)
    assert [row["period"] for row in made if row["outcome"] == "done"] == [key for key in PERIODS if key not in before]
    assert {row["period"]: row["edition"] for row in made if row["outcome"] == "done"}.items().isdisjoint(before.items())
    tagged = client.post("/flow_runs/filter", json={"flow_runs": {"tags": {"all_": ["backfill"]}}}).json()
    assert [run["state_type"] for run in tagged] == ["COMPLETED"] * (
        len(PERIODS) - len(before)
    )  # by the worker, not by the command
    assert [row["outcome"] for row in _backfill(env, workspace)] == ["skipped"] * len(PERIODS)
    for period, pointer in published_periods(store, CAMPAIGN, "CLEAR").items():
        assert verify_bundle(store, f"briefings/{CAMPAIGN}/{period}/CLEAR/{pointer.edition}") == ()
        assert pointer.corrections == 0
    assert not list(store.entries("outbox"))
    assert not list(store.entries(f"ledger/{CAMPAIGN}/outbox"))
    finished = [run.period for run in runs(store, CAMPAIGN) if run.flow == "briefing" and run.state == "done"]
    assert sorted(finished) == list(PERIODS)  # each made once, by whichever worker
    for name in workers:
        assert "Running command" in (tmp_path / f"{name}.log").read_text() or "submitt" in (tmp_path / f"{name}.log").read_text()


def _backfill(env: dict[str, str], place: Path) -> list[dict[str, str]]:
    """The command's own table; by the workers, since a server is configured."""
    command = [BIN / "resurge", "backfill", CAMPAIGN, "--from", PERIODS[0], "--to", PERIODS[-1], "--json", "-w", place]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return list(json.loads(done.stdout))


class _grouped:  # noqa: N801
    """A worker in a process group of its own."""

    def __init__(self, name: str, env: dict[str, str], log: Path) -> None:
        command = [BIN / "prefect", "worker", "start", "--pool", "resurge", "--type", "process", "--name", name, "--limit", "1"]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self.process

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
