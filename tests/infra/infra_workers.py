"""A Prefect server on PostgreSQL with a login, two process workers and a backfill over both; one worker is killed in the middle.

Not collected by default: `.venv/bin/python -m pytest -s tests/infra/infra_workers.py`, with PostgreSQL installed.
"""

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
    wait_until(lambda: _idle(client, store), 420, workers["second"], tmp_path / "second.log")
    # What the killed worker had begun is nobody's any more: the same backfill, run again, makes what is missing and only that.
    prefect("deployment", "run", "backfill/backfill", "--param", f"first={PERIODS[0]}", "--param", f"last={PERIODS[-1]}")
    everything = set(PERIODS)
    wait_until(
        lambda: everything <= set(published_periods(store, CAMPAIGN, "CLEAR")), 300, workers["second"], tmp_path / "second.log"
    )
    for period, pointer in published_periods(store, CAMPAIGN, "CLEAR").items():
        assert verify_bundle(store, f"briefings/{CAMPAIGN}/{period}/CLEAR/{pointer.edition}") == ()
        assert pointer.corrections == 0
    assert not list(store.entries("outbox"))
    assert not list(store.entries(f"ledger/{CAMPAIGN}/outbox"))
    for name in workers:
        assert "Running command" in (tmp_path / f"{name}.log").read_text() or "submitt" in (tmp_path / f"{name}.log").read_text()


def _idle(client, store) -> bool:
    """No briefing that was not published runs or waits, but those of the worker that was killed."""
    asked = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED", "PENDING", "RUNNING"]}}}}
    waiting = [run for run in client.post("/flow_runs/filter", json=asked).json() if run["name"].startswith("briefing")]
    published = set(published_periods(store, CAMPAIGN, "CLEAR"))
    return len(published & set(PERIODS)) + 2 >= len(PERIODS) and all(run["state_type"] != "SCHEDULED" for run in waiting)


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
