"""Where a fault can be put into a run: the steps of the story, seen at the places where they leave the process or begin to compute."""

import hashlib
import importlib
import os
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plain_engine import Plain

STEPS = (
    "fetch page", "land raw", "validate", "store", "detect", "render", "put", "pointer", "outbox", "SMTP DATA", "mark sent",
)  # fmt: skip
_CLOCKED = (
    "flows.collect", "flows.briefing", "flows.delivery", "flows.run_record", "flows.commands.resolving", "tasks.fetch.web.limits",
)  # fmt: skip
_now = datetime.now(UTC)


class _Clock(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return _now.astimezone(tz)


def set_clock(instant: str) -> None:
    """Every command of the story is run at an instant of its own, whenever it is run."""
    global _now
    _now = datetime.fromisoformat(instant)


def warm() -> None:
    """Import what a run needs, and stop the clocks."""
    for name in (*_CLOCKED, "great_expectations", "flows.commands.briefings", "flows.commands.collecting", "flows.cli"):
        importlib.import_module(name)
    importlib.import_module("tasks.fetch.adapters").adapters()
    importlib.import_module("flows.provenance").generated_by("")  # kept from then on
    for name in _CLOCKED:
        importlib.import_module(name).datetime = _Clock  # type: ignore[attr-defined]
    importlib.import_module("tasks.fetch.sources.bluesky_access").INTERVAL_S = 0  # type: ignore[attr-defined]


def step_of(key: str, data: bytes | Path) -> str:
    """Which step a write to the workspace is."""
    if key.startswith("raw/"):
        return "land raw"
    if key.startswith(("lake/", "quarantine/")):
        return "store"
    if key.startswith("briefings/"):
        return "pointer" if key.endswith("/latest.json") else "put"
    if "/outbox/" in key and isinstance(data, bytes):
        return "mark sent" if b'"state": "sent"' in data else "outbox"
    return ""


class Points:
    """Counts the passages of every step and lets the fault happen at the one that is asked for."""

    def __init__(self, fault: dict[str, Any] | None, run: dict[str, Any]) -> None:
        self.fault, self.run = fault or {}, run
        self.passed: dict[tuple[str, str], int] = {}
        self.trace = Path(run["trace"]).open("a") if run.get("trace") else None  # noqa: SIM115 (open until the process ends)

    def at(self, step: str, when: str) -> None:
        if not step:
            return
        number = self.passed[step, when] = self.passed.get((step, when), 0) + 1
        if self.trace:
            self.trace.write(f"{step} {when}\n")
            self.trace.flush()
        if (step, when, number) == (self.fault.get("step"), self.fault.get("when"), self.fault.get("number", 1)):
            from deeds import DEEDS

            DEEDS[self.fault["deed"]](self.run)

    def around(self, step: Callable[..., str], function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            name = step(*arguments)
            self.at(name, "before")
            result = function(*arguments, **options)
            self.at(name, "after")
            return result

        return call


def install(fault: dict[str, Any] | None, run: dict[str, Any]) -> None:
    """Put the points into this process."""
    points = Points(fault, run)

    def watch(owner: Any, name: str, step: Callable[..., str]) -> None:
        around = points.around(step, getattr(owner, name))
        setattr(owner, name, Plain(around) if isinstance(getattr(owner, name), Plain) else around)

    from flows import admission, briefing, findings, wiring
    from tasks.deliver.smtp import SmtpMailer
    from tasks.fetch.web.client import WebClient
    from tasks.store.local import LocalStore
    from tasks.store.s3 import S3Store

    for store in (LocalStore, S3Store):
        for method in ("create", "swap"):
            watch(store, method, lambda _store, key, data, *_: step_of(key, data))
    watch(WebClient, "get", lambda *_: "fetch page")
    watch(SmtpMailer, "send", lambda *_: "SMTP DATA")
    limits, patience = importlib.import_module("tasks.fetch.web.limits"), float(run.get("patience_s", 0.5))
    limits.LIMITS = limits.WebLimits(
        connect_s=1, read_s=patience, request_s=2 * patience, attempts=2, first_wait_s=0.01, body_bytes=2_000_000,
        unpacked_bytes=4_000_000,
    )  # fmt: skip
    attempts, opened = int(run.get("s3_attempts", 2)), wiring.open_s3
    wiring.open_s3 = lambda *arguments, **options: opened(*arguments, **{**options, "attempts": attempts})
    if run.get("engine"):  # its tasks stay as they are
        return
    watch(admission, "validate_batch", lambda *_: "validate")
    watch(findings, "find_coordination", lambda *_: "detect")
    watch(briefing, "render", lambda *_: "render")
    if "renders" in run:
        from flows import evidence

        kept, step = Path(run["renders"]), points.fault.get("step")
        pure = [
            ("validate", admission, "validate_batch"),
            ("validate", evidence, "validate_period"),
            ("detect", findings, "find_coordination"),
            ("detect", findings, "find_narratives"),
            ("detect", briefing, "assemble"),
            ("render", briefing, "render"),
        ]
        for own, module, name in pure:
            if own != step:
                _remember(module, name, kept)
        if step != "render":
            briefing.warm_up = lambda *_: None


def _remember(module: Any, name: str, folder: Path) -> None:
    """Have a step that is a function of its input give its first answer again: they take 4.5 of the 5 s of a run."""
    real = getattr(module, name)

    def remembered(*given: Any, **options: Any) -> Any:
        kept = folder / f"{name}-{hashlib.sha256(_content((given, options)).encode()).hexdigest()}"
        if kept.exists():
            return pickle.loads(kept.read_bytes())  # noqa: S301 (written by a run of ours)
        made = real(*given, **options)
        new = kept.with_name(f"{kept.name}.{os.getpid()}")
        new.write_bytes(pickle.dumps(made))
        new.replace(kept)
        return made

    setattr(module, name, Plain(remembered))


def _content(value: Any) -> str:
    """The content of an argument as text. (Pickles of equal values differ with what they share.)"""
    if hasattr(value, "to_csv"):
        return f"{list(value.columns)}{value.to_csv()}"
    if hasattr(value, "model_dump_json"):
        return str(value.model_dump_json())
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_content(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_content, value)) + "]"
    if is_dataclass(value):
        return _content([getattr(value, field.name) for field in fields(value)])
    return repr(value)
