"""What can go wrong, in words for the person who has to act on it.

Every error names what failed, the value at fault and what to do. `exit_code` follows the command line's table: 0 done, 1 failed,
2 usage, 3 validation blocked the briefing, 4 some periods failed or were blocked.
"""

from functools import partial


class ResurgeError(Exception):
    """A failure that a person can act on; printed as one sentence and a remedy, without a traceback."""

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        """As an error comes back from a process elsewhere."""
        return partial(type(self), self.problem, remedy=self.remedy), ()


class UsageProblem(ResurgeError):
    """The request itself is wrong: a bad period, an unknown campaign, a key that the campaign file does not know."""

    exit_code = 2


class UnreadableInput(ResurgeError):
    """A file could not be parsed; it is refused whole, and nothing already stored is touched."""


class SourceProblem(ResurgeError):
    """A source did not answer, refused, or never came to an end; what it had given before is landed and stays."""


class ValidationBlocked(ResurgeError):
    """A blocking check failed: the batch stays unpublished, or the briefing is not made."""

    exit_code = 3


class BatchDiscarded(ValidationBlocked):
    """A person decided before that the batch stays out, and the check that failed fails still."""


class SomePeriodsFailed(ResurgeError):
    """A backfill of several periods in which at least one failed or was blocked."""

    exit_code = 4


class WorkspaceProblem(ResurgeError):
    """The workspace cannot be reached, read or written: missing, refused, full."""


class WorkTaken(ResurgeError):
    """Another run does this work now; nothing was done twice."""


class PassingProblem(WorkspaceProblem):
    """The workspace cannot be reached just now; trying again later may do."""


class WriteConflict(ResurgeError):
    """A key that is written once already holds other bytes."""


class StaleWrite(ResurgeError):
    """A compare-and-swap lost: somebody else moved the object since it was read."""


class DeliveryProblem(ResurgeError):
    """A briefing was published but could not be handed to every recipient."""
