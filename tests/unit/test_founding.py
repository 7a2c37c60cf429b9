"""`resurge init` writes campaign files that hold together, and `resurge doctor` says of each source whether it answers."""

import os
import pty
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bluesky_service import AppView, did
from hypothesis import example, given, settings
from hypothesis import strategies as st
from web_service import Answer, serving

from flows import cli, wiring
from flows.campaign_file import load_campaign
from flows.commands.founding import campaign_text, slug_of, source_kinds
from flows.commands.reach import reach, reached
from flows.wiring import open_workspace
from tasks.domain.campaign import SourceSpec
from tasks.domain.errors import ResurgeError, UsageProblem
from tasks.fetch.fetching import source
from tasks.store.local import LocalStore


def loaded(text: str, slug: str, folder: Path):
    (folder / "campaigns").mkdir(parents=True, exist_ok=True)
    (folder / f"campaigns/{slug}.yml").write_text(text)
    return load_campaign(LocalStore(folder), slug)


def test_a_file_for_every_source_is_read_back_and_each_source_can_be_made(tmp_path, monkeypatch):
    monkeypatch.setenv("RESURGE_SECRET_YOUTUBE", "reed-lark-tern")
    monkeypatch.setenv("RESURGE_SECRET_X", "reed-lark-tern")
    plan = loaded(campaign_text("reeds", "Reeds: a story", list(source_kinds()), ["harbour", "海港"]), "reeds", tmp_path)
    assert plan.title == "Reeds: a story"
    assert {spec.kind for spec in plan.sources} == set(source_kinds())
    assert {f"{spec.kind}" for spec in plan.status_sources} <= set(wiring.status_factories())
    for spec in plan.sources:
        assert source(spec, {**wiring.source_factories(), **wiring.drop_factories()}).kind == spec.kind
    for spec in plan.status_sources:
        assert source(spec, wiring.status_factories()).kind == spec.kind


@settings(max_examples=40, deadline=None)
@example(title="0", words=["\x85", "a\u2028b", "\ufeff"])
@given(title=st.text(min_size=1, max_size=40), words=st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_no_title_and_no_word_breaks_the_file(tmp_path_factory, title, words):
    folder = tmp_path_factory.mktemp("w")
    try:
        plan = loaded(campaign_text("reeds", title, ["bluesky"], words), "reeds", folder)
    except ResurgeError as refused:  # a title of characters that no campaign file may hold
        assert "reeds.yml" in refused.problem or "control" in refused.problem.lower()  # noqa: PT017
    else:
        assert plan.sources[0].options["keywords"] == words


def test_names_and_kinds_that_are_none_are_refused():
    with pytest.raises(UsageProblem, match="'Re eds' cannot name a campaign"):
        campaign_text("Re eds", "x", [], [])
    with pytest.raises(UsageProblem, match="'parler' is not a kind of source") as refused:
        campaign_text("reeds", "x", ["parler"], [])
    assert "bluesky" in refused.value.remedy
    assert [slug_of(t) for t in ("Reeds: a story", "Ça va?", "海港")] == ["reeds-a-story", "ca-va", ""]


def test_init_at_a_terminal_asks_and_writes_what_was_answered(tmp_path):
    answers = "Reeds by night\n\nbluesky, mastodon\nharbour，north pier\n"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", "from flows.cli import main; main()", "init", str(tmp_path / "w")])  # noqa: S606
    os.write(terminal, answers.encode())
    said = b""
    try:
        while part := os.read(terminal, 4096):
            said += part
    except OSError:  # the other side has closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    plan = load_campaign(open_workspace(str(tmp_path / "w")), "reeds-by-night")
    assert [spec.kind for spec in plan.sources] == ["bluesky", "mastodon"]
    assert plan.sources[0].options["keywords"] == ["harbour", "north pier"]
    assert b"bluesky (Bluesky)" in said
    assert b"resurge doctor" in said


def test_init_keeps_what_a_workspace_has(tmp_path, monkeypatch, capsys):
    def resurge(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["resurge", *arguments])
        monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    where = str(tmp_path / "w")
    assert resurge("init", where, "--campaign", "reeds", "--source", "bluesky", "--words", "harbour") == 0
    kept = (tmp_path / "w/campaigns/reeds.yml").read_bytes()
    assert resurge("init", where, "--campaign", "reeds") == 2
    assert "There is a campaign file campaigns/reeds.yml already" in capsys.readouterr().err
    assert resurge("init", where, "--campaign", "terns", "--source", "mastodon") == 0
    assert resurge("init", where) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert (tmp_path / "w/campaigns/reeds.yml").read_bytes() == kept
    assert sorted(path.name for path in (tmp_path / "w/campaigns").iterdir()) == ["reeds.yml", "terns.yml"]


def test_a_source_that_answers_and_one_that_does_not(tmp_path):
    view = AppView(page=10, people=["tern"], gone={})
    view.post("tern", 1, datetime.now(UTC), "Reeds by the harbour")
    with serving(view) as service:
        live = {"appview": service.url, "service": service.url}
        assert "bluesky answered in" in reach(SourceSpec(name="live", kind="bluesky", options={**live, "keywords": ["reeds"]}))
        seeds = f"membership: {{seeds: [{{platform: bluesky, account_id: '{did('tern')}', known_at: 2023-05-01, basis: seed}}]}}"
        text = campaign_text("reeds", "Reeds", [], []).split("membership:")[0]
        plan = loaded(text + seeds + "\n", "reeds", tmp_path)
        looks = SourceSpec(name="looks", kind="bluesky-status", options=live)
        assert "1 row)" in reached(looks, plan)
        assert "not asked" in reached(looks, loaded(campaign_text("terns", "T", [], []), "terns", tmp_path))
    with serving(lambda _: Answer({"error": "Forbidden"}, 403)) as service:
        live = {"appview": service.url, "service": service.url}
        with pytest.raises(ResurgeError, match="Bluesky") as problem:
            reach(SourceSpec(name="live", kind="bluesky", options={**live, "keywords": ["reeds"]}))
        assert "Collect again" not in problem.value.remedy
    with pytest.raises(UsageProblem, match="credential youtube is not set"):
        reach(SourceSpec(name="tube", kind="youtube", options={"key": "youtube", "keywords": ["a"]}))
    assert reach(SourceSpec(name="toy", kind="simulated")) == "simulated: nothing to reach"
