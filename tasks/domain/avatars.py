"""What profile pictures show: the same picture on several accounts, and faces with their eyes where a generator puts them."""

from typing import Literal

from tasks.domain.measures import Estimate, NotMeasurable, Shared
from tasks.domain.records import Record

PICTURE_PREFIX = "sha256:"  # of `avatar_hash` where the picture itself was collected; 64 hex digits of its bytes follow
MOST_PICTURE_BYTES = 8 << 20  # platforms take 2 to 5 MB


class RefusedPictures(Record):
    """Members' pictures that were not opened or not looked at, by reason."""

    reason: str
    accounts: int


class ReusedPicture(Record):
    """One picture that several accounts show, at least one of them on the list. `names`: handles of members, pseudonyms of outsiders."""

    names: tuple[str, ...]  # at most 12, members first
    members: int
    outsiders: int
    platforms: tuple[str, ...]
    pdq: str  # of one of them, 64 hex digits: what a campaign file lists where it turns out to be a platform's default
    files: int  # different files of the one picture
    most_bits: int  # of 256: how far two of them that were matched are apart
    mirrored: bool  # matched only as a mirror image


class DefaultPicture(Record):
    """A picture that counts as nobody's own: a platform's default, or one that outsiders use as much as members."""

    why: Literal["listed in the campaign file", "as common among outsiders"]
    members: int
    outsiders: int


class ReuseFacts(Record):
    """PDQ hashes at most `max_bits` of 256 apart are one picture; groups of at least two accounts."""

    max_bits: int
    min_quality: int
    compared: int  # accounts, members and outsiders
    too_plain: int  # accounts whose picture has too little structure to be told from others
    defaults: tuple[DefaultPicture, ...]
    groups: int
    members: Shared  # members in such a group, of members compared
    largest: tuple[ReusedPicture, ...]  # at most 20


class DetectorRates(Record):
    """How often the test of eye positions says "consistent": of StyleGAN's faces, and of real portraits."""

    hits: Shared
    false_alarms: Shared


class FaceFacts(Record):
    """Members' pictures. `undetermined`: a face whose eyes lie elsewhere or were not found, several faces, or not square: a photograph,
    a diffusion model's face or a crop, which this test cannot tell apart."""

    consistent: Shared  # with a GAN-generated face, of pictures with exactly one face
    undetermined: int
    no_face: int
    max_distance: float
    detector: DetectorRates
    prevalence: Estimate | NotMeasurable  # among pictures with one face, corrected for the test's own errors
    above_zero: bool  # false: not distinguishable from zero


class AvatarFacts(Record):
    members: Shared  # with a picture, of all on the list
    outsiders: int  # with a picture
    looked_at: int  # members' pictures that could be opened
    refused: tuple[RefusedPictures, ...]
    reuse: ReuseFacts
    faces: FaceFacts
