"""Accuracy on labelled simulation, written by tests/accuracy/successors.py --write: not edited by hand."""

from tasks.domain.rebuilding import SuccessorAccuracy

MEASURED = SuccessorAccuracy(
    threshold=5.0,
    pairs=0,
    claimed=0,
    right=0,
    claimed_unannounced=0,
    right_unannounced=0,
    data="not yet measured",
)
