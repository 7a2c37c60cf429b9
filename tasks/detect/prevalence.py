"""How common something is when the test for it errs: Rogan and Gladen's estimate, with an interval that carries the test's own errors."""

from math import sqrt

from scipy.stats import beta, norm

from tasks.domain.avatars import DetectorRates
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared

LEVEL = 0.9
METHOD = "Rogan and Gladen 1978; interval of Lang and Reiczigel 2014"


def corrected_prevalence(found: Shared, rates: DetectorRates, level: float = LEVEL) -> Estimate | NotMeasurable:
    """The share that is truly positive where the test says so of `found.part` in `found.whole`.

    (p + Sp - 1) / (Se + Sp - 1), cut to [0, 1] (Rogan and Gladen 1978, Am. J. Epidemiology 107). Interval: Lang and Reiczigel 2014
    (Preventive Veterinary Medicine 113), which adds z^2 looks to the sample and two to each set of examples, and carries the three
    binomial errors. NotMeasurable where nothing was tested or the test tells nothing (Se + Sp <= 1).
    """
    hits, alarms = rates.hits.share, rates.false_alarms.share
    if found.share is None or not hits or alarms is None or hits <= alarms:
        return NotMeasurable(
            reason="no picture was tested" if found.share is None else "the test finds no more among positives than among others"
        )
    value = (found.share - alarms) / (hits - alarms)
    z = float(norm.ppf(0.5 + level / 2))
    n, n_hits, n_alarms = found.whole + z * z, rates.hits.whole + 2, rates.false_alarms.whole + 2
    p = (found.part + z * z / 2) / n
    se, sp = (rates.hits.part + 1) / n_hits, 1 - (rates.false_alarms.part + 1) / n_alarms
    centre = (p + sp - 1) / (se + sp - 1)
    of_se, of_sp = se * (1 - se) / n_hits, sp * (1 - sp) / n_alarms
    shift = 2 * z * z * (centre * of_se - (1 - centre) * of_sp)
    error = sqrt(p * (1 - p) / n + centre**2 * of_se + (1 - centre) ** 2 * of_sp) / (se + sp - 1)
    low, high = (min(1.0, max(0.0, centre + shift + side * z * error)) for side in (-1, 1))
    value = min(1.0, max(0.0, value))
    interval = Interval(low=round(min(low, value), 4), high=round(max(high, value), 4), level=level, method=METHOD)
    return Estimate(value=round(value, 4), interval=interval)


def exact_interval(share: Shared, level: float = LEVEL) -> Interval:
    """Clopper and Pearson's interval of a share with `whole` > 0: never narrower than its level."""
    part, whole, tail = share.part, share.whole, (1 - level) / 2
    low = float(beta.ppf(tail, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(1 - tail, part + 1, whole - part)) if part < whole else 1.0
    return Interval(low=round(low, 4), high=round(high, 4), level=level, method="Clopper and Pearson 1934")
