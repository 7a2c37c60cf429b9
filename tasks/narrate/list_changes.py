"""Who came on the campaign list or left it since the last briefing, and by what: nobody silently."""

from collections.abc import Iterator

from tasks.domain.campaign_list import ListEntry, ListFacts
from tasks.domain.facts import Facts
from tasks.domain.platforms import platform_name

_MAX_NAMED = 5
_WORDS = {
    "seed": "put on the campaign list as {seeds}",
    "platform list": "put on the campaign list from a platform's own list",
    "analyst": "put on the campaign list by an analyst",
    "rejected": "rejected by an analyst and kept off the campaign list",
}


def list_changes(now: ListFacts | None, previous: Facts) -> Iterator[str]:
    """Sentences without a full stop. The rule's accounts are compared by their printed names with those of the briefing before."""
    if now is None:
        return
    for what, words in _WORDS.items():
        entries = [entry for entry in now.entries if entry.what == what]
        if entries:
            seeds = "a seed" if len(entries) == 1 else "seeds"
            yield f"{_many(len(entries))} {words.format(seeds=seeds)}: {_named([_told(entry) for entry in entries])}"
    held = {(one.platform, one.name) for one in now.by_rule}
    before = {(one.platform, one.name) for one in previous.accounts_proposed if one.decision == "accepted by rule"}
    if came := sorted(held - before):
        yield f"{_many(len(came))} accepted by the campaign's rule: {_named([f'{name} ({platform_name(at)})' for at, name in came])}"
    stated = {(entry.platform, entry.name) for entry in now.entries}
    if went := sorted(before - held - stated):
        yield (
            f"{_many(len(went))} no longer held by the rule: {_named([f'{name} ({platform_name(at)})' for at, name in went])}; "
            "what had tied them to the list has left the detection window, or an analyst has decided"
        )
    if now.rejected_again:
        others = "it" if now.rejected_again == 1 else "them"
        yield f"{_many(now.rejected_again)} that an analyst rejected would be added or proposed again; the decision keeps {others} off"


def _told(entry: ListEntry) -> str:
    return f"{entry.name} ({platform_name(entry.platform)}, {entry.on}: {entry.reason})"


def _named(names: list[str]) -> str:
    shown = "; ".join(names[:_MAX_NAMED])
    return f"{shown}; and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else shown


def _many(count: int) -> str:
    return f"{count} account{'' if count == 1 else 's'}"
