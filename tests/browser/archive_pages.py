"""The archive page in a browser, from a folder, with the network refused."""

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from conftest import Watched
from looking import faint_texts, too_wide

sys.path.append(str(Path(__file__).parents[1]))
from archived import briefing_of, publish, workspace

from flows.archive import write_archive

EVIL = '"><script>fetch("https://evil.example/")</script><img src="https://evil.example/x" onerror=alert(1)>'


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of two campaigns over a year, with a correction, another label and a hostile title."""
    folder = tmp_path_factory.mktemp("archive")
    store = workspace(folder)
    for number in range(40, 45):
        publish(store, briefing_of("reeds", f"2023-W{number}", line=f"Week {number} of the reeds."))
        publish(store, briefing_of("marsh", f"2023-W{number}", title="Marsh", line="The marsh is quiet."))
    before = publish(store, briefing_of("reeds", "2023-W45", line="As it was."))
    publish(store, briefing_of("reeds", "2023-W45", line="As it is."), supersedes=before.edition)
    publish(store, briefing_of("reeds", "2023-W44", tlp="CLEAR", line="For everybody."))
    publish(store, briefing_of("evil", "2023-W01", title=EVIL, line=EVIL, large=False))
    write_archive(store)
    return folder / "briefings" / "archive-amber.html"


def shown(watched: Watched) -> list[str]:
    return watched.page.locator("li.briefing:visible h2").all_inner_texts()


def test_search_and_filters(opened: Callable[..., Watched], page: Path) -> None:
    watched = opened(page.as_uri())
    form, count = watched.page.get_by_role("search"), watched.page.get_by_role("status")
    assert len(shown(watched)) == 13
    assert shown(watched)[0] == "Reeds: 2023-W45"
    assert count.inner_text() == "13 briefings"
    form.get_by_label("Words").fill("QUIET w43")
    assert shown(watched) == ["Marsh: 2023-W43"]
    assert count.inner_text() == "1 of 13 briefings"
    form.get_by_label("Words").fill("as it was")
    assert shown(watched) == []
    form.get_by_label("Words").fill("")
    form.get_by_label("Campaign").select_option("Marsh")
    assert len(shown(watched)) == 5
    form.get_by_label("Campaign").select_option("")
    form.get_by_label("Label").select_option("TLP:CLEAR")
    assert shown(watched) == ["Reeds: 2023-W44"]
    form.get_by_label("Period").select_option("week")
    assert shown(watched) == ["Reeds: 2023-W44"]
    assert watched.complaints == []


def test_nothing_leaves_and_no_title_acts(opened: Callable[..., Watched], page: Path) -> None:
    watched = opened(page.as_uri())
    watched.page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    watched.page.wait_for_load_state("networkidle")
    assert watched.asked == []
    assert watched.complaints == []
    assert watched.page.locator("script").count() == 1
    assert watched.page.locator("img").count() == 0
    assert EVIL.split("<")[0] in "".join(shown(watched))


def test_the_policy_would_stop_what_slipped_through(opened: Callable[..., Watched], page: Path) -> None:
    """A picture and a script put into the page, as markup in a title would be: the browser refuses both."""
    harmed = page.with_name("archive-harmed.html")
    harmed.write_text(
        page.read_text().replace("<h1>", '<img src="https://evil.example/x"><script>document.title="taken"</script><h1>')
    )
    watched = opened(harmed.as_uri())
    harmed.unlink()
    assert watched.asked == []
    assert watched.page.title() == "TLP:AMBER Archive of briefings"
    assert len([said for said in watched.complaints if "Content Security Policy" in said]) == 2


def test_links_lead_to_existing_files(opened: Callable[..., Watched], page: Path) -> None:
    watched = opened(page.as_uri())
    links = watched.page.locator("a").evaluate_all("all => all.map((e) => e.href)")
    assert len(links) == 14 * 4  # editions, the replaced one too
    for link in links:
        assert urlsplit(link).scheme == "file"
        assert Path(unquote(urlsplit(link).path)).is_file(), link
    watched.page.get_by_text("Other editions (1)").click()
    history = watched.page.locator("details li")
    assert history.is_visible()
    assert "replaced by a correction" in history.inner_text()
    watched.page.locator("li.briefing:visible").first.get_by_role("link", name="facts.json").first.click()
    assert watched.page.url.endswith("/facts.json")


def test_the_keyboard_reaches_everything(opened: Callable[..., Watched], page: Path) -> None:
    watched = opened(page.as_uri())
    reached = []
    for _ in range(8):
        watched.page.keyboard.press("Tab")
        reached.append(watched.page.evaluate("document.activeElement.name || document.activeElement.textContent"))
        assert watched.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == ["words", "campaign", "tlp", "kind", "briefing.pdf", "facts.json", "edges.csv", "manifest.json"] or reached[
        4:6
    ] == ["briefing.pdf", "facts.json"]
    watched.page.get_by_role("searchbox").focus()
    watched.page.keyboard.type("marsh")
    watched.page.keyboard.press("Enter")
    assert watched.page.url == page.as_uri()
    assert len(shown(watched)) == 5
    watched.page.locator("summary").first.evaluate("e => e.closest('li').hidden = false")
    watched.page.locator("summary").first.focus()
    watched.page.keyboard.press("Enter")
    assert watched.page.locator("details").first.evaluate("e => e.open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_everything_can_be_read(opened: Callable[..., Watched], page: Path, width: int, scheme: str) -> None:
    watched = opened(page.as_uri(), width=width, scheme=scheme)
    watched.page.locator("details").first.evaluate("e => e.open = true")
    watched.shot(f"archive-{width}-{scheme}")
    assert too_wide(watched.page) == []
    assert faint_texts(watched.page) == []


def test_without_scripts_it_is_a_list(opened: Callable[..., Watched], page: Path) -> None:
    watched = opened(page.as_uri(), scripts=False)
    assert len(shown(watched)) == 13
    assert watched.page.locator("form").is_hidden()
