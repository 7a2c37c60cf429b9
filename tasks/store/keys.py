"""Every key of a workspace, built in one place; nothing that a campaign, a source or a post says reaches a key unchecked.

A key is `/`-separated segments of letters, digits, `.`, `_`, `+` and `-` that start with a letter or digit and never hold `..`.
A lake file's name is two SHA-256 and a suffix, 137 characters; file systems allow 255, so 160 are allowed.
"""

import re
from typing import get_args

from tasks.domain.campaign import Tlp
from tasks.domain.errors import UsageProblem

WORKSPACE_KEY = "workspace.json"
PROBE_KEY = "cache/conditional-write-probe"
ARCHIVE_CACHE_KEY = "cache/archive.json"

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,159}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", re.ASCII)
_EXTENSION = re.compile(r"[a-z0-9]{1,12}(\.[a-z0-9]{1,12}){0,2}", re.ASCII)
_PERIOD = re.compile(r"\d{4}-(W\d{2}|\d{2}|Q[1-4])|\d{4}-\d{2}-\d{2}--\d{4}-\d{2}-\d{2}", re.ASCII)
_CONTENT_NAMED = re.compile(
    r"raw/.+/[0-9a-f]{64}\.[a-z0-9.]+\.zst|(lake|quarantine)/.+/[0-9a-f]{64}-[0-9a-f]{64}\.parquet", re.ASCII
)


_BUNDLE_FILE = re.compile(r"briefings/[^/]+/[^/]+/[^/]+/[0-9a-f]{64}/.+", re.ASCII)


def check_key(key: str) -> str:
    """Return `key` if it is a lawful key, else raise UsageProblem. Keys that would leave the workspace never pass."""
    segments = key.split("/")
    if len(key) > 900 or not all(_SEGMENT.fullmatch(s) and ".." not in s for s in segments):
        raise _refused(key, "storage key", "segments of A-Z a-z 0-9 . _ + -, each starting with a letter or digit, without '..'")
    return key


def is_content_named(key: str) -> bool:
    """True if the key holds the hash of its bytes, so that a copy of it never goes out of date."""
    return _CONTENT_NAMED.fullmatch(key) is not None


def is_bundle_file(key: str) -> bool:
    """True for a file of a published bundle, which is written once and kept."""
    return _BUNDLE_FILE.fullmatch(key) is not None


def slug(campaign: str) -> str:
    """A campaign's slug, `[a-z0-9-]{1,64}` starting with a letter or digit. Raises UsageProblem otherwise."""
    if campaign.startswith("-"):
        raise _refused(campaign, "campaign slug", "a slug that starts with a letter or digit")
    return _checked(_SLUG, campaign, "campaign slug", "lower-case letters, digits and '-', at most 64")


def raw_key(campaign: str, source: str, sha256: str, ext: str) -> str:
    name = _checked(_SOURCE, source, "source name", "lower-case letters, digits and '-', at most 64")
    suffix = _checked(_EXTENSION, ext, "file extension", "lower-case letters and digits, such as csv or ndjson")
    return f"raw/{slug(campaign)}/{name}/{_sha(sha256)}.{suffix}.zst"


def lake_key(table: str, campaign: str, batch_id: str, sha256: str) -> str:
    """The key of a Parquet file of a batch. Quarantine files carry their hash too: a commit that died half-way may be repeated by
    another version of the checks or of Parquet without meeting its own leftovers as a conflict."""
    if table not in ("posts", "accounts", "takedowns", "indicators", "post_states", "quarantine"):
        raise _refused(table, "table", "posts, accounts, takedowns, indicators, post_states or quarantine")
    folder = table if table == "quarantine" else f"lake/{table}"
    return f"{folder}/{slug(campaign)}/{_sha(batch_id)}-{_sha(sha256)}.parquet"


def batches_prefix(campaign: str) -> str:
    return f"lake/batches/{slug(campaign)}"


def batch_key(campaign: str, batch_id: str) -> str:
    return f"{batches_prefix(campaign)}/{_sha(batch_id)}.json"


def blocked_prefix(campaign: str) -> str:
    return f"lake/blocked/{slug(campaign)}"


def blocked_key(campaign: str, batch_id: str) -> str:
    return f"{blocked_prefix(campaign)}/{_sha(batch_id)}.json"


def looks_key(campaign: str, batch_id: str, made_with: str) -> str:
    """What was seen in a batch's pictures; `made_with` names the libraries it depends on."""
    return check_key(f"cache/looks/{slug(campaign)}/{made_with}/{_sha(batch_id)}.json")


def briefings_prefix(campaign: str) -> str:
    return f"briefings/{slug(campaign)}"


def archive_key(tlp: str) -> str:
    """The archive page that holds briefings up to a label; its links are relative, so it stands beside the campaigns' folders."""
    return f"briefings/archive-{_tlp(tlp).lower().replace('+', '-')}.html"


def pointer_key(campaign: str, period_path: str, tlp: str) -> str:
    return f"{_briefing(campaign, period_path, tlp)}/latest.json"


def bundle_prefix(campaign: str, period_path: str, tlp: str, edition: str) -> str:
    return f"{_briefing(campaign, period_path, tlp)}/{_sha(edition)}"


def bundle_key(prefix: str, name: str) -> str:
    """The key of one file of a bundle; `name` may have folders, such as `annex/posts.csv`."""
    return check_key(f"{prefix}/{name}")


def parse_pointer_key(key: str) -> tuple[str, str, str] | None:
    """(campaign, period_path, tlp) of a pointer's key, or None for any other key."""
    parts = key.split("/")
    if len(parts) != 5 or parts[0] != "briefings" or parts[4] != "latest.json":
        return None
    return parts[1], parts[2], parts[3]


def runs_prefix(campaign: str) -> str:
    return f"ledger/{slug(campaign)}/runs"


def run_key(campaign: str, run_id: str) -> str:
    return f"{runs_prefix(campaign)}/{_name(run_id, 'run id')}.json"


def claim_key(campaign: str, name: str) -> str:
    """The key of a claim, such as the lock of a period; `name` is a period path or another name of up to 100 characters."""
    return f"ledger/{slug(campaign)}/claims/{_name(name, 'claim name')}.json"


def pause_key(campaign: str) -> str:
    return f"ledger/{slug(campaign)}/schedule.json"


def notice_key(campaign: str, name: str) -> str:
    """What became of one notice to the owner by one channel; `name` as for claim_key."""
    return f"{notices_prefix(campaign)}/{_name(name, 'name of a notice')}.json"


def notices_prefix(campaign: str) -> str:
    return f"ledger/{slug(campaign)}/notices"


def resolution_key(campaign: str, batch_id: str) -> str:
    """What a person decided about a blocked batch."""
    return f"lake/resolved/{slug(campaign)}/{_sha(batch_id)}.json"


def resolutions_prefix(campaign: str) -> str:
    return f"lake/resolved/{slug(campaign)}"


def outbox_prefix(campaign: str, period_path: str, tlp: str) -> str:
    return f"ledger/{slug(campaign)}/outbox/{_period(period_path)}/{_tlp(tlp)}"


def outbox_key(campaign: str, period_path: str, tlp: str, recipient_hmac: str, delivery_no: int) -> str:
    """One e-mail to one recipient. `recipient_hmac` is 8 to 64 hex digits: addresses never stand in a key."""
    recipient = _checked(_HEX, recipient_hmac, "recipient hash", "8 to 64 hex digits")
    if delivery_no < 1:
        raise _refused(str(delivery_no), "delivery number", "1 or more")
    return f"{outbox_prefix(campaign, period_path, tlp)}/{recipient}-{delivery_no:04d}.json"


def _briefing(campaign: str, period_path: str, tlp: str) -> str:
    return f"{briefings_prefix(campaign)}/{_period(period_path)}/{_tlp(tlp)}"


def _sha(value: str) -> str:
    return _checked(_SHA256, value, "SHA-256", "64 hex digits")


def _name(value: str, what: str) -> str:
    if ".." in value:
        raise _refused(value, what, "no '..'")
    return _checked(_NAME, value, what, "letters, digits and . _ + -, starting with a letter or digit, at most 100")


def _period(value: str) -> str:
    return _checked(_PERIOD, value, "period path", "2023-W44, 2023-10, 2023-Q4 or 2023-10-01--2023-11-01")


def _tlp(value: str) -> str:
    if value not in get_args(Tlp):
        raise _refused(value, "TLP label", ", ".join(get_args(Tlp)))
    return value


def _checked(pattern: re.Pattern[str], value: str, what: str, form: str) -> str:
    if not pattern.fullmatch(value):
        raise _refused(value, what, form)
    return value


def _refused(value: str, what: str, form: str) -> UsageProblem:
    return UsageProblem(f"{value[:200]!r} cannot be used as a {what}.", remedy=f"Allowed: {form}.")
