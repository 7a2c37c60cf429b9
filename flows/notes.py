"""The analyst's note of a period, from `campaigns/<slug>/notes/<period>.md` in the workspace."""

from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.notes import AnalystNote, parse_note
from tasks.domain.periods import Period
from tasks.domain.ports import ObjectStore
from tasks.domain.renditions import within


def read_note(store: ObjectStore, campaign: Campaign, period: Period) -> AnalystNote | None:
    """The note of a period, or None. It bears no day of its own: like the campaign file's summary it counts at every cut-off.

    Raises UsageProblem for a note that cannot be read, and for one whose label is above the full briefing's: it would be shown nowhere.
    """
    key = f"campaigns/{campaign.slug}/notes/{period.path}.md"
    stored = store.read(key)
    note = parse_note(stored.data, key) if stored else None
    if note and not within(note.tlp, campaign.tlp):
        raise UsageProblem(
            f"The analyst's note {key} is labelled TLP:{note.tlp}, above the full briefing (TLP:{campaign.tlp}): it would stand nowhere.",
            remedy=f"If all who read the briefing may read it, write `tlp: {campaign.tlp}` in its head; otherwise move it elsewhere.",
        )
    return note
