"""The importers by the name of their format."""

from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Importer
from tasks.fetch.sources.avatars import AvatarImporter
from tasks.fetch.sources.bluesky_pages import BlueskyImporter
from tasks.fetch.sources.ira import IraImporter
from tasks.fetch.sources.meta_indicators import MetaIndicatorImporter
from tasks.fetch.sources.simulated import SimulatedImporter
from tasks.fetch.sources.tabular import TabularImporter
from tasks.fetch.sources.takedown_ledger import TakedownLedgerImporter

FORMATS = ("avatars", "bluesky", "csv", "ira", "meta-indicators", "ndjson", "parquet", "simulated", "takedown-ledger")
ARCHIVES = frozenset({"ira", "takedown-ledger"})  # without capture times: --observed-at posted unless told otherwise


def importer(form: str) -> Importer:
    """The importer of a format. Raises UsageProblem listing the known formats."""
    match form:
        case "avatars":
            return AvatarImporter()
        case "bluesky":
            return BlueskyImporter()
        case "ira":
            return IraImporter()
        case "ndjson" | "csv" | "parquet":
            return TabularImporter(form)
        case "simulated":
            return SimulatedImporter()
        case "takedown-ledger":
            return TakedownLedgerImporter()
        case "meta-indicators":
            return MetaIndicatorImporter()
    raise UsageProblem(f"{form!r} is not a format that can be imported.", remedy=f"Known formats: {', '.join(FORMATS)}.")
