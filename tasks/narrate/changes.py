"""What changed since the last briefing: in the data, in the world, in the method; each apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.domain.campaign_list import ListFacts
from tasks.domain.facts import (
    ActivityFacts,
    CampaignFacts,
    Change,
    ChangeFacts,
    CoordinationFacts,
    Facts,
    GeneratedBy,
    InputFacts,
    PeriodFacts,
    ValidationFacts,
)
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.narratives import ImpactFacts, Narrative, NarrativeFacts
from tasks.domain.platforms import platform_name
from tasks.domain.rebuilding import TakedownFacts
from tasks.narrate.falsifiers import scored
from tasks.narrate.list_changes import list_changes
from tasks.narrate.wave_changes import wave_changes

_MAX_NAMED = 3
MIN_SHARE, MIN_POSTS = 0.03, 10  # a narrative with less than both is not worth a line


@dataclass(frozen=True)
class ChangeInputs:
    """The parts of facts.json that are compared, under the names they have there."""

    campaign: CampaignFacts
    period: PeriodFacts
    generated_by: GeneratedBy
    inputs: InputFacts
    validation: ValidationFacts
    activity: ActivityFacts
    coordination: CoordinationFacts
    takedowns: tuple[TakedownFacts, ...]
    narratives: NarrativeFacts
    impact: ImpactFacts
    campaign_list: ListFacts | None = None

    @property
    def root(self) -> Mapping[str, object]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def change_facts(parts: ChangeInputs, previous: Facts | None) -> ChangeFacts:
    """Compare with the facts of the briefing before (None: this is the first) and score its falsifiers."""
    items = [Change(kind="world", text=text) for text in _world(parts, previous)]
    if previous is None:
        return ChangeFacts(since=None, items=tuple(items), scored=())
    data = [Change(kind="data", text=text) for text in _data(parts, previous)]
    method = [Change(kind="method", text=text) for text in _method(parts, previous)]
    return ChangeFacts(since=parts.inputs.predecessor, items=(*data, *items, *method), scored=scored(previous, parts.root))


def _data(parts: ChangeInputs, previous: Facts) -> Iterator[str]:
    now, then = parts.activity, previous.activity
    key = previous.period.key
    yield f"{now.posts:,} posts from {now.accounts:,} accounts, after {then.posts:,} from {then.accounts:,} in {key}"
    adjacent = previous.period.end == parts.period.start
    if adjacent and isinstance(now.previous_posts, int) and now.previous_posts != then.posts:
        why = "late posts, or accounts added to or taken off the list"
        yield f"{key} now counts {now.previous_posts:,} posts instead of {then.posts:,}: {why}"
    if now.members != then.members:
        yield f"the campaign list has {now.members:,} accounts, after {then.members:,}"
    yield from list_changes(parts.campaign_list, previous)
    if parts.validation.landed != previous.validation.landed:
        yield f"{parts.validation.landed:,} rows landed in all, after {previous.validation.landed:,}"
    yield from _narratives(parts.narratives, previous.narratives)
    yield from _levels(parts.takedowns, previous.takedowns)
    yield from wave_changes(parts.takedowns, previous.takedowns)


def _narratives(now: NarrativeFacts, then: NarrativeFacts) -> Iterator[str]:
    """Narratives of weight that came or went, at most three each way. One that only skipped this period (listed, without posts, and not
    gone) is not named, nor is a label that stands on both sides: that is one theme under two ids."""
    listed, before = {item.narrative_id for item in then.items}, {item.narrative_id for item in then.items if item.posts}
    lasting = {item.narrative_id for item in now.items if item.status != "gone"}
    came = [(item, item.share) for item in now.items if item.posts and item.narrative_id not in listed]
    went = [(item, item.share) for item in then.items if item.posts and item.narrative_id not in lasting]
    went += [(item, _last_share(item)) for item in now.items if item.status == "gone" and item.narrative_id not in before]
    labels = [{item.label for item, _ in found} for found in (came, went)]
    for found, word in ((came, "not in the last briefing"), (went, "gone")):
        chosen = [pair for pair in found if _weighty(pair[1]) and pair[0].label not in labels[0] & labels[1]]
        chosen.sort(key=lambda pair: (-pair[1].part, pair[0].narrative_id))
        if chosen:
            named = "; ".join(f"“{', '.join(item.label)}” ({share.part:,} posts)" for item, share in chosen[:_MAX_NAMED])
            more = f"; and {len(chosen) - _MAX_NAMED} more" if len(chosen) > _MAX_NAMED else ""
            yield f"narratives {word}: {named}{more}"


def _last_share(item: Narrative) -> Shared:
    """Posts in the last period that had any: what weight a narrative had before it went."""
    step = next((step for step in reversed(item.trend) if step.posts), None)
    return Shared(part=step.posts, whole=step.all_posts) if step else Shared(part=0, whole=0)


def _weighty(share: Shared) -> bool:
    return share.part >= MIN_POSTS or (share.share or 0) >= MIN_SHARE


def _levels(now: tuple[TakedownFacts, ...], then: tuple[TakedownFacts, ...]) -> Iterator[str]:
    before = {(t.takedown_id, t.platform): t for t in then}
    for facts in now:
        old = before.get((facts.takedown_id, facts.platform))
        for name in ("level", "direction"):
            new_value, old_value = getattr(facts, name), getattr(old, name) if old else None
            if old_value is not None and _word(new_value) != _word(old_value):
                after = "not measurable before" if isinstance(old_value, NotMeasurable) else f"after {old_value}"
                yield f"{_episode(facts)}: {name} {_word(new_value)}, {after}"


def _episode(facts: TakedownFacts) -> str:
    """Facebook, takedown of 2023-08-29; the id where no day is known."""
    return f"{platform_name(facts.platform)}, takedown {f'of {facts.t0.date()}' if facts.t0 else facts.takedown_id}"


def _word(value: object) -> str:
    return "not measurable" if isinstance(value, NotMeasurable) else str(value)


def _world(parts: ChangeInputs, previous: Facts | None) -> Iterator[str]:
    first, last = parts.period.start.date(), parts.period.end.date()
    for event in parts.campaign.events:
        if first <= event.on < last:
            yield f"{event.title} ({event.on})"
    known = (
        {action.takedown_id for t in previous.takedowns for action in t.actions} | {t.takedown_id for t in previous.takedowns}
        if previous
        else set()
    )
    for facts in parts.takedowns:
        for action in facts.actions:
            inside = action.effective_from is not None and first <= action.effective_from < last
            if (previous is not None and action.takedown_id not in known) or (previous is None and inside):
                when = action.effective_from or "day unknown"
                yield f"takedown {action.takedown_id} on {platform_name(facts.platform)} ({when}) is new in the ledger"


def _method(parts: ChangeInputs, previous: Facts) -> Iterator[str]:
    now, then = parts.generated_by, previous.generated_by
    if now.version != then.version:
        yield f"version {now.version}, after {then.version}"
    for name, field in (("code", "code_sha256"), ("dependencies", "lock_sha256"), ("fonts", "fonts_sha256")):
        if getattr(now, field) != getattr(then, field):
            yield f"the {name} changed ({getattr(then, field)[:12]} to {getattr(now, field)[:12]})"
    new, old = parts.inputs.parameters, previous.inputs.parameters
    for name in sorted(new.keys() | old.keys()):
        if new.get(name) == old.get(name):
            continue
        if name == "campaign_sha256":
            hashes = (given.get(name, "not set")[:12] for given in (old, new))
            yield f"the campaign file changed, as far as it was known at the cut-off ({' to '.join(hashes)})"
        else:
            yield f"{name}: {new.get(name, 'not set')}, after {old.get(name, 'not set')}"
    if parts.inputs.pseudonym_key_id != previous.inputs.pseudonym_key_id:
        yield "the key of the pseudonyms was changed: names of outsiders differ from those of the last briefing"
