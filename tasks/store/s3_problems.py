"""What an S3 service or the way to it says, in words for the person who has to act on it."""

import contextlib
from collections.abc import Iterator

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from tasks.domain.errors import PassingProblem, WorkspaceProblem


class BrokenBody(BotoCoreError):
    """An answer began well and broke off in its body; the client, which repeats requests, does not repeat these."""

    fmt = "the answer broke off"


_RERUN = "Run again: what was already written is recognised."
_CREDENTIALS = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile or role that stands for them."
_CODES: dict[str, tuple[str, str]] = {
    "NoSuchBucket": ("there is no such bucket", "Create the bucket, or correct the address or endpoint."),
    "InvalidBucketName": ("the bucket's name is not allowed", "Bucket names have 3 to 63 lower-case letters, digits, '.' and '-'."),
    "InvalidAccessKeyId": ("the access key is not known there", _CREDENTIALS),
    "SignatureDoesNotMatch": ("the secret key is wrong", _CREDENTIALS),
    "InvalidToken": ("the session token is not valid", "Log in again for new credentials."),
    "ExpiredToken": ("the session token has expired", "Log in again for new credentials."),
    "AccessDenied": (
        "access is denied",
        "Allow these credentials s3:GetObject, s3:PutObject and s3:ListBucket on the bucket and prefix.",
    ),
    "RequestTimeTooSkewed": (
        "this machine's clock differs from the service's",
        "Set the clock (for example with chrony), then run again.",
    ),
    "SlowDown": ("the service asks to slow down, also after retries", f"Wait some minutes. {_RERUN}"),
    "ServiceUnavailable": ("the service is unavailable, also after retries", f"Wait some minutes. {_RERUN}"),
    "InternalError": ("the service had an internal error, also after retries", _RERUN),
    "BadDigest": ("the bytes that arrived were not those that were sent", f"Nothing was stored. {_RERUN}"),
    "EntityTooLarge": ("the object is too large for one request", "Split the input into files below 5 GB."),
    "QuotaExceeded": ("the quota is used up", "Raise the quota or remove old objects, then run again."),
    "InsufficientStorage": ("the service has no space left", "Give it more space, then run again."),
    "NotImplemented": ("the service does not know this request", "Use a service with conditional writes and SHA-256 checksums."),
    "ConditionalRequestConflict": ("another writer was busy with this key, also after retries", _RERUN),
    "InvalidRequest": (
        "the service refuses the request's options",
        "Object lock (RESURGE_S3_OBJECT_LOCK_DAYS) needs a bucket made with it; encryption needs a service that knows it.",
    ),
    "KMS.NotFoundException": ("there is no such KMS key", "Correct RESURGE_S3_KMS_KEY_ID."),
    "PermanentRedirect": ("the bucket lies in another region", "Correct the region or endpoint in the settings."),
    "AuthorizationHeaderMalformed": ("the region does not fit the bucket", "Correct the region in the settings."),
}
_SAME = {
    "XAmzContentChecksumMismatch": "BadDigest",
    "XAmzContentSHA256Mismatch": "BadDigest",
    "InvalidDigest": "BadDigest",
    "TokenRefreshRequired": "ExpiredToken",
    "AllAccessDisabled": "AccessDenied",
    "AccountProblem": "AccessDenied",
    "XMinioStorageFull": "InsufficientStorage",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "Throttling": "SlowDown",
    "ThrottlingException": "SlowDown",
    "RequestTimeout": "ServiceUnavailable",
    # answers to HEAD have no body, so only the status is known
    "301": "PermanentRedirect",
    "403": "AccessDenied",
    "500": "InternalError",
    "501": "NotImplemented",
    "503": "SlowDown",
    "507": "InsufficientStorage",
}
_NETWORK: tuple[tuple[type[BotoCoreError] | tuple[type[BotoCoreError], ...], str, str], ...] = (
    ((NoCredentialsError, PartialCredentialsError), "there are no credentials", _CREDENTIALS),
    (ProxyConnectionError, "the proxy does not answer", "Check the proxy settings of this machine."),
    (SSLError, "the encrypted connection failed", "Check the endpoint's certificate and whether it speaks https."),
    (
        (ConnectTimeoutError, EndpointConnectionError),
        "the endpoint cannot be reached",
        "Check the endpoint's address and the network.",
    ),
    (ReadTimeoutError, "the service did not answer in time", _RERUN),
    ((BrokenBody, HTTPClientError), "the connection broke", _RERUN),
)


@contextlib.contextmanager
def explained(address: str, action: str) -> Iterator[None]:
    """Turn any error of boto3 inside the block into a WorkspaceProblem: address, action, reason, remedy."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        reason, remedy = _words(error)
        kind = PassingProblem if _passes(error) else WorkspaceProblem
        raise kind(f"Cannot {action} in {address}: {reason}.", remedy=remedy) from error


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _passes(error: ClientError | BotoCoreError) -> bool:
    """Whether it may pass by itself: no answer, a broken one, or a service in trouble."""
    if isinstance(error, ClientError):
        return status_of(error) >= 500 or error_code(error) in ("SlowDown", "RequestTimeout", "Throttling", "ThrottlingException")
    return isinstance(error, (BrokenBody, HTTPClientError, ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError))


def _words(error: ClientError | BotoCoreError) -> tuple[str, str]:
    if isinstance(error, ClientError):
        code = error_code(error)
        known = _CODES.get(_SAME.get(code, code)) or _CODES.get(_SAME.get(str(status_of(error)), ""))
        return known or (f"the service answered {code or status_of(error)}", "Check the service's log, then run again.")
    for kinds, reason, remedy in _NETWORK:
        if isinstance(error, kinds):
            return reason, remedy
    return f"the S3 client failed ({error})", "Check the address and the settings of the S3 client."
