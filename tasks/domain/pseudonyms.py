"""Accounts outside the campaign leave the workspace only as keyed hashes."""

import hashlib
import hmac


def pseudonym(key: bytes, platform: str, account_id: str, *, kind: str = "outsider") -> str:
    """HMAC-SHA-256 of platform and account id, 12 hex digits, prefixed so that nobody takes it for a handle. `kind` is the prefix: a
    member who may not be named in a rendition is an `account`."""
    digest = hmac.new(key, f"{platform}\0{account_id}".encode(), hashlib.sha256).hexdigest()
    return f"{kind}-{digest[:12]}"


def key_id(key: bytes) -> str:
    """Names the key without giving it away; a rotated key makes a new edition."""
    return hashlib.sha256(b"resurge pseudonym key id\0" + key).hexdigest()[:12]
