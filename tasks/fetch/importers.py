"""The importers by the name of their format: archives and tables here, pages of live services with their adapters."""

from collections.abc import Callable

from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Importer
from tasks.fetch.adapters import adapters
from tasks.fetch.sources.avatars import AvatarImporter
from tasks.fetch.sources.crowdtangle import CrowdTangleImporter
from tasks.fetch.sources.fourcat import FourCatImporter
from tasks.fetch.sources.ira import IraImporter
from tasks.fetch.sources.meta_content_library import MetaContentLibraryImporter
from tasks.fetch.sources.meta_indicators import MetaIndicatorImporter
from tasks.fetch.sources.simulated import SimulatedImporter
from tasks.fetch.sources.tabular import TabularImporter
from tasks.fetch.sources.takedown_ledger import TakedownLedgerImporter
from tasks.fetch.sources.telegram_export import TelegramExportImporter
from tasks.fetch.sources.twitter_io import TwitterIoImporter

_MAKERS: dict[str, Callable[[], Importer]] = {
    "4cat": FourCatImporter,
    "avatars": AvatarImporter,
    "crowdtangle": CrowdTangleImporter,
    "csv": lambda: TabularImporter("csv"),
    "ira": IraImporter,
    "meta-content-library": MetaContentLibraryImporter,
    "meta-indicators": MetaIndicatorImporter,
    "ndjson": lambda: TabularImporter("ndjson"),
    "parquet": lambda: TabularImporter("parquet"),
    "simulated": SimulatedImporter,
    "takedown-ledger": TakedownLedgerImporter,
    "telegram-export": TelegramExportImporter,
    "twitter-io": TwitterIoImporter,
}
_OF_SERVICES = {kind: adapter.importer for kind, adapter in adapters().items() if adapter.importer}
FORMATS = tuple(sorted((*_MAKERS, *_OF_SERVICES)))
ARCHIVES = frozenset({"ira", "takedown-ledger", "twitter-io"})  # without capture times: --observed-at posted unless told otherwise


def importer(form: str) -> Importer:
    """The importer of a format. Raises UsageProblem listing the known formats."""
    if form in _OF_SERVICES:
        return _OF_SERVICES[form]
    if form not in _MAKERS:
        raise UsageProblem(f"{form!r} is not a format that can be imported.", remedy=f"Known formats: {', '.join(FORMATS)}.")
    return _MAKERS[form]()
