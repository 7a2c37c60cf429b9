"""Page 11, the techniques that are read off takedowns and profile pictures: how accounts came, and what they show."""

from collections.abc import Callable

from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable
from tasks.narrate.signs import Sign, seen_if, sentence, unknown
from tasks.narrate.told import Told


def cohort(name: str, what: str) -> Callable[[Facts, Told], Sign]:
    """Accounts of one cohort, on every platform with a takedown."""

    def rule(facts: Facts, told: Told) -> Sign:
        if not facts.takedowns:
            return Sign("not looked for", "The campaign file names no takedown: accounts have no cohorts.")
        said, reasons, counted = [], [], False
        for at, row in enumerate(facts.takedowns):
            value = row.cohorts if isinstance(row.cohorts, NotMeasurable) else getattr(row.cohorts, name)
            if isinstance(value, NotMeasurable):
                reasons.append(value.reason)
                continue
            counted = True
            if value:
                said.append(f"{told.count(f'/takedowns/{at}/cohorts/{name}')} on {told.platform(f'/takedowns/{at}/platform')}")
        if said:
            return Sign("seen", f"Accounts that posted since the takedown and {what}: {', '.join(said)}.")
        return Sign("not seen", f"No account that posted since the takedown {what}.") if counted else _why(reasons)

    return rule


def batches(facts: Facts, told: Told) -> Sign:
    """More accounts created within 24 hours than the usual rate explains."""
    rows = list(enumerate(facts.takedowns))
    measured = [(at, row.creation_batches) for at, row in rows if not isinstance(row.creation_batches, NotMeasurable)]
    if not measured:
        return _why([row.creation_batches.reason for _, row in rows if isinstance(row.creation_batches, NotMeasurable)])
    found = [(one.accounts, -at, -place) for at, several in measured for place, one in enumerate(several)]
    if not found:
        return Sign("not seen", "In no 24 hours more accounts were created than the usual rate explains.")
    _, at, place = max(found)
    batch = f"/takedowns/{-at}/creation_batches/{-place}"
    return Sign(
        "seen",
        f"{told.count(f'{batch}/accounts')} accounts were created within 24 hours from {told.day(f'{batch}/start')}, on "
        f"{told.platform(f'/takedowns/{-at}/platform')}: more than the usual rate explains.",
    )


def successors(facts: Facts, told: Told) -> Sign:
    """Successors whose evidence holds a handle like the lost account's."""
    rows = list(enumerate(facts.takedowns))
    measured = [(at, row.successors) for at, row in rows if not isinstance(row.successors, NotMeasurable)]
    if not measured:
        return _why([row.successors.reason for _, row in rows if isinstance(row.successors, NotMeasurable)])
    said = []
    for at, several in measured:
        named = sum(any(item.kind == "handle" for item in one.evidence) for one in several)
        if named:
            told.value(f"/takedowns/{at}/successors")
            said.append(f"{named:,} on {told.platform(f'/takedowns/{at}/platform')}")
    if said:
        return Sign("seen", f"Successors whose handle is like that of the lost account they replace: {', '.join(said)}.")
    return Sign("not seen", "No later account with a handle like a lost one's has enough evidence to be called its successor.")


def copied_pictures(facts: Facts, told: Told) -> Sign:
    """The same picture on several accounts."""
    if isinstance(facts.avatars, NotMeasurable):
        return unknown(facts.avatars)
    if not facts.avatars.reuse.members.whole:
        return Sign("not looked for", "No picture of an account on the list could be compared.")
    state = seen_if(facts.avatars.reuse.groups > 0)
    return Sign(state, f"{told.of('/avatars/reuse/members')} accounts compared show a picture that another account shows too.")


def generated_faces(facts: Facts, told: Told) -> Sign:
    """More faces consistent with a GAN-generated face than the test's own errors explain."""
    if isinstance(facts.avatars, NotMeasurable):
        return unknown(facts.avatars)
    faces = facts.avatars.faces
    if isinstance(faces.prevalence, NotMeasurable):
        return unknown(faces.prevalence)
    if not faces.above_zero:
        return Sign("not seen", "The share of faces consistent with a GAN-generated face is not distinguishable from zero.")
    share = told.estimate("/avatars/faces/prevalence")
    return Sign("seen", f"Faces consistent with a GAN-generated face: an estimated share of {share} of the pictures with one face.")


def _why(reasons: list[str]) -> Sign:
    if not reasons:
        return Sign("not looked for", "The campaign file names no takedown.")
    return Sign("not looked for", sentence(reasons[0]))
