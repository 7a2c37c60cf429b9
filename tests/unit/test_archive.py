"""The archive pages: what is listed under which label, what is escaped, what is read again."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from archived import briefing_of, publish, workspace

from flows import wiring
from flows.archive import refresh_archive, write_archive
from flows.commands.archive import archive
from tasks.domain.errors import StaleWrite, UsageProblem, WorkspaceProblem
from tasks.domain.ports import Stored
from tasks.store.local import LocalStore


def page(store: LocalStore, label: str) -> str:
    return (store.root / f"briefings/archive-{label}.html").read_text(encoding="utf-8")


def test_a_page_holds_its_label_and_those_below_and_no_other(tmp_path: Path) -> None:
    store = workspace(tmp_path)
    for tlp, title in (("CLEAR", "Open Reeds"), ("AMBER", "Closed Marsh"), ("AMBER+STRICT", "Shut Fen")):
        publish(store, briefing_of(title.split()[-1].lower(), "2023-W44", title=title, tlp=tlp, line=f"A sentence of {title}."))
    assert write_archive(store) == [f"briefings/archive-{label}.html" for label in ("clear", "amber", "amber-strict")]
    for label, titles in (("clear", ["Open Reeds"]), ("amber", ["Open Reeds", "Closed Marsh"])):
        html = page(store, label)
        assert [title for title in ("Open Reeds", "Closed Marsh", "Shut Fen") if title in html] == titles
    assert not re.search("amber|marsh|fen/|closed|shut", page(store, "clear").partition("<body>")[2].lower())
    assert "Shut Fen" in page(store, "amber-strict")


def test_links_lead_to_files(tmp_path: Path) -> None:
    store = workspace(tmp_path)
    publish(store, briefing_of("reeds", "2023-W44", tlp="AMBER+STRICT"))
    write_archive(store)
    links = re.findall(r'href="([^"]+)"', page(store, "amber-strict"))
    assert [unquote(link).rpartition("/")[2] for link in links] == ["briefing.pdf", "facts.json", "edges.csv", "manifest.json"]
    assert all((tmp_path / "briefings" / unquote(link)).is_file() for link in links)
    assert all("+" not in link for link in links)  # static hosts read it as a blank


def test_figures_and_bottom_line_are_those_of_the_facts(tmp_path: Path) -> None:
    store, facts = workspace(tmp_path), briefing_of("reeds", "2023-W44")
    publish(store, facts)
    publish(store, briefing_of("marsh", "2023-W43", large=False))
    write_archive(store)
    html = page(store, "amber")
    for sentence in facts.judgements.bottom_line:
        assert sentence in html
    for text in ("3,941", "9,171", "56 %", "0.31", "not measurable", "Known by 6 Nov 2023 00:00 UTC", "simulated data"):
        assert text in html
    assert html.index("Reeds: 2023-W44") < html.index("Marsh: 2023-W43")  # newest first


def test_other_editions_stay_visible(tmp_path: Path) -> None:
    store, first = workspace(tmp_path), briefing_of("reeds", "2023-W44", line="As it was.")
    before = publish(store, first)
    after = publish(store, briefing_of("reeds", "2023-W44", line="As it is."), supersedes=before.edition)
    write_archive(store)
    html = page(store, "amber")
    assert f"Edition {after.edition[:12]}, the current edition; correction 1" in html
    assert f"Edition {before.edition[:12]}, known by 6 Nov 2023 00:00 UTC: replaced by a correction." in html
    assert "As it is." in html
    assert "As it was." not in html
    assert html.count('<li class="briefing"') == 1


def test_hostile_titles_stay_text_and_the_policy_allows_nothing_but_our_script(tmp_path: Path) -> None:
    store = workspace(tmp_path)
    evil = '"><script>fetch("https://evil.example")</script><img src=x onerror=alert(1)>'
    publish(store, briefing_of("reeds", "2023-W44", title=evil, line=evil + "\u202e</li></ol>"))
    write_archive(store)
    html = page(store, "amber")
    assert html.count("<script>") == 1
    assert "<img" not in html
    assert "\u202e" not in html
    assert html.count("</li>") == html.count("<li")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://", html.replace("https://evil.example", "").replace("hxxps://", ""))


def test_what_is_known_is_not_read_again_and_a_broken_cache_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = workspace(tmp_path)
    for week in ("2023-W43", "2023-W44"):
        publish(store, briefing_of("reeds", week))
    write_archive(store)
    whole = page(store, "amber")
    read: list[str] = []

    def noting(key: str) -> Stored | None:
        read.append(key)
        return LocalStore.read(store, key)

    monkeypatch.setattr(store, "read", noting)
    write_archive(store)
    assert not [key for key in read if key.endswith(("facts.json", "manifest.json", "latest.json"))]
    assert page(store, "amber") == whole
    for broken in (b"{", b'{"form": 1}', b'{"form": 0}', b'{"form": 1, "editions": {"x": "{}"}, "pointers": {}}'):
        (tmp_path / "cache/archive.json").write_bytes(broken)
        write_archive(store)
        assert page(store, "amber") == whole


def test_an_altered_bundle_is_named_and_not_listed(tmp_path: Path) -> None:
    store = workspace(tmp_path)
    good, bad = publish(store, briefing_of("reeds", "2023-W44")), publish(store, briefing_of("marsh", "2023-W44"))
    path = tmp_path / bad.prefix / "facts.json"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"3941", b"3942"))
    half = tmp_path / good.prefix.replace(good.edition, "0" * 64)
    half.mkdir()
    (half / "facts.json").write_bytes(b"{}")  # its manifest was never written
    write_archive(store)
    html = page(store, "amber")
    assert f"<li>{bad.prefix}</li>" in html
    assert "Marsh" not in html
    assert "0" * 64 not in html
    assert "Reeds: 2023-W44" in html


def test_a_faster_writer_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = workspace(tmp_path)
    publish(store, briefing_of("reeds", "2023-W43"))
    write_archive(store)
    publish(store, briefing_of("reeds", "2023-W44"))
    swap, late = LocalStore.swap, [True]

    def overtaken(key: str, data: bytes, *, expected: str | None) -> str:
        if key.endswith(".html") and late and late.pop():
            publish(LocalStore(tmp_path), briefing_of("reeds", "2023-W45"))
            write_archive(LocalStore(tmp_path))
        return swap(store, key, data, expected=expected)

    monkeypatch.setattr(store, "swap", overtaken)
    write_archive(store)
    assert [f"2023-W{week}" in page(store, "amber") for week in (43, 44, 45)] == [True] * 3

    def always(key: str, data: bytes, *, expected: str | None) -> str:
        raise StaleWrite("somebody was faster", remedy="read again")

    publish(LocalStore(tmp_path), briefing_of("reeds", "2023-W46"))
    monkeypatch.setattr(store, "swap", always)
    with pytest.raises(WorkspaceProblem, match="five times"):
        write_archive(store)
    assert "is not up to date" in refresh_archive(store, ["AMBER"])


def test_a_refresh_writes_only_the_pages_that_change(tmp_path: Path) -> None:
    store = workspace(tmp_path)
    for tlp in ("CLEAR", "AMBER"):
        publish(store, briefing_of("reeds", "2023-W44", tlp=tlp))
    assert refresh_archive(store, ["AMBER"]) == ""
    assert not (tmp_path / "briefings/archive-clear.html").exists()
    assert refresh_archive(store, ["AMBER", "CLEAR"]) == ""
    assert "TLP:AMBER" not in page(store, "clear")


def test_the_command_prints_where_the_pages_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = workspace(tmp_path)
    archive(None, workspace=str(tmp_path))
    assert "Nothing was published yet" in capsys.readouterr().err
    publish(store, briefing_of("reeds", "2023-W44"))
    archive(None, workspace=str(tmp_path))
    assert capsys.readouterr().out == f"{tmp_path}/briefings/archive-amber.html\n"
    archive("CLEAR", workspace=str(tmp_path))
    assert "No briefing was published up to this label." in page(store, "clear")
    with pytest.raises(UsageProblem, match="no TLP label"):
        archive("WHITE", workspace=str(tmp_path))
    wiring.settings.cache_clear()
