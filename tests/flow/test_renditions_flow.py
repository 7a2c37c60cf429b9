"""A briefing under AMBER and CLEAR: whatever only AMBER may hold is planted everywhere, met in AMBER's bytes and nowhere in CLEAR's."""

import io
import re
import shutil
import zipfile
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pandas as pd
import pikepdf
import pytest
from small_campaign import CAMPAIGN, campaign_file, contents

from flows.wiring import open_workspace
from tasks.domain.errors import DeliveryProblem
from tasks.domain.periods import Cutoff, parse_period
from tasks.store.bundles import latest, published_periods
from tasks.store.ledger import runs
from tasks.store.verify import verify_bundle
from tasks.store.visible import read_account_observations, read_posts

pytestmark = pytest.mark.xdist_group("engine")

PEOPLE = [
    {"address": "ana@example.org", "clearance": "AMBER"},
    {"address": "ben@example.org"},
]
LABELS = {"tlp": "AMBER", "renditions": "[CLEAR]", "audience": "desk"}
SEEDS = ["610000000000", "611013904226", "612027808452", "613041712678"]  # of the bundled campaign file, on Facebook
PUBLIC = "610000000000"
OUTSIDER = "canary_outsider_77"
TEXT = (
    "Canary harbour lights tell the truth about every ferry in the valley, says @canary_mention77 to canary77@mail.example "
    "under https://t.me/canary_channel77 and https://canary-site.example/canary_path77"
)
ALONE = "One canary_lonely77 sentence about seven lanterns nobody else ever wrote down in this valley"
WORKINGS = (
    "canary-source77", "canary note of a takedown", "canary reason of a seed", "canary analyst seven", "canary reason of a decision",
    "canary rule", "canary note of an analyst", "canary analyst of notes",
    "canary evidence of reach", "internal.example/canary", "canary comparator", "canary search words",
)  # fmt: skip

NOT_PRINTED = {"canary search words"}  # in no rendition, as it happens


def amber_file() -> str:
    """The small campaign with workings planted in every place of the file that has words."""
    text = campaign_file(
        **LABELS,
        breakout_evidence='[{category: 4, on: 2023-09-01, what: canary evidence of reach, address: "https://internal.example/canary"}]',
        comparators="[{name: canary comparator, source: canary-source77, note: canary comparator}]",
    )
    text = text.replace("note: It is not known whether", "note: canary note of a takedown; it is not known whether")
    text = text.replace('"rule: co-action with two members"', '"canary rule"')
    first, second = "known_at: 2023-03-06, basis: seed, reason: analyst's first list}", "analyst's first list"
    text = text.replace(
        f'"{PUBLIC}", {first}', f'"{PUBLIC}", known_at: 2023-10-31, basis: seed, public: true, reason: canary reason of a seed}}'
    )
    assert second in text
    decision = (
        "  decisions:\n    - {platform: facebook, account_id: " + f'"{OUTSIDER}", decision: rejected, on: 2023-10-31, '
        "by: canary analyst seven, reason: canary reason of a decision}\n"
    )
    text = text.replace("  accept:", f"{decision}  accept:")
    return text.replace(
        "membership:\n", "  - {name: canary-feed77, kind: simulated, options: {scenario: canary search words}}\n\nmembership:\n", 1
    )


def plant(workspace: Path) -> None:
    """Posts of four members with one text, one text alone, and an outsider who posts beside them."""
    from flows.collect import ingest

    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(amber_file())
    notes = workspace / f"campaigns/{CAMPAIGN}/notes"
    notes.mkdir(parents=True)
    (notes / "2023-W44.md").write_text("---\nby: canary analyst of notes\n---\nThe canary note of an analyst.\n")
    rows = [
        (f"canarypost77{day}{n}", account, f"2023-11-0{day}T12:00:{n:02d}Z", TEXT if day < 4 else f"{TEXT} again")
        for day in range(1, 5)
        for n, account in enumerate([*SEEDS, OUTSIDER])
    ]
    rows += [("canarypost7799", SEEDS[2], "2023-11-02T08:00:00Z", ALONE)]
    file = workspace.parent / "canaries.csv"
    pd.DataFrame(rows, columns=["id", "user", "at", "text"]).to_csv(file, index=False)
    columns = {"post_id": "id", "account_id": "user", "posted_at": "at", "text": "text"}
    ingest(
        CAMPAIGN, str(workspace), [str(file)], "csv", observed_at="posted", options={"map": columns, "constants": {"platform": "facebook"}},
        source_name="canary-source77",
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A workspace with both renditions of 2023-W44, delivered; and the run's summary."""
    from flows import wiring
    from flows.briefing import briefing

    folder = shutil.copytree(whole, tmp_path_factory.mktemp("renditions") / "w")
    plant(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESURGE_AUDIENCES", orjson.dumps({"desk": PEOPLE}).decode())
        wiring.settings.cache_clear()
        done = briefing(CAMPAIGN, "2023-W44", str(folder), deliver=True)
    wiring.settings.cache_clear()
    return folder, done


@cache  # the mail carries the PDF of the bundle
def words_of_pdf(data: bytes) -> str:
    """Every byte of every object, streams unpacked, and strings decoded; and the text as a reader copies it."""
    pdf = pikepdf.open(io.BytesIO(data))
    parts = [data.decode("latin-1")]
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream):
            try:
                inner = item.read_bytes()
            except pikepdf.PdfError:
                inner = item.read_raw_bytes()
            parts += [inner.decode("latin-1"), inner.decode("utf-8", "replace"), inner.decode("utf-16", "replace")]
        parts += strings_of(item)
    parts += [text_of(data)]
    parts += [words_of_pdf(file) if file[:5] == b"%PDF-" else unpacked(file) for file in attached(pdf)]
    return "\n".join(parts)


def attached(pdf: pikepdf.Pdf) -> list[bytes]:
    return [spec.get_file().read_bytes() for spec in pdf.attachments.values()]


def strings_of(item: Any, depth: int = 0) -> list[str]:
    """Strings inside an object, alternative texts and bookmarks among them."""
    if isinstance(item, pikepdf.String):
        return [str(item)]
    if depth > 20 or isinstance(item, pikepdf.Name | int | float | str | bytes) or item is None:
        return []
    if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        inner = [value for key, value in item.items() if key not in ("/Parent", "/P", "/Pg")]
    elif isinstance(item, pikepdf.Array):
        inner = list(item)
    else:
        return []
    return [word for value in inner if not getattr(value, "is_indirect", False) for word in strings_of(value, depth + 1)]


def text_of(data: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def unpacked(data: bytes) -> str:
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(name + unpacked(archive.read(name)) for name in archive.namelist())
    return data.decode("utf-8", "replace")


def words_of_mail(data: bytes) -> str:
    message = message_from_bytes(data, policy=policy.default)
    parts = [data.decode("utf-8", "replace"), *(f"{name}: {value}" for name, value in message.items())]
    for part in message.walk():
        content = b"" if part.is_multipart() else part.get_payload(decode=True)
        parts.append(words_of_pdf(content) if content[:5] == b"%PDF-" else content.decode("utf-8", "replace"))
        parts += [str(value) for value in part.values()]
    return "\n".join(parts)


def everything_of(folder: Path, label: str, recipient: str) -> str:
    """The bundle with its pointer and key, and the mail that carries it."""
    root = folder / f"briefings/{CAMPAIGN}/2023-W44/{label}"
    parts = []
    for name, data in contents(root).items():
        parts += [name, words_of_pdf(data) if name.endswith(".pdf") else unpacked(data)]
    mails = contents(folder / "outbox").values()
    (mail,) = [mail for mail in mails if message_from_bytes(mail, policy=policy.default)["To"] == recipient]
    # Lines are broken anywhere in a PDF, a script's words at any character: what stands on two lines must be found too.
    said = "\n".join([*parts, words_of_mail(mail)])
    return said + "\n" + re.sub(r"\s+", "", said)


def private_names(folder: Path) -> set[str]:
    """Every handle, display name, id and post id of everybody who is not public, as collected."""
    end = parse_period("2023-W44").end
    cutoff = Cutoff(end=end, as_of=end + pd.Timedelta(days=1))
    store = open_workspace(str(folder))
    seen = read_account_observations(store, CAMPAIGN, cutoff)
    posts = read_posts(store, CAMPAIGN, cutoff, columns=["platform", "account_id", "post_id"])
    others = seen[(seen["account_id"] != PUBLIC).to_numpy(bool)]
    names = {str(name) for column in ("handle", "display_name", "account_id") for name in others[column].dropna()}
    names |= {str(post) for post in posts["post_id"][(posts["account_id"] != PUBLIC).to_numpy(bool)]}
    public = set(seen.loc[(seen["account_id"] == PUBLIC).to_numpy(bool), ["handle", "display_name"]].stack().astype(str))
    return {name for name in names if len(name) >= 6} - public


def occurring(names: set[str], text: str) -> set[str]:
    """Names that stand in the text, whole: a short number inside a longer one is no name."""
    folded = text.casefold()
    tokens = {part for token in re.findall(r"[\w.\-]+", folded) for part in (token, token.strip(".-"))} | set(
        re.findall(r"\w+", folded)
    )
    return {
        name for name in names if name.casefold() in tokens or (not name.isalnum() and " " in name and name.casefold() in folded)
    }


def test_what_only_amber_may_hold_is_in_no_byte_of_clear(made: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = made
    amber, clear = everything_of(folder, "AMBER", "ana@example.org"), everything_of(folder, "CLEAR", "ben@example.org")
    names = private_names(folder)
    assert len(occurring(names, amber)) > 60  # so the next line can fail
    assert occurring(names, clear) == set()
    planted = ["canary_mention77", "canary77@mail", "canary_channel77", "canary_lonely77", OUTSIDER, "canary_outsider", *SEEDS[1:]]
    assert [word for word in planted if word.casefold() in clear.casefold()] == []
    assert [word for word in WORKINGS if word.casefold() in clear.casefold() or word.replace(" ", "") in clear] == []
    met = [word for word in (*planted, *WORKINGS) if word.casefold() in amber.casefold()]
    assert set(met) >= {"canary_mention77", *(word for word in WORKINGS if word not in NOT_PRINTED)}
    assert "canary harbour lights tell the truth" in clear.casefold()  # the campaign's own words are quoted
    assert "account-" in clear


def test_who_is_public_is_named_in_both(made: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = made
    entries = {label: {entry["name"] for entry in facts(folder, label)["campaign_list"]["entries"]} for label in ("AMBER", "CLEAR")}
    handle = {name for name in entries["CLEAR"] if not name.startswith(("account-", "outsider-"))}
    assert len(handle) == 1
    assert handle <= entries["AMBER"]


def facts(folder: Path, label: str, period: str = "2023-W44") -> dict[str, Any]:
    pointer = latest(open_workspace(str(folder)), CAMPAIGN, period, label)
    assert pointer is not None
    found: dict[str, Any] = orjson.loads(
        (folder / f"briefings/{CAMPAIGN}/{period}/{label}/{pointer.edition}/facts.json").read_bytes()
    )
    return found


def test_both_have_the_same_numbers_and_clear_says_what_it_lacks(made: tuple[Path, dict[str, Any]]) -> None:
    folder, done = made
    amber, clear = facts(folder, "AMBER"), facts(folder, "CLEAR")
    for part in ("activity", "behaviour", "validation", "period", "generated_by", "as_of"):
        assert clear[part] == amber[part]
    assert clear["judgements"]["key_figures"] == amber["judgements"]["key_figures"]
    assert [one["loss"] for one in clear["takedowns"]] == [one["loss"] for one in amber["takedowns"]]
    assert len(clear["coordination"]["network"].get("nodes", [])) == len(amber["coordination"]["network"].get("nodes", []))
    assert (amber["left_out"], amber["campaign"]["tlp"], clear["campaign"]["tlp"]) == ([], "AMBER", "CLEAR")
    (pdf,) = (folder / f"briefings/{CAMPAIGN}/2023-W44/CLEAR").rglob("briefing.pdf")
    said = " ".join(text_of(pdf.read_bytes()).split())
    assert "a fuller one exists" in said
    assert "What this rendition leaves out" in said
    assert [(one["tlp"], one["bundle"].split("/")[-2]) for one in done["renditions"]] == [("CLEAR", "CLEAR"), ("AMBER", "AMBER")]
    assert done["bundle"] == done["renditions"][-1]["bundle"]
    for one in done["renditions"]:
        assert verify_bundle(open_workspace(str(folder)), one["bundle"].removeprefix(f"{folder}/")) == ()


# The following render nothing: what they are about happens around the PDF. ------------------------------------------------------------


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every PDF is a few bytes made of its facts."""
    from flows import briefing as module

    def submit(facts_json: bytes, **_: Any) -> Any:
        return SimpleNamespace(result=lambda: SimpleNamespace(pdf=b"%PDF-1.7\n" + facts_json[:99] + b"\n%%EOF\n"))

    monkeypatch.setattr(module, "render", SimpleNamespace(submit=submit))
    monkeypatch.setattr(module, "warm_up", lambda *_: None)


def brief(workspace: Path, period: str = "2023-W44", **options: Any) -> dict[str, Any]:
    from flows.briefing import briefing

    done: dict[str, Any] = briefing(CAMPAIGN, period, str(workspace), **options)
    return done


@pytest.mark.usefixtures("without_pages")
def test_each_rendition_follows_its_own_a_run_that_died_between_them_is_repaired_and_nobody_is_written_to_twice(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Any
) -> None:
    from flows import briefing as module

    folder = shutil.copytree(whole, tmp_path / "w")
    (folder / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file(**LABELS))
    setting(audiences={"desk": PEOPLE})
    brief(folder, "2023-W43")
    publish = module.publish

    def dies_at_amber(store: Any, **what: Any) -> Any:
        if what["tlp"] == "AMBER":
            raise DeliveryProblem("the machine went away", remedy="")
        return publish(store, **what)

    monkeypatch.setattr(module, "publish", dies_at_amber)
    with pytest.raises(DeliveryProblem, match="went away"):
        brief(folder, deliver=True)
    store = open_workspace(str(folder))
    assert list(published_periods(store, CAMPAIGN, "CLEAR")) == ["2023-W43", "2023-W44"]
    assert list(published_periods(store, CAMPAIGN, "AMBER")) == ["2023-W43"]  # so the period still counts as not made
    assert not (folder / "outbox").exists()

    monkeypatch.setattr(module, "publish", publish)
    low = latest(store, CAMPAIGN, "2023-W44", "CLEAR")
    done = brief(folder, deliver=True)
    assert latest(store, CAMPAIGN, "2023-W44", "CLEAR") == low
    assert done["problem"] == ""
    after = contents(folder)
    for label in ("CLEAR", "AMBER"):
        before = published_periods(store, CAMPAIGN, label)["2023-W43"].edition
        told = facts(folder, label)
        assert told["inputs"]["predecessor"] == told["changes"]["since"] == {"period": "2023-W43", "edition": before}
    assert len(facts(folder, "CLEAR")["changes"]["items"]) == len(facts(folder, "AMBER")["changes"]["items"])

    setting(audiences={"desk": [PEOPLE[0], PEOPLE[1] | {"clearance": "RED"}]})  # raised since
    again = brief(folder, deliver=True, supersede=True)  # nothing to supersede: the same editions
    assert contents(folder) == after
    assert "already sent" in again["deliveries"][0]
    assert "the TLP:CLEAR rendition" in again["deliveries"][1]
    mails = [message_from_bytes(data, policy=policy.default) for data in contents(folder / "outbox").values()]
    assert sorted((mail["To"], mail["Subject"].split()[0]) for mail in mails) == [
        ("ana@example.org", "[TLP:AMBER]"),
        ("ben@example.org", "[TLP:CLEAR]"),
    ]
    assert runs(store, CAMPAIGN)[-1].state == "done"
