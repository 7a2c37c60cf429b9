"""Page 6: profile pictures. The same picture on several accounts, and faces with their eyes where a generator puts them."""

from dataclasses import dataclass

from reports.formats import count, percent, platform, plural, sentence, sentence_list, shared, verb
from reports.parts.blocks import Cell, Column, Table, head, number_cell, text_cell
from tasks.domain.avatars import AvatarFacts, FaceFacts, ReusedPicture, ReuseFacts
from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable

MOST_REUSED, MOST_NAMES = 10, 5


@dataclass(frozen=True)
class Personas:
    """`absent` is why there is nothing to show."""

    absent: str
    lead: str
    reuse_text: str
    reuse: Table | None
    faces: tuple[str, ...]


def personas(facts: Facts) -> Personas:
    record = facts.avatars
    if isinstance(record, NotMeasurable):
        return Personas(f"Nothing can be said about profile pictures: {record.reason}.", "", "", None, ())
    return Personas("", _lead(record), _reuse_text(record.reuse), _reuse(record.reuse), _faces(record.faces))


def _lead(record: AvatarFacts) -> str:
    refused = [f"{count(one.accounts)} {one.reason}" for one in record.refused]
    opened = f"{count(record.looked_at)} could be opened" + (f" ({'; '.join(refused)})" if refused else "")
    beside = f", and {plural(record.outsiders, 'account')} outside it" if record.outsiders else ""
    return f"Pictures were collected of {shared(record.members)} accounts on the list{beside}; of the members', {opened}."


def _reuse_text(reuse: ReuseFacts) -> str:
    plain, defaults = reuse.too_plain, len(reuse.defaults)
    said = [f"No picture of {plural(reuse.members.whole, 'member')} compared stands on another account."]
    if reuse.groups:
        groups = plural(reuse.groups, "group")
        said = [f"{shared(reuse.members)} of the members compared show a picture that another account shows too, in {groups}."]
    said.append(f"Two pictures are one where their PDQ hashes are at most {reuse.max_bits} of 256 bits apart.")
    if plain:
        said.append(f"{plural(plain, 'picture')} {verb(plain, 'is', 'are')} too plain to be compared.")
    if defaults:
        accounts = plural(sum(one.members + one.outsiders for one in reuse.defaults), "account")
        ends = verb(defaults, "counts as a default and is", "count as defaults and are")
        said.append(f"{plural(defaults, 'picture')} shown by {accounts} {ends} left out.")
    return " ".join(said)


def _reuse(reuse: ReuseFacts) -> Table | None:
    if not reuse.largest:
        return None
    shown = reuse.largest[:MOST_REUSED]
    more = f" (the largest {MOST_REUSED} of {count(reuse.groups)})" if reuse.groups > len(shown) else ""
    columns = (
        Column("Shown by"), Column("Members", True), Column("Outsiders", True), Column("Platforms"), Column("Files", True),
        Column("Bits apart", True),
    )  # fmt: skip
    return Table(f"One picture on several accounts{more}", columns, tuple(map(_row, shown)))


def _row(one: ReusedPicture) -> tuple[Cell, ...]:
    rest = one.members + one.outsiders - min(len(one.names), MOST_NAMES)
    names = ", ".join(one.names[:MOST_NAMES]) + (f" and {count(rest)} more" if rest else "")
    return (
        head(names),
        number_cell(count(one.members)),
        number_cell(count(one.outsiders)),
        text_cell(sentence_list([platform(name) for name in one.platforms])),
        number_cell(count(one.files)),
        number_cell(f"{one.most_bits}{', mirrored' if one.mirrored else ''}"),
    )


def _faces(faces: FaceFacts) -> tuple[str, ...]:
    hits, alarms = faces.detector.hits, faces.detector.false_alarms
    said = []
    if faces.consistent.whole:
        said.append(
            f"Of {plural(faces.consistent.whole, 'picture')} with exactly one face, {shared(faces.consistent)} "
            f"{verb(faces.consistent.part, 'is', 'are')} consistent with a GAN-generated face: both eyes lie where StyleGAN puts them."
        )
    said.append(_prevalence(faces))
    said.append(
        f"On labelled pictures the test says so of {count(hits.part)} of {count(hits.whole)} faces made by StyleGAN and of "
        f"{count(alarms.part)} of {count(alarms.whole)} real portraits. It cannot see faces made by diffusion models, or cut out anew: "
        f"{plural(faces.undetermined, 'picture')} {verb(faces.undetermined, 'is', 'are')} undetermined: neither called real nor generated. "
        f"{plural(faces.no_face, 'picture')} {verb(faces.no_face, 'shows', 'show')} no face that could be found."
    )
    return tuple(said)


def _prevalence(faces: FaceFacts) -> str:
    found = faces.prevalence
    if isinstance(found, NotMeasurable):
        return sentence(f"How common such faces are cannot be told: {found.reason}")
    if isinstance(found.interval, NotMeasurable):
        return sentence(f"How common such faces are cannot be bounded: {found.interval.reason}")
    span = f"{percent(found.interval.low)} to {percent(found.interval.high)}"
    if not faces.above_zero:
        return (
            "Corrected for the test's own errors, their share among pictures with one face is not distinguishable from zero "
            f"({percent(found.interval.level)} interval {span})."
        )
    return (
        f"Corrected for the test's own errors, an estimated {percent(found.value)} of the pictures with one face come from such a "
        f"generator ({percent(found.interval.level)} interval {span}, which carries the uncertainty of the test's own rates)."
    )
