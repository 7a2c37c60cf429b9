"""Facts to view model and HTML: reasons instead of zeros, sums that hold, and nothing of a post that acts."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from html import escape

import orjson
import pytest
import sample_facts
from jinja2 import UndefinedError

from reports.charts.canvas import month_ticks
from reports.charts.rebuilding import from_the_start
from reports.compose import WITHHELD, _environment, compose, unparted
from reports.formats import day
from reports.parts.blocks import Column, Notes, Table
from reports.parts.coordination import cluster_names
from reports.parts.groups import group_table
from reports.parts.index_table import Between, back_cell, index_table
from reports.parts.lineage import cluster_changes, cluster_events
from reports.parts.sources import host, sources
from reports.render import render_html
from reports.view import Briefing, figures, view
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts, edition_of
from tasks.domain.lineages import ClusterChanges, ClusterEvent, ClusterPart
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.rebuilding import GroupRow, SurvivalCurve, SurvivalPoint

EDITION = "5e" * 32
VARIANTS: tuple[Callable[[], Facts], ...] = (
    sample_facts.full,
    sample_facts.first,
    sample_facts.nearly_empty,
    sample_facts.no_takedown,
    sample_facts.scripts,
    sample_facts.hostile,
)


@cache
def model() -> Briefing:
    return view(sample_facts.full(), edition=EDITION)


def reasons(value: object) -> set[str]:
    """Every reason of a value that could not be measured, anywhere in dumped facts."""
    if isinstance(value, dict):
        if value.get("status") == "not_measurable":
            return {value["reason"]}
        return set().union(*(reasons(item) for item in value.values()))
    return set().union(*(reasons(item) for item in value)) if isinstance(value, list) else set()


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """HTML of every variant by its name."""
    return {make.__name__: render_html(make(), edition=EDITION) for make in VARIANTS}


@pytest.mark.parametrize("make", [sample_facts.full, sample_facts.first, sample_facts.nearly_empty], ids=lambda make: make.__name__)
def test_a_value_that_could_not_be_measured_prints_its_reason(make: Callable[[], Facts], pages: dict[str, str]) -> None:
    facts = make()
    places = (facts.judgements, facts.takedowns, facts.coordination, facts.narratives, facts.behaviour, facts.impact)
    found = set().union(*(reasons([orjson.loads(orjson.dumps(_dump(place)))]) for place in places))
    assert found
    for reason in found:
        assert escape(reason, quote=False).lower() in pages[make.__name__].replace("&#39;", "'").lower()


def _dump(value: object) -> object:
    return [item.model_dump(mode="json") for item in value] if isinstance(value, tuple) else value.model_dump(mode="json")  # type: ignore[attr-defined]


def test_unknown_cells_are_words_and_not_zeros() -> None:
    table = model().rebuilding.table
    assert table is not None
    unknown = next(row for row in table.rows if row[0].text == "YouTube")[1:]
    assert {cell.text for cell in unknown} == {"unknown", "not known"}
    assert all(cell.note in dict(table.notes) for cell in unknown if cell.unknown)


def test_a_platform_of_which_nothing_is_known_has_one_sentence_and_no_tables() -> None:
    shown = model().rebuilding
    assert [line.partition(":")[0] for line in shown.unknown] == ["YouTube"]
    assert "YouTube" not in {trace.name for trace in shown.traces}
    assert shown.fate is not None
    assert all(row[0].text != "YouTube" for row in shown.fate.rows)


def test_marks_are_as_few_as_tell_the_reasons_apart() -> None:
    def table(*reasons: str) -> Table:
        notes = Notes()
        cells = tuple(notes.number(NotMeasurable(reason=reason)) for reason in reasons)
        return Table("t", tuple(Column("c") for _ in cells), (cells, cells), notes.pairs)

    alone = table("no data", "no data", "no data")
    assert all(not cell.note for cells in alone.printed for cell in cells)
    assert alone.printed_notes == (("", "not measurable: no data"),)
    several = table("no data", "no data", "too few posts", "no data")
    assert [[cell.note for cell in cells] for cells in several.printed] == [["a", "", "b", ""]] * 2
    assert several.printed_notes == (("a", "no data"), ("b", "too few posts"))


def test_sources_are_cited_by_number_and_printed_in_full_once(pages: dict[str, str]) -> None:
    listed = sources(sample_facts.full())
    assert listed.addresses
    for number, address in enumerate(listed.addresses, start=1):
        assert listed.cite(address).endswith(f"[{number}]")
        assert listed.cite(address) in pages["full"]
        assert pages["full"].count(escape(address)) == 1


def test_hosts_of_addresses() -> None:
    assert host("https://www.example.org:8080/a?b=1") == "example.org"
    assert host("https://user@about[.]example[.]org/x") == "about[.]example[.]org"
    assert host("Quarterly report, p. 4") == "Quarterly report, p. 4"
    assert len(host("A report " * 40)) <= 40


def test_the_index_table_shows_the_ways_of_counting_side_by_side() -> None:
    base = sample_facts.full()
    record = next(record for record in base.takedowns if record.rebuild_index)
    plain = next(one for one in record.rebuild_index if (one.series, one.basis) == ("posts", "plain"))
    queries = plain.model_copy(update={"basis": "fixed_queries"})
    accounts = plain.model_copy(update={"basis": "fixed_accounts", "latest": Estimate(value=0.11, interval=Interval(low=0.1, high=0.2, level=0.9, method="m")), "level": "suppressed"})  # fmt: skip  # noqa: E501
    lost = plain.model_copy(update={"series": "engagement", "latest": NotMeasurable(reason="no counts")})
    table = index_table(
        (record.model_copy(update={"rebuild_index": (plain, queries, accounts, lost)}),), {record.takedown_id: "Here"}
    )
    assert table is not None
    assert [row[0].text for row in table.rows] == ["Here: posts"]
    assert [cell.text for cell in table.rows[0][2:4]] == ["the same", "0.11 (0.10–0.20)"]
    assert ("", "not measurable (Here, engagement): no counts") in table.notes
    assert (("", "Here, posts, counting accounts known before, is suppressed") in table.notes) == (plain.level != "suppressed")


def test_everybody_is_active_on_the_first_day_of_a_survival_curve() -> None:
    curve = SurvivalCurve(group="g", accounts=10, points=(SurvivalPoint(day=0, value=0.2, low=0.1, high=0.3, at_risk=10), SurvivalPoint(day=30, value=0.2, low=0.1, high=0.3, at_risk=2)), median_days=0)  # fmt: skip  # noqa: E501
    assert from_the_start(curve)[0].value == 1
    assert from_the_start(curve)[1:] == curve.points


def test_equal_reasons_share_a_letter() -> None:
    notes = Notes()
    first, second, other = (notes.number(NotMeasurable(reason=reason)) for reason in ("no data", "no data.", "not observed"))
    assert first.note == second.note == "a"
    assert (other.note, other.text) == ("b", "not observed")
    assert notes.pairs == (("a", "no data"), ("b", "not observed"))


def test_the_cohort_columns_sum_to_the_total() -> None:
    table = model().rebuilding.cohort_table
    assert isinstance(table, Table)
    for row in table.rows:
        *cells, total = (int(cell.text.replace(",", "")) for cell in row[2:])
        assert sum(cells) == total


def test_likelihood_and_confidence_stand_apart() -> None:
    for item in model().front.judgements:
        assert "confidence" not in item.statement.lower()
        assert not re.search(r"\b(likely|unlikely|chance|certain)\b", item.confidence)


def test_a_chart_without_data_is_a_sentence(pages: dict[str, str]) -> None:
    model = view(sample_facts.nearly_empty(), edition=EDITION)
    for figure in (
        model.changes.weeks,
        model.rebuilding.index,
        model.coordination.network,
        model.narratives.shares,
    ):
        assert not figure.svg
        assert figure.absent.endswith(".")
        assert figure.absent in pages["nearly_empty"].replace("&#39;", "'")
    assert not model.reach.hours.svg
    assert "<img" in pages["full"]


def test_every_chart_has_an_alternative_text_with_numbers(pages: dict[str, str]) -> None:
    alternatives = re.findall(r'<img src="resurge:/figures/[a-z0-9-]+\.svg" alt="([^"]*)">', pages["full"])
    assert len(alternatives) == 11
    assert all(len(text) > 40 and re.search(r"\d", text) for text in alternatives)


def test_charts_are_the_same_every_time() -> None:
    first, again = figures(model()), compose(sample_facts.full().to_bytes(), edition=EDITION, paper="A4").figures
    assert first == again
    assert len(first) == 11
    assert all(svg.startswith("<svg") and "<text" in svg for svg in first.values())


def test_hostile_text_is_escaped_everywhere(pages: dict[str, str]) -> None:
    page = pages["hostile"]
    assert "&lt;script&gt;" in page
    for sign in (
        "<script",
        "<iframe",
        "<link rel=stylesheet href",
        'onload="x',
        "<b>bold",
        "<image",
        "\u202e",
        "\x00",
        "http://attacker.example",
    ):
        assert sign not in page
    assert "{{ 7 * 7 }}" in page  # a template in a post stays text
    assert "W" * 1001 not in page
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) <= {
        "resurge:/styles/fonts.css", "resurge:/styles/page.css", "resurge:/styles/briefing.css", "resurge:/styles/paper-a4.css",
        *re.findall(r"resurge:/figures/[a-z0-9-]+\.svg", page),
    }  # fmt: skip


def test_no_link_is_made_from_a_post(pages: dict[str, str]) -> None:
    assert all("<a " not in page for page in pages.values())


def test_passages_carry_their_language_and_direction(pages: dict[str, str]) -> None:
    page = pages["scripts"]
    for lang, direction in (("zh-CN", "ltr"), ("ar", "rtl"), ("he", "rtl"), ("ru", "ltr"), ("zh-TW", "ltr"), ("ja", "ltr")):
        assert f'<blockquote lang="{lang}" dir="{direction}">' in page


def test_simulated_and_real_campaigns_are_told_apart(pages: dict[str, str]) -> None:
    assert "SIMULATED DATA" in pages["full"]
    assert "SIMULATED DATA" not in pages["scripts"]


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        _environment().from_string("{{ nobody.knows }}").render()


def test_withheld_passages_are_replaced_and_reported() -> None:
    facts = sample_facts.no_takedown().to_bytes()
    composed = compose(facts, edition=edition_of(facts), paper="A4", withhold=True)
    assert WITHHELD in composed.html
    assert "Nobody asks who profits when the shooting goes on. Look" not in composed.html
    assert composed.replaced[0].endswith("withheld, because the renderer failed with them.")
    assert composed.replaced[0] in composed.html


def test_paper_is_a4_or_letter() -> None:
    facts = sample_facts.nearly_empty().to_bytes()
    assert "paper-letter.css" in compose(facts, edition=EDITION, paper="Letter").html
    with pytest.raises(UsageProblem, match="A4 or Letter"):
        compose(facts, edition=EDITION, paper="A5")


def test_two_takedowns_of_one_platform_are_told_apart() -> None:
    base = sample_facts.full()
    first = base.takedowns[0]
    second = first.model_copy(update={"takedown_id": "facebook-2023-09", "t0": datetime(2023, 9, 26, tzinfo=UTC)})
    both = view(base.model_copy(update={"takedowns": (first, second)}), edition=EDITION)
    assert [trace.name for trace in both.rebuilding.traces] == ["Facebook, 29 Aug 2023", "Facebook, 26 Sep 2023"]
    assert {"survival-facebook-2023-08", "survival-facebook-2023-09"} <= figures(both).keys()
    assert "Facebook, 26 Sep 2023" in both.rebuilding.index.svg


@pytest.mark.parametrize("posts", [0, 1, 5, 999, 10**7])
def test_charts_hold_for_very_small_and_very_large_counts(posts: int) -> None:
    base = sample_facts.no_takedown()
    weeks = tuple(week.model_copy(update={"posts": posts, "accounts": min(posts, 3)}) for week in base.activity.weeks)
    counts = tuple(tuple(posts if (day, hour) == (2, 9) else 0 for hour in range(24)) for day in range(7))
    facts = base.model_copy(
        update={
            "activity": base.activity.model_copy(update={"weeks": weeks}),
            "behaviour": base.behaviour.model_copy(update={"counts": counts}),
        }
    )
    shown = view(facts, edition=EDITION)
    assert f"{posts:,}" in shown.changes.weeks.svg
    assert bool(shown.reach.hours.svg) == bool(posts)
    assert shown.reach.hours.svg or "no posts" in shown.reach.hours.absent


def test_periods_of_every_kind_are_named() -> None:
    base = sample_facts.nearly_empty()
    for kind, key, named in (
        ("month", "2023-10", "Month 2023-10: "),
        ("quarter", "2023-Q4", "Quarter 2023-Q4: "),
        ("range", "x", "30 October"),
    ):
        facts = base.model_copy(update={"period": base.period.model_copy(update={"kind": kind, "key": key})})
        assert view(facts, edition=EDITION).front.period.startswith(named)


CENSORED, NEVER = NotMeasurable(reason="right-censored: not by the end"), NotMeasurable(reason="never fell below 0.5")


@pytest.mark.parametrize(
    ("days", "between", "text"),
    [
        (21, (14, 30), "21 d (14–30)"),
        (21, (21, 21), "21 d"),
        (21, None, "21 d"),
        (21, (14, CENSORED), "21 d (≥ 14)"),
        (21, (NEVER, 30), "21 d (up to 30)"),
        (CENSORED, (52, CENSORED), "not yet (≥ 52)"),
        (CENSORED, (CENSORED, CENSORED), "not yet"),
        (CENSORED, None, "not yet"),
        (NEVER, (NEVER, 5), "never fell"),
    ],
)
def test_days_of_return_with_what_the_interval_leaves_open(days: int | NotMeasurable, between: Between | None, text: str) -> None:
    notes = Notes()
    cell = back_cell(days, between, notes)
    assert cell.text == text
    assert cell.unknown is isinstance(days, NotMeasurable)
    assert [reason for _, reason in notes.pairs] == ([days.reason] if isinstance(days, NotMeasurable) else [])


def test_days_of_return_stand_in_both_tables() -> None:
    section = model().rebuilding
    assert section.table is not None
    assert section.index_table is not None
    for table in (section.table, section.index_table):
        place = [column.title for column in table.columns].index("Back to half")
        assert {"21 d (14–30)", "not yet (≥ 52)"} <= {row[place].text for row in table.rows}
        assert any("that the 90 % interval of the index leaves open" in text for _, text in table.notes)


def test_record_of_a_takedown_tells_followers_and_ground_regained() -> None:
    lines = {row[0].text: row[1].text for row in model().rebuilding.traces[0].record.rows}
    assert "1,204,512 of the accounts lost, 88,104 of those gained, a ratio of 0.07" in lines["Turnover since"]
    assert "94 % (1,391 of 1,478) of the lost and 99.1 % (560 of 565) of the gained" in lines["Turnover since"]
    assert lines["Ground regained"].startswith("Yes: ")
    facts = sample_facts.full()
    record, *others = facts.takedowns
    why = NotMeasurable(reason="fewer than five weeks since the takedown")
    for regained, start in ((False, "No: "), (why, None), (None, None)):
        changed = facts.model_copy(update={"takedowns": (record.model_copy(update={"regained": regained}), *others)})
        told = {row[0].text: row[1].text for row in view(changed, edition=EDITION).rebuilding.traces[0].record.rows}
        assert told.get("Ground regained", "").startswith(start) if start else "Ground regained" not in told
        assert ("ground regained" in told["Not measurable"].casefold()) is (regained is why)


def test_groups_name_clusters_as_the_table_of_clusters_does() -> None:
    facts = sample_facts.full()
    first = facts.coordination.clusters[0].cluster_id
    rows = tuple(
        GroupRow(kind=kind, group=group, baseline_posts=1, latest_posts=1, index=1.0)
        for kind, group in (("language", "en"), ("cluster", first), *(("cluster", key) for key in ("0123456789ab", "ba9876543210")))
    )
    gone = NotMeasurable(reason="the median week has no posts of 0123456789ab")
    rows = (*rows[:2], rows[2].model_copy(update={"index": gone}), rows[3])
    record = facts.takedowns[0].model_copy(update={"by_group": rows})
    table = group_table(record, cluster_names(facts))
    assert table is not None
    assert [row[0].text for row in table.rows][1:] == ["Cluster 1", "Smaller cluster a", "Smaller cluster b"]
    assert "the median week has no posts of Smaller cluster a" in [reason for _, reason in table.notes]
    changed = facts.model_copy(update={"takedowns": (record, *facts.takedowns[1:])})
    names = {row[0].text for shown in view(changed, edition=EDITION).rebuilding.traces[0].tables for row in shown.rows}
    assert "Cluster 1" in names


def test_what_became_of_clusters_is_told_with_the_names_of_the_table() -> None:
    """An id tells a reader nothing, and two rows must not read alike."""
    facts = sample_facts.full()
    listed, second = (cluster.cluster_id for cluster in facts.coordination.clusters[:2])
    events = (
        ClusterEvent(
            kind="split", cluster_id="0123456789ab", accounts=6, others=(ClusterPart(cluster_id=listed, accounts=20, shared=6),)
        ),
        ClusterEvent(
            kind="merged", cluster_id=listed, accounts=9, others=(ClusterPart(cluster_id="ba9876543210", accounts=3, shared=2),)
        ),
        ClusterEvent(
            kind="merged",
            cluster_id=listed,
            accounts=9,
            others=tuple(ClusterPart(cluster_id=key, accounts=2, shared=2) for key in ("ba9876543210", second, "aa9876543210")),
        ),
        ClusterEvent(kind="died", cluster_id="cdef01234567", accounts=7),
    )
    table = cluster_events(facts.coordination.model_copy(update={"cluster_events": events}), cluster_names(facts))
    assert table is not None
    assert [(row[1].text, row[3].text) for row in table.rows] == [
        ("One of the smaller clusters", "Came out of Cluster 1 (6 of the 20 accounts it had)."),
        ("Cluster 1", "Took in an earlier cluster (2 of the 3 accounts it had)."),
        (
            "Cluster 1",
            "Took in Cluster 2 (2 of the 2 accounts it had) and earlier clusters (2 of the 2 and 2 of the 2 accounts they had).",
        ),
        ("An earlier cluster", "No longer more than chance, or scattered."),
    ]


@pytest.mark.parametrize(
    ("now", "before", "continued", "said"),
    [
        (13, 10, 11, "13 clusters of 5 accounts or more stand now, after 10 on 30 Oct; 11 go on from then."),
        (1, 2, 1, "1 cluster of 5 accounts or more stands now, after 2 on 30 Oct; 1 goes on from then."),
        (2, 3, 0, "2 clusters of 5 accounts or more stand now, after 3 on 30 Oct; none go on from then."),
        (0, 3, 0, "No cluster of 5 accounts or more stands now, after 3 on 30 Oct."),
    ],
)
def test_counts_of_clusters_are_told_in_sentences(now: int, before: int, continued: int, said: str) -> None:
    changes = ClusterChanges(
        compared_with=datetime(2023, 10, 30, tzinfo=UTC), min_accounts=5, clusters=now, clusters_before=before,
        continued=continued, stayed=Shared(part=0, whole=0), small_events=0,
    )  # fmt: skip
    record = sample_facts.full().coordination.model_copy(update={"cluster_changes": changes})
    assert cluster_changes(record) == said


def test_platforms_of_which_nothing_is_known_are_told_once_and_nothing_is_said_of_a_takedown() -> None:
    facts = sample_facts.full()
    unknown = tuple(record for record in facts.takedowns if record.known == "unknown")
    assert unknown
    shown = view(facts.model_copy(update={"takedowns": unknown}), edition=EDITION).rebuilding
    assert shown.none.startswith("No takedown of a known day is on record")
    assert (shown.table, len(shown.unknown)) == (None, len(unknown))
    html = render_html(facts.model_copy(update={"takedowns": unknown}), edition=EDITION)
    assert "since the takedown." not in html.split("What came back")[1].split("Who acted together")[0]
    assert "Platforms of which nothing is known" in html


def test_a_parameter_that_is_the_same_for_every_behaviour_stands_once() -> None:
    base = sample_facts.full()
    alike = {"seed": "1", "window_s co-url": "60", "window_s co-text": "60"}
    for parameters, rows in ((alike, 2), ({**alike, "window_s co-text": "120"}, 3)):
        facts = base.model_copy(update={"inputs": base.inputs.model_copy(update={"parameters": parameters})})
        table = view(facts, edition=EDITION).method.parameters
        assert table is not None
        assert len(table.rows) == rows
        assert ("Window of co-action in seconds, for every behaviour" in [row[0].text for row in table.rows]) is (rows == 2)


def test_dates_inside_composed_sentences_are_written_out() -> None:
    base = sample_facts.full()
    item = base.judgements.items[0].model_copy(update={"alternative": "Queries changed from 2023-07-04 on."})
    judged = base.judgements.model_copy(update={"items": (item, *base.judgements.items[1:])})
    covered = base.coverage.model_copy(update={"queries_changed": ("q4 began on 2023-10-15",)})
    shown = view(base.model_copy(update={"judgements": judged, "coverage": covered}), edition=EDITION)
    assert shown.changes.minds[0].alternative == "Queries changed from 4 July 2023 on."
    assert shown.coverage.caveats[0].endswith("q4 began on 15 October 2023.")
    notes = Notes()
    notes.number(NotMeasurable(reason="data begin 2023-01-02"))
    assert notes.pairs == (("a", "data begin 2 January 2023"),)


def test_a_day_that_an_event_bears_in_its_name_is_not_printed_twice() -> None:
    base = sample_facts.full()
    assert not isinstance(base.narratives.pivots, NotMeasurable)
    pivot = base.narratives.pivots[0]
    named = pivot.model_copy(update={"event": f"The attack of {day(pivot.event_on)}"})
    for shown, times in ((pivot, 1), (named, 1)):
        told = view(
            base.model_copy(update={"narratives": base.narratives.model_copy(update={"pivots": (shown,)})}), edition=EDITION
        )
        assert told.narratives.pivots[0].split(": posts that match")[0].count(day(pivot.event_on)) == times


@pytest.mark.parametrize("span", [6, 15, 16, 30, 41, 42, 70, 130, 300, 700])
@pytest.mark.parametrize("most", [5, 9])
def test_a_time_axis_has_labels_that_fit_beside_each_other(span: int, most: int) -> None:
    from matplotlib.figure import Figure

    axes, first = Figure().add_axes((0, 0, 1, 1)), date(2023, 10, 1)
    month_ticks(axes, first, first + timedelta(days=span), most)
    assert 2 <= len(axes.get_xticks()) <= most + 2


def test_one_reason_for_everything_about_hours_and_reach_is_said_once(pages: dict[str, str]) -> None:
    facts = sample_facts.nearly_empty()
    said = "Hours, engagement, impact and the Breakout category cannot be told: the period holds 3 posts of the campaign, too few."
    assert view(facts, edition=EDITION).reach.nothing == said
    section = pages["nearly_empty"].split("whether anyone listens</h2>")[1].split("</section>")[0]
    assert section.count("too few") == 1
    other = facts.impact.model_copy(update={"top": NotMeasurable(reason="no counts")})
    assert view(facts.model_copy(update={"impact": other}), edition=EDITION).reach.nothing == ""
    assert view(sample_facts.full(), edition=EDITION).reach.nothing == ""


def test_a_number_is_not_parted_from_its_per_cent_sign() -> None:
    """Quotes stay letter by letter as they are."""
    told = unparted('<p>58 % of, p &lt; 0.001 and p = 0.02</p><blockquote lang="en">5 % and p = 1</blockquote><p>5 % x</p>')
    space = "\u00a0"
    assert told == (
        f"<p>58{space}% of, p{space}&lt;{space}0.001 and p{space}={space}0.02</p>"
        f'<blockquote lang="en">5 % and p = 1</blockquote><p>5{space}% x</p>'
    )
