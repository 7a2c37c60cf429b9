"""From settings to adapters."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import wiring
from tasks.deliver.eml import EmlMailer
from tasks.deliver.smtp import SmtpMailer
from tasks.domain.campaign import Campaign, SourceSpec
from tasks.domain.errors import UsageProblem
from tasks.fetch.fetching import source
from tasks.store.local import LocalStore
from tasks.store.s3 import S3Store
from tasks.store.s3_client import open_s3

REAL, SIMULATED = Campaign(slug="reeds", title="Reeds", audience="desk"), Campaign(slug="toy", title="Toy", simulated=True)


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RESURGE_STATE_DIR", str(tmp_path / "state"))
    wiring.settings.cache_clear()
    yield
    wiring.settings.cache_clear()


def test_an_address_decides_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert isinstance(wiring.open_store("s3://team/w"), S3Store)
    monkeypatch.chdir(tmp_path)
    local = wiring.open_store("w")
    assert isinstance(local, LocalStore)
    assert local.root == tmp_path / "w"
    for address in ("http://host/w", "file:///w"):
        with pytest.raises(UsageProblem, match="not a workspace address"):
            wiring.open_store(address)


def test_only_an_empty_place_or_one_with_campaign_files_becomes_a_workspace_unasked(tmp_path):
    wiring.open_workspace(str(tmp_path / "new"), create=True)
    (tmp_path / "files/campaigns").mkdir(parents=True)
    (tmp_path / "files/campaigns/a.yml").write_text("slug: a")
    wiring.open_workspace(str(tmp_path / "files"), create=True)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("mine")
    for create in (True, False):
        with pytest.raises(UsageProblem, match="is not a workspace"):
            wiring.open_workspace(str(tmp_path / "thesis"), create=create)
    with pytest.raises(UsageProblem, match="is not a workspace"):
        wiring.open_workspace(str(tmp_path / "absent"))
    assert not (tmp_path / "absent").exists()


def test_the_pseudonym_key_is_made_once_and_kept_private(tmp_path, monkeypatch):
    first = wiring.pseudonym_key(REAL)
    assert wiring.pseudonym_key(REAL) == first
    assert len(first) == 64
    assert stat.S_IMODE((tmp_path / "state/pseudonym.key").stat().st_mode) == 0o600
    monkeypatch.setenv("RESURGE_PSEUDONYM_KEY", "sixteen letters!")
    wiring.settings.cache_clear()
    assert wiring.pseudonym_key(REAL) == b"sixteen letters!"
    assert wiring.pseudonym_key(SIMULATED) not in (first, b"sixteen letters!")  # the same on every machine
    monkeypatch.setenv("RESURGE_PSEUDONYM_KEY", "short")
    wiring.settings.cache_clear()
    with pytest.raises(UsageProblem, match="too short") as refused:
        wiring.pseudonym_key(REAL)
    assert "16" in refused.value.remedy


def test_an_audience_is_found_by_its_name(monkeypatch):
    with pytest.raises(UsageProblem, match="'desk' of reeds is not known here"):
        wiring.audience(REAL)
    with pytest.raises(UsageProblem, match="toy names no audience"):
        wiring.audience(SIMULATED)
    monkeypatch.setenv("RESURGE_AUDIENCES", '{"desk": [{"address": "ana@example.org", "clearance": "AMBER"}]}')
    wiring.settings.cache_clear()
    (member,) = wiring.audience(REAL)
    assert (member.address, member.clearance, member.format) == ("ana@example.org", "AMBER", "pdf")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("not json", "audiences"),
        ('{"desk": [{"address": "ana"}]}', "RESURGE_AUDIENCES.DESK.0.ADDRESS"),
        ('{"desk": [{"address": "ana@example.org", "phone": "1"}]}', "PHONE"),
        ('{"desk": [{"address": "a@x.org, b@y.org"}]}', "ADDRESS"),
    ],
)
def test_audiences_that_cannot_be_read(monkeypatch, value, words):
    monkeypatch.setenv("RESURGE_AUDIENCES", value)
    with pytest.raises(UsageProblem, match="A setting cannot be read") as refused:
        wiring.settings()
    assert words in str(refused.value)
    assert "y.org" not in str(refused.value)


def test_mail_goes_to_files_unless_a_server_is_set(tmp_path, monkeypatch):
    store = LocalStore(tmp_path / "w")
    assert isinstance(wiring.mailer(store), EmlMailer)
    monkeypatch.setenv("RESURGE_MAIL", "smtp")
    wiring.settings.cache_clear()
    assert isinstance(wiring.mailer(store), SmtpMailer)
    monkeypatch.setenv("RESURGE_MAIL", "pigeon")
    wiring.settings.cache_clear()
    with pytest.raises(UsageProblem, match="RESURGE_MAIL"):
        wiring.settings()


def test_a_link_stands_only_where_the_installation_says_so(tmp_path, monkeypatch):
    now, local = datetime(2023, 11, 7, 6, tzinfo=UTC), LocalStore(tmp_path / "w")
    bucket = open_s3("s3://a-bucket/w", cache_dir=tmp_path, access_key="key", secret_key="secret")
    assert wiring.link_to(local, "briefings/a", now) == wiring.Link(None)
    signed = wiring.link_to(bucket, "briefings/a", now)
    assert signed.until == datetime(2023, 11, 14, 6, tzinfo=UTC)
    assert "/w/briefings/a/briefing.pdf?" in str(signed.address)
    assert "X-Amz-Expires=604800&" in str(signed.address)
    assert "secret" not in str(signed.address)
    monkeypatch.setenv("RESURGE_LINK_DAYS", "0")
    wiring.settings.cache_clear()
    assert wiring.link_to(bucket, "briefings/a", now) == wiring.Link(None)
    monkeypatch.setenv("RESURGE_LINK_BASE", "https://files.example.org/w/")
    wiring.settings.cache_clear()
    assert wiring.link_to(bucket, "briefings/a", now) == wiring.Link("https://files.example.org/w/briefings/a/briefing.pdf")


def test_a_credential_is_found_by_its_name_and_stands_in_no_message(monkeypatch):
    monkeypatch.setenv("RESURGE_SECRET_BLUESKY_DESK", " reed-lark-tern \n")
    assert wiring.secret("bluesky-desk") == "reed-lark-tern"
    with pytest.raises(UsageProblem, match="credential terns is not set here") as refused:
        wiring.secret("terns")
    assert "RESURGE_SECRET_TERNS" in refused.value.remedy
    with pytest.raises(UsageProblem) as refused:
        wiring.secret("the password itself")
    assert "itself" not in str(refused.value)
    monkeypatch.setenv("RESURGE_SECRET_TERNS", "two\nlines")
    with pytest.raises(UsageProblem, match="holds characters") as refused:
        wiring.secret("terns")
    assert "two" not in str(refused.value)


def test_live_sources_can_be_made_from_a_campaign_file(monkeypatch):
    monkeypatch.setenv("RESURGE_SECRET_DESK", "reed-lark-tern")
    login = {"handle": "desk.example", "app_password": "desk"}
    made = source(SourceSpec(name="live", kind="bluesky", options={"keywords": ["reeds"], **login}), wiring.source_factories())
    assert made.kind == "bluesky"
    assert source(SourceSpec(name="looks", kind="bluesky-status", options=login), wiring.status_factories()).options == {}
    for kind, options in (
        ("mastodon", {"instance": "https://reeds.example", "hashtags": ["a"], "token": "desk"}),
        ("youtube", {"key": "desk", "keywords": ["a"]}),
    ):
        assert source(SourceSpec(name="live", kind=kind, options=options), wiring.source_factories()).kind == kind
    for kind, options in (("mastodon-status", {"instance": "https://reeds.example"}), ("youtube-status", {"key": "desk"})):
        assert source(SourceSpec(name="looks", kind=kind, options=options), wiring.status_factories()).kind == kind
    with pytest.raises(UsageProblem, match="credential none is not set"):
        source(
            SourceSpec(name="looks", kind="bluesky-status", options={**login, "app_password": "none"}), wiring.status_factories()
        )


def test_a_bucket_with_campaign_files_only_may_become_a_workspace_and_one_with_more_may_not(s3_server, tmp_path):
    from seaweedfs import BUCKET

    store = s3_server.open(f"s3://{BUCKET}/free-{tmp_path.name}", tmp_path)
    assert wiring.is_free(store)
    store.create("campaigns/reeds.yml", b"slug: reeds\n")
    assert wiring.is_free(store)
    store.create("photos/one.bin", b"x")
    assert not wiring.is_free(store)
