"""infra/prefect.yaml against a real Prefect server and process worker, and `resurge serve` as it is run: `./run test-infra`, 3 minutes.

Not collected by default. Everything runs on loopback with a state of its own.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx  # the engine's own client
import orjson
import pytest
from small_campaign import CAMPAIGN, campaign_file

from flows.wiring import open_workspace
from tasks.domain.ports import ObjectStore
from tasks.store.bundles import published_periods
from tasks.store.keys import notices_prefix
from tasks.store.ledger import runs
from tasks.store.verify import verify_bundle

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No setting but ours: a state folder and an engine's home of this test's own."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "RESURGE_"))}
    return {
        **kept,
        "RESURGE_STATE_DIR": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_PROFILES_PATH": str(home / "prefect/profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


@pytest.fixture(scope="module")
def workspace(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collected workspace, whose schedule fires every minute and finds 2023-W44 due."""
    folder = tmp_path_factory.mktemp("team") / "w"
    (folder / "campaigns").mkdir(parents=True)
    lateness = (datetime.now(UTC) - datetime(2023, 11, 8, tzinfo=UTC)) / timedelta(hours=1)
    text = campaign_file(lateness_h=f"{lateness:.1f}", schedule='{cron: "* * * * *", zone: Asia/Tokyo}')
    (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(text)
    subprocess.run([BIN / "resurge", "collect", CAMPAIGN, "-w", folder], env=environment, check=True)
    return folder


@contextlib.contextmanager
def running(command: list[object], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as out:
        process = subprocess.Popen([str(part) for part in command], env=environment, cwd=ROOT, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(what: Callable[[], bool], seconds: float, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + seconds
    while not what():
        if process.poll() is not None or time.monotonic() > give_up:
            pytest.fail(f"not within {seconds} s:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(1)


def answers(address: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{address}/health", timeout=5).is_success
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_deployments_run_on_a_server_and_a_worker(environment, workspace, tmp_path):
    port = free_port()
    address = f"http://127.0.0.1:{port}/api"
    environment = {
        **environment,
        "PREFECT_API_URL": address,
        "RESURGE_WORKSPACE": str(workspace),
        "RESURGE_OWNER": "desk@example.org",
    }
    prefect = BIN / "prefect"

    def command(*arguments: object) -> str:
        done = subprocess.run(
            [prefect, "--no-prompt", *map(str, arguments)], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    log = tmp_path / "server.log"
    with running([prefect, "server", "start", "--host", "127.0.0.1", "--port", port], environment, log) as server:
        wait_until(lambda: answers(address), 120, server, log)
        command("work-pool", "create", "resurge", "--type", "process")
        command("deploy", "--all", "--prefect-file", "infra/prefect.yaml")
        listed = orjson.loads(command("deployment", "ls", "--output", "json"))
        assert {entry["name"]: entry["entrypoint"] for entry in listed} == {
            "collect": "flows.collect.collect",
            "scheduled": "flows.serve.scheduled",
            "briefing": "flows.briefing.briefing",
            "backfill": "flows.backfill.backfill",
            "watch": "flows.serve.watch",
        }
        assert {entry["name"]: [s["schedule"]["cron"] for s in entry["schedules"]] for entry in listed} == {
            "collect": ["30 1 * * *"],
            "scheduled": ["0 6 * * TUE"],
            "briefing": [],
            "backfill": [],
            "watch": ["15 * * * *"],
        }
        worker_log = tmp_path / "worker.log"
        with running([prefect, "worker", "start", "--pool", "resurge", "--type", "process"], environment, worker_log) as worker:
            command("deployment", "run", "briefing/briefing", "--param", "period=2023-W43")
            store = open_workspace(str(workspace))
            wait_until(lambda: "2023-W43" in published_periods(store, CAMPAIGN, "CLEAR"), 180, worker, worker_log)
            wait_until(lambda: flow_run_states(address).get("briefing") == "COMPLETED", 60, worker, worker_log)
            # A run whose process is killed can tell nobody: the server's automation has somebody look, and the owner hears of it once.
            command("deployment", "run", "briefing/briefing", "--param", "period=2023-W42")
            wait_until(lambda: started(store, "2023-W42") > 0, 120, worker, worker_log)
            os.kill(started(store, "2023-W42"), signal.SIGKILL)
            wait_until(lambda: "interrupted" in notices(store), 180, worker, worker_log)
            assert notices(store).count("interrupted") == 1
        edition = published_periods(store, CAMPAIGN, "CLEAR")["2023-W43"].edition
        assert verify_bundle(store, f"briefings/{CAMPAIGN}/2023-W43/CLEAR/{edition}") == ()


def started(store: ObjectStore, period: str) -> int:
    """The process of the period's run, 0 before there is one."""
    return next((int(run.process.split()[3]) for run in runs(store, CAMPAIGN) if run.period == period and run.process), 0)


def notices(store: ObjectStore) -> list[str]:
    kept = [store.read(entry.key) for entry in store.entries(notices_prefix(CAMPAIGN))]
    found = [orjson.loads(one.data) for one in kept if one]
    return [notice["state"] for notice in found if notice.get("problem")]


def flow_run_states(address: str) -> dict[str, str]:
    runs = httpx.post(f"{address}/flow_runs/filter", json={}, timeout=10).json()
    return {run["name"].split()[0]: run["state_type"] for run in runs}


def test_serve_makes_what_is_due_and_stops_when_told(environment, workspace, tmp_path):
    """After the week before stands, a schedule that fires every minute makes 2023-W44, once, and stops without leaving a server behind."""
    log = tmp_path / "serve.log"
    store = open_workspace(str(workspace))
    with running([BIN / "resurge", "serve", "-w", workspace], environment, log) as serving:
        wait_until(lambda: "2023-W44" in published_periods(store, CAMPAIGN, "CLEAR"), 300, serving, log)
        address = next(word for word in log.read_text().split() if word.startswith("http://")).rstrip(".") + "/api"
        assert answers(address)
        serving.send_signal(signal.SIGTERM)
        serving.wait(60)
    assert serving.returncode == 0, log.read_text()
    assert not answers(address)
    assert set(published_periods(store, CAMPAIGN, "CLEAR")) <= {"2023-W43", "2023-W44"}
