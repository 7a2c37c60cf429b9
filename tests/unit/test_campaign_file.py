"""A campaign file is read strictly, and every error names its line."""

import pytest

from flows.campaign_file import BUNDLED, load_campaign, parse_campaign
from tasks.domain.errors import UsageProblem

GOOD = """\
slug: river
title: River campaign
takedowns:
  - takedown_id: x-1
    platform: x
    effective_from: 2023-08-29
    source: platform
"""

DECIDED = """\
membership:
  decisions:
    - platform: x
      account_id: "7"
      decision: rejected
      on: 2023-10-02
      reason: a local newspaper
      by: desk
"""


def test_a_good_file_is_read() -> None:
    campaign = parse_campaign(GOOD.encode(), "river.yml", "river")
    assert campaign.takedowns[0].interval is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "colour: blue\n", "line 8: unknown key colour"),
        (GOOD.replace("    source: platform", "    source: gossip"), "line 7: takedowns.0.source"),
        (GOOD.replace("    effective_from: 2023-08-29\n", ""), "line 4: takedowns.0"),
        ("slug: [river\ntitle: x\n", "line 2: not YAML"),
        ("slug: river\nslug: river\ntitle: x\n", "line 2: not YAML"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        (GOOD + "codebook:\n  water:\n    en:\n      - river\n      - (?=a)b\n", r"line 12: codebook.water.en.1: .*no look-around"),
        (GOOD + "aliases: " + "[" * 100_000, "line 8: more than 30 levels deep"),
        (GOOD + "codebook: " + "{a: " * 100_000, "line 8: more than 30 levels deep"),
        ("slug: river\n" + "".join(" " * n + "a:\n" for n in range(1_200)), "line 32: more than 30 levels deep"),
        ("just words", "holds no keys"),
        (GOOD.replace("slug: river", "slug: lake"), "slug: lake"),
        (GOOD + DECIDED.replace("rejected", "perhaps"), "line 12: membership.decisions.0.decision"),
        (GOOD + DECIDED.replace("      by: desk\n", ""), "line 10: membership.decisions.0.by"),
        (GOOD + DECIDED.replace("2023-10-02", "soon"), "line 13: membership.decisions.0.on"),
        (GOOD + DECIDED + DECIDED.split("decisions:\n")[1], "line 9: membership.decisions: .*decided twice: x/7 on 2023-10-02"),
        (GOOD + DECIDED + '  seeds: [{platform: x, account_id: "7", known_at: 2023-01-01}]\n', "line 8: membership: .*x/7"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        parse_campaign(text.encode(), "river.yml", "river")


def test_bytes_that_are_not_utf8_and_files_that_are_too_long_are_refused() -> None:
    with pytest.raises(UsageProblem, match="UTF-8 at byte 0"):
        parse_campaign(b"\xff\xfe", "river.yml", "river")
    with pytest.raises(UsageProblem, match="limit"):
        parse_campaign(b"#" * 1_000_001, "river.yml", "river")


def test_an_unknown_campaign_lists_the_known_ones() -> None:
    with pytest.raises(UsageProblem, match="no campaign 'nowhere'"):
        load_campaign(None, "nowhere")
    with pytest.raises(UsageProblem, match="not a campaign name"):
        load_campaign(None, "../etc/passwd")


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.yml")), ids=lambda path: path.stem)
def test_every_bundled_file_is_valid(path) -> None:  # type: ignore[no-untyped-def]
    assert load_campaign(None, path.stem).slug == path.stem
