"""Annexes: what their own libraries and validators say of them, what they name, and that no cell of a spreadsheet runs."""

import csv
import io
import json
import time
import uuid
import warnings
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sample_facts
import stix2
from hypothesis import given, settings
from hypothesis import strategies as st
from pymisp import MISPEvent, MISPObject
from stix2validator import ValidationOptions, validate_instance

from reports.annex import AnnexInputs, make_annexes
from reports.annex import accounts as accounts_module
from reports.annex.profiles import profile_address
from tasks.domain.accounts import ACCOUNTS, MEMBERSHIP
from tasks.domain.annexes import ACCOUNT_COHORTS
from tasks.domain.networks import FAMILIES
from tasks.domain.posts import POSTS
from tasks.domain.printable import spreadsheet_cell

FACTS = sample_facts.full()
START = FACTS.period.start
KEY = b"a key of the tests"
META_COLUMNS = ["Tactic", "Technique", "Procedure", "Indicator", "Note"]  # of Q2_2023_Spamouflage_China_based_CIB_updated.csv
MEMBERS = {"m1": "LanternPress", "m2": "=HYPERLINK(1)", "m3": "quiet_harbor_9", "m4": "secret_member_77"}
OUTSIDERS = {"o1": ("bystander_one", "Nora Maybrook"), "o2": ("StreetNews24", "Daily Street"), "o3": ("wei.lin", "林小薇")}
COPIED = (
    "RT @bystander_one: Nora Maybrook and @StreetNews24 agree with @stranger_nobody_collected, see https://x.com/bystander_one/status/"
    "900000000000000001 and https://page.example/1"
)


def posts() -> pd.DataFrame:
    rows: list[dict[str, Any]] = []

    def post(account: str, hour: float, text: str, *urls: str, **more: object) -> None:
        hosts = [url.split("/")[2] for url in urls]
        rows.append({"account_id": account, "at": hour, "text": text, "urls": list(urls), "domains": hosts, **more})

    for i, member in enumerate(MEMBERS):
        post(member, 1 + i, COPIED, "https://x.com/bystander_one/status/900000000000000001", "https://page.example/1")
        post(member, 30 + i, f"A text of {member} alone", "https://x.com/LanternPress/status/700000000000000001")
    post("m4", 5, "Only mine", "https://own.example/only-m4", "https://mastodon.example/@stranger/5")
    post("m1", 6, "A blog", "https://bystander_one.tumblr.com/post/1", "https://page.example/StreetNews24")
    post("m1", 7, "An own post", post_id="700000000000000001")
    post("o1", 8, "An ordinary post of a bystander", post_id="900000000000000001")
    for account in ("o2", "o3"):
        post(account, 9, f"Another of {account}")
    frame = pd.DataFrame(rows)
    moments = pd.Series([START + timedelta(hours=hour) for hour in frame.pop("at")])
    numbered = pd.Series([f"8{i:017d}" for i in range(len(frame))])
    return POSTS.conform(
        frame.assign(
            campaign="c", platform="x", observed_at=moments, posted_at=moments, time_precision_s=1, kind="original", lang="en",
            batch_id="b", row_number=range(len(frame)), post_id=frame["post_id"].fillna(numbered),
        )
    )  # fmt: skip


def observations() -> pd.DataFrame:
    rows = [{"account_id": account, "handle": handle, "display_name": f"Name of {account}"} for account, handle in MEMBERS.items()]
    rows += [{"account_id": account, "handle": name, "display_name": shown} for account, (name, shown) in OUTSIDERS.items()]
    created = pd.Timestamp("2023-01-02", tz="UTC")
    return ACCOUNTS.conform(
        pd.DataFrame(rows).assign(
            campaign="c", platform="x", observed_at=START, created_at=created, created_precision_s=1, followers_count=1234567,
            status="active", batch_id="b", row_number=range(len(rows)),
        )
    )  # fmt: skip


@cache
def inputs(*unnamed: str) -> AnnexInputs:
    """Of a campaign with four members; `unnamed` may not be named."""
    collected, seen = posts(), observations()
    own = collected[collected["account_id"].isin(MEMBERS).to_numpy(bool)]
    family = collected["text"].eq(COPIED).map({True: "f" * 16, False: None})
    members = pd.DataFrame({"platform": "x", "account_id": list(MEMBERS), "known_at": START, "reason": "seen with @bystander_one"})
    cohorts = pd.DataFrame({"takedown_id": "x-2023-08-29", "platform": "x", "account_id": list(MEMBERS), "cohort": "survivor"})
    proposed = {"platform": "x", "account_id": ["o1"], "decision": "proposed", "reason": "co-acted with 2 members"}
    return AnnexInputs(
        facts=FACTS.model_copy(update={"campaign": FACTS.campaign.model_copy(update={"simulated": False})}),
        collected=collected,
        posts=own,
        families=FAMILIES.conform(collected[["platform", "post_id"]].assign(family_id=family, short=False)),
        observations=seen,
        latest=seen,
        members=MEMBERSHIP.conform(members.assign(campaign="c", basis="seed", outcome_selected=False)),
        past=MEMBERSHIP.empty(),
        proposed=pd.DataFrame(proposed),
        clusters=pd.DataFrame({"account": ["x/m1"], "cluster_id": ["c0ffee"]}),
        cohorts=ACCOUNT_COHORTS.conform(cohorts),
        key=KEY,
        nameable=frozenset(f"x/{member}" for member in MEMBERS if member not in unnamed),
    )


@cache
def files(*unnamed: str) -> dict[str, bytes]:
    return make_annexes(inputs(*unnamed)).files


def table(name: str, *unnamed: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(*unnamed)[f"annex/{name}"].decode(), newline="")))


@cache
def bundle(*unnamed: str) -> dict[str, Any]:
    return json.loads(files(*unnamed)["annex/stix2.1.json"])  # type: ignore[no-any-return]


def test_the_same_input_gives_the_same_bytes_and_the_records_name_them():
    made = make_annexes(replace(inputs()))
    assert made.files == files()
    assert [record.name for record in made.records][-6:] == list(made.files)
    for name in ("accounts", "links", "indicators", "families"):
        record = next(one for one in made.records if one.name == f"annex/{name}.csv")
        assert record.rows == len(table(f"{name}.csv"))


@pytest.mark.parametrize("name", ["accounts", "links", "indicators", "families"])
def test_tables_read_the_same_in_python_and_pandas(name):
    data = files()[f"annex/{name}.csv"]
    assert not data.startswith(b"\xef\xbb\xbf")
    rows = table(f"{name}.csv")
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    assert frame.to_dict("records") == rows
    assert rows
    assert not any(cell.lstrip()[:1] in tuple("=+-@") and cell for row in rows for cell in row.values())


def test_indicators_have_the_columns_and_the_words_of_metas_files(shared_data):
    rows = table("indicators.csv")
    assert list(rows[0]) == META_COLUMNS
    chain = pd.read_csv(shared_data / "reference" / "meta_online_operations_killchain.csv").dropna(how="all")
    known = {tuple(str(cell).strip() for cell in row) for row in chain.itertuples(index=False, name=None)}
    assert {tuple(row[name] for name in META_COLUMNS[:3]) for row in rows} <= known
    cells = [row["Indicator"] for row in rows]
    assert cells[0] == "4 X accounts"
    assert "hxxps://x[.]com/LanternPress" in cells
    assert "page[.]example" in cells
    assert "own[.]example" not in cells  # one account alone


def test_our_own_importer_reads_our_indicators(tmp_path):
    from tasks.domain.ports import LandedFile
    from tasks.fetch.fetching import parse_landed

    path = tmp_path / "indicators.csv"
    path.write_bytes(files()["annex/indicators.csv"])
    parsed = parse_landed([LandedFile(path, path.name, "0" * 64)], "meta-indicators", START, {})
    found = parsed.others["indicators"]
    assert parsed.rejected.empty
    assert set(found.loc[found["kind"] == "account", "value"]) >= {"LanternPress", "quiet_harbor_9"}
    assert found.loc[found["kind"] == "asset count", "count"].tolist() == [4]
    assert "page.example" in found.loc[found["kind"] == "domain", "value"].tolist()


def names_of_outsiders() -> list[str]:
    told = [name for pair in OUTSIDERS.values() for name in pair]
    return [*told, "stranger_nobody_collected", "900000000000000001", "@stranger"]


@pytest.mark.parametrize("unnamed", [(), ("m4",), tuple(MEMBERS)])
def test_nobody_who_may_not_be_named_is(unnamed):
    for name, data in files(*unnamed).items():
        text = data.decode()
        hidden = names_of_outsiders()
        if unnamed:
            hidden += [MEMBERS["m4"], "Name of m4", "only-m4", "own[.]example", "own.example", "Only mine"]
        for word in hidden:
            assert word.casefold() not in text.casefold(), f"{word} in {name}"
            assert json.dumps(word)[1:-1].casefold() not in text.casefold()


def test_an_account_that_may_not_be_named_is_a_hash_and_nothing_to_find_it_by():
    rows = {row["account"]: row for row in table("accounts.csv", "m4")}
    assert {"LanternPress", "quiet_harbor_9"} < set(rows)
    (hidden,) = [row for name, row in rows.items() if name.startswith("account-")]
    assert (hidden["cohorts"], hidden["posts_period"], hidden["status"]) == ("x-2023-08-29=survivor", "3", "active")
    for column in (
        "account_id",
        "handle",
        "display_name",
        "known_at",
        "created_at",
        "first_post_at",
        "last_post_at",
        "posts",
        "followers",
    ):
        assert hidden[column] == ""
    (proposed,) = [row for row in rows.values() if row["listed"] == "proposed"]
    assert proposed["account"].startswith("outsider-")
    assert len(bundle()["objects"]) - len(bundle("m4")["objects"]) == 2  # the account, and what ties it to the campaign


def test_links_into_platforms_are_shown_only_where_every_part_may_be():
    rows = table("links.csv")
    shown = {row["address"]: row for row in rows if row["kind"] == "link"}
    assert "hxxps://x[.]com/LanternPress/status/700000000000000001" in shown
    assert shown["hxxps://page[.]example/1"]["accounts"] == "4"
    assert {address.split("-")[0] for address in shown if address.startswith(("x[.]com/", "tumblr", "mastodon"))} == {
        "x[.]com/outsider", "tumblr[.]com/outsider", "mastodon[.]example/outsider",
    }  # fmt: skip
    assert any(address.startswith("page[.]example/outsider-link-") for address in shown)
    assert "hxxps://own[.]example/only-m4" in shown


def test_where_an_account_may_not_be_named_days_stand_for_instants():
    (page,) = [row for row in table("links.csv", "m4") if row["address"] == "hxxps://page[.]example/1"]
    assert page["first_shared_at"] == f"{START:%Y-%m-%d}"
    (family,) = table("families.csv", "m4")
    assert family["first_post_at"] == f"{START:%Y-%m-%d}"
    (family,) = table("families.csv")
    assert family["first_post_at"] == f"{START + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert (family["accounts_period"], family["posts"]) == ("4", "4")
    assert family["text"].startswith("RT @outsider-")
    assert family["text_shortened"] == "no"


@pytest.mark.parametrize("unnamed", [(), tuple(MEMBERS)])
def test_stix_is_read_by_its_library_and_passes_the_validator(unnamed):
    parsed = stix2.parse(bundle(*unnamed), allow_custom=False)
    assert parsed.type == "bundle"
    options = ValidationOptions(version="2.1", strict=False, disabled=["open-vocab-format"], enforce_refs=True, silent=True)
    result = validate_instance(json.loads(json.dumps(bundle(*unnamed))), options)
    assert result.is_valid, [str(error) for error in result.errors]
    assert [str(one) for one in result.warnings if "{401}" in str(one) or "{302}" in str(one)] == []


def test_ids_of_accounts_and_domains_are_those_of_the_specification():
    for found in bundle()["objects"]:
        if found["type"] in ("user-account", "domain-name"):
            bare = {key: value for key, value in found.items() if key != "id"}
            assert stix2.parse(bare, version="2.1").id == found["id"]


def test_importing_twice_adds_nothing_and_a_later_briefing_makes_versions():
    store = stix2.MemoryStore()
    store.add(bundle())
    before = {(found.id, str(found.get("modified"))) for found in store.query()}
    store.add(bundle())
    assert {(found.id, str(found.get("modified"))) for found in store.query()} == before
    assert len(before) == len(bundle()["objects"])
    later = FACTS.model_copy(update={"as_of": FACTS.as_of + timedelta(days=7)})
    again = json.loads(
        make_annexes(replace(inputs(), facts=later.model_copy(update={"campaign": inputs().facts.campaign}))).files[
            "annex/stix2.1.json"
        ]
    )
    lasting = {found["id"]: found for found in bundle()["objects"]}
    both = [(lasting[found["id"]], found) for found in again["objects"] if found["id"] in lasting]
    assert {one["type"] for one, _ in both} >= {"campaign", "user-account", "relationship", "indicator"}
    assert all(one.get("created") == other.get("created") for one, other in both)
    assert not {"report", "note", "observed-data"} & {one["type"] for one, _ in both}


def test_renditions_of_different_labels_share_no_object_that_is_marked():
    lower = inputs().facts.model_copy(update={"campaign": inputs().facts.campaign.model_copy(update={"tlp": "AMBER"})})
    other = json.loads(make_annexes(replace(inputs(), facts=lower)).files["annex/stix2.1.json"])
    shared = {found["id"] for found in bundle()["objects"]} & {found["id"] for found in other["objects"]}
    assert {one.split("--")[0] for one in shared} == {"identity", "user-account", "domain-name"}  # whose ids the specification sets


def test_misp_loads_and_its_objects_follow_their_template():
    data = json.loads(files()["annex/misp.json"])
    event = MISPEvent(strict_validation=True)
    event.load(json.loads(files()["annex/misp.json"]))
    assert {tag.name for tag in event.tags} >= {f"tlp:{FACTS.campaign.tlp.lower()}"}
    assert len(event.objects) == len(MEMBERS)
    for found in event.objects:
        rebuilt = MISPObject(found.name, strict=True)
        for attribute in found.attributes:
            rebuilt.add_attribute(attribute.object_relation, value=attribute.value)
        assert rebuilt.template_uuid == found.template_uuid
        assert json.loads(rebuilt.to_json())
    uuids = [one["uuid"] for group in ("Attribute", "Object") for one in data["Event"][group]]
    uuids += [attribute["uuid"] for one in data["Event"]["Object"] for attribute in one["Attribute"]]
    assert len(set(uuids)) == len(uuids)
    assert all(uuid.UUID(one).version == 5 for one in uuids)


def test_misp_passes_the_schema_of_its_library():
    import jsonschema
    import pymisp

    schema = json.loads((Path(pymisp.__file__).parent / "data" / "schema.json").read_text())
    data = json.loads(files()["annex/misp.json"])
    objects = data["Event"].pop("Object")  # the schema is older than objects; their attributes are checked as such
    for one in objects:
        data["Event"]["Attribute"] += [
            {k: v for k, v in attribute.items() if k != "object_relation"} for attribute in one["Attribute"]
        ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        jsonschema.validate(data, schema)


def test_what_is_beyond_the_limit_is_counted(monkeypatch):
    monkeypatch.setattr(accounts_module, "MAX_ACCOUNTS", 2)
    record = next(one for one in make_annexes(replace(inputs())).records if one.name == "annex/accounts.csv")
    assert (record.rows, record.rows_left_out) == (2, 3)


def test_a_campaign_without_a_post_still_has_all_files():
    empty = POSTS.empty()
    nothing = make_annexes(
        replace(inputs(), collected=empty, posts=empty, families=FAMILIES.empty(), members=MEMBERSHIP.empty(),
                cohorts=ACCOUNT_COHORTS.empty(), clusters=pd.DataFrame({"account": [], "cluster_id": []}, dtype="str"))
    )  # fmt: skip
    assert [record.rows for record in nothing.records if record.name.endswith(("links.csv", "families.csv"))] == [0, 0]
    stix2.parse(json.loads(nothing.files["annex/stix2.1.json"]))


def test_no_address_is_made_for_accounts_of_a_simulation():
    facts = FACTS.model_copy(update={"campaign": FACTS.campaign.model_copy(update={"simulated": True})})
    made = make_annexes(replace(inputs(), facts=facts)).files
    assert b"x[.]com/LanternPress," not in made["annex/indicators.csv"]
    assert b"X account LanternPress" in made["annex/indicators.csv"]
    assert b'"link"' not in made["annex/misp.json"]


@pytest.mark.parametrize(
    ("platform", "account_id", "handle", "address"),
    [
        ("x", "1", "Name", "https://x.com/Name"),
        ("youtube", "UC12", "whoever", "https://www.youtube.com/channel/UC12"),
        ("mastodon", "1", "user@host.example", "https://host.example/@user"),
        ("mastodon", "1", "user", None),
        ("x", "1", "a/../b", None),
        ("unheard-of", "1", "Name", None),
        ("telegram", "name_1", None, "https://t.me/name_1"),
    ],
)
def test_profile_addresses(platform, account_id, handle, address):
    assert profile_address(platform, account_id, handle) == address


HOSTILE = st.text(st.sampled_from("=+-@＝＋﹣−|!\t\r\n \u00a0\ufeff\u200b\u200e\u202e\x00\x01a1\"',;\u0301"), max_size=8)


@given(HOSTILE)
def test_no_cell_begins_a_formula_whatever_hides_before_it(text):
    cell = spreadsheet_cell(text)
    assert cell in (text, f"'{text}")
    looked_at = cell.lstrip(" \t\r\n\u00a0\ufeff\u200b\u200e\u202e\x00\x01\u0301")
    assert looked_at[:1] not in tuple("=+-@＝＋－＠﹣−") or looked_at == ""
    assert cell[:1] not in ("\t", "\r", "\n")


@settings(max_examples=25, deadline=None)
@given(st.tuples(HOSTILE, HOSTILE, HOSTILE))
def test_hostile_names_run_nowhere_and_read_back(words):
    handle, shown, text = words
    given_frames = inputs()
    seen = given_frames.observations.copy()
    seen.loc[0, ["handle", "display_name"]] = [f"{handle}x", f"{shown}x"]
    own = given_frames.posts.assign(text=given_frames.posts["text"] + text)
    made = make_annexes(replace(given_frames, observations=seen, latest=seen, posts=own)).files
    for name, data in made.items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
            assert len({len(row) for row in rows}) == 1
            assert all(cell == spreadsheet_cell(cell) for row in rows for cell in row)
        else:
            json.loads(data)


@pytest.mark.parametrize(
    "address", ["http://[broken", "https://", "http://[::1", "hxxp://a[.]example/x", "https://user@host.example/"]
)
def test_broken_links_in_texts_are_no_obstacle(address):
    shown = inputs().names.words(f"see {address} there", "x")
    assert shown.startswith("see ")
    assert shown.endswith(" there")
    assert "http://" not in shown


@pytest.mark.parametrize("form", ["@{}", "RT @{}:", "by {}", "＠{} ", "@\u200b{}", "据{}说", "({})", "{}'s"])
@pytest.mark.parametrize("name", [name for pair in OUTSIDERS.values() for name in pair])
def test_names_are_taken_out_of_words(name, form):
    assert name.casefold() not in inputs().names.words(f"so {form.format(name)} there", "x").casefold()


def test_thousands_of_accounts_take_little_time():
    base = inputs()
    many = pd.DataFrame({"platform": "x", "account_id": [f"n{i}" for i in range(2_700)], "known_at": START, "reason": ""})
    members = MEMBERSHIP.conform(many.assign(campaign="c", basis="seed", outcome_selected=False))
    begun = time.process_time()
    made = make_annexes(replace(base, members=members, nameable=frozenset("x/" + many["account_id"])))
    assert time.process_time() - begun < 3
    assert sum(map(len, made.files.values())) < 12_000_000
