"""The road itself: ingest, brief, deliver, archive, look; and what was found on it."""

import hashlib
import json
import re
import resource
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
from corpus import PATTERNS, Post, broken_rows, campaigns, files, pictures, posts
from mail_samples import Mailbox, RunningServer
from pypdf import PdfReader
from small_campaign import CAMPAIGN, campaign_file

from tasks.domain.ports import ObjectStore

PERIOD = "2023-W44"
PEOPLE = [{"address": "ana@example.org", "clearance": "AMBER"}, {"address": "ben@example.org"}]
ASSETS = ("resurge:/fonts/", "resurge:/styles/", "resurge:/figures/")


@dataclass
class Passed:
    """`fates`: label -> what became of it. `lost` to `terminal` must be empty; `seen` counts what was looked at, `quoted` the labels in
    facts.json."""

    corpus: Sequence[Post]
    broken: Sequence[Post]
    files: dict[str, tuple[str, Callable[[], bytes]]]
    fates: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)  # addresses the renderer wanted that are not its own assets
    cells: list[str] = field(default_factory=list)  # that a spreadsheet would run
    leaks: list[str] = field(default_factory=list)  # published files with words of the file
    faults: list[str] = field(default_factory=list)
    terminal: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    quoted: int = 0
    editions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0

    def wrong(self) -> list[str]:
        """Everything that must not be, one line each."""
        return [*self.lost, *self.connections, *self.strange, *self.cells, *self.leaks, *self.faults, *self.terminal]


def passed(workspace: Path, folder: Path, patch: pytest.MonkeyPatch, *, each: int | None = None) -> Passed:
    """Take the corpus (`each`: that many of every class) through the road; `workspace` holds the small campaign, whole."""
    canary = folder / "canary file.txt"
    canary.write_text(road.SECRET)
    with road.canary_server() as (web, met):
        corpus, broken, torn = posts(web, str(canary)), broken_rows(), files()
        if each is not None:
            corpus, broken = _some(corpus, each), _some(broken, 1)[:3]  # more refused rows would hold a batch so small up
            torn = {name: torn[name] for name in ("deep.ndjson", "deep.json", "footer.parquet")}
        found = Passed(corpus, broken, torn)
        with _timed(found, "ingest"):
            _ingest(found, workspace, folder)
        with _timed(found, "brief and deliver"):
            _brief(found, workspace, patch)
        with _timed(found, "look"):
            _account(found, workspace)
            _look(found, workspace)
            _terminal(found, workspace)
        found.connections = road.before_ours(web, met)
        found.strange = [address for address in found.asked if not address.startswith(ASSETS)]
    found.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _some(given: Sequence[Post], each: int) -> list[Post]:
    """The first of every class."""
    kinds = dict.fromkeys(post.kind for post in given)
    return [post for kind in kinds for post in [p for p in given if p.kind == kind][:each]]


@contextmanager
def _timed(found: Passed, name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    found.seconds[name] = time.monotonic() - begun


def _ingest(found: Passed, workspace: Path, folder: Path) -> None:
    """Every file that holds rows must be taken in, every other refused with a sentence; so must campaign files."""
    from flows.collect import ingest
    from tasks.domain.errors import ResurgeError

    plan = campaign_file(tlp="AMBER", renditions="[CLEAR]", audience="desk")
    plan = re.sub(r"(?m)^codebook:.*$", lambda head: f"{head[0]}\n  evil: {{en: {json.dumps(PATTERNS)}}}", plan)
    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(plan)
    for path, kind in road.write(folder / "files", found.corpus, found.broken):
        options = {"table": "accounts"} if kind == "profiles" else {"ignore": ["label"]}
        name, observed = ("ndjson", None) if kind == "profiles" else (kind, "posted")
        ingest(CAMPAIGN, str(workspace), [str(path)], name, observed_at=observed, options=options, source_name="hostile")
    with zipfile.ZipFile(folder / "files/pictures.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(pictures().values()):
            archive.writestr(f"facebook/picture{number}.png", data)
    seen = "2023-11-02T00:00:00Z"
    ingest(CAMPAIGN, str(workspace), [str(folder / "files/pictures.zip")], "avatars", observed_at=seen, source_name="hostile")
    apart = folder / "refusing"  # a batch that a check keeps out would hold up the briefing
    (apart / "campaigns").mkdir(parents=True)
    (apart / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file())
    for name, (form, data) in found.files.items():
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
    _campaigns(found, apart, folder)


def _campaigns(found: Passed, apart: Path, folder: Path) -> None:
    from flows.campaign_file import load_campaign
    from flows.wiring import open_store
    from tasks.domain.errors import UsageProblem

    canary = folder / "called"
    for name, text in campaigns(str(canary)).items():
        (apart / f"campaigns/{CAMPAIGN}.yml").write_text(text)
        try:
            load_campaign(open_store(str(apart)), CAMPAIGN)
            found.fates[name] = "taken in"
        except UsageProblem as problem:
            found.fates[name] = "refused"
            found.terminal += [f"{name}: {one}" for one in road.foreign_sequences(str(problem)) if "\x1b" in one]
    if canary.exists():
        found.faults.append("a campaign file ran a command")
    found.lost += [f"{name}: {found.fates[name]}" for name in campaigns("") if found.fates[name] != "refused"]


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
        found.seen["mail"] += 1
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
    refused = read_quarantine(store, CAMPAIGN)
    ours = refused[refused["batch_id"].isin(refused.loc[refused["raw"].str.contains('"refused000"'), "batch_id"])]
    reasons = dict(
        zip(ours["row_number"] - 4 * sum(post.carrier == "ndjson" for post in found.corpus), ours["reason"], strict=True)
    )
    for number, post in enumerate(found.broken):
        if post.text in str(reasons.get(number)):
            found.fates[post.label] = "quarantined"
        else:
            found.lost.append(f"{post.label} ({post.kind}): not refused for its {post.text}: {reasons.get(number)}")
    found.lost += [f"{name}: {found.fates[name]}" for name in found.files if found.fates[name] != "refused"]
    _looked_at(found, store)
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
    found.quoted = len(set(re.findall(r"hostile\d{3}\b", (bundle / "facts.json").read_text("utf-8"))))


def _looked_at(found: Passed, store: ObjectStore) -> None:
    """What the briefing saw of the pictures."""
    from tasks.detect.looks import unpack_looks

    kept = [store.read(info.key) for info in store.entries("cache/looks")]
    looks = {sha: look for one in kept if one is not None for sha, look in unpack_looks(one.data).items()}
    for name, data in pictures().items():
        look = looks.get(hashlib.sha256(data).hexdigest())
        found.fates[name] = "refused" if look is not None and look.refused else f"looked at: {look}"
    found.lost += [f"picture {name}: {found.fates[name]}" for name in pictures() if found.fates[name] != "refused"]


def _look(found: Passed, workspace: Path) -> None:
    """Everything published: no cell runs, no link acts, no file's words, every file reads."""
    for label, bundle in found.editions.items():
        for path in sorted(Path(bundle).rglob("*")):
            if path.is_file():
                found.seen[path.suffix] += 1
                found.faults += [f"{label}: {path.name}: {fault}" for fault in _file_faults(path)]
                if path.suffix == ".csv":
                    found.cells += [f"{label}: {path.name}: cell {cell[:40]!r}" for cell in road.executed_cells(path.read_bytes())]
    for page in (workspace / "briefings").glob("archive-*.html"):
        found.seen["archive"] += 1
        found.faults += _markup_faults(page.name, page.read_text())
    for path in (workspace / "briefings").rglob("*"):
        if path.is_file() and (road.SECRET.encode() in path.read_bytes() or (path.suffix == ".pdf" and _pdf_leaks(path))):
            found.leaks.append(f"{path.name} holds words of the file")
    if min(found.seen[kind] for kind in (".csv", ".json", ".pdf", "archive", "mail")) < len(found.editions):
        found.faults.append(f"too little was looked at: {dict(found.seen)}")


def _file_faults(path: Path) -> list[str]:
    data = path.read_bytes()
    if path.suffix == ".csv":
        return [f"acting characters {acting}" for acting in road.acting(data.decode("utf-8"))]
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
        from reports.attachments import named

        names = set(pdf.attachments)
        ours = set(named({f"annex/{one.name}": b"" for one in (path.parent / "annex").iterdir()}))
        if names - ours:
            faults.append(f"attachments {sorted(names - ours)}")
    return faults


def _pdf_leaks(path: Path) -> bool:
    """Words of the file in any unpacked stream, attachments among them. Text on the pages is glyph numbers, so it is read apart."""
    with pikepdf.open(path) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream):
                try:
                    if road.SECRET.encode() in item.read_bytes():
                        return True
                except pikepdf.PdfError:  # pictures in forms that are not unpacked
                    continue
    words = " ".join(page.extract_text() for page in PdfReader(path).pages)
    return road.SECRET in " ".join(words.split())


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in ("iframe", "object", "embed", "base", "svg", "math", "video", "audio", "marquee"):
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if (
                name.startswith("on")
                or name == "action"
                or re.search(r"127\.0\.0\.1|evil|file:|javascript:|data:text", value or "")
            ):
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
