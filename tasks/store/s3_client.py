"""Opening a workspace in an S3 bucket from an address and settings."""

from pathlib import Path
from typing import TYPE_CHECKING

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


def open_s3(
    address: str,
    *,
    cache_dir: Path,
    endpoint_url: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    connect_timeout_s: float = 10,
    read_timeout_s: float = 60,
    attempts: int = 5,
    options: WriteOptions | None = None,
) -> S3Store:
    """The store at `s3://bucket/prefix`. Without keys boto3's own chain of credentials holds (profile, instance role).

    No request is made. Raises UsageProblem for an address or endpoint that cannot be one.
    """
    bucket, prefix = parse_s3_address(address)
    client = s3_client(
        address,
        endpoint_url=endpoint_url,
        region=region,
        access_key=access_key,
        secret_key=secret_key,
        connect_timeout_s=connect_timeout_s,
        read_timeout_s=read_timeout_s,
        attempts=attempts,
    )
    return S3Store(bucket, prefix, client, cache_dir, options)


def s3_client(
    address: str,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    connect_timeout_s: float = 10,
    read_timeout_s: float = 60,
    attempts: int = 5,
) -> "S3Client":
    """A client as a workspace uses it; `address` is for messages. Raises UsageProblem for an endpoint that cannot be one."""
    config = Config(
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        signature_version="s3v4",  # the older one signs links that no service of today takes
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "path" if endpoint_url else "auto"},
    )
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region or "us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=config,
        )
    except (ValueError, BotoCoreError) as error:
        raise UsageProblem(
            f"No S3 client can be made for {address}: {error}.", remedy="Check the endpoint and credentials."
        ) from error
