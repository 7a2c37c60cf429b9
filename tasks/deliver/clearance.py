"""Who may read what: the labels of the Traffic Light Protocol 2.0 (FIRST, 2022), least restricted first."""

from tasks.domain.campaign import TLP_ORDER
from tasks.domain.errors import UsageProblem


def may_read(clearance: str, tlp: str) -> bool:
    """True if a recipient cleared up to `clearance` may read what is labelled `tlp`. Raises UsageProblem for a label that is none of
    the five: an unknown label never counts as a low one."""
    return _rank(clearance) >= _rank(tlp)


def _rank(label: str) -> int:
    for rank, known in enumerate(TLP_ORDER):
        if label == known:
            return rank
    raise UsageProblem(f"{label[:40]!r} is no TLP label.", remedy=f"Use one of {', '.join(TLP_ORDER)}.")
