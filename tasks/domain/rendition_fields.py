"""Every field of facts.json that can hold a word or an instant, and what it is: what a rendition does with it follows from that alone.

A field that stands in no line here is refused when a rendition is made, and a test walks the models and names it. So a field that
somebody adds cannot reach a lower label unseen.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, get_args, get_origin

from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts
from tasks.domain.records import Record

Kind = Literal["kept", "words", "name", "node", "post", "quote", "term", "label", "picture", "pair", "query", "source", "comparator",
               "workings", "address"]  # fmt: skip
_LEAVES = (str, date, datetime)

# kept: vocabulary, our own ids and hashes, units, days of the calendar, what the campaign file says for every reader, what is published.
_KEPT = """
Facts: as_of left_out
CampaignFacts: slug title aliases summary tlp suspected_zone
EventFacts: event_id on title
Attribution: quote by on address
PeriodFacts: key start end
GeneratedBy: name version code_sha256 lock_sha256 fonts_sha256
InputFacts: pseudonym_key_id parameters
BatchFacts: batch_id format raw_sha256
Predecessor: period edition
PlatformCoverage: platform first_post last_post status_last
DayCount: day
QueryCoverage: since until
CheckResult: suite name
ActivityFacts: members_by_basis languages kinds
PlatformActivity: platform
WeekCount: start
BehaviourFacts: behaviour
ClusterFacts: cluster_id platforms behaviours first_stood
NetworkNode: cluster_id
NetworkDisc: cluster_id
NetworkEdge: behaviours
EdgesFile: name sha256
AnnexFile: name sha256 media_type what
ClusterChanges: compared_with
ClusterEvent: cluster_id
ClusterPart: cluster_id
TakedownFacts: takedown_id platform source t0 t0_end
LedgerRow: takedown_id announced_on effective_from effective_to counts source
Interval: method
IndexPoint: day
IndexSeries: nadir_day
SurvivalCurve: group
LossWave: day matched
WaveGroup: matched first_day last_day
Burst: day
CreationBatch: start end
GroupRow: kind group
SuccessorAccuracy: data
NarrativeFacts: categories
Narrative: narrative_id category languages platforms first_seen counterpart
WeekShare: start
Exhibit: family_id platforms first_seen
Pivot: event_id event event_on day interval
HourFacts: zone meal_dips
ImpactFacts: age_control
EngagementBucket: label
ProposedAccount: platform
RuleMember: platform
ListEntry: platform on
ReusedPicture: platforms
Judgement: judgement_id likelihood falsifier refs
KeyFigure: name unit ref
ScoredFalsifier: judgement_id
LedgerEntry: takedown_id platforms first last announced_on counts source overlaps
IndicatorFacts: links_met others
StatedAssets: platform asset_type
MatchedIndicators: kind platform
ListedAccount: platform handle link
TacticFacts: key name phase phase_id refs tactic tactic_id technique_id
AlternativeFacts: key refs
AnalystNote: lang sha256
"""

# words: sentences that rules composed; kept after names and workings were taken out of them.
_WORDS = """
Facts: limits
CoverageFacts: caveats queries_changed
ValidationFacts: drift
QuarantineRow: reason
CheckResult: description note
NotMeasurable: reason
BehaviourFacts: note
TakedownFacts: confounders caveats
Pivot: holiday_control
Narrative: counterpart_evidence
ImpactFacts: breakout_reason
RefusedPictures: reason
JudgementFacts: bottom_line
Judgement: statement confidence_statement reasons alternative would_change
Change: text
ScoredFalsifier: statement why
LedgerFacts: set_aside
TacticFacts: finding
AlternativeFacts: explanation finding test
AnalystNote: by
NoteBlock: text
"""

_OTHERS: dict[Kind, str] = {
    "name": "ProposedAccount: name\nRuleMember: name\nListEntry: name\nReusedPicture: names",
    "node": "NetworkNode: name",
    "post": "ImpactFacts: top_post",
    "quote": "Quote: text lang platform post_id posted_at",
    "term": "Narrative: label",
    "label": "ClusterFacts: label",
    "picture": "ReusedPicture: pdq",
    "pair": "Successor: lost later last_post first_post\nEvidence: kind detail posts",
    "query": "QueryCoverage: query_id",
    "source": "BatchFacts: source",
    "comparator": "ComparatorRow: name",
    "workings": "ProposedAccount: reason\nListEntry: reason\nLedgerRow: note\nLedgerEntry: note",
    "address": "LedgerRow: address\nLedgerEntry: address",
}


def _read() -> dict[str, Kind]:
    tables: dict[Kind, str] = {"kept": _KEPT, "words": _WORDS, **_OTHERS}
    found: dict[str, Kind] = {}
    for kind, table in tables.items():
        for line in table.strip().splitlines():
            model, _, fields = line.partition(": ")
            found |= {f"{model}.{field}": kind for field in fields.split()}
    return found


FIELDS = _read()


@cache
def kind_of(model: type[Record], field: str) -> Kind:
    """What a field is. Choices from a fixed list and numbers are kept. Raises UsageProblem for a field that is not classified."""
    if not holds_words(model.model_fields[field].annotation):
        return "kept"
    name = f"{model.__name__}.{field}"
    if name not in FIELDS:
        raise UsageProblem(
            f"No rendition can be made: it is not decided what a lower label may show of {name}.",
            remedy="Name the field in tasks/domain/rendition_fields.py.",
        )
    return FIELDS[name]


def holds_words(annotation: Any) -> bool:
    """Whether a field of this type can itself hold a string, a day or an instant; records in it have fields of their own."""
    if isinstance(annotation, type):
        return issubclass(annotation, _LEAVES)
    return get_origin(annotation) is not Literal and any(map(holds_words, get_args(annotation)))


def models(annotation: Any = Facts) -> Iterator[type[Record]]:
    """Every record that facts.json can hold, each as often as it is named."""
    seen: set[type[Record]] = set()
    waiting = [annotation]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):  # a name in quotes hides what it names
            raise TypeError(f"the record {one} is named in quotes; define it above its use")
        if isinstance(one, type) and issubclass(one, Record):
            if one not in seen:
                seen.add(one)
                yield one
                waiting += [field.annotation for field in one.model_fields.values()]
        else:
            waiting += () if get_origin(one) is Literal else get_args(one)
