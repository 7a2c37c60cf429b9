"""Logs for machines: a line an event, as JSON or text, with what must not be logged taken out in one place.

What people read while a command runs (flows/console.py) is no log and stays as it is. With the setting `log` every event of a run, and
what the libraries say, goes to standard error or to `log_file`; each with the run's id, campaign and period where there are any.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from flows.settings import Settings

GONE = "<secret>"
_made: list[tuple[Settings, logging.Handler]] = []  # the newest last: settings are read once, so one in all
_SHORTEST = 6  # a shorter value is no secret worth the name, and would be found in every other word
_FROM_ENVIRONMENT = re.compile(
    r"RESURGE_SECRET_.+|RESURGE_.*(PASSWORD|SECRET|KEY)|AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN|ACCESS_KEY_ID)"
    r"|PREFECT_(API_KEY|API_AUTH_STRING|SERVER_API_AUTH_STRING|API_DATABASE_CONNECTION_URL|SERVER_DATABASE_CONNECTION_URL)"
)
_SHAPES = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}"), rf"\1 {GONE}"),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), GONE),  # user name and password within an address
    (re.compile(r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"']+"), rf"\1{GONE}"),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"), "<address>"),
)


class Redaction:
    """Takes secret values and whatever looks like one out of texts."""

    def __init__(self, values: Iterator[str] | tuple[str, ...]) -> None:
        found = {value for value in values if len(value) >= _SHORTEST}
        longest_first = sorted(found, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first))) if found else None

    def text(self, text: str) -> str:
        if self._values:
            text = self._values.sub(GONE, text)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        """As a processor of structlog."""
        return {key: self._of(value) for key, value in event.items() if not key.startswith("_")}

    def _of(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._of(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._of(inner) for inner in value]
        return value if value is None or isinstance(value, bool | int | float) else self.text(str(value))


def redaction(chosen: Settings, environment: Mapping[str, str]) -> Redaction:
    """What this installation holds that nobody may read in a log: its settings' secrets, credentials, keys, addresses of its readers."""
    return Redaction(_secrets(chosen, environment))


def configure(chosen: Settings) -> None:
    """Log as the settings say; again does nothing unless somebody took the handler away (the engine does, when it sets up its own)."""
    if not chosen.log:
        return
    root = logging.getLogger()
    if not _made or _made[-1][0] is not chosen:
        _made.append((chosen, _handler(chosen)))
    handler = _made[-1][1]
    if handler not in root.handlers:
        root.addHandler(handler)
    root.setLevel(chosen.log_level.upper())


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """Have these fields in every line meanwhile, of this thread."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in fields.items() if value}):
        yield


def event(name: str, *, level: str = "info", **fields: Any) -> None:
    """Log one event; nothing where no log is set."""
    merged = structlog.contextvars.get_contextvars() | fields
    logging.getLogger("resurge").log(logging.getLevelName(level.upper()), name, extra={"fields": merged})


def _handler(chosen: Settings) -> logging.Handler:
    made: logging.Handler
    if chosen.log_file:
        path = chosen.log_file.expanduser()
        path.parent.mkdir(parents=True, exist_ok=True)
        made = logging.FileHandler(path, encoding="utf-8", delay=True)
    else:
        made = logging.StreamHandler(sys.stderr)
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if chosen.log == "json"
        else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], drop_missing=True)
    )
    made.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_with_fields, structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _with_traceback],
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                redaction(chosen, os.environ),
                renderer,
            ],
            keep_exc_info=False,  # it stands in the line, cleaned; the record's own text may have been made by another handler
        )
    )
    return made


def _with_fields(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**line, **structlog.contextvars.get_contextvars(), **getattr(line.get("_record"), "fields", {})}


def _with_traceback(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    told = line.pop("exc_info", None)
    if isinstance(told, tuple) and told[1] is not None:
        line["exception"] = "".join(traceback.format_exception(*told))
    return line


def _secrets(chosen: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    for name in type(chosen).model_fields:
        value = getattr(chosen, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
    yield from (value.strip() for name, value in environment.items() if _FROM_ENVIRONMENT.fullmatch(name))
    yield from (member.address for group in chosen.audiences.values() for member in group)
    yield from filter(None, (chosen.owner, chosen.smtp_user or ""))
    key = Path(chosen.state_dir).expanduser() / "pseudonym.key"
    if key.is_file():
        yield key.read_text().strip()
