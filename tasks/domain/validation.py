"""The verdict of validation: checks return results, and one place decides what follows from them."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tasks.domain.batches import CheckResult

Verdict = Literal["passed", "warned", "blocked"]


@dataclass(frozen=True)
class RowFault:
    """Positions (0-based, in the frame that was checked) that broke one row-level check, with the reason as a reader will see it."""

    reason: str
    positions: np.ndarray


@dataclass(frozen=True)
class ValidationOutcome:
    """All checks of one run over one frame. Rows in `faults` go to quarantine; a failed blocking check stops the batch or briefing."""

    checks: tuple[CheckResult, ...]
    faults: tuple[RowFault, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        if any(c.blocking and not c.success for c in self.checks):
            return "blocked"
        return "passed" if all(c.success for c in self.checks) else "warned"

    def summary(self) -> str:
        """The failed checks, one a line, blocking ones first."""
        failed = sorted((c for c in self.checks if not c.success), key=lambda c: not c.blocking)
        return "\n".join(f"{'BLOCKING' if c.blocking else 'warning'}  {c.suite}: {c.description} - {c.note}" for c in failed)
