"""The live services by kind. Each is one file in tasks/fetch/sources that ends with `ADAPTER`; it is found there, so nothing else
has to be told of it."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tasks.domain.ports import Importer, Source, StatusSource
from tasks.domain.sources import Declaration, Secrets
from tasks.fetch import sources
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import SourceOptions


@dataclass(frozen=True)
class Installation:
    """What an adapter is lent: credentials by name, a folder for what must outlast a fetch (a daily quota), limits and a clock."""

    secret: Secrets
    state_dir: Path
    limits: WebLimits = LIMITS
    clock: Clock = CLOCK


@dataclass(frozen=True)
class Adapter:
    """One service. `source` and `status` take the options of the campaign file, unchecked, and raise UsageProblem for wrong ones.

    `status`: for services that say whether accounts still stand; its kind is the declaration's with `-status`. `importer` reads the
    pages that are landed; None where they are of other formats. `example`: the options of a campaign file for a team that looks for
    these words, as YAML at no indent, with a comment where one is needed; it must be taken by `options`.
    """

    declaration: Declaration
    options: type[SourceOptions]
    source: Callable[[dict[str, Any], Installation], Source]
    example: Callable[[Sequence[str]], str]
    status: Callable[[dict[str, Any], Installation], StatusSource] | None = None
    status_options: type[SourceOptions] | None = None  # those of `options` that the status source takes
    importer: Importer | None = None

    @property
    def kind(self) -> str:
        return self.declaration.kind


@cache
def adapters() -> Mapping[str, Adapter]:
    """kind -> adapter, of every file in tasks/fetch/sources that has one."""
    modules = [importlib.import_module(f"{sources.__name__}.{found.name}") for found in pkgutil.iter_modules(sources.__path__)]
    found = [module.ADAPTER for module in modules if isinstance(getattr(module, "ADAPTER", None), Adapter)]
    return {adapter.kind: adapter for adapter in sorted(found, key=lambda adapter: adapter.kind)}
