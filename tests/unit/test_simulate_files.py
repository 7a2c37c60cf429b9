"""A simulation as files, and the campaign file that uses it."""

import hashlib
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from flows.campaign_file import load_campaign
from tasks.detect.avatar_images import look_at
from tasks.detect.picture_reuse import same_pictures
from tasks.domain.errors import WorkspaceProblem
from tasks.domain.ports import LandedFile
from tasks.fetch.sources.avatars import AvatarImporter, pictures_in
from tasks.simulate.files import write_simulation
from tasks.simulate.identity import seed_accounts
from tasks.simulate.scenario import simulate


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_simulation(simulate("spamouflage", seed=5, scale=12_000), tmp_path_factory.mktemp("simulated") / "new")


def test_the_files_hold_the_simulation(written: list[Path]) -> None:
    simulation = simulate("spamouflage", seed=5, scale=12_000)
    assert pq.read_table(written[0]).equals(simulation.posts)
    assert pq.read_table(written[1]).equals(simulation.accounts)
    assert pq.read_table(written[2]).equals(simulation.labels)
    truth = orjson.loads(written[3].read_bytes())
    assert truth["platforms"]["x"]["mass_removal_on"] is None
    assert truth["platforms"]["youtube"]["removed_together"] > 0
    assert len(truth["accounts"]) == len(simulation.cast)


def test_the_same_call_writes_the_same_bytes(written: list[Path], tmp_path: Path) -> None:
    again = write_simulation(simulate("spamouflage", seed=5, scale=12_000), tmp_path)
    assert [p.name for p in again] == [p.name for p in written]
    for one, other in zip(written, again, strict=True):
        assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest(), one.name


def test_pictures_are_those_of_the_accounts_and_the_labels_hold(written: list[Path], tmp_path: Path) -> None:
    """The whole road: read back by the importer, looked at in the child, compared with the truth."""
    truth = orjson.loads(written[3].read_bytes())["avatars"]
    file = LandedFile(written[4], "avatars.zip", hashlib.sha256(written[4].read_bytes()).hexdigest())
    rows = AvatarImporter().parse([file], observed_at=None, options={}).accounts
    assert len(rows) == truth["accounts"] >= 150
    collected = set(pq.read_table(written[1], columns=["account_id"])["account_id"].to_pylist())
    assert rows["account_id"].isin(collected).mean() >= 0.95  # a few never post where a query looks
    looks = look_at(pictures_in(written[4], "avatars.zip"))
    accounts = rows["platform"] + "/" + rows["account_id"]
    seen = [looks[value.removeprefix("sha256:")] for value in rows["avatar_hash"]]
    consistent = {account for account, look in zip(accounts, seen, strict=True) if look.eyes == "consistent"}
    placed = set(truth["placed"])
    assert len(placed) >= 20
    assert len(consistent & placed) >= 0.95 * len(placed)
    assert len(consistent - placed) <= 0.05 * len(rows)
    group, *_ = same_pictures([look.pdq for look in seen], [look.mirrored for look in seen])
    number = dict(zip(accounts, group.tolist(), strict=True))
    shared = [{number[account] for account in together} for together in [*truth["shared"], truth["default"]]]
    assert len(shared) >= 3
    assert all(len(groups) == 1 for groups in shared)
    assert len(set().union(*shared)) == len(shared)


def test_progress_counts_the_posts(tmp_path: Path) -> None:
    heard: list[int] = []
    paths = write_simulation(simulate("slow", seed=1, scale=10_000), tmp_path, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pq.read_metadata(paths[0]).num_rows


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("taken")
    with pytest.raises(WorkspaceProblem, match=r"file"):
        write_simulation(simulate("slow", seed=1, scale=10_000), target)


def test_the_bundled_campaign_knows_the_seeds_and_admits_what_is_unknown() -> None:
    campaign = load_campaign(None, "spamouflage")
    assert {p: [m.account_id for m in campaign.membership.seeds if m.platform == p] for p in seed_accounts()} == seed_accounts()
    assert {t.platform: t.known for t in campaign.takedowns} == {
        "facebook": "yes",
        "instagram": "yes",
        "x": "unknown",
        "youtube": "unknown",
    }
    takedown_on = min(t.effective_from for t in campaign.takedowns if t.effective_from)
    assert all(member.known_at < takedown_on for member in campaign.membership.seeds)
    assert campaign.simulated
    assert (campaign.tlp, campaign.renditions) == ("AMBER", ["CLEAR"])


def test_the_patterns_of_the_bundled_campaign_match_the_simulated_topics() -> None:
    import re2

    campaign = load_campaign(None, "spamouflage")
    simulation = simulate("spamouflage", seed=5, scale=12_000)
    topics = simulation.labels.to_pandas()
    texts = [text.replace("\u200b", "").replace("\u200d", "") for text in simulation.posts["text"].to_pylist()]
    wanted = {
        "bridge": "bridge-complaints",
        "festival": "festival-praise",
        "council": "council-quarrel",
        "october": "topic-october",
    }
    coded = topics[topics["burst"].notna()]
    for topic, category in wanted.items():
        pattern = re2.compile("(?i)" + "|".join(p for patterns in campaign.codebook[category].values() for p in patterns))
        chosen = coded.index[coded["topic"] == topic]
        assert len(chosen) > 10
        assert all(pattern.search(texts[i]) for i in chosen)
    event = campaign.events[0].keywords
    october = coded.index[coded["topic"] == "october"]
    assert all(any(k in texts[i].casefold() for ks in event.values() for k in ks) for i in october)
