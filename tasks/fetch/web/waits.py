"""How long a service asks to be left alone: Retry-After (RFC 9110, 10.2.3) and the headers of rate limits.

Spelt `ratelimit-remaining`/`ratelimit-reset` (Bluesky, seconds since 1970), `x-ratelimit-*` (Mastodon, ISO 8601) and `x-rate-limit-*`
(X, seconds since 1970); the draft standard's seconds from now are read too. Instants are compared with the service's own `Date`, so that
neither clock has to be right.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EPOCH_FROM = 100_000_000  # smaller numbers are seconds from now: nobody asks for three years
_SPELLINGS = ("ratelimit", "x-ratelimit", "x-rate-limit")


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from Retry-After, else until the limit is reset; None where neither says. Never negative."""
    after = _seconds(headers.get("retry-after", ""), _server_now(headers, now))
    return after if after is not None else reset_s(headers, now)


def reset_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the rate limit is reset; None where no header says."""
    for spelling in _SPELLINGS:
        found = _seconds(headers.get(f"{spelling}-reset", ""), _server_now(headers, now))
        if found is not None:
            return found
    return None


def remaining(headers: Mapping[str, str]) -> int | None:
    """Requests left in the window; None where no header says."""
    for spelling in _SPELLINGS:
        text = headers.get(f"{spelling}-remaining", "").strip()
        if text.isascii() and text.isdigit():
            return int(text)
    return None


def _seconds(text: str, now: datetime) -> float | None:
    text = text.strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return _until(text, now)
    if not 0 <= number < float("inf"):
        return None
    return max(0.0, number - now.timestamp()) if number >= _EPOCH_FROM else number


def _until(text: str, now: datetime) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            instant = read(text)
        except (ValueError, TypeError, IndexError):
            continue
        return max(0.0, ((instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now).total_seconds())
    return None


def _server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError):
        return now
    return told if told.tzinfo else told.replace(tzinfo=UTC)
