"""Opening a workspace in an S3 bucket from an address and settings."""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from tasks.domain.errors import UsageProblem
from tasks.store.keys import check_key
from tasks.store.s3 import S3Store
from tasks.store.s3_options import WriteOptions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def parse_s3_address(address: str) -> tuple[str, str]:
    """(bucket, prefix) of `s3://bucket/prefix`. Raises UsageProblem for anything else."""
    scheme, separator, rest = address.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not separator or not bucket:
        raise UsageProblem(f"{address!r} is not an S3 address.", remedy="Write s3://bucket/prefix.")
    prefix = prefix.strip("/")
    if prefix:
        check_key(prefix)
    return bucket, prefix


class Connection(TypedDict, total=False):
    """How a client reaches its service. Without keys boto3's own chain of credentials holds (profile, instance role)."""

    endpoint_url: str | None
    region: str | None
    access_key: str | None
    secret_key: str | None
    connect_timeout_s: float  # 10
    read_timeout_s: float  # 60
    attempts: int  # 5


def open_s3(address: str, *, cache_dir: Path, options: WriteOptions | None = None, **connection: Unpack[Connection]) -> S3Store:
    """The store at `s3://bucket/prefix`. No request is made. Raises UsageProblem for an address or endpoint that cannot be one."""
    bucket, prefix = parse_s3_address(address)
    return S3Store(bucket, prefix, s3_client(address, **connection), cache_dir, options)


def s3_client(address: str, **connection: Unpack[Connection]) -> "S3Client":
    """A client as a workspace uses it; `address` is for messages. Raises UsageProblem for an endpoint that cannot be one."""
    endpoint_url = connection.get("endpoint_url")
    config = Config(
        connect_timeout=connection.get("connect_timeout_s", 10),
        read_timeout=connection.get("read_timeout_s", 60),
        signature_version="s3v4",  # the older one signs links that no service of today takes
        retries={"mode": "standard", "total_max_attempts": connection.get("attempts", 5)},
        s3={"addressing_style": "path" if endpoint_url else "auto"},
    )
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=connection.get("region") or "us-east-1",
            aws_access_key_id=connection.get("access_key"),
            aws_secret_access_key=connection.get("secret_key"),
            config=config,
        )
    except (ValueError, BotoCoreError) as error:
        raise UsageProblem(
            f"No S3 client can be made for {address}: {error}.", remedy="Check the endpoint and credentials."
        ) from error
