"""The road itself: ingest, brief, deliver, archive, look; and what was found on it."""

import re
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import outloud
import pdfua
import pikepdf
import pytest
import road
from corpus import Post, broken_rows, files, posts
from mail_samples import Mailbox, RunningServer
from small_campaign import CAMPAIGN, campaign_file

PERIOD = "2023-W44"
PEOPLE = [{"address": "ana@example.org", "clearance": "AMBER"}, {"address": "ben@example.org"}]
CANNOT_RUN = {"UA-14-001"}  # as in tests/render/test_checkers.py


@dataclass
class Passed:
    """`fates`: label -> what became of it; everything else but `asked`, `editions` and the seconds must be empty."""

    corpus: Sequence[Post]
    fates: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    terminal: list[str] = field(default_factory=list)
    editions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0


def passed(workspace: Path, folder: Path, patch: pytest.MonkeyPatch, *, each: int | None = None) -> Passed:
    """Take the corpus (`each`: that many of every class) through the road; `workspace` holds the small campaign, whole."""
    canary = folder / "canary file.txt"
    canary.write_text(road.SECRET)
    with road.canary_server() as (web, met):
        corpus = posts(web, str(canary))
        if each is not None:
            kinds = dict.fromkeys(post.kind for post in corpus)
            corpus = [post for kind in kinds for post in [p for p in corpus if p.kind == kind][:each]]
        found = Passed(corpus)
        with _timed(found, "ingest"):
            _ingest(found, workspace, folder)
        with _timed(found, "brief and deliver"):
            _brief(found, workspace, patch)
        with _timed(found, "look"):
            _account(found, workspace)
            _look(found, workspace)
            _terminal(found, workspace)
        found.connections = list(met)
    found.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


@contextmanager
def _timed(found: Passed, name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    found.seconds[name] = time.monotonic() - begun


def _ingest(found: Passed, workspace: Path, folder: Path) -> None:
    """Every file that holds rows must be taken in, every other refused with a sentence."""
    from flows.collect import ingest
    from tasks.domain.errors import ResurgeError

    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file(tlp="AMBER", renditions="[CLEAR]", audience="desk"))
    for path, kind in road.write(folder / "files", found.corpus, broken_rows()):
        options = {"table": "accounts"} if kind == "profiles" else {"ignore": ["label"]}
        name, observed = ("ndjson", None) if kind == "profiles" else (kind, "posted")
        ingest(CAMPAIGN, str(workspace), [str(path)], name, observed_at=observed, options=options, source_name="hostile")
    apart = folder / "refusing"  # a batch that a check keeps out would hold up the briefing
    (apart / "campaigns").mkdir(parents=True)
    (apart / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file())
    for name, (form, data) in files().items():
        path = folder / "files" / name
        path.write_bytes(data())
        try:
            ingest(
                CAMPAIGN,
                str(apart),
                [str(path)],
                form,
                observed_at=None if form == "avatars" else "posted",
                options={},
                source_name="broken",
            )
            found.fates[name] = "taken in"
        except ResurgeError:
            found.fates[name] = "refused"


def _brief(found: Passed, workspace: Path, patch: pytest.MonkeyPatch) -> None:
    """Both renditions, by files and, again, through a mail server."""
    from flows import wiring
    from flows.briefing import briefing
    from reports import render

    run = render._run

    def noted(*what: Any) -> Any:
        outcome = run(*what)
        found.asked += outcome.answer.get("asked", [])
        return outcome

    patch.setattr(render, "_run", noted)
    patch.setenv("RESURGE_AUDIENCES", orjson.dumps({"desk": PEOPLE}).decode())
    box = Mailbox()
    server = RunningServer(box)
    server.start()
    try:
        for name, value in {
            "MAIL": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_SECURITY": "none",
        }.items():
            patch.setenv(f"RESURGE_{name}", value)
        wiring.settings.cache_clear()
        done = briefing(CAMPAIGN, PERIOD, str(workspace), deliver=True)
    finally:
        server.stop()
        for name in ("MAIL", "SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "AUDIENCES"):
            patch.delenv(f"RESURGE_{name}")
        wiring.settings.cache_clear()
    found.editions = {one["tlp"]: one["bundle"] for one in done["renditions"]}
    for recipient, data in box.taken:
        found.faults += _mail_faults(recipient, data)
    if len(box.taken) != len(PEOPLE):
        found.faults.append(f"{len(box.taken)} mails arrived")


def _mail_faults(recipient: str, data: bytes) -> list[str]:
    message = message_from_bytes(data, policy=policy.default)
    faults = [f"mail to {recipient}: {defect}" for part in message.walk() for defect in part.defects]
    if message["To"] != recipient or message["Bcc"] or message["Cc"] or len(message.get_all("Subject", [])) != 1:
        faults.append(f"mail to {recipient}: headers")
    for part in message.walk():
        if part.get_content_type() == "text/html":
            faults += _markup_faults("mail", part.get_content())
    return faults


def _account(found: Passed, workspace: Path) -> None:
    """Every label stands in the annex of text families or in quarantine."""
    import pandas as pd

    from flows.wiring import open_workspace
    from tasks.domain.periods import Cutoff, parse_period
    from tasks.store.visible import read_posts, read_quarantine

    bundle = Path(found.editions["AMBER"])
    found.fates |= road.fates_in_families((bundle / "annex/families.csv").read_bytes(), found.corpus)
    end = parse_period(PERIOD).end
    cutoff = Cutoff(end=end, as_of=end + pd.Timedelta(days=1))
    store = open_workspace(str(workspace))
    refused = "\n".join(read_quarantine(store, CAMPAIGN)["raw"].astype(str))
    found.fates |= {post.label: "quarantined" for post in broken_rows() if f'"{post.label}"' in refused or post.label in refused}
    stored = (
        read_posts(store, CAMPAIGN, cutoff, columns=["post_id"])["post_id"]
        .astype(str)
        .str.extract(r"(hostile\d{3})\.\d$")[0]
        .value_counts()
    )
    for post in found.corpus:
        if post.label not in found.fates:
            found.lost.append(
                f"{post.label} ({post.kind}): {stored.get(post.label, 0)} posts stored, not in families.csv: {post.text[:60]!r}"
            )
    facts = orjson.loads((bundle / "facts.json").read_bytes())
    del facts


def _look(found: Passed, workspace: Path) -> None:
    """Everything published: no cell runs, no link acts, no file's words, every file reads."""
    for label, bundle in found.editions.items():
        for path in sorted(Path(bundle).rglob("*")):
            if path.is_file():
                found.faults += [f"{label}: {path.name}: {fault}" for fault in _file_faults(path)]
    for page in (workspace / "briefings").glob("archive-*.html"):
        found.faults += _markup_faults(page.name, page.read_text())
    for path in (workspace / "briefings").rglob("*"):
        if path.is_file() and road.SECRET.encode() in path.read_bytes():
            found.faults.append(f"{path.name} holds words of the file")


def _file_faults(path: Path) -> list[str]:
    data = path.read_bytes()
    if path.suffix == ".csv":
        return [f"cell {cell[:40]!r}" for cell in road.executed_cells(data)]
    if path.suffix == ".json":
        orjson.loads(data)
        return []
    return _pdf_faults(path) if path.suffix == ".pdf" else ["a strange file"]


def _pdf_faults(path: Path) -> list[str]:
    faults = [f"{f.rule_id} {f.message}" for f in pdfua.validate(str(path)).findings]
    faults += [f"{f.rule} {f.message}" for f in outloud.check(str(path)).findings if f.severity == "error"]
    with pikepdf.open(path) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
                if (
                    item.get("/S") in ("/JavaScript", "/Launch", "/GoToR", "/SubmitForm", "/ImportData")
                    or "/AA" in item
                    or "/OpenAction" in item
                ):
                    faults.append(f"an action: {item.get('/S')}")
                if "/URI" in item and re.search(r"127\.0\.0\.1|evil|file:|javascript:|hostile", str(item["/URI"])):
                    faults.append(f"a link to {item['/URI']}")
            if isinstance(item, pikepdf.Stream):
                try:
                    held = item.read_bytes()
                except pikepdf.PdfError:
                    continue
                if road.SECRET.encode() in held:
                    faults.append("words of the file")
        from reports.attachments import named

        names = set(pdf.attachments)
        ours = set(named({f"annex/{one.name}": b"" for one in (path.parent / "annex").iterdir()}))
        if names - ours:
            faults.append(f"attachments {sorted(names - ours)}")
    return faults


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in ("iframe", "object", "embed", "base", "form", "svg", "math", "video", "audio", "marquee"):
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or re.search(r"127\.0\.0\.1|evil|file:|javascript:|data:text", value or ""):
                self.faults.append(f"<{tag} {name}={value!r}>")


def _markup_faults(name: str, html: str) -> list[str]:
    parser = _Markup()
    parser.feed(html)
    return [f"{name}: {fault}" for fault in parser.faults] + ([f"{name}: scripts"] if parser.scripts > 1 else [])


def _terminal(found: Passed, workspace: Path) -> None:
    """What the commands write about runs whose problems quote strangers."""

    for command in (
        ["runs", CAMPAIGN],
        ["status", CAMPAIGN],
        ["status", CAMPAIGN, "--proposals"],
        ["status", CAMPAIGN, "--blocked"],
    ):
        code, said = road.on_a_terminal(*command, "-w", str(workspace))
        if code:
            found.terminal.append(f"{' '.join(command)} ended with {code}: {said[-300:]}")
        found.terminal += [f"{' '.join(command)}: {sequence}" for sequence in road.foreign_sequences(said)]
