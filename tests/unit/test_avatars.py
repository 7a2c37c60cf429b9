"""Reuse of pictures, prevalence of faces consistent with a generator, and the part of the facts that is made of both."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.detect.avatar_images import Look
from tasks.detect.avatars import avatar_facts, detector_rates, pictures_of
from tasks.detect.eyes import LEFT, RIGHT, gan_eye_distance, look_for_eyes
from tasks.detect.picture_reuse import MOST_BITS, near_pairs, same_pictures, unpack
from tasks.detect.prevalence import corrected_prevalence, exact_interval
from tasks.domain.accounts import ACCOUNTS
from tasks.domain.avatars import AvatarFacts, DetectorRates
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared

KEY = b"k" * 32


def hash_of(value: int) -> str:
    return np.random.default_rng(value).bytes(32).hex()


def flipped(hash_hex: str, bits: int) -> str:
    """The hash with its first `bits` of a fixed shuffle of the 256 flipped."""
    order = np.random.default_rng(0).permutation(256)
    values = np.unpackbits(np.frombuffer(bytes.fromhex(hash_hex), np.uint8))
    values[order[:bits]] ^= 1
    return np.packbits(values).tobytes().hex()


# --- pairs and groups


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 45)), min_size=1, max_size=40))
def test_the_pairs_found_are_all_pairs(shape: list[tuple[int, int]]) -> None:
    rows = unpack([flipped(hash_of(seed), bits) for seed, bits in shape])
    found = {(int(a), int(b)) for one, two, _ in near_pairs(rows, rows) for a, b in zip(one, two, strict=True)}
    apart = np.bitwise_count(rows[:, None] ^ rows[None]).sum(axis=2)
    assert found == {(int(a), int(b)) for a, b in np.argwhere(apart <= MOST_BITS)}


def test_the_limit_is_31_bits() -> None:
    one, mirrors = hash_of(1), [hash_of(90), hash_of(91)]
    for bits, same in ((31, True), (32, False)):
        group, furthest, _ = same_pictures([one, flipped(one, bits)], mirrors)
        assert bool(group[0] == group[1]) is same
        assert furthest.max() == (31 if same else 0)


def test_a_mirror_image_is_the_same_picture_and_is_marked() -> None:
    one, other, third = hash_of(1), hash_of(2), hash_of(3)
    group, _, mirrored = same_pictures([one, other, third], [flipped(other, 5), flipped(one, 5), hash_of(4)])
    assert group[0] == group[1] != group[2]
    assert mirrored[group[0]]
    assert not mirrored[group[2]]


def test_a_picture_that_is_its_own_mirror_image_is_no_reuse() -> None:
    one, other = hash_of(1), hash_of(2)
    group, _, mirrored = same_pictures([one, other], [one, other])
    assert group[0] != group[1]
    assert not mirrored.any()


def test_equal_hashes_are_one_group_without_pairs_between_them() -> None:
    one = hash_of(1)
    group, furthest, _ = same_pictures([one] * 20_000 + [flipped(one, 3)], [hash_of(2)] * 20_001)
    assert len(set(group.tolist())) == 1
    assert furthest.tolist() == [3]


# --- prevalence


RATES = DetectorRates(hits=Shared(part=84, whole=85), false_alarms=Shared(part=3, whole=48))


def test_the_correction_is_rogan_and_gladens() -> None:
    found = corrected_prevalence(Shared(part=30, whole=100), RATES)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx((0.3 - 3 / 48) / (84 / 85 - 3 / 48), abs=1e-4)


def test_as_many_as_false_alarms_alone_would_give_reaches_zero() -> None:
    for part in (0, 3, 6):
        found = corrected_prevalence(Shared(part=part, whole=100), RATES)
        assert isinstance(found, Estimate)
        assert isinstance(found.interval, Interval)
        assert found.interval.low == 0


def test_the_interval_is_wider_than_that_of_a_test_known_exactly() -> None:
    sure = DetectorRates(hits=Shared(part=840_000, whole=850_000), false_alarms=Shared(part=30_000, whole=480_000))
    widths = []
    for rates in (RATES, sure):
        found = corrected_prevalence(Shared(part=300, whole=1000), rates)
        assert isinstance(found, Estimate)
        assert isinstance(found.interval, Interval)
        widths.append(found.interval.high - found.interval.low)
    assert widths[0] > 1.3 * widths[1]


@pytest.mark.parametrize("alarm", [0.02, 0.06])
@pytest.mark.parametrize("truth", [0.0, 0.05, 0.2, 0.9])
@pytest.mark.parametrize("pictures", [30, 300])
def test_the_interval_holds_the_truth_as_often_as_it_says(alarm: float, truth: float, pictures: int) -> None:
    """1,000 worlds each: the sample, the 85 faces and the 48 portraits are drawn anew. 0.9 less three standard errors is 0.872."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(1000):
        found = int(rng.binomial(pictures, truth * 0.985 + (1 - truth) * alarm))
        rates = DetectorRates(
            hits=Shared(part=int(rng.binomial(85, 0.985)), whole=85),
            false_alarms=Shared(part=int(rng.binomial(48, alarm)), whole=48),
        )
        estimate = corrected_prevalence(Shared(part=found, whole=pictures), rates)
        assert isinstance(estimate, Estimate)
        assert isinstance(estimate.interval, Interval)
        held += estimate.interval.low <= truth <= estimate.interval.high
    assert held >= 872


def test_a_test_that_tells_nothing_gives_no_prevalence() -> None:
    useless = DetectorRates(hits=Shared(part=5, whole=50), false_alarms=Shared(part=5, whole=50))
    assert isinstance(corrected_prevalence(Shared(part=5, whole=50), useless), NotMeasurable)
    assert isinstance(corrected_prevalence(Shared(part=0, whole=0), RATES), NotMeasurable)


def test_exact_intervals_of_none_and_all() -> None:
    none, every = exact_interval(Shared(part=0, whole=40)), exact_interval(Shared(part=40, whole=40))
    assert (none.low, every.high) == (0, 1)
    assert none.high == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-4)
    assert every.low == pytest.approx(0.05 ** (1 / 40), abs=1e-4)


# --- eyes


def test_the_distance_is_the_papers() -> None:
    assert gan_eye_distance(LEFT, RIGHT) == 0
    assert gan_eye_distance((0, 0), (0, 0)) == pytest.approx((np.hypot(*LEFT) + np.hypot(*RIGHT)) / np.sqrt(8))
    moved = gan_eye_distance((LEFT[0] + 0.02 * np.sqrt(8), LEFT[1]), RIGHT)  # one eye alone may be off by 5.7 % of the width
    assert moved == pytest.approx(0.02)


def test_a_picture_that_is_not_square_is_no_whole_frame() -> None:
    blank = np.zeros((256, 256), np.uint8)
    assert look_for_eyes(blank, 400, 380).outcome == "not square"
    assert look_for_eyes(blank, 400, 396).outcome == "no face"


def test_the_rates_in_force_are_those_counted_on_the_portraits(shared_data: Path) -> None:
    """Also: nothing of a diffusion model is found, and that stands in docs/methods.md."""
    if not (shared_data / "faces" / "manifest.csv").exists():
        pytest.skip("the labelled portraits are not here")
    sys.path.insert(0, str(Path(__file__).parents[1] / "accuracy"))
    import avatars as accuracy

    table = {label: accuracy.one_face(outcomes) for label, outcomes in accuracy.confusion(shared_data / "faces").items()}
    generated = [table["StyleGAN2"], table["StyleGAN3"]]
    worst = max((table[f"real portrait, {cut}"] for cut in accuracy.CUTS), key=lambda share: share.part / share.whole)
    counted = DetectorRates(
        hits=Shared(part=sum(one.part for one in generated), whole=sum(one.whole for one in generated)), false_alarms=worst
    )
    assert counted == detector_rates()
    assert table["Stable Diffusion 3"] == Shared(part=0, whole=40)


# --- the part of the facts


def observed(rows: list[tuple[str, str, str | None]], day: int = 1) -> pd.DataFrame:
    """(account_id, handle, avatar_hash) on x."""
    return ACCOUNTS.conform(
        pd.DataFrame(
            {
                "campaign": "c",
                "platform": "x",
                "account_id": [row[0] for row in rows],
                "observed_at": datetime(2023, 1, day, tzinfo=UTC),
                "handle": [row[1] for row in rows],
                "avatar_hash": [row[2] for row in rows],
                "batch_id": "b",
                "row_number": range(len(rows)),
            }
        )
    )


def shown(accounts: dict[str, str]) -> pd.DataFrame:
    return observed([(account, f"{account}_handle", f"sha256:{picture}") for account, picture in accounts.items()])


def facts(frame: pd.DataFrame, looks: dict[str, Look], members: list[str], defaults: tuple[str, ...] = ()) -> AvatarFacts:
    made = avatar_facts(frame, looks, [f"x/{member}" for member in members], defaults, KEY)
    assert isinstance(made, AvatarFacts)
    return made


def look(seed: int, bits: int = 0, eyes: str = "elsewhere", quality: int = 100) -> Look:
    return Look(pdq=flipped(hash_of(seed), bits), mirrored=hash_of(1000 + seed), quality=quality, eyes=eyes)


def test_without_pictures_the_part_says_so() -> None:
    frame = observed([("a", "a", None), ("b", "b", "00ff00ff00ff00ff")])
    made = avatar_facts(frame, {}, ["x/a"], (), KEY)
    assert made == NotMeasurable(reason="no profile picture was collected")


def test_the_last_picture_of_an_account_counts() -> None:
    frame = pd.concat(
        [observed([("a", "old", "sha256:1")], 1), observed([("a", "new", "sha256:2")], 2), observed([("a", "newer", None)], 3)]
    )
    assert pictures_of(frame)[["sha256", "handle"]].to_numpy().tolist() == [["2", "newer"]]


def test_reuse_names_members_and_hides_outsiders() -> None:
    made = facts(
        shown({"a": "1", "b": "2", "o": "3", "p": "4", "q": "5"}),
        {"1": look(1), "2": look(1, 20), "3": look(1, 31), "4": look(2), "5": look(2)},
        ["a", "b", "silent"],
    )
    assert made.members == Shared(part=2, whole=3)
    assert made.outsiders == 3
    assert made.reuse.groups == 1  # p and q share one too, but nobody on the list does
    assert made.reuse.members == Shared(part=2, whole=2)
    group = made.reuse.largest[0]
    assert group.names[:2] == ("a_handle", "b_handle")
    assert group.names[2].startswith("outsider-")
    assert (group.members, group.outsiders, group.files) == (2, 1, 3)
    assert group.most_bits == 31


def test_plain_and_default_pictures_are_set_aside_and_counted() -> None:
    outsiders = {f"o{n}": "9" for n in range(12)}
    made = facts(
        shown({"a": "1", "b": "1", "c": "2", "d": "2", "e": "9", "f": "9"} | outsiders),
        {"1": look(1, quality=49), "2": look(2), "9": look(3)},
        list("abcdef"),
        defaults=(flipped(hash_of(2), 10).upper(),),
    )
    assert made.reuse.too_plain == 2
    assert [(one.why, one.members, one.outsiders) for one in made.reuse.defaults] == [
        ("as common among outsiders", 2, 12),
        ("listed in the campaign file", 2, 0),
    ]
    assert made.reuse.groups == 0
    assert made.reuse.members == Shared(part=0, whole=4)


@pytest.mark.parametrize(("users", "is_default"), [(4, False), (5, True)])
def test_fewer_than_five_outsiders_make_no_default(users: int, is_default: bool) -> None:
    accounts = {"a": "1", "b": "1", "c": "2", "d": "3"} | {f"o{n}": "1" for n in range(users)} | {f"p{n}": "4" for n in range(6)}
    made = facts(shown(accounts), {f"{n}": look(n) for n in (1, 2, 3, 4)}, list("abcd"))
    assert bool(made.reuse.defaults) is is_default
    assert made.reuse.groups == (0 if is_default else 1)


def test_a_picture_of_the_campaign_that_some_outsiders_show_is_not_a_default() -> None:
    members = {f"m{n}": "1" for n in range(30)}
    outsiders = {f"o{n}": "1" for n in range(12)} | {f"p{n}": f"{100 + n}" for n in range(400)}
    looks = {"1": look(1)} | {f"{100 + n}": look(100 + n) for n in range(400)}
    made = facts(shown(members | outsiders), looks, list(members))
    assert made.reuse.defaults == ()
    assert made.reuse.members == Shared(part=30, whole=30)
    assert len(made.reuse.largest[0].names) == 12


def test_every_picture_of_a_member_is_accounted_for() -> None:
    outcomes = ["consistent"] * 9 + ["elsewhere"] * 2 + ["no eyes", "several faces", "no face", "not square"]
    looks = {f"{n}": look(n, eyes=eyes) for n, eyes in enumerate(outcomes)} | {"cut": Look(refused="damaged or cut off")}
    accounts = {f"a{n}": n for n in [*looks, "lost"]}
    made = facts(shown(accounts), looks, list(accounts))
    assert made.members.part == made.looked_at + sum(one.accounts for one in made.refused) == 17
    assert {one.reason: one.accounts for one in made.refused} == {
        "damaged or cut off": 1,
        "its bytes are not in the workspace": 1,
    }
    assert made.faces.consistent == Shared(part=9, whole=12)
    assert (made.faces.undetermined, made.faces.no_face) == (5, 1)
    assert made.faces.above_zero


def test_a_few_consistent_faces_are_not_distinguishable_from_none() -> None:
    looks = {f"{n}": look(n, eyes="consistent" if n < 4 else "elsewhere") for n in range(60)}
    made = facts(shown({f"a{n}": n for n in looks}), looks, [f"a{n}" for n in looks])
    assert made.faces.consistent == Shared(part=4, whole=60)
    assert not made.faces.above_zero


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    code = "import sys, tasks.detect.avatars; print('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_part_loads_no_reader_of_pictures(loaded: set[str]) -> None:
    """Pictures are opened in the child only, and a briefing without them must not pay for OpenCV."""
    assert not {"cv2", "PIL", "PIL.Image"} & loaded
